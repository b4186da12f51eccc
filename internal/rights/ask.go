package rights

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

const (
	// LinkLasts is how long a link works from when it was sent.
	LinkLasts = time.Hour
	// noticePause is the least time between two mails to one address about
	// asks, whoever makes them.
	noticePause = time.Hour
)

// Asking is a submitted form your-data. It holds personal data and prints as a
// placeholder.
type Asking struct {
	Form    url.Values
	Surface string // where it was submitted; empty: where the policy says the form is
	Policy  int    // version of the policy that was shown
}

// Format writes a placeholder, whatever the verb.
func (Asking) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(ask about data)") }

// LogValue returns a placeholder.
func (Asking) LogValue() slog.Value { return slog.StringValue("(ask about data)") }

// Ask takes an address and owes a mail to it. What it does and returns is the
// same for every address, held or not: it does not look. No more than the
// address is asked for (UK GDPR Art 12(6); L13). The error is intake.FieldErrors
// if the form cannot be taken, ErrUndeclared if the policy has none.
func (d *Desk) Ask(ctx context.Context, a Asking) error {
	c := d.c.InForce()
	roles, err := RolesOf(c)
	if err != nil {
		return err
	}
	answers, err := intake.Read(c.Policy(), roles.Form, a.Form)
	if err != nil {
		return err
	}
	if a.Surface == "" {
		a.Surface = roles.Form.Surfaces[0]
	}
	email := ""
	for _, x := range answers {
		if x.Category == roles.Email {
			email = x.Value
		}
	}
	if email == "" {
		return errors.New("rights: an e-mail address is not optional in the form " + FormID)
	}
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		subject, err := d.c.Vault.NewSubject(ctx, tx)
		if err != nil {
			return err
		}
		ids, err := d.c.Vault.Put(ctx, tx, vault.Access{Actor: personActor, Purpose: roles.Pending, Surface: a.Surface},
			vault.Item{Category: roles.Email, Parts: []vault.Part{{Owner: subject, Value: []byte(email)}}})
		if err != nil {
			return err
		}
		id := d.c.Store.NewID()
		_, err = tx.Exec(ctx, "INSERT INTO rights_asks (id, subject, address, right_id, surface, policy, asked_ms, sent_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
			id, int64(subject), int64(ids[0]), answers.Value(rightField), a.Surface, a.Policy, d.c.Now().UnixMilli())
		if err != nil {
			return fmt.Errorf("rights: %w", err)
		}
		_, err = d.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.RightsLink, Purpose: roles.Pending, Subject: subject, Address: ids[0], Ref: id})
		return err
	})
}

// ask is a row of the table rights_asks.
type ask struct {
	id      int64
	subject keys.SubjectID
	address vault.RecordID
	right   string
	surface string
	sent    time.Time // zero: no link was sent
}

// askOf returns an ask; ErrLapsed if it was swept or its person was erased.
func (d *Desk) askOf(ctx context.Context, tx *store.Tx, id int64) (ask, error) {
	a := ask{id: id}
	var sent int64
	err := tx.QueryRow(ctx, "SELECT subject, address, right_id, surface, sent_ms FROM rights_asks WHERE id = $1", id).
		Scan((*int64)(&a.subject), (*int64)(&a.address), &a.right, &a.surface, &sent)
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrLapsed
	}
	if err != nil {
		return a, fmt.Errorf("rights: %w", err)
	}
	if sent != 0 {
		a.sent = time.UnixMilli(sent)
	}
	return a, nil
}

// answer finds the mail that answers an ask: a link, the word that nothing is
// held, or the way to the portal. It runs when the mail is sent and is the only
// place that looks.
func (d *Desk) answer(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil, err
	}
	a, err := d.askOf(ctx, tx, it.Ref)
	if errors.Is(err, ErrLapsed) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	address, err := d.addressOf(ctx, tx, a)
	if errors.Is(err, ErrLapsed) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	if err := d.notice(ctx, tx, roles, a.id, address); err != nil {
		return nil, err
	}
	people, _, err := d.heldBy(ctx, tx, roles, address)
	if err != nil {
		return nil, err
	}
	for _, s := range people {
		account, err := d.hasAccount(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		if account {
			return mail.ToPortal{Portal: d.c.Portal}, nil
		}
	}
	if len(people) == 0 {
		return mail.NothingHeld{Kept: roles.Kept.Title}, nil
	}
	if _, err := tx.Exec(ctx, "UPDATE rights_asks SET sent_ms = $1 WHERE id = $2", d.c.Now().UnixMilli(), a.id); err != nil {
		return nil, fmt.Errorf("rights: %w", err)
	}
	content := mail.RightsWay{Link: d.c.Queue.Link(roles.Act.Path, roles.TokenAs, d.links.Make(a.id))}
	if right, ok := d.c.InForce().Policy().RightByID(a.right); ok {
		content.Right = right.Title
	}
	return content, nil
}

func (d *Desk) hasAccount(ctx context.Context, tx *store.Tx, s keys.SubjectID) (bool, error) {
	if d.c.HasAccount == nil {
		return false, nil
	}
	return d.c.HasAccount(ctx, tx, s)
}

