package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

// SignUp is a submitted form that asks for an account. It holds personal data
// and prints as a placeholder.
type SignUp struct {
	Form    url.Values
	Surface string
	Policy  int      // version of the policy that was shown
	Wording [32]byte // SHA-256 of the words that were shown (L16)
}

// Format writes a placeholder, whatever the verb.
func (SignUp) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(sign-up)") }

// LogValue returns a placeholder.
func (SignUp) LogValue() slog.Value { return slog.StringValue("(sign-up)") }

// SignUp takes the form and owes a mail about it. What it does and returns is
// the same for every address, known or not. The error is intake.FieldErrors if
// the form cannot be taken.
func (a *Accounts) SignUp(ctx context.Context, s SignUp) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	l := link{kind: linkSignUp, role: CustomerAdministrator, surface: s.Surface, policy: s.Policy, wording: s.Wording[:]}
	return a.request(ctx, d, signUpForm, s.Form, &l)
}

// request writes what was typed under the purpose of its form, a link and the
// mail that carries it.
func (a *Accounts) request(ctx context.Context, d declared, formID string, values url.Values, l *link) error {
	form, ok := d.p.FormByID(formID)
	if !ok {
		return ErrClosed
	}
	answers, err := intake.Read(d.p, *form, values)
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if l.subject, err = a.c.Vault.NewSubject(ctx, tx); err != nil {
			return err
		}
		if l.address, err = a.pending(ctx, tx, d, form.Purpose, l, answers); err != nil {
			return err
		}
		return a.owe(ctx, tx, form.Purpose, l)
	})
}

// pending keeps what was typed until its address is confirmed, and returns the
// record of the address.
func (a *Accounts) pending(ctx context.Context, tx *store.Tx, d declared, purpose string, l *link, answers intake.Answers) (vault.RecordID, error) {
	var items []vault.Item
	at := -1
	for _, x := range answers {
		if x.Category == "" {
			continue
		}
		if x.Category == d.email {
			at = len(items)
		}
		items = append(items, vault.Item{Category: x.Category, Parts: []vault.Part{{Owner: l.subject, Value: []byte(x.Value)}}})
	}
	if at < 0 {
		return 0, errors.New("identity: the form has no field for an e-mail address that must be filled in")
	}
	ids, err := a.c.Vault.Put(ctx, tx, vault.Access{Actor: "contact", Purpose: purpose, Surface: l.surface}, items...)
	if err != nil {
		return 0, err
	}
	return ids[at], nil
}

// owe offers a link and owes the mail that carries it.
func (a *Accounts) owe(ctx context.Context, tx *store.Tx, purpose string, l *link) error {
	return a.oweAfter(ctx, tx, purpose, l, time.Time{})
}

// oweAfter is owe for a mail that leaves later.
func (a *Accounts) oweAfter(ctx context.Context, tx *store.Tx, purpose string, l *link, after time.Time) error {
	if err := a.offer(ctx, tx, l); err != nil {
		return err
	}
	_, err := a.c.Queue.Add(ctx, tx, mail.Item{Kind: mailOf[l.kind], Purpose: purpose, Subject: l.subject, Address: l.address, Ref: l.id, After: after})
	return err
}

// Opened is what Finish made.
type Opened struct {
	Token   string // for the browser
	Session *Session
}

// Finish opens the account that a link is for, with a password, and signs its
// person in on the first surface of their role. ErrLink if the link is not
// good, or the address has an account by now; a PasswordFault if the password
// cannot be taken, and then the link is still good.
func (a *Accounts) Finish(ctx context.Context, token, password string, dev Device) (Opened, error) {
	d, err := a.declared()
	if err != nil {
		return Opened{}, err
	}
	var l link
	var held mail.Address
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		if l, err = a.follow(ctx, tx, token, linkSignUp, linkInvitation); err != nil {
			return err
		}
		held, err = a.asked(ctx, tx, d, l)
		return err
	})
	if err != nil {
		return Opened{}, err
	}
	if err := a.checkPassword(password, d.p.Operator.ShortName, held.Reveal()); err != nil {
		return Opened{}, err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return Opened{}, err
	}
	var o Opened
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.claim(ctx, tx, held); err != nil {
			return err
		}
		if err := a.use(ctx, tx, l); err != nil {
			return err
		}
		x, surface, err := a.opened(ctx, tx, d, l, held)
		if err != nil {
			return err
		}
		if err := a.addCredential(ctx, tx, d, x, surface, kindPassword, []byte(hash)); err != nil {
			return err
		}
		o.Token, o.Session, err = a.begin(ctx, tx, d, x, surface, a.levelFor(d, x.Role, false), "link", dev)
		return err
	})
	return o, err
}

