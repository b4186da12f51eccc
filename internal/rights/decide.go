package rights

import (
	"context"

	"candour/internal/consent/people"
	"candour/internal/keys"
	"candour/internal/store"
)

// Restrict has a person's data stored and nothing else (UK GDPR Art 18), until
// Lift.
func (d *Desk) Restrict(ctx context.Context, p Person) (Request, error) {
	return d.act(ctx, p, Restriction, Stopped, d.each(p, func(tx *store.Tx, s keys.SubjectID) error {
		return d.c.Vault.Restrict(ctx, tx, p.Access, s)
	}))
}

// Lift ends a restriction at the person's own word. Where the operator lifts
// it, the person has to be told before (Art 18(3)): that is not this.
func (d *Desk) Lift(ctx context.Context, p Person) (Request, error) {
	return d.act(ctx, p, Restriction, Lifted, d.each(p, func(tx *store.Tx, s keys.SubjectID) error {
		return d.c.Vault.Lift(ctx, tx, p.Access, s)
	}))
}

// each does something for every subject of a person.
func (d *Desk) each(p Person, fn func(*store.Tx, keys.SubjectID) error) func(*store.Tx) (int64, error) {
	return func(tx *store.Tx) (int64, error) {
		for _, s := range p.Subjects {
			if err := fn(tx, s); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
}

// Object raises an objection to a purpose, or takes it back (UK GDPR Art 21).
// To marketing it is absolute; for other purposes the operator claims no
// grounds that weigh more, so it holds at once as well. ErrNotObjectable if the
// purpose rests on nothing that can be objected to.
func (d *Desk) Object(ctx context.Context, p Person, purpose string, stands bool) (Request, error) {
	q, ok := d.c.InForce().Policy().PurposeByID(purpose)
	if !ok || !q.Objectable() {
		return Request{}, ErrNotObjectable
	}
	outcome := TakenBack
	if stands {
		outcome = Raised
	}
	return d.act(ctx, p, Objection, outcome, d.each(p, func(tx *store.Tx, s keys.SubjectID) error {
		return d.c.Choices.ObjectIn(ctx, tx, decision(p, s, purpose, !stands))
	}))
}

// decision is the word of a person as the history of choices has it.
func decision(p Person, s keys.SubjectID, purpose string, yes bool) people.Decision {
	return people.Decision{Subject: s, Actor: p.Access.Actor, Surface: p.Access.Surface, Purpose: purpose, Yes: yes, Email: p.address, Way: ways[p.Way]}
}

// ways are the ways of requests as the history of choices has them.
var ways = map[Way]people.Way{ByPortal: people.WithRights, ByLink: people.ByMail, ByDesk: people.ByOperator, ByCommand: people.ByOperator}

// Withdraw takes back the consent to a purpose (UK GDPR Art 7(3); R16): what
// hung on it alone is erased in the same transaction (R12). ErrNoConsent if
// none stands.
func (d *Desk) Withdraw(ctx context.Context, p Person, purpose string) (Request, error) {
	c := d.c.InForce()
	i, ok := c.Purpose(purpose)
	if !ok {
		return Request{}, ErrNoConsent
	}
	return d.act(ctx, p, Withdrawal, Ended, func(tx *store.Tx) (int64, error) {
		any := false
		for _, s := range p.Subjects {
			st, err := d.c.Vault.Standing(ctx, tx, s)
			if err != nil {
				return 0, err
			}
			if !st.Consents.Has(i) {
				continue
			}
			any = true
			if err := d.c.Choices.WithdrawIn(ctx, tx, decision(p, s, purpose, false)); err != nil {
				return 0, err
			}
		}
		if !any {
			return 0, ErrNoConsent
		}
		return 0, nil
	})
}
