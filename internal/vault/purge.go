package vault

import (
	"context"
	"errors"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
)

// purgeBatch is how many rows go in one transaction, so that others can write
// between two.
const purgeBatch = 500

// owed is a purge that is due: rows of a subject under a destroyed key, or,
// with key 0, edges without a value and the links to evidence.
type owed struct {
	subject keys.SubjectID
	key     int64
	erasure int64
}

// purge deletes what is owed, batch after batch.
func (v *Vault) purge(ctx context.Context) error {
	for {
		var list []owed
		err := v.st.View(ctx, func(tx *store.Tx) error {
			var err error
			list, err = readPurges(ctx, tx)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, o := range list {
			if err := v.purgeOne(ctx, o); err != nil {
				return err
			}
		}
	}
}

func readPurges(ctx context.Context, tx *store.Tx) ([]owed, error) {
	rows, err := tx.Query(ctx, "SELECT subject, key_id, erasure FROM purges ORDER BY subject, key_id LIMIT $1", purgeBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []owed
	for rows.Next() {
		var o owed
		if err := rows.Scan((*int64)(&o.subject), &o.key, &o.erasure); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// purgeOne deletes the rows of one purge and then the purge itself, the last
// batch in the same transaction with it.
func (v *Vault) purgeOne(ctx context.Context, o owed) error {
	for done := false; !done; {
		err := v.st.Update(ctx, func(tx *store.Tx) error {
			list, err := v.goers(ctx, tx, `SELECT id, label, collected_ms, place FROM records WHERE subject = $1 AND key_id = $2 LIMIT $3`,
				int64(o.subject), o.key, purgeBatch)
			if err != nil {
				return err
			}
			if o.erasure != 0 {
				clearLabels(list) // an erased person is not counted
			}
			if err := v.deleteRows(ctx, tx, o.subject, list); err != nil {
				return err
			}
			if done = len(list) < purgeBatch; !done {
				return nil
			}
			return v.endPurge(ctx, tx, o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) endPurge(ctx context.Context, tx *store.Tx, o owed) error {
	if o.key == 0 {
		if err := v.log.Forget(ctx, tx, o.subject); err != nil {
			return err
		}
		// Tags by which others were found in this person's records.
		if err := v.deleteLooseTags(ctx, tx, o.subject); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "DELETE FROM purges WHERE subject = $1 AND key_id = $2", int64(o.subject), o.key)
	if err != nil || o.erasure != 0 || o.key == 0 {
		return err
	}
	return v.dropIfEmpty(ctx, tx, o.subject, &Totals{})
}

// deleteLooseTags deletes the tags of a person who is gone. Where law keeps
// something, tags of what stays stay with it.
func (v *Vault) deleteLooseTags(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	_, err := v.member(ctx, tx, s)
	if errors.Is(err, ErrNotFound) {
		_, err = tx.Exec(ctx, "DELETE FROM tags WHERE subject = $1", int64(s))
	}
	return err
}

// goer is a row on its way out.
type goer struct {
	id, label, collectedMS, place int64
}

func (v *Vault) goers(ctx context.Context, tx *store.Tx, query string, args ...any) ([]goer, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []goer
	for rows.Next() {
		var g goer
		if err := rows.Scan(&g.id, &g.label, &g.collectedMS, &g.place); err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, rows.Err()
}

func clearLabels(list []goer) {
	for i := range list {
		list[i].label = 0
	}
}

// deleteRows deletes rows of a subject with their tags. Those that the policy
// has anonymised leave a count of how many there were, and nothing else.
func (v *Vault) deleteRows(ctx context.Context, tx *store.Tx, s keys.SubjectID, list []goer) error {
	for _, g := range list {
		if err := v.countAnonymous(ctx, tx, g); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM tags WHERE subject = $1 AND part = $2", int64(s), g.id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM records WHERE id = $1", g.id); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) countAnonymous(ctx context.Context, tx *store.Tx, g goer) error {
	if g.label == 0 || partOf(g.place) != 0 {
		return nil
	}
	l, err := v.labelOf(ctx, tx, g.label)
	if err != nil || !l.term.Anonymise {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO anonymous_counts (category, surface, month, amount) VALUES ($1, $2, $3, 1)
		ON CONFLICT (category, surface, month) DO UPDATE SET amount = anonymous_counts.amount + 1`,
		l.Category, l.Surface, int64(keys.MonthOf(time.UnixMilli(g.collectedMS))))
	return err
}

// purged is the third stage: erasures to which nothing is owed any more.
func (v *Vault) purged(ctx context.Context) error {
	waiting, err := v.atStage(ctx, LogTruncated)
	if err != nil || len(waiting) == 0 {
		return err
	}
	return v.st.Update(ctx, func(tx *store.Tx) error {
		ids, err := tx.IDs(ctx, `SELECT id FROM erasures WHERE stage = $1 AND id NOT IN (SELECT erasure FROM purges) ORDER BY id`, int64(LogTruncated))
		if err != nil {
			return err
		}
		return v.reach(ctx, tx, RowsPurged, ids...)
	})
}
