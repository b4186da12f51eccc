package vault

import (
	"context"
	"errors"
	"slices"

	"candour/internal/store"
)

// Tally is how much is held of one kind: what was collected under one version
// of the policy, in one way, for the same purposes and as long. It is about
// nobody.
type Tally struct {
	Category  string
	Purposes  []string
	Surface   string // where it was collected
	Retention string // retention class
	Policy    int    // version at collection
	Count     int64  // copies: a record has one for each way in which its purposes end
}

const selectTallies = `SELECT r.label, COUNT(*) FROM records r
	WHERE r.key_id <> 0 AND (r.expires_day = 0 OR r.expires_day > $1) AND EXISTS (SELECT 1 FROM data_keys k WHERE k.key_id = r.key_id)
	GROUP BY r.label ORDER BY r.label`

// Tallies counts what is held of everybody, without opening any of it. What
// has expired, or lost its key, is not counted, although the sweep may not have
// come for it. It reads every row, so it is for a page that is rarely asked
// for.
func (v *Vault) Tallies(ctx context.Context, tx *store.Tx) ([]Tally, error) {
	rows, err := tx.Query(ctx, selectTallies, dayOf(v.now()))
	if err != nil {
		return nil, err
	}
	var labels []int64
	var list []Tally
	for rows.Next() {
		var label int64
		var t Tally
		if err := rows.Scan(&label, &t.Count); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		labels, list = append(labels, label), append(list, t)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for i, n := range labels {
		l, err := v.labelOf(ctx, tx, n)
		if err != nil {
			return nil, err
		}
		t := &list[i]
		t.Category, t.Purposes, t.Surface, t.Retention, t.Policy = l.Category, slices.Clone(l.purposes), l.Surface, l.term.ID, l.Version
	}
	return list, nil
}

// Owed is how much of the vault's work is under way.
type Owed struct {
	Stages map[Stage]int64 // erasures by the last stage they completed; those that are done are not among them
	Done   int64           // erasures that are done
	Purges int64           // people and keys whose rows are still to be deleted
	Behind int64           // days of expiry that the sweep of a day before today should have been through
}

// sweptLate is for how many days a run stays on the list after its day: see
// sweepRuns.
const sweptLate = 2

// Owed says what is under way, for staff.
func (v *Vault) Owed(ctx context.Context, tx *store.Tx) (Owed, error) {
	o := Owed{Stages: map[Stage]int64{}}
	rows, err := tx.Query(ctx, "SELECT stage, COUNT(*) FROM erasures GROUP BY stage ORDER BY stage")
	if err != nil {
		return o, err
	}
	for rows.Next() {
		var stage Stage
		var n int64
		if err := rows.Scan((*int)(&stage), &n); err != nil {
			return o, errors.Join(err, rows.Close())
		}
		if stage == ReceiptSigned {
			o.Done = n
		} else {
			o.Stages[stage] = n
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return o, err
	}
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM purges").Scan(&o.Purges); err != nil {
		return o, err
	}
	err = tx.QueryRow(ctx, "SELECT COUNT(DISTINCT expires_day) FROM expiry_runs WHERE expires_day < $1", dayOf(v.now())-sweptLate).Scan(&o.Behind)
	return o, err
}
