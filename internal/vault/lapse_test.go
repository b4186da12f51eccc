package vault_test

import (
	"errors"
	"slices"
	"testing"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// editions is a vault over several versions of the policy.
type editions struct {
	*house
	all map[int]*policy.Policy
	now *policy.Compiled
}

func newEditions(h *house) *editions {
	e := &editions{house: h, all: map[int]*policy.Policy{}}
	e.publish(func(*policy.Policy) {})
	h.v = vault.New(h.st, h.ring, h.log, func() *policy.Compiled { return e.now }, h.clock.now)
	h.v.Versions(func(n int) *policy.Policy { return e.all[n] })
	return e
}

// publish brings the next version into force; the first is 3.
func (e *editions) publish(change func(*policy.Policy)) {
	p := declared()
	if e.now != nil {
		old := *e.now.Policy()
		old.Purposes = slices.Clone(old.Purposes)
		old.Version++
		p = &old
	}
	change(p)
	e.all[p.Version], e.now = p, policy.Compile(p)
}

// more has the newsletter use another category.
func more(p *policy.Policy) {
	i := slices.IndexFunc(p.Purposes, func(q policy.Purpose) bool { return q.ID == "newsletter" })
	q := &p.Purposes[i]
	q.Uses = []policy.Use{{Categories: append(slices.Clone(q.Uses[0].Categories), "contact.telephone"), Basis: policy.Consent, Retention: "consent"}}
}

// sent has what is held for the newsletter go to somebody else too.
func sent(p *policy.Policy) {
	i := slices.IndexFunc(p.Purposes, func(q policy.Purpose) bool { return q.ID == "newsletter" })
	p.Recipients = []policy.Recipient{{ID: "agents", Name: "Agents", Categories: []string{"contact.email"}, Region: "GB"}}
	p.Purposes[i].Recipients = []string{"agents"}
}

func (e *editions) adds(s keys.SubjectID, category, value string) error {
	return e.st.Update(ctx, func(tx *store.Tx) error {
		_, err := e.v.Put(ctx, tx, on("newsletter"), item(s, category, value, "newsletter"))
		return err
	})
}

// L16, R13: a yes to an earlier version opens no more than that said. What a
// later one adds is refused until it is asked for; the rest goes on where it can
// be told apart. The person's own no always ends it.
func TestAConsentCoversItsVersion(t *testing.T) {
	each(t, func(h *house) {
		e := newEditions(h)
		ann, bob := h.person(), h.person()
		h.consent(ann, "newsletter", true)
		id := h.put(on("newsletter"), item(ann, "contact.email", "a@b.example"))[0]
		h.want("at first", h.read(on("newsletter"), id), "a@b.example")

		e.publish(more)
		h.want("what it was given for", h.read(on("newsletter"), id), "a@b.example")
		if err := e.adds(ann, "contact.telephone", "01632 960123"); !errors.Is(err, vault.ErrNoConsent) {
			h.t.Errorf("a category that nobody was asked about: %v", err)
		}
		if err := e.adds(ann, "contact.email", "c@b.example"); err != nil {
			h.t.Errorf("a category that it was given for: %v", err)
		}
		h.consent(bob, "newsletter", true) // under this version
		if err := e.adds(bob, "contact.telephone", "01632 960124"); err != nil {
			h.t.Errorf("after a yes to this version: %v", err)
		}

		e.publish(sent)
		h.want("another recipient", h.read(on("newsletter"), id), "no consent")
		if err := e.adds(bob, "contact.email", "b@b.example"); !errors.Is(err, vault.ErrNoConsent) {
			h.t.Errorf("another recipient, to add: %v", err)
		}
		h.consent(ann, "newsletter", true)
		h.want("after a new yes", h.read(on("newsletter"), id), "a@b.example")
		if err := e.adds(ann, "contact.telephone", "01632 960123"); err != nil {
			h.t.Errorf("after a new yes: %v", err)
		}

		e.publish(func(*policy.Policy) {})
		h.want("a version that changes nothing", h.read(on("newsletter"), id), "a@b.example")
		delete(e.all, 5)
		e.publish(func(*policy.Policy) {})
		h.want("a version that nobody knows", h.read(on("newsletter"), id), "no consent")
		h.consent(ann, "newsletter", false)
		if got := h.export(ann); len(got) != 0 {
			h.t.Errorf("after a no %d are held", len(got))
		}
		if err := h.v.Check(ctx); err != nil {
			h.t.Error(err)
		}
	})
}

// A yes to what an earlier version said covers no more although it is given now;
// and when two people are found to be one, each yes keeps its version.
func TestEachConsentKeepsItsVersion(t *testing.T) {
	each(t, func(h *house) {
		e := newEditions(h)
		known, newcomer := h.person(), h.person()
		h.consent(newcomer, "newsletter", true)
		e.publish(sent)
		h.consent(newcomer, "offers", true)
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, newcomer, known) })
		if err := e.adds(known, "contact.email", "a@b.example"); !errors.Is(err, vault.ErrNoConsent) {
			h.t.Errorf("a newcomer's old yes: %v", err)
		}
		if h.put(on("offers"), item(known, "contact.email", "a@b.example", "offers")); h.t.Failed() {
			return
		}
		h.update(func(tx *store.Tx) error { return h.v.ConsentUnder(ctx, tx, known, "newsletter", 3) })
		if err := e.adds(known, "contact.email", "a@b.example"); !errors.Is(err, vault.ErrNoConsent) {
			h.t.Errorf("a yes to an earlier version: %v", err)
		}
		h.update(func(tx *store.Tx) error { return h.v.ConsentUnder(ctx, tx, known, "newsletter", 4) })
		if err := e.adds(known, "contact.email", "a@b.example"); err != nil {
			h.t.Errorf("a yes to this version: %v", err)
		}
		h.update(func(tx *store.Tx) error { return h.v.EraseConsented(ctx, tx, known, "newsletter") })
		e.publish(func(*policy.Policy) {})
		if err := e.adds(known, "contact.email", "a@b.example"); err != nil {
			h.t.Errorf("after what hung on it was written anew: %v", err)
		}
	})
}
