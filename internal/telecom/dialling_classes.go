package telecom

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// ClassState says whether an account may call a class of destinations.
type ClassState string

// The states. Staff bar a class, and its owner cannot open it then.
const (
	ClassOpen   ClassState = "open"
	ClassClosed ClassState = "closed"
	ClassBarred ClassState = "barred"
)

// Errors of limits.
var (
	// ErrNotYours says that somebody may not decide about the limits of an
	// account.
	ErrNotYours = errors.New("telecom: these are not theirs to decide")
	// ErrLimit says that a limit cannot be that.
	ErrLimit = errors.New("telecom: no such limit")
)

// MayLimit reports whether somebody decides what an account may spend, and whom
// it may call: its owner, or an administrator of its company. Who uses a firm's
// services decides neither.
func MayLimit(by, of identity.Account) bool {
	if by.Role == identity.CustomerAdministrator {
		return by.ID == of.ID || by.Company != 0 && by.Company == of.Company
	}
	return by.ID == of.ID && by.Role != identity.CustomerUser
}

// classOf is the state of a class of destinations for an account: as was
// decided for it, or else as the policy declares. A class that is closed by the
// policy stays closed until the owner of the account opens it.
func (d *Desk) classOf(ctx context.Context, tx *store.Tx, account int64, class string) (ClassState, error) {
	var state string
	err := tx.QueryRow(ctx, "SELECT state FROM call_classes WHERE account = $1 AND class = $2", account, class).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		if slices.Contains(d.c.InForce().Policy().Calling.Closed, class) {
			return ClassClosed, nil
		}
		return ClassOpen, nil
	}
	return ClassState(state), err
}

// SetClass opens or closes a class of destinations for an account. ErrNotYours
// if by may not, or staff barred it; ErrLimit if there is no such class.
func (d *Desk) SetClass(ctx context.Context, tx *store.Tx, a vault.Access, by, of identity.Account, class string, open bool) error {
	state := ClassClosed
	if open {
		state = ClassOpen
	}
	if !slices.Contains(policy.Classes, class) {
		return ErrLimit
	}
	was, err := d.classOf(ctx, tx, of.ID, class)
	if err != nil {
		return wrap(err)
	}
	if !MayLimit(by, of) || was == ClassBarred {
		return ErrNotYours
	}
	return d.setClass(ctx, tx, a, of, class, state)
}

// Bar keeps an account from a class of destinations, whatever its owner says,
// or ends that: the class is closed then until they open it. It is for staff.
func (d *Desk) Bar(ctx context.Context, tx *store.Tx, a vault.Access, of identity.Account, class string, bar bool) error {
	state := ClassClosed
	if bar {
		state = ClassBarred
	}
	if !slices.Contains(policy.Classes, class) {
		return ErrLimit
	}
	return d.setClass(ctx, tx, a, of, class, state)
}

func (d *Desk) setClass(ctx context.Context, tx *store.Tx, a vault.Access, of identity.Account, class string, state ClassState) error {
	was, err := d.classOf(ctx, tx, of.ID, class)
	if err != nil || was == state {
		return wrap(err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO call_classes (account, class, state, decided_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account, class) DO UPDATE SET state = excluded.state, decided_ms = excluded.decided_ms`, of.ID, class, string(state), d.c.Now().UnixMilli())
	if err != nil {
		return wrap(err)
	}
	return d.proveLimit(ctx, tx, a, of, string(state)+"."+class, 0)
}

// SetCap says what an account may spend on calls in a month, in pence, up to
// what the policy declares. ErrNotYours if by may not; ErrLimit if it cannot be.
func (d *Desk) SetCap(ctx context.Context, tx *store.Tx, a vault.Access, by, of identity.Account, pence int) error {
	switch {
	case !MayLimit(by, of):
		return ErrNotYours
	case pence < 0 || pence > d.c.InForce().Policy().Calling.Most:
		return ErrLimit
	}
	now := d.c.Now()
	_, err := tx.Exec(ctx, `INSERT INTO call_caps (account, cap, chosen_ms) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET cap = excluded.cap, chosen_ms = excluded.chosen_ms`, of.ID, pence, now.UnixMilli())
	if err != nil {
		return wrap(err)
	}
	// Under another limit, its person is told anew when they come near it.
	if _, err := tx.Exec(ctx, "UPDATE call_spending SET told = 0 WHERE account = $1 AND month = $2", of.ID, monthOf(now)); err != nil {
		return wrap(err)
	}
	return d.proveLimit(ctx, tx, a, of, "cap", int64(pence))
}

func (d *Desk) proveLimit(ctx context.Context, tx *store.Tx, a vault.Access, of identity.Account, code string, pence int64) error {
	_, err := d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.LimitChanged, At: d.c.Now(), Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Policy: d.c.InForce().Policy().Version,
		Subject: of.Subject, Code: code, Count: pence,
	})
	return wrap(err)
}
