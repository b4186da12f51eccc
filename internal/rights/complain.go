package rights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

// Complaining is a submitted complaint form. It holds personal data and prints
// as a placeholder.
type Complaining struct {
	Form    url.Values
	Surface string
	Policy  int // version of the policy that was shown
	Way     Way // empty: ByLink, without an account
}

// Format writes a placeholder, whatever the verb.
func (Complaining) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(complaint)") }

// LogValue returns a placeholder.
func (Complaining) LogValue() slog.Value { return slog.StringValue("(complaint)") }

// Complain takes a complaint about how personal data is used (DPA 2018 s164A;
// L5, R6): it becomes a request that stays open until staff answer it, a ticket
// of the rights desk, and the acknowledgement that the law asks for within 30
// days is owed at once. What was written is held apart from whatever else is
// held about the person, so an erasure leaves it for as long as the policy says
// of complaints. The error is intake.FieldErrors if the form cannot be taken,
// ErrUndeclared if the policy has none.
func (d *Desk) Complain(ctx context.Context, in Complaining) (Request, error) {
	c := d.c.InForce()
	form, ok := c.Policy().FormByID(ComplaintFormID)
	if !ok || d.c.Ticket == nil {
		return Request{}, ErrUndeclared
	}
	answers, err := intake.Read(c.Policy(), *form, in.Form)
	if err != nil {
		return Request{}, err
	}
	if in.Surface == "" {
		in.Surface = form.Surfaces[0]
	}
	email := emailOf(c.Policy(), form)
	if email == "" {
		return Request{}, lacks("a field for an e-mail address in the form " + ComplaintFormID)
	}
	if in.Way == "" {
		in.Way = ByLink
	}
	p := Person{Access: vault.Access{Actor: personActor, Purpose: form.Purpose, Surface: in.Surface}, Way: in.Way}
	var r Request
	err = d.c.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if r, err = d.hold(ctx, tx, p, Complaint); err != nil {
			return err
		}
		address, err := d.words(ctx, tx, p, r, answers, email)
		if err != nil {
			return err
		}
		t, err := d.c.Ticket(ctx, tx, support.Ticket{
			Subject: r.Subject, Queue: support.QueueRights, About: Complaint, Suggests: Complaint, Surface: in.Surface, Policy: in.Policy,
		})
		if err != nil {
			return err
		}
		r.Ref = t.ID
		if _, err := tx.Exec(ctx, "UPDATE rights_requests SET ref = $1 WHERE id = $2", t.ID, r.ID); err != nil {
			return fmt.Errorf("rights: %w", err)
		}
		if err := d.evidence(ctx, tx, p, evidence.Body{Kind: evidence.ComplaintMade, Subject: r.Subject, Ref: r.ID}); err != nil {
			return err
		}
		_, err = d.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.ComplaintReceived, Purpose: form.Purpose, Subject: r.Subject, Address: address, Ref: r.ID})
		return err
	})
	return r, err
}

// words keeps what was written, and returns the record of the address.
func (d *Desk) words(ctx context.Context, tx *store.Tx, p Person, r Request, answers intake.Answers, email string) (vault.RecordID, error) {
	var items []vault.Item
	at := -1
	for _, x := range answers {
		if x.Category == "" {
			continue
		}
		if x.Category == email {
			at = len(items)
		}
		items = append(items, vault.Item{Category: x.Category, Parts: []vault.Part{{Owner: r.Subject, Value: []byte(x.Value)}}, Matter: r.ID})
	}
	if at < 0 {
		return 0, errors.New("rights: an e-mail address is not optional in the form " + ComplaintFormID)
	}
	ids, err := d.c.Vault.Put(ctx, tx, p.Access, items...)
	if err != nil {
		return 0, err
	}
	return ids[at], nil
}

// complaintMail finds the words of the acknowledgement.
func (d *Desk) complaintMail(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	r, err := d.request(ctx, tx, it.Ref)
	if errors.Is(err, ErrNotFound) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	reg := d.c.InForce().Policy().Regulator
	return mail.ComplaintTaken{Reference: r.Reference, Received: r.Received, Regulator: reg.Name, Website: reg.Website}, nil
}
