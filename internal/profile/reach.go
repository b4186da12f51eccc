package profile

import (
	"context"
	"maps"
	"slices"

	"candour/internal/consent/people"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// newsletterForm is the declared form whose purpose the newsletter follows
// itself.
const newsletterForm = "newsletter"

// Follow copies, under a purpose of marketing that a person allows by channels,
// what those channels need: the proven address for e-mail, the number in the
// profile for calls and texts, the postal address for letters. Nothing is
// asked anew, and what no allowed channel needs is not copied. A no erases it
// all with the consent (R12). It is a people.Follower.
func (d *Desk) Follow(ctx context.Context, tx *store.Tx, dec people.Decision) (func() error, error) {
	q, ok := d.c.InForce().Policy().PurposeByID(dec.Purpose)
	if !ok || !dec.Yes || !d.copies(q) {
		return nil, nil
	}
	w := Who{Subject: dec.Subject, Actor: dec.Actor, Surface: dec.Surface, Email: dec.Email}
	return func() error { return d.copy(ctx, tx, w, q) }, nil
}

// Moved brings the copies to another address that is proven to be the person's.
func (d *Desk) Moved(ctx context.Context, tx *store.Tx, s keys.SubjectID, actor, surface, email string) error {
	return d.refresh(ctx, tx, Who{Subject: s, Actor: actor, Surface: surface, Email: email})
}

// copies reports whether a purpose is one that Follow is for.
func (d *Desk) copies(q *policy.Purpose) bool {
	if f, ok := d.c.InForce().Policy().FormByID(newsletterForm); ok && f.Purpose == q.ID {
		return false
	}
	return len(q.Channels) > 0 && people.KindOf(q) == people.ByConsent
}

// refresh brings the copies of all purposes to what the profile says now.
func (d *Desk) refresh(ctx context.Context, tx *store.Tx, w Who) error {
	p := d.c.InForce().Policy()
	for i := range p.Purposes {
		q := &p.Purposes[i]
		if !d.copies(q) {
			continue
		}
		if stands, err := d.consents(ctx, tx, w.Subject, q); err != nil || !stands {
			if err != nil {
				return err
			}
			continue
		}
		if err := d.copy(ctx, tx, w, q); err != nil {
			return err
		}
	}
	return nil
}

// copied is a value to be copied, and the surface on which it was collected: an
// app that may not collect a number takes none away.
type copied struct{ value, surface string }

// copy brings the copies of one purpose to what its channels need. Where they
// were others, all go with their key, and what is needed is written anew, so
// that a number that was taken back is not kept in an older copy. What the
// consent does not cover under the policy in force is not written.
func (d *Desk) copy(ctx context.Context, tx *store.Tx, w Who, q *policy.Purpose) error {
	var categories []string
	for _, u := range q.Uses {
		categories = append(categories, u.Categories...)
	}
	own, err := d.c.Vault.Own(ctx, tx, w.Subject, categories...)
	if err != nil {
		return err
	}
	held := map[string]copied{}
	for _, r := range own {
		if slices.Contains(r.Purposes, q.ID) {
			held[r.Category] = copied{string(r.Value()), r.Surface}
		}
	}
	wanted, err := d.wanted(ctx, tx, w, q, categories, held)
	if err != nil {
		return err
	}
	covers, err := d.c.Vault.Covers(ctx, tx, w.Subject, q.ID)
	if err != nil {
		return err
	}
	for id := range wanted {
		if _, there := held[id]; !covers(id) && !there {
			delete(wanted, id)
		}
	}
	same := len(held) == len(wanted)
	for id, x := range wanted {
		same = same && held[id].value == x.value
	}
	if same {
		return nil
	}
	if len(held) > 0 {
		if err := d.c.Vault.EraseConsented(ctx, tx, w.Subject, q.ID); err != nil {
			return err
		}
	}
	maps.DeleteFunc(wanted, func(id string, _ copied) bool { return !covers(id) })
	return d.put(ctx, tx, w, q, wanted)
}

// put writes copies, those of one surface together.
func (d *Desk) put(ctx context.Context, tx *store.Tx, w Who, q *policy.Purpose, wanted map[string]copied) error {
	bySurface := map[string][]vault.Item{}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		x := wanted[id]
		bySurface[x.surface] = append(bySurface[x.surface], vault.Item{Category: id, Parts: []vault.Part{{Owner: w.Subject, Value: []byte(x.value)}}})
	}
	for _, surface := range slices.Sorted(maps.Keys(bySurface)) {
		w.Surface = surface
		if _, err := d.c.Vault.Put(ctx, tx, w.access(q.ID), bySurface[surface]...); err != nil {
			return err
		}
	}
	return nil
}

// wanted is what the allowed channels of a purpose need, by category.
func (d *Desk) wanted(ctx context.Context, tx *store.Tx, w Who, q *policy.Purpose, categories []string, held map[string]copied) (map[string]copied, error) {
	open := map[string]bool{}
	for _, c := range q.Channels {
		ok, err := people.Reaches(ctx, tx, q, w.Subject, c)
		if err != nil {
			return nil, err
		}
		open[c] = ok
	}
	p := d.c.InForce().Policy()
	f, ok := p.FormByID(Details)
	if !ok {
		f = &policy.Form{} // no profile to copy from
	}
	told, err := d.held(ctx, tx, w.Subject, f)
	if err != nil {
		return nil, err
	}
	wanted := map[string]copied{}
	for _, id := range categories {
		k, ok := p.CategoryByID(id)
		if !ok || !needs(k.Format, open) {
			continue
		}
		var x copied
		if list := told[id]; len(list) > 0 {
			r := list[len(list)-1]
			x = copied{string(r.Value()), r.Surface}
		}
		if k.Format == "email" {
			if x = (copied{w.Email, w.Surface}); w.Email == "" {
				x = held[id]
			}
		}
		if !slices.Contains(k.Surfaces, x.surface) {
			x.surface = w.Surface // where it was collected may collect it no longer
		}
		if x.value != "" && slices.Contains(k.Surfaces, x.surface) {
			wanted[id] = x
		}
	}
	return wanted, nil
}

// needs reports whether a kind of data is needed by one of the open channels.
// What is of no channel, such as a name, serves them all.
func needs(format string, open map[string]bool) bool {
	switch format {
	case "email":
		return open["email"]
	case "telephone":
		return open["telephone"] || open["text"]
	case "address", "postcode":
		return open["post"]
	}
	return open["email"] || open["telephone"] || open["text"] || open["post"]
}
