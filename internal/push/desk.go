package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// MaxAddresses is how many browsers of one account are woken. One more takes the
// place of the oldest.
const MaxAddresses = 10

// closeTime is how long what is being sent is waited for at the end.
const closeTime = 2 * time.Second

// Config is what the desk stands on. All of it is needed.
type Config struct {
	Store    *store.Store
	Ring     *keys.Ring
	Log      *evidence.Log
	Vault    *vault.Vault
	Accounts *identity.Accounts
	InForce  func() *policy.Compiled
	Now      func() time.Time
	Logger   *slog.Logger
	Services Services
}

// Desk keeps where browsers are woken, and wakes them. It is safe for concurrent
// use.
type Desk struct {
	c  Config
	by *signer

	mu     sync.Mutex
	closed bool
	open   sync.WaitGroup // messages under way
}

// New returns a desk. Its key as a sender is made of the ring.
func New(c Config) (*Desk, error) {
	by, err := newSigner(c.Ring.Secret("push sender v1"), "mailto:"+c.InForce().Policy().Operator.Support.Email)
	if err != nil {
		return nil, err
	}
	return &Desk{c: c, by: by}, nil
}

// Use has messages sent to other services than New was given. It belongs to the
// wiring, before anybody is woken.
func (d *Desk) Use(l Services) { d.c.Services = l }

// PublicKey is what a browser is told of us when it subscribes (RFC 8292 section
// 4), in base64url.
func (d *Desk) PublicKey() string { return d.by.public }

// Close waits a moment for what is being sent; nothing more is sent.
func (d *Desk) Close(ctx context.Context) error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	done := make(chan struct{})
	go func() {
		d.open.Wait()
		close(done)
	}()
	ctx, cancel := context.WithTimeout(ctx, closeTime)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Roles are those of the policy in force; ErrUndeclared if it has none.
func (d *Desk) Roles() (Roles, error) { return RolesOf(d.c.InForce()) }

