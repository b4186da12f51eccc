package vault

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// Totals is what a sweep did.
type Totals struct {
	Records int64 // rows that came to their day
	Keys    int64 // data keys destroyed
	Months  int64 // month keys destroyed
	People  int64 // people of whom nothing was left
}

// Sweep erases or anonymises everything whose day has come by now, keys
// included, and returns what it did. It may be cut short at any point and run
// again. Run daily, it keeps nothing a day past its time.
func (v *Vault) Sweep(ctx context.Context, now time.Time) (Totals, error) {
	v.stages.Lock()
	defer v.stages.Unlock()
	var t Totals
	today := dayOf(now)
	if err := v.sweepKeys(ctx, today, &t); err != nil {
		return t, err
	}
	if err := v.sweepRuns(ctx, today, &t); err != nil {
		return t, err
	}
	if err := v.purge(ctx); err != nil {
		return t, err
	}
	months, err := v.ring.DestroyMonths(now)
	t.Months = int64(months)
	if err != nil || t == (Totals{}) {
		return t, err
	}
	return t, v.st.Update(ctx, func(tx *store.Tx) error {
		return v.evidence(ctx, tx, Access{}, evidence.Body{Kind: evidence.SweepDone, Count: t.Records + t.Keys, Ref: today})
	})
}

// sweepKeys destroys the data keys that an event gave a day.
func (v *Vault) sweepKeys(ctx context.Context, today int64, t *Totals) error {
	for done := false; !done; {
		var batch Totals
		err := v.st.Update(ctx, func(tx *store.Tx) error {
			batch = Totals{}
			list, err := v.ring.Due(ctx, tx, today, purgeBatch)
			if err != nil {
				return err
			}
			done = len(list) < purgeBatch
			for _, k := range list {
				if err := v.destroyKey(ctx, tx, k, 0); err != nil {
					return err
				}
				batch.Keys++
				if err := v.dropIfEmpty(ctx, tx, k.Subject, &batch); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.add(batch)
	}
	return nil
}

func (t *Totals) add(b Totals) {
	t.Records, t.Keys, t.Months, t.People = t.Records+b.Records, t.Keys+b.Keys, t.Months+b.Months, t.People+b.People
}

// sweepRuns deletes the rows that expire on a day that has come. A run is kept
// for two days more: on PostgreSQL a transaction that began before midnight
// may still add to it.
func (v *Vault) sweepRuns(ctx context.Context, today int64, t *Totals) error {
	var list []run
	err := v.st.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT expires_day, bucket FROM expiry_runs WHERE expires_day <= $1 ORDER BY expires_day, bucket", today)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k run
			if err := rows.Scan(&k.day, &k.bucket); err != nil {
				return err
			}
			list = append(list, k)
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for _, k := range list {
		if err := v.sweepRun(ctx, k, today, t); err != nil {
			return err
		}
	}
	return nil
}

// expired is a row whose day has come.
type expired struct {
	goer
	subject keys.SubjectID
	key     int64
}

func (v *Vault) sweepRun(ctx context.Context, k run, today int64, t *Totals) error {
	after, end := k.bucket<<bucketBits-1, (k.bucket+1)<<bucketBits
	for done := false; !done; {
		var batch Totals
		err := v.st.Update(ctx, func(tx *store.Tx) error {
			batch = Totals{}
			list, err := readExpired(ctx, tx, after, end, k.day)
			if err != nil {
				return err
			}
			for _, r := range list {
				if err := v.deleteRows(ctx, tx, r.subject, []goer{r.goer}); err != nil {
					return err
				}
			}
			batch.Records = int64(len(list))
			if err := v.dropUnused(ctx, tx, list, &batch); err != nil {
				return err
			}
			if len(list) > 0 {
				after = list[len(list)-1].id
			}
			done = len(list) < purgeBatch
			if done && k.day < today-1 {
				_, err = tx.Exec(ctx, "DELETE FROM expiry_runs WHERE expires_day = $1 AND bucket = $2", k.day, k.bucket)
			}
			return err
		})
		if err != nil {
			return err
		}
		t.add(batch)
	}
	return nil
}

func readExpired(ctx context.Context, tx *store.Tx, after, end, day int64) ([]expired, error) {
	rows, err := tx.Query(ctx, `SELECT id, label, collected_ms, place, subject, key_id FROM records
		WHERE id > $1 AND id < $2 AND expires_day = $3 ORDER BY id LIMIT $4`, after, end, day, purgeBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []expired
	for rows.Next() {
		var r expired
		if err := rows.Scan(&r.id, &r.label, &r.collectedMS, &r.place, (*int64)(&r.subject), &r.key); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// dropUnused destroys the data keys that seal nothing any more.
func (v *Vault) dropUnused(ctx context.Context, tx *store.Tx, list []expired, t *Totals) error {
	seen := map[int64]bool{}
	for _, r := range list {
		if seen[r.key] {
			continue
		}
		seen[r.key] = true
		// Claimed first, so that nobody seals with the key meanwhile.
		err := v.Claim(ctx, tx, r.subject)
		if errors.Is(err, ErrNotFound) {
			continue // erased: the purge sees to it
		}
		if err == nil {
			err = v.dropUnusedKey(ctx, tx, r, t)
		}
		if err == nil {
			err = v.dropIfEmpty(ctx, tx, r.subject, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) dropUnusedKey(ctx context.Context, tx *store.Tx, r expired, t *Totals) error {
	if r.key == 0 {
		return nil
	}
	var one int64
	err := tx.QueryRow(ctx, "SELECT 1 FROM records WHERE subject = $1 AND key_id = $2 LIMIT 1", int64(r.subject), r.key).Scan(&one)
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	t.Keys++
	return v.ring.Destroy(ctx, tx, keys.Key{KeyID: r.key, Scope: keys.Scope{Subject: r.subject}})
}

// dropIfEmpty lets go of a person of whom nothing is left: no key but that of
// the evidence, and no decision that must be kept to be obeyed.
func (v *Vault) dropIfEmpty(ctx context.Context, tx *store.Tx, s keys.SubjectID, t *Totals) error {
	group, err := v.group(ctx, tx, s, true)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var last []keys.Key
	for _, m := range group {
		if m.standing.restricted || m.standing.consents != (set{}) || m.standing.objections != (set{}) {
			return nil
		}
		list, err := v.ring.Keys(ctx, tx, m.subject)
		if err != nil {
			return err
		}
		for _, k := range list {
			if k.Class != keys.Evidence {
				return nil
			}
		}
		last = append(last, list...)
	}
	for _, k := range last {
		if err := v.destroyKey(ctx, tx, k, 0); err != nil {
			return err
		}
	}
	for _, m := range group {
		if err := v.dropMember(ctx, tx, m, 0, false, false); err != nil {
			return err
		}
	}
	t.People++
	return nil
}
