package identity

import (
	"context"
	"errors"
	"time"

	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// Employ opens the way for an account with a role, for whoever runs the
// machine: the first member of staff has nobody who could invite them. It
// returns the link, which is shown and not sent, and until when it is good.
// An AddressFault if the address is none; ErrTaken if it has an account.
func (a *Accounts) Employ(ctx context.Context, role Role, email string) (address string, until time.Time, err error) {
	return a.EmployAt(ctx, 0, role, email)
}

// EmployAt is Employ for a user of a company; 0 is none.
func (a *Accounts) EmployAt(ctx context.Context, company int64, role Role, email string) (address string, until time.Time, err error) {
	d, err := a.declared()
	if err != nil {
		return "", until, err
	}
	if !d.exists(role) {
		return "", until, ErrRole
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil {
		return "", until, err
	}
	home, _ := d.home(role)
	l := link{kind: linkInvitation, role: role, company: company, surface: home.ID}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if _, err := a.byAddress(ctx, tx, d, parsed); err == nil {
			return ErrTaken
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		if l.subject, err = a.c.Vault.NewSubject(ctx, tx); err != nil {
			return err
		}
		ids, err := a.c.Vault.Put(ctx, tx, vault.Access{Actor: systemActor, Purpose: a.purposeOf(d, l), Surface: home.ID},
			vault.Item{Category: d.email, Parts: []vault.Part{{Owner: l.subject, Value: []byte(parsed.Reveal())}}})
		if err != nil {
			return err
		}
		l.address = ids[0]
		return a.offer(ctx, tx, &l)
	})
	if err != nil {
		return "", until, err
	}
	return a.address(d, l), l.ends, nil
}
