package vault

import (
	"context"
	"errors"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Refusals of a removal.
var (
	// ErrMandatory refuses to remove what the policy declares as needed.
	ErrMandatory = errors.New("vault: the policy does not let this be left out")
	// ErrKept refuses to remove what is held by law alone.
	ErrKept = errors.New("vault: a law obliges to keep this")
)

// Remove deletes one record of optional data in all its copies, with what it
// is found by, because its person would rather not have it held (R7, R12). A
// restriction or objection does not stand in the way. Copies that a law
// obliges to keep stay (UK GDPR Art 17(3)(b)).
//
// A key that seals nothing else is destroyed with the record. Otherwise the
// key stays, because it seals other records, and what is promised is less than
// after Erase: see docs/guarantees.md. The write-ahead log is truncated at the
// next Purge.
//
// ErrNotFound if there is no such record; ErrMandatory if its category is not
// optional; ErrKept if all that is left of it is kept by law; ErrUndeclared if
// the surface may not collect the category, ErrPurpose if the actor may not act
// for the purpose; ErrInput if it is about several people.
func (v *Vault) Remove(ctx context.Context, tx *store.Tx, a Access, id RecordID) error {
	if !a.Own {
		if err := v.mayActFor(a); err != nil {
			return err
		}
	}
	rows, err := v.claimedRows(ctx, tx, id)
	if err != nil {
		return err
	}
	going, category, err := v.removable(ctx, tx, a, rows)
	if err != nil {
		return err
	}
	s := keys.SubjectID(going[0].subject)
	list := make([]goer, len(going))
	for i, r := range going {
		list[i] = goer{id: r.id, place: r.place} // no label: what a person takes back is counted nowhere
	}
	if err := v.deleteRows(ctx, tx, s, list); err != nil {
		return err
	}
	for _, r := range going {
		if err := v.dropUnusedKey(ctx, tx, expired{subject: s, key: r.key}, &Totals{}); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { v.loose.Store(true) })
	return v.evidence(ctx, tx, a, evidence.Body{Kind: evidence.RecordErased, Category: category, Subject: s, Ref: int64(id), Count: int64(len(going))})
}

// claimedRows reads the rows of a record once its person is claimed, so that
// nobody else removes it and nobody seals meanwhile with a key that goes.
func (v *Vault) claimedRows(ctx context.Context, tx *store.Tx, id RecordID) (rows []stored, err error) {
	for range 2 {
		var first stored
		err := v.head(ctx, tx, id, &first)
		if rows, err = v.rowsOf(ctx, tx, first, err); err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, ErrNotFound
		}
		if err := v.Claim(ctx, tx, keys.SubjectID(rows[0].subject)); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// removable returns the rows of a record that may go.
func (v *Vault) removable(ctx context.Context, tx *store.Tx, a Access, rows []stored) (going []stored, category string, err error) {
	there := false
	for _, r := range rows {
		if past(r.expires, v.now()) {
			continue // owed to the sweep
		}
		there = true
		l, err := v.labelOf(ctx, tx, r.label)
		if err != nil {
			return nil, "", err
		}
		category = l.Category
		if err := v.mayRemove(a, l); err != nil {
			return nil, "", err
		}
		if r.subject != rows[0].subject {
			return nil, "", ErrInput
		}
		if !l.term.Law {
			going = append(going, r)
		}
	}
	switch {
	case !there:
		return nil, "", ErrNotFound
	case len(going) == 0:
		return nil, "", ErrKept
	}
	return going, category, nil
}

// mayRemove asks the policy in force about a category. The purposes of the
// copy are not asked: one that is no longer declared is no reason to keep it.
func (v *Vault) mayRemove(a Access, l *label) error {
	e := v.current()
	k, ok := e.c.Policy().CategoryByID(l.Category)
	if !ok {
		return nil // no longer declared: nothing needs it
	}
	if k.Required != "optional" {
		return ErrMandatory
	}
	for _, s := range k.Surfaces {
		if s == a.Surface {
			return nil
		}
	}
	return v.refuse(doorWrite, a, l.Category, policy.WrongSurface)
}

// tighten truncates the write-ahead log if records were removed since it was
// last: their sealed values stand in older pages there.
func (v *Vault) tighten(ctx context.Context) error {
	if !v.loose.Swap(false) {
		return nil
	}
	err := v.st.TruncateLog(ctx)
	if err != nil {
		v.loose.Store(true)
	}
	return err
}
