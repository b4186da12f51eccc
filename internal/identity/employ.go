package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	return a.EmployAt(ctx, Employment{Role: role, Email: email})
}

// Employment is an account that is opened by whoever runs the machine.
type Employment struct {
	Role    Role
	Email   string // personal data
	Company int64  // 0 for none
	Proven  bool   // the person is known to read mail there; else what is held of the address stays apart
}

// Format writes a placeholder, whatever the verb.
func (Employment) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(employment)") }

// LogValue returns a placeholder.
func (Employment) LogValue() slog.Value { return slog.StringValue("(employment)") }

// EmployAt is Employ with all that can be said of the account.
func (a *Accounts) EmployAt(ctx context.Context, e Employment) (address string, until time.Time, err error) {
	role, email := e.Role, e.Email
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
	l := link{kind: linkInvitation, role: role, company: e.Company, surface: home.ID, counted: e.Proven}
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
