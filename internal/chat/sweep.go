package chat

import (
	"context"

	"candour/internal/keys"
	"candour/internal/store"
)

// sweepBatch is how many rows one transaction looks at.
const sweepBatch = 500

// Sweep removes what is over: messages whose record came to its day, places
// whose hours are over, and what is left of people whom the retention sweep
// took. It belongs on the beat of the retention sweep (R12, L24, L27).
func (d *Desk) Sweep(ctx context.Context) error {
	now := d.c.Now()
	d.limit.tidy(now)
	err := d.each(ctx, "SELECT id FROM messages WHERE until_ms > 0 AND until_ms <= $1 AND attached > 0 ORDER BY id LIMIT $2", now.UnixMilli(), func(tx *store.Tx, id int64) error {
		m, err := scanRow(tx.QueryRow(ctx, selectMessage+"WHERE id = $1", id))
		if err != nil {
			return err
		}
		return d.takeBack(ctx, tx, m)
	})
	if err != nil {
		return wrap(err)
	}
	err = d.each(ctx, "SELECT id FROM messages WHERE expires_day <= $1 ORDER BY id LIMIT $2", now.UnixMilli()/dayMillis, func(tx *store.Tx, id int64) error {
		_, err := tx.Exec(ctx, "DELETE FROM messages WHERE id = $1", id)
		return err
	})
	if err != nil {
		return wrap(err)
	}
	err = d.each(ctx, "SELECT id FROM shared_places WHERE at_ms <= $1 ORDER BY id LIMIT $2", now.Add(-day).UnixMilli(), func(tx *store.Tx, id int64) error {
		_, err := tx.Exec(ctx, "DELETE FROM shared_places WHERE id = $1", id)
		return err
	})
	if err != nil {
		return wrap(err)
	}
	return wrap(d.sweepPeople(ctx))
}

// each acts on what a query finds, batch by batch, until it finds nothing. The
// act must take out of the query what it was for.
func (d *Desk) each(ctx context.Context, query string, arg int64, act func(*store.Tx, int64) error) error {
	for {
		var ids []int64
		err := d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.IDs(ctx, query, arg, sweepBatch)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
			for _, id := range ids {
				if err := act(tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// sweepPeople drops what is left of people who are there no more.
func (d *Desk) sweepPeople(ctx context.Context) error {
	for _, q := range []string{
		"SELECT m.author FROM messages m LEFT JOIN subjects s ON s.subject = m.author WHERE s.subject IS NULL AND m.author > $1 ORDER BY m.id LIMIT $2",
		"SELECT m.reader FROM messages m LEFT JOIN subjects s ON s.subject = m.reader WHERE s.subject IS NULL AND m.reader > $1 ORDER BY m.id LIMIT $2",
		"SELECT p.author FROM shared_places p LEFT JOIN subjects s ON s.subject = p.author WHERE s.subject IS NULL AND p.author > $1 ORDER BY p.id LIMIT $2",
	} {
		err := d.each(ctx, q, 0, func(tx *store.Tx, s int64) error { return d.Erased(ctx, tx, keys.SubjectID(s)) })
		if err != nil {
			return err
		}
	}
	return nil
}
