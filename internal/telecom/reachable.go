package telecom

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Reachable returns the line with an id if somebody on another line would reach
// it by its extension: the same rules as Route, for a page that knows a line
// already. The refusal NoSuch for every other, and Self for one's own.
func (d *Desk) Reachable(ctx context.Context, from Line, id int64) (Line, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Line{}, err
	}
	if id == from.ID {
		return Line{}, refuse(Self)
	}
	var l Line
	var x identity.Account
	var standing policy.Standing
	err = d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
		if l, err = scanLine(tx.QueryRow(ctx, selectLine+"WHERE id = $1", id)); err != nil {
			return err
		}
		if x, err = d.fill(ctx, tx, roles.own(systemActor), &l); err != nil {
			return err
		}
		var mark []byte
		if err = tx.QueryRow(ctx, "SELECT mark FROM lines WHERE id = $1", id).Scan(&mark); err != nil {
			return err
		}
		open := bytes.Equal(mark, d.mark(everybody, l.Extension))
		within := from.Company != everybody && bytes.Equal(mark, d.mark(from.Company, l.Extension))
		if !open && !within {
			return sql.ErrNoRows
		}
		standing, err = d.c.Vault.Standing(ctx, tx, l.Subject)
		return err
	})
	for _, none := range []error{sql.ErrNoRows, ErrNoLine, vault.ErrNotFound} {
		if errors.Is(err, none) {
			return Line{}, refuse(NoSuch)
		}
	}
	if err != nil {
		return Line{}, wrap(err)
	}
	if l.Company != 0 && l.Company == from.Company && !standing.Restricted {
		l.Name, err = d.c.Accounts.Name(ctx, x)
	}
	return l, wrap(err)
}
