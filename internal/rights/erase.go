package rights

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Keeping says what an erasure would leave, because a law has us keep it (UK
// GDPR Art 17(3)(b)), or because it is in what somebody else told us and goes on
// for their rights and claims (Art 17(3)(e)). It changes nothing.
func (d *Desk) Keeping(ctx context.Context, p Person) ([]Kept, error) {
	if err := d.may(p); err != nil {
		return nil, err
	}
	c := d.c.InForce()
	found := map[string]*Kept{}
	err := d.c.Store.View(ctx, func(tx *store.Tx) error {
		return d.walk(ctx, tx, p, func(r vault.Record) error {
			keeping(c, found, &r)
			return nil
		})
	})
	if err != nil {
		return nil, gone(err)
	}
	var list []Kept
	for i := range c.Policy().Retention {
		if k := found[c.Policy().Retention[i].ID]; k != nil {
			list = append(list, *k)
		}
	}
	return list, nil
}

// keeping adds a record to what a law keeps, once for each class.
func keeping(c *policy.Compiled, found map[string]*Kept, r *vault.Record) {
	category, ok := c.Category(r.Category)
	if !ok {
		return
	}
	for _, id := range r.Purposes {
		q, ok := c.Purpose(id)
		if !ok {
			continue
		}
		use, uok := c.UseOf(category, q)
		class, rok := c.Retention(category, q)
		declared, dok := c.Policy().PurposeByID(id)
		if !uok || !rok || !dok {
			continue
		}
		named := len(r.Parts) > 0 && r.Parts[0].Kind == vault.Mentioned
		law := use.Law
		switch {
		case use.Basis == policy.LegalObligation:
		case named && declared.DespiteRestriction != "":
			law = othersGround(use)
		default:
			continue
		}
		k := found[class.ID]
		if k == nil {
			k = &Kept{Class: class.ID, Title: class.Title, Reason: class.Reason}
			found[class.ID] = k
		}
		k.Count++
		if !slices.Contains(k.Law, law) {
			k.Law = append(k.Law, law)
		}
		if declared, ok := c.Policy().CategoryByID(r.Category); ok && !slices.Contains(k.Categories, declared.Title) {
			k.Categories = append(k.Categories, declared.Title)
		}
		if r.Expires.After(k.Until) {
			k.Until = r.Expires
		}
	}
}

// othersGround is why what somebody else told us, and who is named in it, is
// kept though whoever is named there is erased.
func othersGround(u *policy.Use) string {
	return "somebody else told us of it, UK GDPR Article 17(3)(e): " + u.Interest
}

// KeptBy names what an erasure left, by the classes in its receipt.
func (d *Desk) KeptBy(classes []string) []Kept {
	p := d.c.InForce().Policy()
	var list []Kept
	for _, id := range classes {
		class, ok := p.RetentionByID(id)
		if !ok {
			list = append(list, Kept{Class: id, Title: id})
			continue
		}
		k := Kept{Class: id, Title: class.Title, Reason: class.Reason}
		for _, q := range p.Purposes {
			for _, u := range q.Uses {
				law := u.Law
				switch {
				case u.Retention != id:
					continue
				case u.Basis == policy.LegalObligation:
				case q.DespiteRestriction != "":
					law = othersGround(&u)
				default:
					continue
				}
				if !slices.Contains(k.Law, law) {
					k.Law = append(k.Law, law)
				}
			}
		}
		list = append(list, k)
	}
	return list
}

// Erasing is an erasure that was made.
type Erasing struct {
	Request
	Receipt string // code of the link to its receipt
	Kept    []Kept // what a law keeps
}

// Erase erases what is held about a person (UK GDPR Art 17), in one
// transaction: the keys of the vault, and what other packages keep. What a law
// has us keep is named. The request is held apart from the person, with the
// address to which the confirmation goes. ErrNothing if nothing was left to
// erase.
func (d *Desk) Erase(ctx context.Context, p Person) (Erasing, error) {
	if err := d.may(p); err != nil {
		return Erasing{}, err
	}
	var out Erasing
	err := d.c.Store.Update(ctx, func(tx *store.Tx) (err error) {
		out, err = d.erase(ctx, tx, p)
		return err
	})
	return out, gone(err)
}

func (d *Desk) erase(ctx context.Context, tx *store.Tx, p Person) (Erasing, error) {
	subjects, err := d.erasable(ctx, tx, p)
	if err != nil {
		return Erasing{}, err
	}
	if len(subjects) == 0 {
		return Erasing{}, ErrNothing
	}
	r, err := d.hold(ctx, tx, p, Erasure)
	if err != nil {
		return Erasing{}, err
	}
	address, err := d.holdAddress(ctx, tx, p, r)
	if err != nil {
		return Erasing{}, err
	}
	members, err := d.joined(ctx, tx, subjects)
	if err != nil {
		return Erasing{}, err
	}
	id, err := d.c.Vault.EraseIn(ctx, tx, subjects[0])
	if err != nil {
		return Erasing{}, err
	}
	if err := d.forget(ctx, tx, p, members); err != nil {
		return Erasing{}, err
	}
	receipt, err := d.c.Vault.ReceiptIn(ctx, tx, id)
	if err != nil {
		return Erasing{}, err
	}
	outcome := Erased
	if len(receipt.Kept) > 0 {
		outcome = PartKept
	}
	if err := d.answered(ctx, tx, p, &r, outcome, id); err != nil {
		return Erasing{}, err
	}
	out := Erasing{Request: r, Receipt: d.receipts.Make(r.ID), Kept: d.KeptBy(receipt.Kept)}
	return out, d.confirm(ctx, tx, r, address)
}

// erasable returns the subjects of a person without those that were made to
// hold a request: nothing but what a law keeps is under them, and they are how
// the person finds it. None if nothing else is held.
func (d *Desk) erasable(ctx context.Context, tx *store.Tx, p Person) ([]keys.SubjectID, error) {
	var list []keys.SubjectID
	for _, s := range p.Subjects {
		holder, err := d.holds(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		if !holder {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return append(list, p.waiting...), nil
}

// joined makes one person of the subjects, so that they go in one erasure with
// one receipt, and returns all subjects of that person.
func (d *Desk) joined(ctx context.Context, tx *store.Tx, subjects []keys.SubjectID) ([]keys.SubjectID, error) {
	for _, s := range subjects[1:] {
		// A person of whom only what law keeps is left stays as they are.
		if err := d.c.Vault.Alias(ctx, tx, s, subjects[0]); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return nil, err
		}
	}
	return d.c.Vault.Members(ctx, tx, subjects[0])
}

// heldAddress is the record of the address that a confirmation goes to.
type heldAddress struct {
	record  vault.RecordID
	purpose string
}

// holdAddress keeps the address to which the confirmation goes, for as long as
// the policy says of requests: the one that the link was sent to, or the newest
// that is held. Zero if there is none, or the policy declares no purpose for it.
func (d *Desk) holdAddress(ctx context.Context, tx *store.Tx, p Person, r Request) (heldAddress, error) {
	c := d.c.InForce()
	q, ok := purpose(c.Policy())
	if !ok {
		return heldAddress{}, nil
	}
	category := emailFor(c, q)
	address := p.address
	if address == "" {
		var err error
		if address, err = d.newestAddress(ctx, tx, p); err != nil {
			return heldAddress{}, err
		}
	}
	if category == "" || address == "" {
		return heldAddress{}, nil
	}
	a := p.Access
	a.Purpose = q
	record, err := d.put(ctx, tx, a, r, category, address)
	return heldAddress{record, q}, err
}

// emailFor is the category of e-mail addresses that a purpose uses.
func emailFor(c *policy.Compiled, purpose string) string {
	q, ok := c.Purpose(purpose)
	if !ok {
		return ""
	}
	for _, k := range c.Policy().Categories {
		i, ok := c.Category(k.ID)
		if _, used := c.UseOf(i, q); ok && used && k.Format == "email" {
			return k.ID
		}
	}
	return ""
}

// newestAddress returns the e-mail address of a person that was collected last.
func (d *Desk) newestAddress(ctx context.Context, tx *store.Tx, p Person) (string, error) {
	declared := d.c.InForce().Policy()
	var newest vault.Record
	err := d.walk(ctx, tx, p, func(r vault.Record) error {
		k, ok := declared.CategoryByID(r.Category)
		owned := len(r.Parts) > 0 && r.Parts[0].Kind == vault.Owner
		if ok && k.Format == "email" && owned && r.Collected.After(newest.Collected) {
			newest = r
		}
		return nil
	})
	return string(newest.Value()), err
}

// forget drops what is kept beyond the vault about each subject.
func (d *Desk) forget(ctx context.Context, tx *store.Tx, p Person, members []keys.SubjectID) error {
	for _, s := range members {
		for _, fn := range d.c.Forget {
			if err := fn(ctx, tx, s); err != nil {
				return err
			}
		}
		for _, query := range []string{
			"DELETE FROM rights_notices WHERE ask IN (SELECT id FROM rights_asks WHERE subject = $1)",
			"DELETE FROM rights_asks WHERE subject = $1",
		} {
			if _, err := tx.Exec(ctx, query, int64(s)); err != nil {
				return fmt.Errorf("rights: %w", err)
			}
		}
	}
	return nil
}

// confirm owes the confirmation, and lets the retention of the request begin.
func (d *Desk) confirm(ctx context.Context, tx *store.Tx, r Request, to heldAddress) error {
	if to.record == 0 {
		return nil
	}
	if err := d.closed(ctx, tx, r, to.purpose); err != nil {
		return err
	}
	_, err := d.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.RightsErased, Purpose: to.purpose, Subject: r.Subject, Address: to.record, Ref: r.ID})
	return err
}

// erasedMail finds the words of the confirmation.
func (d *Desk) erasedMail(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	r, err := d.request(ctx, tx, it.Ref)
	if errors.Is(err, ErrNotFound) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	receipt, err := d.c.Vault.ReceiptIn(ctx, tx, r.Ref)
	if err != nil {
		return nil, err
	}
	content := mail.Erasure{Reference: r.Reference, Receipt: d.c.Queue.Link(ReceiptPath, ReceiptAs, d.receipts.Make(r.ID))}
	for _, k := range d.KeptBy(receipt.Kept) {
		content.Kept = append(content.Kept, k.Title)
	}
	if class := retentionOf(d.c.InForce(), it.Purpose); class != nil {
		content.Held = class.Title
	}
	return content, nil
}

// ReceiptPath and ReceiptAs are where the website shows the receipt of an
// erasure, and the name of the code in its address. The code is no secret about
// a person: a receipt names nobody.
const (
	ReceiptPath = "/your-data/receipt"
	ReceiptAs   = "code"
)

// ReceiptView is the receipt of an erasure, as far as it goes.
type ReceiptView struct {
	Request
	Receipt vault.Receipt
	Kept    []Kept
}

// Receipt returns the receipt that a link leads to. ErrToken if the link is
// none of ours, ErrLapsed if the request is past its retention.
func (d *Desk) Receipt(ctx context.Context, token string) (v ReceiptView, err error) {
	id, ok := d.receipts.Check(token)
	if !ok {
		return v, ErrToken
	}
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		if v.Request, err = d.request(ctx, tx, id); err != nil {
			return err
		}
		v.Receipt, err = d.c.Vault.ReceiptIn(ctx, tx, v.Ref)
		return err
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, vault.ErrNotFound) {
		return v, ErrLapsed
	}
	v.Kept = d.KeptBy(v.Receipt.Kept)
	return v, err
}
