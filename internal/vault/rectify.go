package vault

import (
	"context"
	"errors"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Rectify replaces the value of a record's first part, in all its copies, and
// what it is found by (UK GDPR Art 16). A restriction or objection does not
// stand in the way. ErrUndeclared if the surface may not collect the category.
func (v *Vault) Rectify(ctx context.Context, tx *store.Tx, a Access, id RecordID, value []byte) error {
	return v.RectifyPart(ctx, tx, a, id, 0, value)
}

// RectifyPart is Rectify for the part of that number, counted from 0.
func (v *Vault) RectifyPart(ctx context.Context, tx *store.Tx, a Access, id RecordID, part int, value []byte) error {
	done, category, err := v.rewrite(ctx, tx, a, id, part, value)
	if err != nil {
		return err
	}
	return v.evidence(ctx, tx, a, evidence.Body{
		Kind: evidence.RecordRectified, Category: category, Subject: keys.SubjectID(done.subject), Ref: int64(id),
	})
}

// Rewrite is Rectify without its evidence, for callers who go on with what they
// wrote by Write, and whose own act tells its person of it (R28).
func (v *Vault) Rewrite(ctx context.Context, tx *store.Tx, a Access, id RecordID, value []byte) error {
	_, _, err := v.rewrite(ctx, tx, a, id, 0, value)
	return err
}

// rewrite replaces the value of a part in all its copies, and returns one of
// them and its category.
func (v *Vault) rewrite(ctx context.Context, tx *store.Tx, a Access, id RecordID, part int, value []byte) (done *stored, category string, err error) {
	if value == nil || len(value) > MaxValue {
		return nil, "", ErrInput
	}
	var first stored
	err = v.head(ctx, tx, id, &first)
	rows, err := v.rowsOf(ctx, tx, first, err)
	if err != nil {
		return nil, "", err
	}
	r := v.reader(ctx, tx, a)
	defer r.release()
	for i := range rows {
		s := &rows[i]
		if partOf(s.place) != part || s.key == 0 {
			continue
		}
		l, err := v.labelOf(ctx, tx, s.label)
		if err != nil {
			return nil, "", err
		}
		if err := r.replace(s, l, value); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, "", err
		} else if err == nil {
			done, category = s, l.Category
		}
	}
	if done == nil {
		return nil, "", ErrNotFound
	}
	return done, category, nil
}

// replace seals a new value into a row. The policy version in the associated
// data stays that of collection, as the label says it.
func (r *reader) replace(s *stored, l *label, value []byte) error {
	if past(s.expires, r.v.now()) {
		return ErrNotFound
	}
	p := r.e.plan(l.Category, r.a.Surface, l.purposes)
	if p.verdict != policy.Allowed {
		return r.v.refuse(doorWrite, r.a, l.Category, p.verdict)
	}
	cipher, err := r.v.ring.Opener(r.ctx, r.tx, s.key, keys.MonthOf(dayTime(s.expires)))
	if errors.Is(err, keys.ErrKeyGone) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	ad := associated(nil, s.id, s.key, l.Category, l.Version)
	if _, err := r.tx.Exec(r.ctx, "UPDATE records SET sealed = $1 WHERE id = $2", cipher.Seal(nil, value, ad), s.id); err != nil {
		return err
	}
	if _, err := r.tx.Exec(r.ctx, "DELETE FROM tags WHERE subject = $1 AND part = $2", s.subject, s.id); err != nil {
		return err
	}
	if !p.tag {
		return nil
	}
	w := &writer{v: r.v, ctx: r.ctx, tx: r.tx, tags: []tagRow{{r.v.tag(l.Category, p.format, string(value)), s.id, keys.SubjectID(s.subject), kindOf(s.place)}}}
	return w.writeTags()
}
