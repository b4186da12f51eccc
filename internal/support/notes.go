package support

import (
	"context"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/policy"
)

// Note is what somebody who is signed in sends of their own device, after they
// looked at it. The answers hold personal data and print as a placeholder.
type Note struct {
	Access  vault.Access // of its person
	Subject keys.SubjectID
	Form    policy.Form
	Answers intake.Answers
	Policy  int // version that was shown
}

// Note opens a ticket with what was sent, in one transaction with its evidence,
// and returns the reference to quote.
func (d *Desk) Note(ctx context.Context, n Note) (string, error) {
	t := Ticket{Queue: QueueSupport, Surface: n.Access.Surface, Policy: n.Policy, Subject: n.Subject}
	err := d.c.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if t, err = d.OpenIn(ctx, tx, t); err != nil {
			return err
		}
		var items []vault.Item
		for _, x := range n.Answers {
			if x.Category != "" {
				items = append(items, vault.Item{Category: x.Category, Parts: []vault.Part{{Owner: n.Subject, Value: []byte(x.Value)}}, Matter: t.ID})
			}
		}
		if _, err := d.c.Vault.Put(ctx, tx, n.Access, items...); err != nil {
			return err
		}
		_, err = d.c.Log.Append(ctx, tx, evidence.Body{
			Kind: evidence.EnquiryMade, At: t.Opened, Actor: n.Access.Actor, Surface: n.Access.Surface, Purpose: n.Access.Purpose,
			Policy: n.Policy, Subject: n.Subject, Ref: t.ID, Code: string(t.Queue),
		})
		return err
	})
	return t.Reference, err
}
