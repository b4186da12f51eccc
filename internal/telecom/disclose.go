package telecom

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/policy"
)

// The disclosure door of calls: a call that leaves the house gives whoever
// carries it the numbers of both ends, and an emergency service the place of the
// line. The policy decides to whom, and each person's history says so (R19).

// given is one disclosure of a call.
type given struct {
	recipient string
	place     *Told // where the caller is; nil: the numbers
}

// Carrier reports whether the policy lets calls be handed to a recipient: that it
// is declared, for the purpose and the data of calls, in a region that the policy
// allows. The error says what is missing.
func Carrier(c *policy.Compiled, recipient string) error {
	roles, err := RolesOf(c)
	if err != nil {
		return err
	}
	return mayReceive(c, recipient, roles.Purpose, roles.Traffic, roles.Number)
}

// mayReceive reports whether a recipient may be given categories for a purpose.
func mayReceive(c *policy.Compiled, recipient, purpose string, categories ...string) error {
	p := c.Policy()
	r, ok := p.RecipientByID(recipient)
	if !ok {
		return fmt.Errorf("the policy declares no recipient %q", recipient)
	}
	for _, category := range categories {
		if !slices.Contains(r.Categories, category) {
			return fmt.Errorf("the policy does not let the recipient %q have %s: add it to the recipient's categories", recipient, category)
		}
	}
	q, ok := p.PurposeByID(purpose)
	if !ok || !slices.Contains(q.Recipients, recipient) {
		return fmt.Errorf("the policy does not name the recipient %q under the purpose %q", recipient, purpose)
	}
	if !r.Region.Near() && (r.Safeguard == "" || r.Safeguard == "none-needed") {
		return fmt.Errorf("the recipient %q is in a region that the policy does not allow without a safeguard", recipient)
	}
	return nil
}

// Rescue finds for which purpose, and as which category, the policy lets an
// emergency service be told where a line is: a purpose under a legal obligation
// that names the recipient and uses a category of addresses. The error says what
// is missing.
func Rescue(c *policy.Compiled, recipient string) (purpose, category string, err error) {
	address := func(k *policy.Category) bool { return k.Format == "address" }
	if purpose, category = mayTell(c, recipient, address, policy.LegalObligation); purpose == "" {
		err = fmt.Errorf("the policy lets no recipient %q be told the address of a line", recipient)
	}
	return purpose, category, err
}

// mayTell finds the first purpose for which a recipient may be given a category of
// a kind on one of some bases; empty if there is none.
func mayTell(c *policy.Compiled, recipient string, is func(*policy.Category) bool, bases ...policy.Basis) (purpose, category string) {
	p := c.Policy()
	for _, q := range p.Purposes {
		for _, u := range q.Uses {
			if !slices.Contains(bases, u.Basis) {
				continue
			}
			for _, k := range u.Categories {
				if declared, ok := p.CategoryByID(k); ok && is(declared) && mayReceive(c, recipient, q.ID, k) == nil {
					return q.ID, k
				}
			}
		}
	}
	return "", ""
}

// Hand decides whether the numbers of the call may be given to a carrier, and
// writes into the caller's history that they are. It comes before anything of the
// call leaves the house. A Refusal if the policy does not allow it; never for an
// emergency call.
func (c *Call) Hand(ctx context.Context, carrier string) error {
	err := c.d.together(ctx, &op{call: c, given: &given{recipient: carrier}})
	if c.start.To.Reach == ToEmergency {
		return nil
	}
	c.d.count(err)
	return wrap(err)
}

// Tell writes into the caller's history what an emergency service is told of where
// they are, and returns what of it the policy declares: no more may be told.
func (c *Call) Tell(ctx context.Context, service string, what Told) Told {
	if !c.start.To.Located() {
		return Told{}
	}
	what = what.may(c.d.c.InForce(), service)
	if what.Address || what.Fix {
		_ = c.d.together(ctx, &op{call: c, given: &given{service, &what}}) // the call does not fail with its history
	}
	return what
}

// disclose decides and writes.
func (d *Desk) disclose(ctx context.Context, tx *store.Tx, c *Call, g *given) error {
	compiled := d.c.InForce()
	roles, err := RolesOf(compiled)
	if err != nil {
		return err
	}
	b := evidence.Body{
		Kind: evidence.RecordDisclosed, At: d.c.Now(), Actor: systemActor, Surface: roles.Surface, Purpose: roles.Purpose, Category: roles.Traffic,
		Policy: compiled.Policy().Version, Subject: c.start.From.Subject, Code: g.recipient,
	}
	if g.place != nil {
		for _, e := range g.place.entries(compiled, b) {
			if _, err := d.c.Log.Append(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}
	if Carrier(compiled, g.recipient) != nil && c.start.To.Reach != ToEmergency {
		return refuse(Forbidden)
	}
	_, err = d.c.Log.Append(ctx, tx, b)
	return err
}

// Refused makes the refusal of a call that the signalling found, and counts it.
func (d *Desk) Refused(code Code) error {
	if _, ok := refusals[code]; !ok {
		return errors.New("telecom: no refusal")
	}
	err := refuse(code)
	d.count(err)
	return err
}
