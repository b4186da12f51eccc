package voicemail

import (
	"context"

	"candour/internal/keys"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/vault"
)

// sweepBatch is how many rows one transaction looks at.
const sweepBatch = 100

// Sweep removes messages whose sound came to its day, and what is left of lines
// that are gone. It belongs on the beat of the retention sweep (R12).
func (d *Desk) Sweep(ctx context.Context) error {
	today := d.c.Now().UnixMilli() / dayMillis
	for _, where := range []struct {
		text string
		args []any
	}{
		{"WHERE expires_day <= $1 ORDER BY id LIMIT $2", []any{today, sweepBatch}},
		{"WHERE NOT EXISTS (SELECT 1 FROM lines l WHERE l.id = voicemail_messages.line AND l.subject = voicemail_messages.subject) ORDER BY id LIMIT $1", []any{sweepBatch}},
	} {
		for more := true; more; {
			err := d.c.Store.Update(ctx, func(tx *store.Tx) error {
				list, err := d.rows(ctx, tx, where.text, where.args...)
				if err != nil {
					return err
				}
				more = len(list) > 0
				return d.sweep(ctx, tx, list)
			})
			if err != nil {
				return wrap(err)
			}
		}
	}
	return wrap(d.sweepBoxes(ctx))
}

func (d *Desk) sweep(ctx context.Context, tx *store.Tx, list []Message) error {
	for _, m := range list {
		var line int64
		if err := tx.QueryRow(ctx, "DELETE FROM voicemail_messages WHERE id = $1 RETURNING line", m.ID).Scan(&line); err != nil {
			return err
		}
		if err := d.swept(ctx, tx, m.subject, m.sound, m.note); err != nil {
			return err
		}
		if err := d.tell(ctx, tx, line); err != nil {
			return err
		}
	}
	return nil
}

// swept removes records, of somebody who may be gone with them.
func (d *Desk) swept(ctx context.Context, tx *store.Tx, s keys.SubjectID, ids ...vault.RecordID) error {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil //nolint:nilerr // no longer declared: they go at their time
	}
	for _, id := range ids {
		if err := d.drop(ctx, tx, roles.own(), s, id); err != nil {
			return err
		}
	}
	return nil
}

// sweepBoxes drops what was set on lines that are gone.
func (d *Desk) sweepBoxes(ctx context.Context) error {
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		const gone = " FROM voicemail_boxes WHERE NOT EXISTS (SELECT 1 FROM lines l WHERE l.id = voicemail_boxes.line AND l.subject = voicemail_boxes.subject)"
		rows, err := tx.Query(ctx, "SELECT subject, settings, greeting"+gone)
		if err != nil {
			return err
		}
		type box struct{ subject, settings, greeting int64 }
		var list []box
		for rows.Next() {
			var b box
			if err := rows.Scan(&b.subject, &b.settings, &b.greeting); err != nil {
				_ = rows.Close()
				return err
			}
			list = append(list, b)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		for _, b := range list {
			if err := d.swept(ctx, tx, keys.SubjectID(b.subject), vault.RecordID(b.settings), vault.RecordID(b.greeting)); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "DELETE"+gone)
		return err
	})
}

// Erased drops what is kept here of somebody, in the transaction in which they
// are erased. Their records go with their key.
func (d *Desk) Erased(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	for _, table := range []string{"voicemail_messages", "voicemail_boxes"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE subject = $1", int64(s)); err != nil {
			return wrap(err)
		}
	}
	return nil
}

// Facts tells a copy of a person's data what is kept of them here beyond the
// vault: it is a rights.Source. What was said, and by whom, is in records.
func (d *Desk) Facts(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(rights.Fact) error) error {
	times, err := tx.IDs(ctx, "SELECT heard_ms FROM voicemail_messages WHERE subject = $1 AND heard_ms > 0 ORDER BY id", int64(s))
	if err != nil {
		return wrap(err)
	}
	for _, ms := range times {
		if err := fn(rights.Fact{Title: "A voicemail message was played for the first time", At: store.Time(ms), Code: "voicemail"}); err != nil {
			return err
		}
	}
	return nil
}
