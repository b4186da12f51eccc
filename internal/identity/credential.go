package identity

import (
	"context"
	"errors"
	"time"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// CredentialKind is a way to prove oneself.
type CredentialKind string

// The kinds. An account has at most one password, one authenticator and one
// set of recovery codes.
const (
	KindPasskey       CredentialKind = "passkey"
	KindAuthenticator CredentialKind = "authenticator"
	KindRecovery      CredentialKind = "recovery"

	kindPassword CredentialKind = "password"
)

// Credential is one of an account, without what is secret about it.
type Credential struct {
	ID    int64
	Kind  CredentialKind
	Added time.Time
	Used  time.Time // zero before the first use

	account int64
	record  vault.RecordID
	step    int64
}

const selectCredential = "SELECT id, account, kind, record, added_ms, used_ms, step FROM credentials "

func (a *Accounts) credentials(ctx context.Context, tx *store.Tx, account int64) (list []Credential, err error) {
	rows, err := tx.Query(ctx, selectCredential+"WHERE account = $1 ORDER BY id", account)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Credential
		var added, used int64
		if err := rows.Scan(&c.ID, &c.account, (*string)(&c.Kind), (*int64)(&c.record), &added, &used, &c.step); err != nil {
			return nil, wrap(err)
		}
		c.Added = time.UnixMilli(added).UTC()
		if used != 0 {
			c.Used = time.UnixMilli(used).UTC()
		}
		list = append(list, c)
	}
	return list, wrap(rows.Err())
}

// Credentials returns what an account proves itself with, the oldest first.
func (a *Accounts) Credentials(ctx context.Context, of *Session) (list []Credential, err error) {
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		list, err = a.credentials(ctx, tx, of.Account.ID)
		return err
	})
	return list, err
}

func ofKind(list []Credential, kind CredentialKind) (all []Credential) {
	for _, c := range list {
		if c.Kind == kind {
			all = append(all, c)
		}
	}
	return all
}

// secret returns what a credential holds. ErrNotFound if it is gone.
func (a *Accounts) secret(ctx context.Context, tx *store.Tx, d declared, c Credential) ([]byte, error) {
	rec, err := a.c.Vault.Read(ctx, tx, own(systemActor, d), c.record)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, ErrNotFound
	}
	return rec.Value(), err
}

// addCredential writes a new one, without evidence.
func (a *Accounts) addCredential(ctx context.Context, tx *store.Tx, d declared, x Account, surface string, kind CredentialKind, value []byte) error {
	ids, err := a.c.Vault.Put(ctx, tx, vault.Access{Actor: x.Role.Actor(), Purpose: d.purpose, Surface: surface, Own: true},
		vault.Item{Category: d.secret, Parts: []vault.Part{{Owner: x.Subject, Value: value}}})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO credentials (id, account, kind, record, added_ms, used_ms, step) VALUES ($1, $2, $3, $4, $5, 0, 0)",
		a.c.Store.NewID(), x.ID, string(kind), int64(ids[0]), a.c.Now().UnixMilli())
	return wrap(err)
}

// replace writes a new value into a credential's record: the old one is gone.
func (a *Accounts) replace(ctx context.Context, tx *store.Tx, d declared, surface string, actor string, c Credential, value []byte) error {
	return a.c.Vault.Rectify(ctx, tx, vault.Access{Actor: actor, Purpose: d.purpose, Surface: surface, Own: true}, c.record, value)
}

// drop removes a credential. Its record's value is overwritten at once; the
// row goes with the person.
func (a *Accounts) drop(ctx context.Context, tx *store.Tx, d declared, by *Session, c Credential) error {
	if err := a.replace(ctx, tx, d, by.Surface, by.Account.Role.Actor(), c, []byte("removed")); err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM credentials WHERE id = $1", c.ID)
	return wrap(err)
}

// used notes that a credential was used; step is that of an authenticator. It
// reports false if another sign-in used the same step before (RFC 6238 section
// 5.2).
func (a *Accounts) used(ctx context.Context, tx *store.Tx, c Credential, step int64) (bool, error) {
	n, err := tx.Change(ctx, "UPDATE credentials SET used_ms = $1, step = $2 WHERE id = $3 AND step <= $4", a.c.Now().UnixMilli(), step, c.ID, max(step-1, 0))
	return n == 1, wrap(err)
}

// changed writes the evidence of a change to an account, and owes its person
// the notice of it, so that a stranger in the account is noticed (ASVS 5.0
// 6.3.7).
func (a *Accounts) changed(ctx context.Context, tx *store.Tx, d declared, x Account, surface, code string) error {
	err := a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountChanged, Surface: surface, Subject: x.Subject, Ref: x.ID, Code: code, Actor: x.Role.Actor()})
	if err != nil {
		return err
	}
	_, err = a.c.Queue.Add(ctx, tx, mail.Item{Kind: noticeOf[code], Purpose: d.purpose, Subject: x.Subject, Address: x.address, Ref: x.ID})
	return err
}

// Remove takes a passkey, an authenticator or the recovery codes away.
// ErrProof without a fresh proof, ErrNotFound if the account has no such,
// ErrLast for the second factor of somebody who must have one.
func (a *Accounts) Remove(ctx context.Context, by *Session, id int64) error {
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, by); err != nil {
			return err
		}
		list, err := a.credentials(ctx, tx, by.Account.ID)
		if err != nil {
			return err
		}
		var gone Credential
		strong := 0
		for _, c := range list {
			if c.ID == id && c.Kind != kindPassword {
				gone = c
			} else if c.Kind == KindPasskey || c.Kind == KindAuthenticator {
				strong++
			}
		}
		switch {
		case gone.ID == 0:
			return ErrNotFound
		case strong == 0 && d.staff(by.Account.Role) && gone.Kind != KindRecovery:
			return ErrLast
		}
		if err := a.drop(ctx, tx, d, by, gone); err != nil {
			return err
		}
		if strong == 0 { // nothing is left that recovery codes could stand in for
			for _, c := range ofKind(list, KindRecovery) {
				if c.ID != gone.ID {
					if err := a.drop(ctx, tx, d, by, c); err != nil {
						return err
					}
				}
			}
		}
		return a.changed(ctx, tx, d, by.Account, by.Surface, string(gone.Kind)+".removed")
	})
}
