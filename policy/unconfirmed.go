package policy

import "time"

// Unconfirmed finds the purpose under which what a form collects is held until
// whoever gave it has shown that the address in it is theirs: the one that may
// hold every personal field of the form on another basis than consent, for a
// time counted from collection, and the shortest of several. It returns that
// time too. False if the policy declares none.
func (c *Compiled) Unconfirmed(form Form) (purpose string, kept Retention, ok bool) {
	var ends time.Time
	for _, q := range c.policy.Purposes {
		if q.Marketing != "" {
			continue
		}
		r, holds := c.holdsFor(q.ID, form)
		if !holds {
			continue
		}
		if end := r.Period.From(time.Unix(0, 0)); purpose == "" || end.Before(ends) {
			purpose, kept, ends = q.ID, r, end
		}
	}
	return purpose, kept, purpose != ""
}

// holdsFor reports whether a purpose may hold every personal field of a form
// for a known time without consent, and for how long.
func (c *Compiled) holdsFor(purpose string, form Form) (Retention, bool) {
	p, ok := c.Purpose(purpose)
	if !ok {
		return Retention{}, false
	}
	var kept *Retention
	for _, f := range form.Fields {
		if f.Category == "" {
			continue
		}
		k, ok := c.Category(f.Category)
		if !ok {
			return Retention{}, false
		}
		use, uok := c.UseOf(k, p)
		r, rok := c.Retention(k, p)
		if !uok || !rok || use.Basis == Consent || r.Event != CollectedEvent || r.Period.IsZero() {
			return Retention{}, false
		}
		kept = r
	}
	if kept == nil {
		return Retention{}, false
	}
	return *kept, true
}

// Objectable reports whether a person can object to a purpose: it is marketing,
// or rests for at least one category on an interest or a public task (UK GDPR
// Art 21(1) to (3)).
func (q *Purpose) Objectable() bool {
	if q.Marketing != "" {
		return true
	}
	for _, u := range q.Uses {
		switch u.Basis {
		case LegitimateInterest, RecognisedInterest, PublicTask:
			return true
		}
	}
	return false
}

// Agreed reports whether a purpose rests on consent for at least one category,
// so that it can be withdrawn (UK GDPR Art 7(3)).
func (q *Purpose) Agreed() bool {
	for _, u := range q.Uses {
		if u.Basis == Consent {
			return true
		}
	}
	return false
}
