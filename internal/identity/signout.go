package identity

import (
	"context"
	"errors"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
)

// byOperator is the code of sessions that were ended by whoever runs the
// machine; byManager that of those ended by whoever looks after an account.
const (
	byOperator = "operator"
	byManager  = "manager"
)

// SignOut ends every session of a colleague's account, which stays open: a
// telephone was lost, or somebody left a screen unlocked. It stands in their
// history, and they are told. ErrProof without a fresh proof; ErrNotFound if
// there is no such account or it is not theirs to manage; ErrLast for oneself.
func (a *Accounts) SignOut(ctx context.Context, by *Session, ref string) error {
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.manage(ctx, by, ref, func(tx *store.Tx, x Account) error {
		_, err := a.signOut(ctx, tx, d, x, evidence.Body{Surface: by.Surface, Code: byManager, Actor: by.Account.Role.Actor()})
		return err
	})
}

// signOut ends what is there of sessions of an account, writes the evidence and
// owes the notice. An account that is signed in nowhere is left alone.
func (a *Accounts) signOut(ctx context.Context, tx *store.Tx, d declared, x Account, b evidence.Body) (ended int64, err error) {
	if err := a.hold(ctx, tx, x.ID); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE account = $1 AND level = 'half'", x.ID); err != nil {
		return 0, wrap(err)
	}
	if ended, err = tx.Change(ctx, "DELETE FROM sessions WHERE account = $1", x.ID); err != nil || ended == 0 {
		return 0, wrap(err)
	}
	b.Kind, b.Subject, b.Ref, b.Count = evidence.AccountEnded, x.Subject, x.ID, ended
	if err := a.prove(ctx, tx, d, b); err != nil {
		return 0, err
	}
	err = a.notify(ctx, tx, d.purpose, x, mail.AccountSignedOut)
	return ended, err
}

// Those says whose sessions an operator ends: of some people, of all with a
// role, or, if it is empty, of everyone.
type Those struct {
	Subjects []keys.SubjectID
	Role     Role
}

// Ended counts what SignOutThose did.
type Ended struct{ Accounts, Sessions int64 }

// signOutBatch is how many accounts are signed out in one transaction, so
// that nobody else waits for long.
const signOutBatch = 200

// SignOutThose ends all sessions of those people in the name of an actor, for
// whoever runs the machine (ASVS 5.0 7.4.5). Each account is one act with its
// evidence and its notice, so that one cut short has only to be done again.
// Who signs in meanwhile may be signed out, or not. ErrNotFound if none of the
// people has an account.
func (a *Accounts) SignOutThose(ctx context.Context, actor, surface string, w Those) (done Ended, err error) {
	d, err := a.declared()
	if err != nil {
		return done, err
	}
	of := evidence.Body{Surface: surface, Code: byOperator, Actor: actor}
	if len(w.Subjects) > 0 {
		return a.signOutPeople(ctx, d, of, w.Subjects)
	}
	for last := int64(0); ; {
		var list []Account
		err := a.c.Store.View(ctx, func(tx *store.Tx) (err error) {
			list, err = a.signedIn(ctx, tx, w.Role, last)
			return err
		})
		if err != nil || len(list) == 0 {
			return done, err
		}
		last = list[len(list)-1].ID
		if err := a.signOutEach(ctx, d, of, list, &done); err != nil {
			return done, err
		}
	}
}

func (a *Accounts) signOutPeople(ctx context.Context, d declared, of evidence.Body, people []keys.SubjectID) (done Ended, err error) {
	known := map[int64]Account{}
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		for _, s := range people {
			x, err := a.Of(ctx, tx, s)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			known[x.ID] = x
		}
		return nil
	})
	if err != nil {
		return done, err
	}
	if len(known) == 0 {
		return done, ErrNotFound
	}
	var list []Account
	for _, x := range known {
		list = append(list, x)
	}
	err = a.signOutEach(ctx, d, of, list, &done)
	return done, err
}

// signedIn returns the next accounts that have sessions, of a role if one is
// given.
func (a *Accounts) signedIn(ctx context.Context, tx *store.Tx, role Role, after int64) (list []Account, err error) {
	rows, err := tx.Query(ctx, selectAccount+`WHERE id > $1 AND state = 'open' AND (role = $2 OR $2 = '')
		AND EXISTS (SELECT 1 FROM sessions s WHERE s.account = accounts.id) ORDER BY id LIMIT $3`, after, string(role), signOutBatch)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		x, err := scanAccount(rows)
		if err != nil {
			return nil, wrap(err)
		}
		list = append(list, x)
	}
	return list, wrap(rows.Err())
}

func (a *Accounts) signOutEach(ctx context.Context, d declared, of evidence.Body, list []Account, done *Ended) error {
	var made Ended
	err := a.c.Store.Update(ctx, func(tx *store.Tx) error {
		made = Ended{}
		for _, x := range list {
			n, err := a.signOut(ctx, tx, d, x, of)
			if errors.Is(err, ErrNotFound) {
				continue // closed meanwhile
			}
			if err != nil {
				return err
			}
			if n > 0 {
				made.Accounts++
				made.Sessions += n
			}
		}
		return nil
	})
	if err == nil {
		done.Accounts += made.Accounts
		done.Sessions += made.Sessions
	}
	return err
}
