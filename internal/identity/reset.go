package identity

import (
	"cmp"
	"context"
	"errors"

	"candour/internal/mail"
	"candour/internal/store"
)

// AskReset owes a mail with a link by which the owner of an address sets
// another password, if it has an account that signs in on the surface. It
// says the same, and takes the same time, if not.
func (a *Accounts) AskReset(ctx context.Context, surface, email string) error {
	rest := a.wait(ctx)
	defer rest()
	d, err := a.declared()
	if err != nil {
		return err
	}
	address, err := mail.ParseAddress(email)
	if err != nil {
		return err // what was typed cannot be an address: an AddressFault
	}
	who, err := a.candidate(ctx, d, surface, address)
	if err != nil || !who.found {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		x := who.account
		l := link{kind: linkReset, account: x.ID, subject: x.Subject, address: x.address, role: x.Role, surface: surface}
		return a.owe(ctx, tx, d.purpose, &l)
	})
}

// Reset sets another password by a link, and signs the account out everywhere.
// It signs nobody in: whoever has a second factor shows it as ever. ErrLink if
// the link is not good; a PasswordFault if the password cannot be taken, and
// then the link is still good.
func (a *Accounts) Reset(ctx context.Context, token, password string) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	var l link
	var x Account
	var held mail.Address
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		if l, err = a.follow(ctx, tx, token, linkReset); err != nil {
			return err
		}
		if x, err = a.ByID(ctx, tx, l.account); err != nil {
			return err
		}
		held, err = a.addressOf(ctx, tx, d, x)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && x.address != l.address {
		return ErrLink // the account was closed, or its address is another by now
	}
	if err != nil {
		return err
	}
	hash, err := a.newHash(ctx, d, password, held)
	if err != nil {
		return err
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdFor(ctx, tx, l); err != nil {
			return err
		}
		if err := a.use(ctx, tx, l); err != nil {
			return err
		}
		if err := a.setPassword(ctx, tx, d, x, l.surface, hash); err != nil {
			return err
		}
		if err := a.endAll(ctx, tx, x.ID, 0); err != nil {
			return err
		}
		if err := a.proved(ctx, tx, d, x, held); err != nil {
			return err
		}
		return a.changed(ctx, tx, d, x, l.surface, "password.reset")
	})
	if err == nil {
		a.tries.clear(held.Key())
	}
	return err
}

// ChangePassword sets another password for whoever knows the one there is, and
// signs the account out everywhere else. ErrProof without a fresh proof, which
// has the second factor in it where there is one; ErrCode if the one there is
// was not right; a PasswordFault if the new one cannot be taken.
func (a *Accounts) ChangePassword(ctx context.Context, by *Session, current, next string) error {
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	var held mail.Address
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		held, err = a.addressOf(ctx, tx, d, by.Account)
		return err
	})
	if err != nil {
		return err
	}
	who, err := a.candidate(ctx, d, by.Surface, held)
	if err != nil {
		return err
	}
	if err := a.known(ctx, by, current, who); err != nil {
		return err
	}
	hash, err := a.newHash(ctx, d, next, held)
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, by); err != nil {
			return err
		}
		if still, err := a.still(ctx, tx, d, &who); err != nil || !still {
			return cmp.Or(err, ErrCode)
		}
		if err := a.setPassword(ctx, tx, d, by.Account, by.Surface, hash); err != nil {
			return err
		}
		if err := a.endAll(ctx, tx, by.Account.ID, by.ID); err != nil {
			return err
		}
		return a.changed(ctx, tx, d, by.Account, by.Surface, "password.changed")
	})
}

func (a *Accounts) newHash(ctx context.Context, d declared, password string, held mail.Address) (string, error) {
	if err := a.checkPassword(password, d.p.Operator.ShortName, held.Reveal()); err != nil {
		return "", err
	}
	return a.hasher.hash(ctx, password)
}

// setPassword writes a hash in place of the one there is, and ends the links
// that went out under the old one, and a wait that it was proven for.
func (a *Accounts) setPassword(ctx context.Context, tx *store.Tx, d declared, x Account, surface, hash string) error {
	if err := a.void(ctx, tx, x.ID, linkReset, linkUnlock); err != nil {
		return err
	}
	if err := a.stopRecovery(ctx, tx, d, x, surface); err != nil {
		return err
	}
	list, err := a.credentials(ctx, tx, x.ID)
	if err != nil {
		return err
	}
	for _, c := range ofKind(list, kindPassword) {
		return a.replace(ctx, tx, d, surface, x.Role.Actor(), c, []byte(hash))
	}
	return a.addCredential(ctx, tx, d, x, surface, kindPassword, []byte(hash))
}

// proved notes that a person showed that they read mail at their address, and
// joins what is held of it otherwise with their account.
func (a *Accounts) proved(ctx context.Context, tx *store.Tx, d declared, x Account, held mail.Address) error {
	if x.Proven {
		return nil
	}
	if _, err := tx.Exec(ctx, "UPDATE accounts SET proven = 1 WHERE id = $1", x.ID); err != nil {
		return wrap(err)
	}
	return a.gather(ctx, tx, d, x.Subject, held)
}