// Keep notes where the browser of a session is woken, in JSON as the Push API
// writes it. It is kept on its person's consent, which their answer to the
// permission gives, and until the session ends. To keep the same again changes
// nothing. ErrSubscription for what is none, or of a service that is not used
// here; ErrUndeclared if the policy has none; vault.ErrNoConsent without a
// consent.
func (d *Desk) Keep(ctx context.Context, me *identity.Session, text []byte) error {
	roles, err := d.Roles()
	if err != nil {
		return err
	}
	s, err := d.c.Services.parse(text)
	if err != nil {
		return err
	}
	value, err := s.kept()
	if err != nil {
		return ErrSubscription
	}
	mark := d.c.Ring.Tag("push subscription", s.endpoint.String())
	return wrap(d.c.Store.Update(ctx, func(tx *store.Tx) error {
		held, err := d.rows(ctx, tx, "mark = $1", mark)
		if err != nil {
			return err
		}
		for _, a := range held {
			if a.account == me.Account.ID && a.session == me.ID {
				if rec, err := d.c.Vault.Read(ctx, tx, roles.own(), a.record); err == nil && string(rec.Value()) == string(value) {
					return nil
				}
			}
			if err := d.drop(ctx, tx, roles, a); err != nil {
				return err
			}
		}
		if err := d.makeRoom(ctx, tx, roles, me); err != nil {
			return err
		}
		ids, err := d.c.Vault.Put(ctx, tx, me.Access(roles.Purpose), vault.Item{Category: roles.Category, Parts: []vault.Part{{Owner: me.Account.Subject, Value: value}}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO wake_addresses (id, account, subject, session, mark, record, added_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			d.c.Store.NewID(), me.Account.ID, int64(me.Account.Subject), me.ID, mark, int64(ids[0]), d.c.Now().UnixMilli())
		return err
	}))
}

// makeRoom removes what this session had before, and the oldest beyond the most.
func (d *Desk) makeRoom(ctx context.Context, tx *store.Tx, roles Roles, me *identity.Session) error {
	list, err := d.rows(ctx, tx, "account = $1", me.Account.ID)
	if err != nil {
		return err
	}
	for i, a := range list {
		if a.session == me.ID || len(list)-i >= MaxAddresses {
			if err := d.drop(ctx, tx, roles, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// Drop forgets where the browser of a session is woken. There need be nothing.
func (d *Desk) Drop(ctx context.Context, me *identity.Session) error {
	roles, err := d.Roles()
	if err != nil {
		return err
	}
	return wrap(d.c.Store.Update(ctx, func(tx *store.Tx) error {
		list, err := d.rows(ctx, tx, "session = $1", me.ID)
		if err != nil {
			return err
		}
		for _, a := range list {
			if err := d.drop(ctx, tx, roles, a); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Count is how many browsers of an account are woken.
func (d *Desk) Count(ctx context.Context, tx *store.Tx, account int64) (n int, err error) {
	err = tx.QueryRow(ctx, "SELECT COUNT(*) FROM wake_addresses WHERE account = $1", account).Scan(&n)
	return n, wrap(err)
}

// address is a row: where one browser is woken.
type address struct {
	id, account, session int64
	subject              keys.SubjectID
	record               vault.RecordID
}

func (d *Desk) rows(ctx context.Context, tx *store.Tx, where string, arg any) (list []address, err error) {
	rows, err := tx.Query(ctx, "SELECT id, account, subject, session, record FROM wake_addresses WHERE "+where+" ORDER BY id", arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a address
		if err := rows.Scan(&a.id, &a.account, (*int64)(&a.subject), &a.session, (*int64)(&a.record)); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// drop removes a row and its record. The record may have gone with the consent.
func (d *Desk) drop(ctx context.Context, tx *store.Tx, roles Roles, a address) error {
	if _, err := tx.Exec(ctx, "DELETE FROM wake_addresses WHERE id = $1", a.id); err != nil {
		return err
	}
	err := d.c.Vault.RemovePart(ctx, tx, roles.own(), a.subject, a.record)
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	return err
}

// Sweep forgets the browsers whose sign-in is over.
func (d *Desk) Sweep(ctx context.Context) error {
	roles, err := d.Roles()
	if err != nil {
		return nil // there are none
	}
	return wrap(d.c.Store.Update(ctx, func(tx *store.Tx) error {
		list, err := d.rows(ctx, tx, "id > $1", 0)
		if err != nil {
			return err
		}
		for _, a := range list {
			stands, err := d.c.Accounts.Stands(ctx, tx, roles.Surface, a.session)
			if err == nil && !stands {
				err = d.drop(ctx, tx, roles, a)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// Follow forgets the browsers of whoever takes the consent back, in the
// transaction of that: it is a people.Follower. The records go with the consent.
func (d *Desk) Follow(ctx context.Context, tx *store.Tx, dec people.Decision) (func() error, error) {
	roles, err := d.Roles()
	if err != nil || dec.Yes || dec.Purpose != roles.Purpose {
		return nil, nil // this is not about it
	}
	members, err := d.c.Vault.Members(ctx, tx, dec.Subject)
	if err != nil {
		return nil, err
	}
	return func() error {
		for _, m := range members {
			if err := d.Forget(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// Forget drops what is kept here of somebody, in the transaction in which they
// are erased: the records go with their keys.
func (d *Desk) Forget(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	_, err := tx.Exec(ctx, "DELETE FROM wake_addresses WHERE subject = $1", int64(s))
	return wrap(err)
}

// Facts tells a copy of a person's data what is kept of them here beyond the
// vault: it is a rights.Source.
func (d *Desk) Facts(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(rights.Fact) error) error {
	times, err := tx.IDs(ctx, "SELECT added_ms FROM wake_addresses WHERE subject = $1 ORDER BY id", int64(s))
	if err != nil {
		return wrap(err)
	}
	for _, ms := range times {
		if err := fn(rights.Fact{Title: "You had the phone ring on a device when it is closed", At: time.UnixMilli(ms).UTC(), Code: "wake"}); err != nil {
			return err
		}
	}
	return nil
}

// wrap names the package in an error of the store. A refusal passes as it is.
func wrap(err error) error {
	for _, known := range []error{ErrSubscription, ErrUndeclared, vault.ErrNoConsent, vault.ErrObjected, vault.ErrUndeclared} {
		if errors.Is(err, known) {
			return err
		}
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("push: %w", err)
}
