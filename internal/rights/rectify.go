package rights

import (
	"context"
	"errors"
	"slices"

	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/policy"
)

// ValueField is the field of the form your-data-correct for the new value, and
// what the error of Rectify names.
const ValueField = "value"

// editable reports whether a person can put a record right alone: they gave it,
// it is about them, it is text, and this surface may collect it. Nothing that
// people are found by: whoever could write somebody else's address into a
// record of theirs would be taken for that person, and be shown what comes from
// them next. Addresses change where the new one is confirmed.
func editable(p *policy.Policy, surface string, r *vault.Record) bool {
	k, ok := p.CategoryByID(r.Category)
	return ok && k.Source == "given" && !k.Lookup && k.Format != "none" && k.Format != "token" && k.Format != "choice" && slices.Contains(k.Surfaces, surface) &&
		len(r.Parts) > 0 && r.Parts[0].Kind == vault.Owner
}

// Record returns a record that a person can put right. ErrNotFound if it is
// not theirs, ErrFixed if it is none of these.
func (d *Desk) Record(ctx context.Context, p Person, id vault.RecordID) (it Item, err error) {
	if err := d.may(p); err != nil {
		return Item{}, err
	}
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		it, err = d.record(ctx, tx, p, id)
		return err
	})
	return it, err
}

func (d *Desk) record(ctx context.Context, tx *store.Tx, p Person, id vault.RecordID) (Item, error) {
	c := d.c.InForce()
	for _, s := range p.Subjects {
		r, err := d.c.Vault.OwnRecord(ctx, tx, s, id)
		if errors.Is(err, vault.ErrNotFound) {
			continue
		}
		if err != nil {
			return Item{}, err
		}
		if !editable(c.Policy(), p.Access.Surface, &r) {
			return Item{}, ErrFixed
		}
		it := itemOf(c, r)
		it.Editable = true
		return it, nil
	}
	return Item{}, ErrNotFound
}

// Rectify replaces the value of a record of the person's (UK GDPR Art 16), in
// all its copies, if the form that collects its category would take it.
// ErrNotFound and ErrFixed are as in Record; intake.FieldErrors if the value
// cannot be taken.
func (d *Desk) Rectify(ctx context.Context, p Person, id vault.RecordID, value string) (Request, error) {
	return d.act(ctx, p, Rectification, Rectified, func(tx *store.Tx) (int64, error) {
		it, err := d.record(ctx, tx, p, id)
		if err != nil {
			return 0, err
		}
		clean, fault := intake.Check(d.c.InForce().Policy(), it.Category, value)
		if fault != "" {
			return 0, intake.FieldErrors{{Field: ValueField, Label: it.Title, Message: fault}}
		}
		err = d.c.Vault.Rectify(ctx, tx, p.Access, id, []byte(clean))
		if errors.Is(err, vault.ErrNotFound) {
			err = ErrNotFound
		}
		return int64(id), err
	})
}