// addressOf returns the address of an ask; ErrLapsed if it is gone. It is the
// person's own, for what they ask, so a restriction of theirs does not stand in
// the way; whether it may be written to is for the door of outgoing mail.
func (d *Desk) addressOf(ctx context.Context, tx *store.Tx, a ask) (mail.Address, error) {
	record, err := d.c.Vault.OwnRecord(ctx, tx, a.subject, a.address)
	if errors.Is(err, vault.ErrNotFound) {
		return mail.Address{}, ErrLapsed
	}
	if err != nil {
		return mail.Address{}, err
	}
	address, err := mail.ParseAddress(string(record.Value()))
	if err != nil {
		return mail.Address{}, ErrLapsed
	}
	return address, nil
}

// heldBy returns the people with an address of whom something is held, those
// first who were not made to hold a request; and those of whom nothing is held
// but the address of an ask that waits, which says nothing about anybody.
func (d *Desk) heldBy(ctx context.Context, tx *store.Tx, roles Roles, address mail.Address) (people, waiting []keys.SubjectID, err error) {
	found, err := d.Find(ctx, tx, vault.Access{Actor: systemActor, Purpose: roles.Purpose}, address.Reveal())
	if err != nil {
		return nil, nil, err
	}
	var holders []keys.SubjectID
	for _, s := range found {
		held, err := d.holdsMore(ctx, tx, s)
		if err != nil {
			return nil, nil, err
		}
		holder, err := d.holds(ctx, tx, s)
		switch {
		case err != nil:
			return nil, nil, err
		case !held:
			waiting = append(waiting, s)
		case holder:
			holders = append(holders, s)
		default:
			people = append(people, s)
		}
	}
	return append(people, holders...), waiting, nil
}

// holdsMore reports whether anything is held of a subject beside the address of
// an ask.
func (d *Desk) holdsMore(ctx context.Context, tx *store.Tx, s keys.SubjectID) (bool, error) {
	asks, err := tx.IDs(ctx, "SELECT address FROM rights_asks WHERE subject = $1", int64(s))
	if err != nil {
		return false, fmt.Errorf("rights: %w", err)
	}
	err = d.c.Vault.Walk(ctx, tx, s, func(r vault.Record) error {
		if !slices.Contains(asks, int64(r.ID)) {
			return errHeld
		}
		return nil
	})
	switch {
	case errors.Is(err, errHeld):
		return true, nil
	case errors.Is(err, vault.ErrNotFound):
		return false, nil
	}
	return false, err
}

// errHeld ends a walk: one record is enough.
var errHeld = errors.New("rights: something is held")

// notice lets one ask about an address be answered within noticePause, at each
// attempt; mail.ErrVoid for any other. It is one statement, so that of two that
// are looked at together one waits for the other and gives way.
func (d *Desk) notice(ctx context.Context, tx *store.Tx, roles Roles, id int64, address mail.Address) error {
	now := d.c.Now()
	n, err := tx.Change(ctx, `INSERT INTO rights_notices (mark, ask, at_ms) VALUES ($1, $2, $3)
		ON CONFLICT (mark) DO UPDATE SET ask = excluded.ask, at_ms = excluded.at_ms
		WHERE rights_notices.ask = excluded.ask OR rights_notices.at_ms <= $4`,
		[]byte(d.c.Queue.Mark(roles.Purpose, address)), id, now.UnixMilli(), now.Add(-noticePause).UnixMilli())
	if err != nil {
		return fmt.Errorf("rights: %w", err)
	}
	if n == 0 {
		return mail.ErrVoid
	}
	return nil
}

// Link is what an opened link leads to.
type Link struct {
	Person Person
	Right  string // the right that was chosen when it was asked for
	Until  time.Time
}

// Enter checks the code of a link and returns whom it is of. ErrToken for one
// that is none of ours, ErrLapsed once its hour is over or the person erased;
// ErrNothing if nothing is held any more.
func (d *Desk) Enter(ctx context.Context, token string) (Link, error) {
	id, ok := d.links.Check(token)
	if !ok {
		return Link{}, ErrToken
	}
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Link{}, err
	}
	var l Link
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		a, err := d.askOf(ctx, tx, id)
		if err != nil {
			return err
		}
		l.Right, l.Until = a.right, a.sent.Add(LinkLasts)
		if now := d.c.Now(); a.sent.IsZero() || !now.Before(l.Until) || now.Before(a.sent.Add(-LinkLasts)) {
			return ErrLapsed
		}
		address, err := d.addressOf(ctx, tx, a)
		if err != nil {
			return err
		}
		people, waiting, err := d.heldBy(ctx, tx, roles, address)
		if err != nil {
			return err
		}
		if len(people) == 0 {
			return ErrNothing
		}
		l.Person = Person{
			Subjects: people, Access: vault.Access{Actor: personActor, Purpose: roles.Purpose, Surface: a.surface},
			Way: ByLink, waiting: waiting, address: address.Reveal(),
		}
		return nil
	})
	return l, err
}