// asked returns the address that a link was sent to; ErrLink if it is gone.
func (a *Accounts) asked(ctx context.Context, tx *store.Tx, d declared, l link) (mail.Address, error) {
	rec, err := a.c.Vault.Read(ctx, tx, vault.Access{Actor: systemActor, Purpose: a.purposeOf(d, l), Own: true}, l.address)
	if errors.Is(err, vault.ErrNotFound) {
		return mail.Address{}, ErrLink
	}
	if err != nil {
		return mail.Address{}, err
	}
	held, err := mail.ParseAddress(string(rec.Value()))
	if err != nil {
		return mail.Address{}, ErrLink
	}
	return held, nil
}

// purposeOf is the purpose for which the address of a link is held: that of the
// form it was typed into, or that of the account's own address.
func (a *Accounts) purposeOf(d declared, l link) string {
	switch l.kind {
	case linkSignUp, linkInvitation, linkAddressNew:
		for _, id := range []string{signUpForm, inviteForm, addressForm} {
			if f, ok := d.p.FormByID(id); ok {
				return f.Purpose
			}
		}
	}
	return d.purpose
}

// opened writes the account of a link: what was typed is held for the account
// from now on, and what is held otherwise of whoever reads mail at the address
// is theirs.
func (a *Accounts) opened(ctx context.Context, tx *store.Tx, d declared, l link, held mail.Address) (Account, string, error) {
	if _, err := a.byAddress(ctx, tx, d, held); err == nil {
		return Account{}, "", ErrLink // somebody opened one since
	} else if !errors.Is(err, ErrNotFound) {
		return Account{}, "", err
	}
	home, ok := d.home(l.role)
	if !ok {
		return Account{}, "", ErrLink
	}
	x := Account{Subject: l.subject, Role: l.role, Company: l.company, Proven: l.counted}
	var err error
	if x.address, err = a.adopt(ctx, tx, d, l, home.ID); err != nil {
		return x, "", err
	}
	if x.Proven { // not where the link was shown to whoever runs the machine
		if err := a.gather(ctx, tx, d, l.subject, held); err != nil {
			return x, "", err
		}
	}
	if x.Role == CustomerAdministrator && x.Company == 0 {
		if x.Company, err = a.found(ctx, tx); err != nil {
			return x, "", err
		}
	}
	if err := a.open(ctx, tx, d, home.ID, &x); err != nil {
		return x, "", err
	}
	if len(l.wording) > 0 {
		err = a.prove(ctx, tx, d, evidence.Body{Kind: evidence.NoticeAccepted, Surface: l.surface, Subject: x.Subject, Ref: l.id, Policy: l.policy, Hash: l.wording, Actor: x.Role.Actor()})
	}
	return x, home.ID, err
}

// adopt holds what was typed into a form for the account, and returns the
// record of the address.
func (a *Accounts) adopt(ctx context.Context, tx *store.Tx, d declared, l link, surface string) (vault.RecordID, error) {
	pending := a.purposeOf(d, l)
	var items []vault.Item
	at := -1
	for _, k := range d.p.Categories {
		purposes := d.purposes(k.ID)
		if !d.uses(k.ID, pending) || len(purposes) == 0 {
			continue
		}
		records, err := a.c.Vault.ReadSubject(ctx, tx, vault.Access{Actor: systemActor, Purpose: pending, Own: true}, l.subject, k.ID)
		if err != nil {
			return 0, err
		}
		for _, rec := range records {
			if k.ID == d.email {
				at = len(items)
			}
			items = append(items, vault.Item{Category: k.ID, Purposes: purposes, Parts: []vault.Part{{Owner: l.subject, Value: rec.Value()}}})
		}
	}
	if at < 0 {
		return 0, ErrLink // its time was over
	}
	ids, err := a.c.Vault.Put(ctx, tx, vault.Access{Actor: l.role.Actor(), Purpose: d.purpose, Surface: surface, Own: true}, items...)
	if err != nil {
		return 0, err
	}
	return ids[at], nil
}

// gather joins with a new account what is held of the same address: they
// proved that they read mail there.
func (a *Accounts) gather(ctx context.Context, tx *store.Tx, d declared, s keys.SubjectID, held mail.Address) error {
	people, err := a.c.Vault.Find(ctx, tx, vault.Access{Actor: systemActor, Purpose: d.purpose}, d.email, held.Reveal())
	if err != nil {
		return err
	}
	for _, p := range people {
		if p == s {
			continue
		}
		if _, err := a.Of(ctx, tx, p); !errors.Is(err, ErrNotFound) {
			if err != nil {
				return err
			}
			continue // of another account, which is being changed to this address
		}
		if err := a.c.Vault.Alias(ctx, tx, p, s); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
	}
	return nil
}

// levelFor is how far a password, or with strong a passkey, brings a role that
// has no second factor.
func (a *Accounts) levelFor(d declared, r Role, strong bool) Level {
	if d.staff(r) && !strong {
		return Enrol
	}
	return Whole
}
