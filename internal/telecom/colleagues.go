package telecom

import (
	"context"
	"errors"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
)

// maxColleagues is how many colleagues a list has at most.
const maxColleagues = 50

// Colleagues returns the lines of the other people of a line's company, in the
// order in which they were given, with their names; none without a company. Who
// had the use of their data restricted is not among them (UK GDPR Art 18(2)).
func (d *Desk) Colleagues(ctx context.Context, of Line) (list []Line, err error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil || of.Company == 0 {
		return nil, err
	}
	system := roles.own(systemActor)
	system.Own = false
	var accounts []identity.Account
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.IDs(ctx, "SELECT lines.account FROM lines JOIN accounts ON accounts.id = lines.account WHERE accounts.company = $1 ORDER BY lines.id", of.Company)
		if err != nil {
			return err
		}
		for _, id := range ids {
			l, err := d.line(ctx, tx, id)
			if err != nil || l.ID == of.ID || len(list) == maxColleagues {
				continue // gone meanwhile, or one's own
			}
			x, err := d.fill(ctx, tx, system, &l)
			switch {
			case errors.Is(err, ErrNoLine) || errors.Is(err, vault.ErrRestricted):
				continue
			case err != nil:
				return err
			}
			list, accounts = append(list, l), append(accounts, x)
		}
		return nil
	})
	for i := range list {
		if err == nil {
			list[i].Name, err = d.c.Accounts.Name(ctx, accounts[i])
		}
		if errors.Is(err, identity.ErrNotFound) {
			err = nil // there is none
		}
	}
	return list, wrap(err)
}
