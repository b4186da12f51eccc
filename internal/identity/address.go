package identity

import (
	"context"
	"errors"
	"net/url"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

const addressForm = "new-address"

// AskAddress owes two mails: one to the address that signs in, one to the
// address that shall. Nothing changes until both are confirmed. It says the
// same if the new address has an account already; its owner is told so.
// ErrProof without a fresh proof; intake.FieldErrors if the form cannot be
// taken.
func (a *Accounts) AskAddress(ctx context.Context, by *Session, values url.Values) error {
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	form, ok := d.p.FormByID(addressForm)
	if !ok {
		return ErrClosed
	}
	answers, err := intake.Read(d.p, *form, values)
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		x := by.Account
		if err := a.holdBy(ctx, tx, by); err != nil {
			return err
		}
		if err := a.void(ctx, tx, x.ID, linkAddressNew, linkAddressOld); err != nil {
			return err
		}
		next := link{kind: linkAddressNew, id: a.c.Store.NewID(), account: x.ID, subject: x.Subject, role: x.Role, surface: by.Surface}
		past := link{kind: linkAddressOld, id: a.c.Store.NewID(), pair: next.id, account: x.ID, subject: x.Subject, address: x.address, role: x.Role, surface: by.Surface}
		next.pair = past.id
		if next.address, err = a.pending(ctx, tx, d, form.Purpose, &next, answers); err != nil {
			return err
		}
		if err := a.owe(ctx, tx, form.Purpose, &next); err != nil {
			return err
		}
		return a.owe(ctx, tx, d.purpose, &past)
	})
}

// ConfirmAddress confirms a change at one of the two addresses, and reports
// whether it was the second, with which the change is made. ErrLink if the
// link is not good, or the address has an account by now.
func (a *Accounts) ConfirmAddress(ctx context.Context, token string) (done bool, err error) {
	d, err := a.declared()
	if err != nil {
		return false, err
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		done = false
		l, err := a.follow(ctx, tx, token, linkAddressNew, linkAddressOld)
		if err != nil {
			return err
		}
		if err := a.holdFor(ctx, tx, l); err != nil {
			return err
		}
		if err := a.use(ctx, tx, l); err != nil {
			return err
		}
		other, err := a.link(ctx, tx, l.pair)
		if err != nil {
			return err
		}
		if other.state != linkUsed {
			return nil // it waits for the other
		}
		done = true
		if l.kind == linkAddressNew {
			return a.readdress(ctx, tx, d, l)
		}
		return a.readdress(ctx, tx, d, other)
	})
	return done, err
}

// readdress makes the change. The old address gets the last notice.
func (a *Accounts) readdress(ctx context.Context, tx *store.Tx, d declared, l link) error {
	x, err := a.ByID(ctx, tx, l.account)
	if errors.Is(err, ErrNotFound) {
		return ErrLink
	}
	if err != nil {
		return err
	}
	next, err := a.asked(ctx, tx, d, l)
	if err != nil {
		return err
	}
	if err := a.claim(ctx, tx, next); err != nil {
		return err
	}
	if taken, err := a.byAddress(ctx, tx, d, next); err == nil && taken.ID != x.ID {
		return ErrLink
	} else if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	past, err := a.addressOf(ctx, tx, d, x)
	if errors.Is(err, ErrNotFound) {
		return ErrLink
	}
	if err != nil {
		return err
	}
	pending := a.purposeOf(d, l)
	// The old address is held for the last notice, as long as any that is not
	// confirmed.
	ids, err := a.c.Vault.Put(ctx, tx, vault.Access{Actor: x.Role.Actor(), Purpose: pending, Surface: l.surface, Own: true},
		vault.Item{Category: d.email, Parts: []vault.Part{{Owner: x.Subject, Value: []byte(past.Reveal())}}})
	if err != nil {
		return err
	}
	_, err = a.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.AccountAddressChanged, Purpose: pending, Subject: x.Subject, Address: ids[0], Ref: x.ID})
	if err != nil {
		return err
	}
	access := vault.Access{Actor: x.Role.Actor(), Purpose: d.purpose, Surface: l.surface, Own: true}
	if err := a.c.Vault.Rectify(ctx, tx, access, x.address, []byte(next.Reveal())); err != nil {
		return err
	}
	x.Proven = false // the new address brings what is held of it
	if err := a.proved(ctx, tx, d, x, next); err != nil {
		return err
	}
	for _, follow := range a.moved {
		if err := follow(ctx, tx, x.Subject, x.Role.Actor(), l.surface, next.Reveal()); err != nil {
			return err
		}
	}
	if err := a.void(ctx, tx, x.ID, linkReset, linkUnlock); err != nil {
		return err
	}
	return a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountChanged, Surface: l.surface, Subject: x.Subject, Ref: x.ID, Code: "address.changed", Actor: x.Role.Actor()})
}
