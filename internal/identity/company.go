package identity

import (
	"context"
	"errors"
	"net/url"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/internal/reference"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/policy"
)

const inviteForm = "invitation"

// found makes a company for the first of its users.
func (a *Accounts) found(ctx context.Context, tx *store.Tx) (int64, error) {
	id := a.c.Store.NewID()
	for range reference.Tries {
		n, err := tx.Change(ctx, "INSERT INTO companies (id, reference, opened_ms) VALUES ($1, $2, $3) ON CONFLICT (reference) DO NOTHING", id, reference.New(), a.c.Now().UnixMilli())
		if err != nil {
			return 0, wrap(err)
		}
		if n == 1 {
			return id, nil
		}
	}
	return 0, errors.New("identity: no free reference was found")
}

// Colleague is an account of the same firm, or of the operator's staff, as
// those see it who manage them.
type Colleague struct {
	Account
	Email mail.Address // zero if the policy withholds it
}

// Invite asks somebody to open an account with a role: a customer's
// administrator for users of their own firm, staff who may manage accounts for
// anybody. What it does is the same for every address. ErrNotFound if the
// inviter may not; ErrProof without a fresh proof; intake.FieldErrors if the
// form cannot be taken.
func (a *Accounts) Invite(ctx context.Context, by *Session, role Role, values url.Values) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	if form, ok := d.p.FormByID(inviteForm); ok && role == "" {
		if _, err := intake.Read(d.p, *form, values); err != nil {
			return err // none was chosen: the form says so and keeps the rest
		}
	}
	if !MayInvite(by.Account.Role, role) || !d.exists(role) {
		return ErrNotFound
	}
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	l := link{kind: linkInvitation, role: role, surface: by.Surface, pair: by.Account.ID}
	if by.Account.Role == CustomerAdministrator {
		l.company = by.Account.Company
	}
	return a.request(ctx, d, inviteForm, values, &l)
}

// exists reports whether the policy lets a role sign in anywhere.
func (d declared) exists(r Role) bool {
	_, ok := d.home(r)
	return ok
}

// MayInvite says who may open whose accounts: a customer's administrator those
// of their firm, the officer those of staff and partners, support those of
// partners and customers. Nobody makes their own betters but the officer.
func MayInvite(by, role Role) bool {
	switch by {
	case CustomerAdministrator:
		return role == CustomerUser || role == CustomerAdministrator
	case Officer:
		return role == Support || role == Marketing || role == Engineer || role == Officer || role == Partner
	case Support:
		return role == Partner || role == CustomerAdministrator
	}
	return false
}

// mayManage says whose accounts somebody sees and may close.
func mayManage(by *Account, of *Account) bool {
	switch by.Role {
	case CustomerAdministrator:
		return of.Company == by.Company && by.Company != 0
	case Officer:
		return MayInvite(by.Role, of.Role)
	}
	return false
}

// Colleagues returns the accounts that somebody manages. Nobody else's are
// among them; a role that manages none gets ErrNotFound.
func (a *Accounts) Colleagues(ctx context.Context, by *Session) (list []Colleague, err error) {
	d, err := a.declared()
	if err != nil {
		return nil, err
	}
	query, args := selectAccount+"WHERE state = 'open' AND company = $1 ORDER BY id", []any{by.Account.Company}
	switch by.Account.Role {
	case CustomerAdministrator:
	case Officer:
		query, args = selectAccount+"WHERE state = 'open' AND role NOT LIKE 'customer%' ORDER BY id", nil
	default:
		return nil, ErrNotFound
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		list, err = a.listed(ctx, tx, d, by, query, args, func(x *Account) bool { return mayManage(&by.Account, x) })
		return err
	})
	return list, err
}

