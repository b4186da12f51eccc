package telecom

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Route finds whom a dialled number reaches. Emergency numbers are recognised
// first of all, and no rule of ours refuses them; where no trunk leads out to the
// world, or none takes a number, they and other outside numbers come with the
// refusals NoEmergency and NoWayOut, beside the target. An extension is looked for in the caller's
// company first, then among those that everybody reaches. Every other error is
// the store's.
//
// The name of somebody who is reached is told only within their company, so
// that nobody learns who our customers are by dialling through the extensions,
// and not where they had the use of their data restricted (UK GDPR Art 18).
func (d *Desk) Route(ctx context.Context, from Line, dialled string) (Target, error) {
	t, err := d.route(ctx, from, dialled)
	d.count(err)
	return t, wrap(err)
}

func (d *Desk) route(ctx context.Context, from Line, dialled string) (Target, error) {
	n, err := read(dialled)
	if err != nil {
		return Target{}, err
	}
	if digits, ok := emergencyIn(n.digits); ok {
		t := Target{Reach: ToEmergency, Number: digits, Withheld: strings.HasPrefix(n.digits, withholdPrefix)}
		return t, d.leads(Start{To: t})
	}
	if _, err := RolesOf(d.c.InForce()); err != nil {
		return Target{}, err
	}
	if n = n.unprefixed(); n.digits == "" {
		return Target{}, refuse(Empty)
	}
	t := Target{Reach: ToNumber, Withheld: n.withheld, Shown: n.shown}
	if !n.extension() {
		if t.Number, err = n.world(); err != nil {
			return Target{}, err
		}
		return t, d.leads(Start{To: t})
	}
	t.Reach = ToLine
	if t.Line, err = d.reach(ctx, from, n.digits); err != nil {
		return Target{}, err
	}
	if t.Line.ID == from.ID {
		return Target{}, refuse(Self)
	}
	return t, nil
}

// reach finds the line with an extension that a caller reaches.
func (d *Desk) reach(ctx context.Context, from Line, extension string) (Line, error) {
	var l Line
	var account identity.Account
	var standing policy.Standing
	err := d.c.Store.View(ctx, func(tx *store.Tx) error {
		err := sql.ErrNoRows
		for _, scope := range []int64{from.Company, everybody} {
			if l, err = scanLine(tx.QueryRow(ctx, selectLine+"WHERE mark = $1", d.mark(scope, extension))); err == nil {
				break
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		if err != nil {
			return refuse(NoSuch)
		}
		if account, err = d.c.Accounts.ByID(ctx, tx, l.Account); errors.Is(err, identity.ErrNotFound) {
			return refuse(NoSuch) // closed
		}
		if err != nil {
			return err
		}
		standing, err = d.c.Vault.Standing(ctx, tx, l.Subject)
		if errors.Is(err, vault.ErrNotFound) {
			return refuse(NoSuch) // erased
		}
		return err
	})
	if err != nil {
		return Line{}, err
	}
	l.of(account)
	l.Extension = extension
	if l.Company != 0 && l.Company == from.Company && !standing.Restricted {
		l.Name, err = d.c.Accounts.Name(ctx, account)
	}
	return l, err
}

// count counts a refusal as evidence. What was dialled is no part of it.
func (d *Desk) count(err error) {
	var r *Refusal
	if !errors.As(err, &r) || d.c.Counter == nil {
		return
	}
	c, surface := d.c.InForce(), ""
	if roles, err := RolesOf(c); err == nil {
		surface = roles.Surface
	}
	// A full counter counts no more kinds; codes and surfaces are closed sets.
	_ = d.c.Counter.Add(evidence.CallRefused, string(r.Code), surface, c.Policy().Version)
}
