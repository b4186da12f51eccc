package chat

import (
	"context"
	"errors"
	"slices"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// Forget takes a message out of a person's conversations: their part of it goes,
// with their part of what came with it, and the other side's stays. Where
// somebody is goes for both once its author forgets it. ErrNotFound if there is
// no such message, or it is somebody else's.
func (d *Desk) Forget(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, id int64) error {
	m, members, err := d.mine(ctx, tx, s, id)
	if err != nil {
		return wrap(err)
	}
	records := []int64{m.record, m.attached}
	if m.kind == Place {
		records = records[:1]
		if slices.Contains(members, m.author) {
			if err := d.takeBack(ctx, tx, m); err != nil {
				return wrap(err)
			}
		}
	}
	for _, r := range records {
		if r == 0 {
			continue
		}
		if err := d.c.Vault.RemovePart(ctx, tx, a, s, vault.RecordID(r)); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return wrap(err)
		}
	}
	for _, who := range members {
		if err := d.unlink(ctx, tx, who, id); err != nil {
			return wrap(err)
		}
	}
	tx.AfterCommit(func() { d.hub.tell(m.author, m.reader) })
	return nil
}

// unlink takes a subject out of the rows of messages, of one or, with message 0,
// of all. Rows that are nobody else's go.
func (d *Desk) unlink(ctx context.Context, tx *store.Tx, s keys.SubjectID, message int64) error {
	only, args := "", []any{int64(s)}
	if message != 0 {
		only, args = " AND id = $2", append(args, message)
	}
	for _, query := range []string{
		"DELETE FROM messages WHERE author = $1 AND (reader = 0 OR reader = $1)",
		"DELETE FROM messages WHERE reader = $1 AND author = 0",
		"UPDATE messages SET author = 0 WHERE author = $1",
		"UPDATE messages SET reader = 0, read_ms = CASE WHEN read_ms = 0 THEN sent_ms ELSE read_ms END WHERE reader = $1",
	} {
		if _, err := tx.Exec(ctx, query+only, args...); err != nil {
			return err
		}
	}
	return nil
}

// Erased drops what is kept here of somebody, in the transaction in which they
// are erased. Their part of each record goes with their key, and where they were
// with it; the other side's part is theirs and stays.
func (d *Desk) Erased(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	for _, column := range []string{"author", "reader"} {
		if _, err := tx.Exec(ctx, "DELETE FROM shared_places WHERE "+column+" = $1", int64(s)); err != nil {
			return wrap(err)
		}
	}
	return wrap(d.unlink(ctx, tx, s, 0))
}
