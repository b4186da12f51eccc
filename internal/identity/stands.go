package identity

import (
	"context"
	"database/sql"
	"errors"

	"candour/internal/store"
)

// Stands reports whether a session may still be acted in on a surface. Unlike
// Lasts it does not count as use: it is for what happens without its person.
func (a *Accounts) Stands(ctx context.Context, tx *store.Tx, surface string, session int64) (bool, error) {
	d, err := a.declared()
	if err != nil {
		return false, nil // nobody signs in any more
	}
	s, err := scanSession(tx.QueryRow(ctx, selectSession+"WHERE s.id = $1", session))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, wrap(err)
	}
	now := a.c.Now()
	idle, _ := d.times(s.Account.Role, surface, now)
	return s.Level == Whole && s.Surface == surface && d.opens(s.Account.Role, surface) && now.Before(s.Ends) && now.Sub(s.Seen) <= idle, nil
}
