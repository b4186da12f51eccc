package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Export hands fn everything that is held about a person, of every category
// and under every alias, a record at a time and in no promised order (UK GDPR
// Art 15 and 20), and then writes the evidence of it. Of a record shared with
// others fn gets the parts about this person. What is restricted or objected
// to is the person's all the same.
//
// The records are one snapshot. When fn returns an error, Export ends with it
// and nothing counts as handed out.
func (v *Vault) Export(ctx context.Context, a Access, s keys.SubjectID, fn func(Record) error) error {
	if err := v.mayActFor(a); err != nil {
		return err
	}
	count := int64(0)
	err := v.st.View(ctx, func(tx *store.Tx) error {
		return v.Walk(ctx, tx, s, func(r Record) error {
			count++
			return fn(r)
		})
	})
	if err != nil {
		return err
	}
	return v.st.Update(ctx, func(tx *store.Tx) error {
		return v.evidence(ctx, tx, a, evidence.Body{Kind: evidence.RecordExported, Subject: s, Count: count})
	})
}

// mayActFor asks whether the actor may act for the purpose at all.
func (v *Vault) mayActFor(a Access) error {
	actor, ok := v.inForce().Policy().ActorByID(a.Actor)
	if !ok || !slices.Contains(actor.Purposes, a.Purpose) {
		return v.refuse(doorRead, a, "", policy.WrongActor)
	}
	return nil
}

// walked names a part of a record.
type walked struct {
	record int64
	part   int
}

// Walk is Export within a transaction and without its evidence, for callers
// whose own act holds it.
func (v *Vault) Walk(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Record) error) error {
	return v.walkOnly(ctx, tx, s, nil, fn)
}

// walkOnly is Walk for the records whose label only picks; nil picks all.
func (v *Vault) walkOnly(ctx context.Context, tx *store.Tx, s keys.SubjectID, only func(*label) bool, fn func(Record) error) error {
	group, err := v.group(ctx, tx, s, false)
	if err != nil {
		return err
	}
	w := &walker{reader: v.reader(ctx, tx, Access{}), now: v.now(), copies: map[walked]*gathered{}, only: only, fn: fn}
	for _, m := range group {
		if err := w.walk(m.subject); err != nil {
			return err
		}
	}
	return nil
}

// OwnRecord returns one record as Walk would hand it over: its first part, if that
// is about this person, with all its purposes. ErrNotFound if there is none, or
// it is somebody else's.
func (v *Vault) OwnRecord(ctx context.Context, tx *store.Tx, s keys.SubjectID, id RecordID) (Record, error) {
	members, err := v.Members(ctx, tx, s)
	if err != nil {
		return Record{}, err
	}
	var first stored
	err = v.head(ctx, tx, id, &first)
	rows, err := v.rowsOf(ctx, tx, first, err)
	if err != nil {
		return Record{}, err
	}
	var found *Record
	w := &walker{reader: v.reader(ctx, tx, Access{}), now: v.now(), copies: map[walked]*gathered{}}
	w.fn = func(r Record) error { found = &r; return nil }
	for i := range rows {
		if partOf(rows[i].place) != 0 || !slices.Contains(members, keys.SubjectID(rows[i].subject)) {
			continue
		}
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

// walker is one Walk under way.
type walker struct {
	*reader
	now    time.Time
	copies map[walked]*gathered
	only   func(*label) bool
	fn     func(Record) error
	round  int              // counts the batches
	batch  [walkSize]stored // of the rows at hand; used again for each batch
}

// gathered is a part whose copies are being brought together.
type gathered struct {
	rec   Record
	round int // in which the last copy was found
}

// walk hands over the rows of one subject, a batch at a time, because nothing
// else can be asked of a transaction while it gives rows. Copies of one part
// are gathered, so that it comes once with all its purposes. They were written
// together, so their ids follow one another, and a part of which a whole batch
// brought no more is complete: what is gathered does not grow with what is
// held.
func (w *walker) walk(s keys.SubjectID) error {
	for after := int64(0); ; {
		n, err := w.read(s, after)
		if err != nil {
			return err
		}
		for i := range w.batch[:n] {
			if err := w.hand(&w.batch[i]); err != nil {
				return err
			}
		}
		if n < walkSize {
			return w.flush(0)
		}
		if err := w.flush(1); err != nil {
			return err
		}
		w.round++
		after = w.batch[n-1].id
	}
}

// flush hands over the parts of which no copy came in this batch, or, with age
// 0, all.
func (w *walker) flush(age int) error {
	for k, g := range w.copies {
		if w.round-g.round < age {
			continue
		}
		delete(w.copies, k)
		if err := w.fn(g.rec); err != nil {
			return err
		}
	}
	return nil
}

// hand opens a row and hands it to fn.
func (w *walker) hand(row *stored) error {
	if past(row.expires, w.now) {
		return nil
	}
	l, err := w.labelOf(row)
	if err != nil {
		return err
	}
	if w.only != nil && !w.only(l) {
		return nil
	}
	value, err := w.open(row, l)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rec := record(row, l)
	rec.Parts = []Part{{keys.SubjectID(row.subject), kindOf(row.place), value}}
	if isAlone(row.place) {
		return w.fn(rec)
	}
	w.gather(row, rec)
	return nil
}

func (w *walker) gather(row *stored, rec Record) {
	k := walked{row.record, partOf(row.place)}
	g, ok := w.copies[k]
	if !ok {
		w.copies[k] = &gathered{rec, w.round}
		return
	}
	g.round = w.round
	first := &g.rec
	first.Purposes = slices.Concat(first.Purposes, rec.Purposes)
	switch {
	case rec.Expires.IsZero(): // one that hangs on an event stays longest, as far as is known
		first.Expires = rec.Expires
	case !first.Expires.IsZero() && rec.Expires.After(first.Expires):
		first.Expires = rec.Expires
	}
}

// walkSize is how many rows a walk holds at once.
const walkSize = 128

const selectWalk = "SELECT " + ofRows + " FROM records r WHERE r.subject = $1 AND r.id > $2 ORDER BY r.id LIMIT $3"

// read fills the batch with the rows after the id, and returns how many.
func (w *walker) read(s keys.SubjectID, after int64) (n int, err error) {
	rows, err := w.tx.Query(w.ctx, selectWalk, int64(s), after, walkSize)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; n < walkSize && rows.Next(); n++ {
		r := &w.batch[n]
		r.sealed = nil // handed out, opened in place
		if err := rows.Scan(&r.id, &r.record, &r.subject, &r.place, &r.label, &r.key, &r.expires, &r.collectedMS, &r.sealed); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}
