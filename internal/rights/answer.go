package rights

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/vault"
)

// ComplaintOf returns the complaint that a ticket of the rights desk stands for.
// ErrNotFound if there is none.
func (d *Desk) ComplaintOf(ctx context.Context, ticket int64) (r Request, err error) {
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		r, err = d.complaintOf(ctx, tx, ticket)
		return err
	})
	return r, err
}

func (d *Desk) complaintOf(ctx context.Context, tx *store.Tx, ticket int64) (Request, error) {
	r, err := scan(tx.QueryRow(ctx, selectRequest+"WHERE ref = $1 AND right_id = 'complaint'", ticket))
	if errors.Is(err, sql.ErrNoRows) || err == nil && ticket == 0 {
		return Request{}, ErrNotFound
	}
	if err != nil {
		return Request{}, fmt.Errorf("rights: %w", err)
	}
	return r, nil
}

// Acknowledge records that one of the operator's people took up the complaint
// of a ticket (DPA 2018 s164A(2), (3)): its person sees the day, and it stands in
// their history. That it arrived they were told by mail when it did. Who does it
// must act for the purpose of the form for complaints: ErrActor else. Twice, or
// after the end, changes nothing. ErrNotFound if there is no such complaint.
func (d *Desk) Acknowledge(ctx context.Context, a vault.Access, ticket int64) error {
	return d.answering(ctx, a, ticket, func(tx *store.Tx, p Person, r Request) error {
		now := d.c.Now().UTC()
		changed, err := tx.Change(ctx, "UPDATE rights_requests SET acknowledged_ms = $1 WHERE id = $2 AND acknowledged_ms = 0 AND state = 'open'", now.UnixMilli(), r.ID)
		if err != nil {
			return fmt.Errorf("rights: %w", err)
		}
		if changed == 0 {
			return nil
		}
		return d.evidence(ctx, tx, p, evidence.Body{Kind: evidence.RightAcknowledged, Subject: r.Subject, Ref: r.ID, Code: r.Right})
	})
}

// CloseComplaint records that the complaint of a ticket was dealt with, and closes the
// ticket with it. From now the retention of its words counts (R12). Otherwise it
// is as Acknowledge.
func (d *Desk) CloseComplaint(ctx context.Context, a vault.Access, ticket int64) error {
	return d.answering(ctx, a, ticket, func(tx *store.Tx, p Person, r Request) error {
		// Of two that come together the second waits here, and then meets no row.
		open, err := tx.Change(ctx, "UPDATE rights_requests SET state = 'answered' WHERE id = $1 AND state = 'open'", r.ID)
		if err != nil {
			return fmt.Errorf("rights: %w", err)
		}
		if open == 0 {
			return nil
		}
		if err := d.answered(ctx, tx, p, &r, Closed, ticket); err != nil {
			return err
		}
		if err := d.closed(ctx, tx, r, p.Access.Purpose); err != nil && !errors.Is(err, vault.ErrNotFound) { // nothing is held that could end
			return err
		}
		if d.c.TicketDone == nil {
			return nil
		}
		return d.c.TicketDone(ctx, tx, ticket)
	})
}

// answering does something to the complaint of a ticket for the operator's
// people.
func (d *Desk) answering(ctx context.Context, a vault.Access, ticket int64, act func(*store.Tx, Person, Request) error) error {
	c := d.c.InForce().Policy()
	form, ok := c.FormByID(ComplaintFormID)
	if !ok {
		return ErrUndeclared
	}
	actor, ok := c.ActorByID(a.Actor)
	if !ok || actor.Kind != staffKind || !slices.Contains(actor.Purposes, form.Purpose) {
		return ErrActor
	}
	a.Purpose = form.Purpose
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		r, err := d.complaintOf(ctx, tx, ticket)
		if err != nil {
			return err
		}
		return act(tx, Person{Access: a, Way: ByDesk}, r)
	})
}
