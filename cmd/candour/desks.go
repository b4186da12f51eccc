package main

import (
	"context"
	"errors"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
)

// desks are what acts for people, wired to one another: what each keeps of a
// person beyond the vault is handed over with a copy and forgotten with an
// erasure.
type desks struct {
	newsletter *marketing.Newsletter
	help       *support.Desk
	accounts   *identity.Accounts
	rights     *rights.Desk
}

// openDesks wires the desks to a queue. portal is where people with an account
// sign in.
func (a *app) openDesks(queue *mail.Queue, breached *identity.Breached, portal string) (*desks, error) {
	d := &desks{
		newsletter: marketing.New(marketing.Config{Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now}),
		help:       support.New(support.Config{Store: a.store, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now}),
	}
	var err error
	d.accounts, err = identity.New(identity.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now, Breached: breached,
	})
	if err != nil {
		return nil, err
	}
	d.rights = rights.New(rights.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now,
		Ticket:     d.help.OpenIn,
		Sources:    []rights.Source{rights.Accounts(d.accounts), rights.Tickets(d.help), rights.Newsletter(d.newsletter)},
		Forget:     []func(context.Context, *store.Tx, keys.SubjectID) error{d.newsletter.Forget, d.help.Forget, d.accounts.Forget},
		Withdrawn:  []func(context.Context, *store.Tx, keys.SubjectID, string) error{d.newsletter.Withdrawn},
		HasAccount: d.hasAccount,
		Portal:     portal,
	})
	return d, nil
}

// hasAccount reports whether a person has an account, under whichever alias.
func (d *desks) hasAccount(ctx context.Context, tx *store.Tx, s keys.SubjectID) (bool, error) {
	_, err := d.accounts.Of(ctx, tx, s)
	if errors.Is(err, identity.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// desksNow returns the desks of the running server, or, for a command on a
// folder that no server has, desks whose mails wait until one sends them.
func (a *app) desksNow() (*desks, error) {
	if a.desks != nil {
		return a.desks, nil
	}
	var err error
	a.desks, err = a.openDesks(mail.NewQueue(mail.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, InForce: a.inForce, Logger: a.log, Now: a.now,
	}), nil, "")
	return a.desks, err
}