// listed returns the accounts of a query that somebody may see, with whom they
// are of, which is a look at each.
func (a *Accounts) listed(ctx context.Context, tx *store.Tx, d declared, by *Session, query string, args []any, may func(*Account) bool) (list []Colleague, err error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scanAccount(rows)
		if err != nil {
			return nil, wrap(err)
		}
		if may(&x) {
			list = append(list, Colleague{Account: x})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(err)
	}
	rows.Close()
	for i := range list {
		if err := a.look(ctx, tx, d, by, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// look fills in whom an account is of. It is a look at somebody else's data,
// and stands in their history; what the policy withholds stays empty.
func (a *Accounts) look(ctx context.Context, tx *store.Tx, d declared, by *Session, c *Colleague) error {
	if c.ID == by.Account.ID {
		held, err := a.addressOf(ctx, tx, d, c.Account)
		c.Email = held
		return err
	}
	rec, err := a.c.Vault.Look(ctx, tx, vault.Access{Actor: by.Account.Role.Actor(), Purpose: d.purpose, Surface: by.Surface}, c.address)
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrRestricted) || errors.Is(err, vault.ErrPurpose) {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := mail.ParseAddress(string(rec.Value()))
	if err == nil {
		c.Email = held
	}
	return nil
}

// nameOf returns the name held of an account's person; empty if none is.
func (a *Accounts) nameOf(ctx context.Context, tx *store.Tx, d declared, x Account) (string, error) {
	f, ok := d.p.FormByID(signUpForm)
	if !ok {
		return "", nil
	}
	for _, field := range f.Fields {
		if field.Name != "name" || !d.uses(field.Category, d.account) {
			continue
		}
		records, err := a.c.Vault.ReadSubject(ctx, tx, vault.Access{Actor: systemActor, Purpose: d.account, Own: true}, x.Subject, field.Category)
		if err != nil || len(records) == 0 {
			return "", err
		}
		return string(records[len(records)-1].Value()), nil
	}
	return "", nil
}

// Name returns the name held of an account's person, for themselves to see;
// empty if none is.
func (a *Accounts) Name(ctx context.Context, x Account) (name string, err error) {
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		name, err = a.NameIn(ctx, tx, x)
		return err
	})
	return name, err
}

// NameIn is Name within a transaction.
func (a *Accounts) NameIn(ctx context.Context, tx *store.Tx, x Account) (string, error) {
	d, err := a.declared()
	if err != nil {
		return "", err
	}
	return a.nameOf(ctx, tx, d, x)
}

// Dismiss closes the account of a colleague and signs it out everywhere. What
// is held of its person stays theirs, as the policy says. ErrProof without a
// fresh proof; ErrNotFound if there is no such account or it is not theirs to
// manage; ErrLast for oneself.
func (a *Accounts) Dismiss(ctx context.Context, by *Session, ref string) error {
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.manage(ctx, by, ref, func(tx *store.Tx, x Account) error {
		return a.close(ctx, tx, d, x, by.Surface, by.Account.Role.Actor())
	})
}

// manage does something to the account of a colleague.
func (a *Accounts) manage(ctx context.Context, by *Session, ref string, act func(*store.Tx, Account) error) error {
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		x, err := a.ByReference(ctx, tx, ref)
		if err != nil {
			return err
		}
		if !mayManage(&by.Account, &x) {
			return ErrNotFound
		}
		if x.ID == by.Account.ID {
			return ErrLast
		}
		return act(tx, x)
	})
}

// close ends an account. The retention of what is held for it counts from now,
// as the policy says: it is the end of the contract, or of the work, that it
// was for.
func (a *Accounts) close(ctx context.Context, tx *store.Tx, d declared, x Account, surface, actor string) error {
	if _, err := tx.Exec(ctx, "UPDATE accounts SET state = 'closed' WHERE id = $1", x.ID); err != nil {
		return wrap(err)
	}
	a.tells(tx)
	if err := a.endAll(ctx, tx, x.ID, 0); err != nil {
		return err
	}
	if err := a.void(ctx, tx, x.ID, linkKinds...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE account_links SET state = $1 WHERE kind = $2 AND pair = $3 AND state = $4", linkVoid, string(linkInvitation), x.ID, linkAsked)
	if err != nil {
		return wrap(err)
	}
	err = a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountClosed, Surface: surface, Subject: x.Subject, Ref: x.ID, Actor: actor})
	if err != nil {
		return err
	}
	err = a.notify(ctx, tx, d.purpose, x, mail.AccountClosed)
	if err != nil {
		return err
	}
	k, kok := d.compiled.Category(d.secret)
	p, pok := d.compiled.Purpose(d.purpose)
	if !kok || !pok {
		return nil
	}
	if r, ok := d.compiled.Retention(k, p); ok && r.Event != policy.CollectedEvent {
		return a.c.Vault.Event(ctx, tx, x.Subject, r.Event, a.c.Now())
	}
	return nil
}
