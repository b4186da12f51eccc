package vault

import (
	"context"
	"errors"
	"slices"

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
	group, err := v.group(ctx, tx, s, false)
	if err != nil {
		return err
	}
	copies := map[walked]*Record{}
	for _, m := range group {
		if err := v.walk(ctx, tx, m.subject, copies, fn); err != nil {
			return err
		}
	}
	for _, rec := range copies {
		if err := fn(*rec); err != nil {
			return err
		}
	}
	return nil
}

// walk streams the rows of one subject. Copies of one part are gathered, so
// that it comes once with all its purposes.
func (v *Vault) walk(ctx context.Context, tx *store.Tx, s keys.SubjectID, copies map[walked]*Record, fn func(Record) error) error {
	r := v.reader(ctx, tx, Access{})
	now := v.now()
	for after := int64(0); ; {
		rows, err := walkBatch(ctx, tx, s, after)
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			l, err := v.labelOf(ctx, tx, row.label)
			if err != nil {
				return err
			}
			if past(row.expires, now) {
				continue
			}
			value, err := r.open(row, l)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			rec := record(row, l)
			rec.Parts = []Part{{keys.SubjectID(row.subject), kindOf(row.place), value}}
			if isAlone(row.place) {
				if err := fn(rec); err != nil {
					return err
				}
				continue
			}
			gather(copies, row, rec)
		}
		if len(rows) < walkSize {
			return nil
		}
		after = rows[len(rows)-1].id
	}
}

func gather(copies map[walked]*Record, row *stored, rec Record) {
	k := walked{row.record, partOf(row.place)}
	first, ok := copies[k]
	if !ok {
		copies[k] = &rec
		return
	}
	first.Purposes = slices.Concat(first.Purposes, rec.Purposes)
	switch {
	case rec.Expires.IsZero(): // one that hangs on an event stays longest, as far as is known
		first.Expires = rec.Expires
	case !first.Expires.IsZero() && rec.Expires.After(first.Expires):
		first.Expires = rec.Expires
	}
}

// walkSize is how many rows a walk holds at once.
const walkSize = 512

const selectWalk = "SELECT " + ofRows + " FROM records r WHERE r.subject = $1 AND r.id > $2 ORDER BY r.id LIMIT $3"

func walkBatch(ctx context.Context, tx *store.Tx, s keys.SubjectID, after int64) ([]stored, error) {
	rows, err := tx.Query(ctx, selectWalk, int64(s), after, walkSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := make([]stored, 0, 16)
	for rows.Next() {
		var r stored
		if err := rows.Scan(&r.id, &r.record, &r.subject, &r.place, &r.label, &r.key, &r.expires, &r.collectedMS, &r.sealed); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
