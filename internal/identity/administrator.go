package identity

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/internal/reference"
	"candour/internal/store"
	"candour/policy"
)

// A firm's last administrator may leave it, erase their account or be closed:
// nothing refuses that (UK GDPR Art 17). They are told before, and can make
// somebody else one first. A firm that nobody administers any more is found from
// the accounts themselves, however it came to that, and staff may appoint one of
// its people.

// The evidence of who was made an administrator, and of who did it. Each stands
// in the history of one person and names no other.
const (
	codeAppointed = "administrator.appointed"
	codeAppoints  = "administrator.made"
)

// Last says what goes with somebody who leaves.
type Last struct {
	Only   bool // nobody else has their role: of their firm, or of staff
	Others int  // people of a firm who are left without an administrator
}

// Last reports whether somebody is the only administrator of their firm, or the
// only data protection officer.
func (a *Accounts) Last(ctx context.Context, x Account) (l Last, err error) {
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		switch {
		case x.Role == CustomerAdministrator && x.Company != 0:
			return tx.QueryRow(ctx, `SELECT COUNT(CASE WHEN role = 'customer-administrator' THEN 1 END) = 1, COUNT(CASE WHEN role <> 'customer-administrator' THEN 1 END)
				FROM accounts WHERE company = $1 AND state = 'open'`, x.Company).Scan(&l.Only, &l.Others)
		case x.Role == Officer:
			return tx.QueryRow(ctx, "SELECT COUNT(*) = 1 FROM accounts WHERE role = 'dpo' AND state = 'open'").Scan(&l.Only)
		}
		return nil
	})
	return l, wrap(err)
}

// Appoint makes a user of the same firm an administrator too. ErrProof without a
// fresh proof; ErrNotFound if whoever asks is none, or there is no such user of
// their firm.
func (a *Accounts) Appoint(ctx context.Context, by *Session, ref string) error {
	if by.Account.Role != CustomerAdministrator || by.Account.Company == 0 {
		return ErrNotFound
	}
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	return a.appoint(ctx, by, ref, func(*store.Tx) (int64, error) { return by.Account.Company, nil })
}

// appoint makes a user of the firm that of finds its administrator, tells them,
// and keeps it in the history of both.
func (a *Accounts) appoint(ctx context.Context, by *Session, ref string, of func(*store.Tx) (int64, error)) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, by); err != nil {
			return err
		}
		company, err := of(tx)
		if err != nil {
			return err
		}
		x, err := a.ByReference(ctx, tx, ref)
		if err != nil {
			return err
		}
		n, err := tx.Change(ctx, "UPDATE accounts SET role = 'customer-administrator' WHERE id = $1 AND company = $2 AND role = 'customer-user' AND state = 'open'", x.ID, company)
		if err != nil {
			return wrap(err)
		}
		if n == 0 {
			return ErrNotFound
		}
		a.tells(tx)
		err = a.prove(ctx, tx, d, evidence.Body{
			Kind: evidence.AccountChanged, Surface: by.Surface, Subject: x.Subject, Ref: x.ID, Code: codeAppointed, Actor: by.Account.Role.Actor(),
		})
		if err != nil {
			return err
		}
		err = a.prove(ctx, tx, d, evidence.Body{
			Kind: evidence.AccountChanged, Surface: by.Surface, Subject: by.Account.Subject, Ref: by.Account.ID, Code: codeAppoints, Actor: by.Account.Role.Actor(),
		})
		if err != nil {
			return err
		}
		err = a.notify(ctx, tx, d.purpose, x, mail.AccountAppointed)
		return err
	})
}

// Firm is a firm of customers. It holds no personal data.
type Firm struct {
	Reference string
	Opened    time.Time
	People    int

	ID int64 // where a list goes on after
}

// MayAppoint reports whether a role of staff may give a firm that has no
// administrator one: it opens the accounts of administrators, and the policy has
// it act for the purpose for which people sign in.
func MayAppoint(c *policy.Compiled, r Role) bool {
	d, err := declaredIn(c)
	if err != nil || !MayInvite(r, CustomerAdministrator) || r == CustomerAdministrator || !d.exists(CustomerAdministrator) {
		return false
	}
	actor, ok := c.Policy().ActorByID(r.Actor())
	return ok && slices.Contains(actor.Purposes, d.purpose)
}

// SignInPurpose is the purpose for which people sign in, and for which staff look
// at the people of a firm; empty if nobody signs in.
func SignInPurpose(c *policy.Compiled) string {
	d, err := declaredIn(c)
	if err != nil {
		return ""
	}
	return d.purpose
}

