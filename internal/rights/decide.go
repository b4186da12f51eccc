package rights

import (
	"context"
	"errors"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
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
		taken, err := d.decide(ctx, tx, p, s, q, !stands)
		if err != nil || taken && !q.Agreed() {
			return err
		}
		// What the history of choices leaves to the operator's people to weigh,
		// or takes as a withdrawal of consent, is an objection all the same.
		return d.c.Vault.Object(ctx, tx, p.Access, s, purpose, stands)
	}))
}

// decide keeps a decision in the history of choices. False if that does not
// take it: the purpose is none that people in this role decide on there.
func (d *Desk) decide(ctx context.Context, tx *store.Tx, p Person, s keys.SubjectID, q *policy.Purpose, yes bool) (bool, error) {
	if d.c.Decide == nil || yes && q.Agreed() {
		return false, nil // to take an objection back is no consent
	}
	err := d.c.Decide(ctx, tx, people.Decision{
		Subject: s, Actor: p.Access.Actor, Surface: p.Access.Surface, Purpose: q.ID, Yes: yes, Email: p.address,
		Shown: people.Statement(d.c.InForce().Policy(), q).Hash(), Way: ways[p.Way],
	})
	if errors.Is(err, people.ErrNotFound) || errors.Is(err, people.ErrFixed) {
		return false, nil
	}
	return err == nil, err
}

// ways are the ways of requests as the history of choices has them.
var ways = map[Way]people.Way{ByPortal: people.ByPage, ByLink: people.ByMail, ByDesk: people.ByOperator, ByCommand: people.ByOperator}

// Withdraw takes back the consent to a purpose (UK GDPR Art 7(3); R16): what
// hung on it alone is erased in the same transaction (R12). ErrNoConsent if
// none stands.
func (d *Desk) Withdraw(ctx context.Context, p Person, purpose string) (Request, error) {
	c := d.c.InForce()
	q, declared := c.Policy().PurposeByID(purpose)
	i, ok := c.Purpose(purpose)
	if !ok || !declared {
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
			if err := d.withdraw(ctx, tx, p, s, q); err != nil {
				return 0, err
			}
		}
		if !any {
			return 0, ErrNoConsent
		}
		return 0, nil
	})
}

func (d *Desk) withdraw(ctx context.Context, tx *store.Tx, p Person, s keys.SubjectID, q *policy.Purpose) error {
	taken, err := d.decide(ctx, tx, p, s, q, false)
	if err != nil || taken {
		return err
	}
	if err := d.c.Vault.SetConsent(ctx, tx, s, q.ID, false); err != nil {
		return err
	}
	return d.evidence(ctx, tx, p, evidence.Body{Kind: evidence.ConsentDecided, Subject: s, Purpose: q.ID, Choices: map[string]bool{q.ID: false}})
}
