package support

import (
	"context"
	"errors"
	"fmt"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// Of returns the tickets of a person, oldest first.
func (d *Desk) Of(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Ticket, error) {
	rows, err := tx.Query(ctx, selectTicket+"WHERE subject = $1 ORDER BY id", int64(s))
	if err != nil {
		return nil, fmt.Errorf("support: %w", err)
	}
	defer rows.Close()
	var list []Ticket
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("support: %w", err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// Forget cuts the tie between tickets and a person who was erased in tx, and
// closes those that are open: nothing is left to answer. Where a law keeps
// something of the person, what waits at the rights desk keeps its tie: it is
// that which is kept.
func (d *Desk) Forget(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	query := "UPDATE support_tickets SET subject = 0, state = 'closed', closed_ms = CASE WHEN closed_ms = 0 THEN $1 ELSE closed_ms END WHERE subject = $2"
	switch _, err := d.c.Vault.Standing(ctx, tx, s); {
	case err == nil:
		query += " AND queue <> 'rights'"
	case !errors.Is(err, vault.ErrNotFound):
		return err
	}
	if _, err := tx.Exec(ctx, query, d.c.Now().UnixMilli(), int64(s)); err != nil {
		return fmt.Errorf("support: %w", err)
	}
	return nil
}
