package telecom

import (
	"context"
	"errors"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/policy"
)

// SpendingPath is the page on which people see what they spend, on each surface
// that has it.
const SpendingPath = "/spending"

// handleLetters registers how the letters about limits and blocks are written.
func (d *Desk) handleLetters() {
	if d.c.Queue == nil {
		return
	}
	for _, kind := range []mail.Kind{mail.CallsNearCap, mail.CallsAtCap} {
		d.c.Queue.Handle(kind, d.capLetter)
	}
	for _, kind := range []mail.Kind{mail.CallsBlocked, mail.CallsStopped, mail.CallsContested, mail.CallsDecided} {
		d.c.Queue.Handle(kind, d.blockLetter)
	}
}

// owe has a letter to the person of an account owed, if there is a queue and the
// account is open.
func (d *Desk) owe(ctx context.Context, tx *store.Tx, account int64, kind mail.Kind, ref int64) error {
	if d.c.Queue == nil {
		return nil
	}
	x, err := d.c.Accounts.ByID(ctx, tx, account)
	if errors.Is(err, identity.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.c.Accounts.Owe(ctx, tx, x, kind, ref)
}

// place is a page of the surface that an account signs in on first, among those
// that have it.
func (d *Desk) place(x identity.Account, path string) (link string) {
	p := d.c.InForce().Policy()
	form, ok := p.FormByID(CapFormID)
	actor, known := p.ActorByID(x.Role.Actor())
	if !ok || !known {
		return ""
	}
	for _, id := range actor.SignsIn {
		for _, shown := range form.Surfaces {
			if s, found := p.SurfaceByID(id); found && id == shown {
				return d.c.Queue.LinkOn(s.Host, path, "", "")
			}
		}
	}
	return ""
}

func (d *Desk) capLetter(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	x, err := d.c.Accounts.ByID(ctx, tx, it.Ref)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	s, err := d.Spending(ctx, tx, x.ID)
	if err != nil {
		return nil, err
	}
	link := d.place(x, SpendingPath)
	if link == "" {
		return nil, mail.ErrVoid
	}
	return mail.SpendingNote{Of: it.Kind, Spent: s.Spent.String(), Cap: s.Cap.String(), Month: s.Month.Format("January 2006"), Link: link}, nil
}

func (d *Desk) blockLetter(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	b, err := scanBlock(tx.QueryRow(ctx, selectBlock+"WHERE id = $1", it.Ref))
	if err != nil {
		return nil, mail.ErrVoid // it went with its person
	}
	x, err := d.c.Accounts.ByID(ctx, tx, b.Account)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	link := d.place(x, SpendingPath+"/blocks/"+b.Reference)
	if link == "" {
		return nil, mail.ErrVoid
	}
	p := d.c.InForce().Policy()
	n := mail.BlockNote{Of: it.Kind, Reference: b.Reference, Lifted: b.State == BlockLifted, Due: b.Due, Link: link}
	n.Saw, n.Rule = Seen(p, &b)
	n.Within = answerWithin(p)
	return n, nil
}

// answerWithin is in which time a person answers whoever contests a block.
func answerWithin(p *policy.Policy) string {
	if decision, ok := p.DecisionByID(DecisionID); ok {
		return decision.Within.Words()
	}
	return ""
}
