package people

import (
	"context"

	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// An objection and a withdrawal are rights (UK GDPR Art 21, 7(3)): they are kept
// for every person, in whatever role and on whatever page they say it, also
// where the page of choices offers no button. What the operator's people may
// weigh on request they weigh after; meanwhile the objection holds.

// ObjectIn keeps within tx that a person objects to a purpose, or with Yes that
// they take that back, as DecideIn keeps any decision. An objection ends a
// consent to the purpose too; to take it back gives none. ErrNotFound if the
// purpose is not declared, ErrFixed if it rests on nothing that can be objected
// to.
func (d *Desk) ObjectIn(ctx context.Context, tx *store.Tx, dec Decision) error {
	c := d.c.InForce()
	q, ok := c.Policy().PurposeByID(dec.Purpose)
	i, known := c.Purpose(dec.Purpose)
	if !ok || !known {
		return ErrNotFound
	}
	if !q.Objectable() {
		return ErrFixed
	}
	row := d.said(c, q, dec, Objected)
	if dec.Yes {
		row.Code = Resumed
	}
	keep := func() error {
		st, err := d.c.Vault.Standing(ctx, tx, dec.Subject)
		if err != nil {
			return err
		}
		latest, err := newest(ctx, tx, dec.Subject)
		if err != nil {
			return err
		}
		if last, decided := latest[q.ID]; decided && last.Code == row.Code && st.Objections.Has(i) == !dec.Yes {
			return nil
		}
		return d.keep(ctx, tx, q, dec, row, func() error {
			if !dec.Yes && st.Consents.Has(i) {
				if err := d.c.Vault.SetConsent(ctx, tx, dec.Subject, q.ID, false); err != nil {
					return err
				}
			}
			a := vault.Access{Actor: dec.Actor, Purpose: q.ID, Surface: dec.Surface}
			return d.c.Vault.Object(ctx, tx, a, dec.Subject, q.ID, !dec.Yes)
		})
	}
	if dec.Yes && q.Agreed() {
		return keep() // nobody follows: a no taken back is no consent
	}
	return d.follow(ctx, tx, dec, keep)
}

// WithdrawIn keeps within tx that a person takes back their consent to a
// purpose, as DecideIn does. ErrNotFound if the purpose is not declared.
func (d *Desk) WithdrawIn(ctx context.Context, tx *store.Tx, dec Decision) error {
	c := d.c.InForce()
	q, ok := c.Policy().PurposeByID(dec.Purpose)
	if !ok {
		return ErrNotFound
	}
	dec.Yes = false
	row := d.said(c, q, dec, Withdrawn)
	return d.follow(ctx, tx, dec, func() error {
		again, err := d.again(ctx, tx, c, q, dec, &row)
		if err != nil || again {
			return err
		}
		return d.keep(ctx, tx, q, dec, row, func() error { return d.c.Vault.SetConsent(ctx, tx, dec.Subject, q.ID, false) })
	})
}

// said is the row of what a person said by right.
func (d *Desk) said(c *policy.Compiled, q *policy.Purpose, dec Decision, code Code) Row {
	r := Row{
		Subject: dec.Subject, Purpose: q.ID, Code: code, At: d.c.Now(), Policy: c.Policy().Version, Wording: Statement(c.Policy(), q).Hash(),
		Surface: dec.Surface, Way: dec.Way,
	}
	if r.Way == "" {
		r.Way = WithRights
	}
	return r
}
