package vault

import (
	"context"
	"slices"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// Write is Put without its evidence, for callers whose own act tells each
// person whom it is about (R28).
func (v *Vault) Write(ctx context.Context, tx *store.Tx, a Access, items ...Item) ([]RecordID, error) {
	w := &writer{v: v, ctx: ctx, tx: tx, a: a, e: v.current(), now: v.now()}
	return w.put(items)
}

// OwnPart returns the part of a record that is about a person, with all its
// purposes, as Walk would hand it over: also where they are not the first but
// took part. ErrNotFound if there is none.
func (v *Vault) OwnPart(ctx context.Context, tx *store.Tx, s keys.SubjectID, id RecordID) (Record, error) {
	rows, _, err := v.partsOf(ctx, tx, s, id)
	if err != nil {
		return Record{}, err
	}
	var found *Record
	w := &walker{reader: v.reader(ctx, tx, Access{}), now: v.now(), copies: map[walked]*gathered{}}
	w.fn = func(r Record) error {
		if found == nil && r.Parts[0].Kind != Mentioned {
			found = &r
		}
		return nil
	}
	for i := range rows {
		if err := w.hand(&rows[i]); err != nil {
			return Record{}, err
		}
	}
	if err := w.flush(0); err != nil {
		return Record{}, err
	}
	if found == nil {
		return Record{}, ErrNotFound
	}
	return *found, nil
}

// partsOf returns the rows of a record that are about a person, and whether
// they own it.
func (v *Vault) partsOf(ctx context.Context, tx *store.Tx, s keys.SubjectID, id RecordID) (own []stored, owns bool, err error) {
	members, err := v.Members(ctx, tx, s)
	if err != nil {
		return nil, false, err
	}
	var first stored
	err = v.head(ctx, tx, id, &first)
	rows, err := v.rowsOf(ctx, tx, first, err)
	if err != nil {
		return nil, false, err
	}
	for _, r := range rows {
		if slices.Contains(members, keys.SubjectID(r.subject)) {
			own = append(own, r)
			owns = owns || partOf(r.place) == 0
		}
	}
	return own, owns, nil
}

// RemovePart deletes what a record says about one person, in all its copies,
// with what it is found by; what it says about others stays as it is. Unlike
// Remove it asks nothing about what may be left out when it is collected: the
// caller knows that it is needed no more (UK GDPR Art 5(1)(e); PECR reg 7(1)).
// What is promised of the key is as in Remove.
//
// ErrNotFound if nothing of the record is about the person; ErrKept if all that
// is left is kept by law; ErrPurpose if the actor may not act for the purpose.
func (v *Vault) RemovePart(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, id RecordID) error {
	if !a.Own {
		if err := v.mayActFor(a); err != nil {
			return err
		}
	}
	// Claimed first, so that nobody removes it twice, or seals meanwhile with a
	// key that goes.
	if err := v.Claim(ctx, tx, s); err != nil {
		return err
	}
	rows, owns, err := v.partsOf(ctx, tx, s, id)
	if err != nil {
		return err
	}
	gone, category, err := v.dropRows(ctx, tx, rows)
	if err != nil {
		return err
	}
	if gone == 0 {
		return ErrKept
	}
	tx.AfterCommit(func() { v.loose.Store(true) })
	b := evidence.Body{Kind: evidence.RecordErased, Category: category, Subject: s, Count: gone}
	if owns {
		b.Ref = int64(id)
	}
	return v.evidence(ctx, tx, a, b)
}

// Retract takes back a record that Write wrote, without evidence: for callers
// who had nobody told of it, and keep something else in its place or nothing.
// ErrNotFound if there is no such record; ErrKept if a law keeps it.
func (v *Vault) Retract(ctx context.Context, tx *store.Tx, id RecordID) error {
	rows, err := v.claimedRows(ctx, tx, id)
	if err != nil {
		return err
	}
	gone, _, err := v.dropRows(ctx, tx, rows)
	if err == nil && gone == 0 {
		return ErrKept
	}
	tx.AfterCommit(func() { v.loose.Store(true) })
	return err
}

// Unname deletes the parts of a record that only name people, once whoever it
// was of is gone: what they told us is needed no more, nor is whom it named. A
// record without such parts is left as it is.
func (v *Vault) Unname(ctx context.Context, tx *store.Tx, id RecordID) error {
	rows, err := v.queryRows(ctx, tx, v.selects().siblings, int64(id))
	if err != nil {
		return err
	}
	for _, r := range rows {
		if kindOf(r.place) != Mentioned {
			continue
		}
		s := keys.SubjectID(r.subject)
		if err := v.Claim(ctx, tx, s); err != nil {
			return err
		}
		if err := v.deleteRows(ctx, tx, s, []goer{{id: r.id, place: r.place}}); err != nil {
			return err
		}
		if err := v.dropUnusedKey(ctx, tx, expired{subject: s, key: r.key}, &Totals{}); err != nil {
			return err
		}
		if err := v.dropIfEmpty(ctx, tx, s, &Totals{}); err != nil {
			return err
		}
		tx.AfterCommit(func() { v.loose.Store(true) })
	}
	return nil
}

// dropRows deletes the rows that no law keeps, and the keys that seal nothing
// any more. Their person is claimed. ErrNotFound if there is none to begin with.
func (v *Vault) dropRows(ctx context.Context, tx *store.Tx, rows []stored) (gone int64, category string, err error) {
	err = ErrNotFound
	for _, r := range rows {
		if past(r.expires, v.now()) {
			continue // owed to the sweep
		}
		l, lerr := v.labelOf(ctx, tx, r.label)
		if lerr != nil {
			return 0, "", lerr
		}
		if category, err = l.Category, nil; l.term.Law {
			continue
		}
		subject := keys.SubjectID(r.subject)
		if err := v.deleteRows(ctx, tx, subject, []goer{{id: r.id, place: r.place}}); err != nil {
			return 0, "", err
		}
		if err := v.dropUnusedKey(ctx, tx, expired{subject: subject, key: r.key}, &Totals{}); err != nil {
			return 0, "", err
		}
		gone++
	}
	return gone, category, err
}