const selectUnled = `SELECT c.id, c.reference, c.opened_ms, COUNT(*) FROM accounts u JOIN companies c ON c.id = u.company
	WHERE u.role = 'customer-user' AND u.state = 'open'
	AND NOT EXISTS (SELECT 1 FROM accounts l WHERE l.company = u.company AND l.role = 'customer-administrator' AND l.state = 'open') `

func scanFirm(row interface{ Scan(...any) error }) (f Firm, err error) {
	var opened int64
	err = row.Scan(&f.ID, &f.Reference, &opened, &f.People)
	f.Opened = time.UnixMilli(opened).UTC()
	return f, err
}

// Unled returns the firms with people and without an administrator, oldest
// first, that come after the firm with the id after. It holds nobody's data.
func (a *Accounts) Unled(ctx context.Context, after int64, limit int) (list []Firm, err error) {
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, selectUnled+"AND u.company > $1 GROUP BY c.id, c.reference, c.opened_ms ORDER BY c.id LIMIT $2", after, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			f, err := scanFirm(rows)
			if err != nil {
				return err
			}
			list = append(list, f)
		}
		return rows.Err()
	})
	return list, wrap(err)
}

// unled returns the firm with a reference. ErrNotFound if there is none, or
// somebody administers it.
func (a *Accounts) unled(ctx context.Context, tx *store.Tx, text string) (Firm, error) {
	ref, ok := reference.Parse(text)
	if !ok || ref != text {
		return Firm{}, ErrNotFound
	}
	f, err := scanFirm(tx.QueryRow(ctx, selectUnled+"AND c.reference = $1 GROUP BY c.id, c.reference, c.opened_ms", ref))
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNotFound
	}
	return f, wrap(err)
}

// UnledPeople returns the people of a firm that has no administrator, for staff
// who may appoint one. It is a look at each of them, and stands in their
// histories. ErrNotFound if the role may not, or there is no such firm.
func (a *Accounts) UnledPeople(ctx context.Context, by *Session, firm string) (f Firm, list []Colleague, err error) {
	d, err := a.declared()
	if err != nil {
		return f, nil, err
	}
	if !MayAppoint(a.c.InForce(), by.Account.Role) {
		return f, nil, ErrNotFound
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if f, err = a.unled(ctx, tx, firm); err != nil {
			return err
		}
		list, err = a.listed(ctx, tx, d, by, selectAccount+"WHERE state = 'open' AND company = $1 ORDER BY id", []any{f.ID}, func(*Account) bool { return true })
		return err
	})
	return f, list, err
}

// AppointIn makes one of the people of a firm that has no administrator its
// administrator. ErrProof without a fresh proof; ErrNotFound if the role may not,
// or there is no such firm any more, or no such person in it.
func (a *Accounts) AppointIn(ctx context.Context, by *Session, firm, ref string) error {
	if !MayAppoint(a.c.InForce(), by.Account.Role) {
		return ErrNotFound
	}
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	return a.appoint(ctx, by, ref, func(tx *store.Tx) (int64, error) {
		// Of two who appoint together the second waits here, and finds that the
		// firm has an administrator.
		if _, err := tx.Exec(ctx, "UPDATE companies SET opened_ms = opened_ms WHERE reference = $1", firm); err != nil {
			return 0, wrap(err)
		}
		f, err := a.unled(ctx, tx, firm)
		return f.ID, err
	})
}

// firmsOf returns the firms of people, for acts that end their accounts. Of two
// that leave the same firm together the second waits, and sees that it is empty.
func (a *Accounts) firmsOf(ctx context.Context, tx *store.Tx, subjects []int64) (firms []int64, err error) {
	for _, s := range subjects {
		of, err := tx.IDs(ctx, "SELECT company FROM accounts WHERE subject = $1 AND company > 0", s)
		if err != nil {
			return nil, wrap(err)
		}
		firms = append(firms, of...)
	}
	slices.Sort(firms)
	for _, id := range firms {
		if _, err := tx.Exec(ctx, "UPDATE companies SET opened_ms = opened_ms WHERE id = $1", id); err != nil {
			return nil, wrap(err)
		}
	}
	return firms, nil
}

// endFirms removes those of the firms that have no account any more: a firm is
// kept for its people.
func (a *Accounts) endFirms(ctx context.Context, tx *store.Tx, firms []int64) error {
	for _, id := range firms {
		if _, err := tx.Exec(ctx, "DELETE FROM companies WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.company = companies.id)", id); err != nil {
			return wrap(err)
		}
	}
	return nil
}
