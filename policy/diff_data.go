package policy

import (
	"slices"
	"strings"
)

func (d *differ) operator() {
	a, b := d.old.Operator, d.new.Operator
	if a.Name != b.Name || a.CompanyNumber != b.CompanyNumber {
		c := d.tell("operator.changed", b.ID, "the controller is now %s (was %s)", b.Name, a.Name)
		for _, g := range d.new.ConsentGroups() {
			d.ask(c, g.ID) // consent was given to a named controller
		}
	}
	for _, x := range []struct {
		key  string
		a, b Contact
	}{{"officer", a.Officer, b.Officer}, {"support", a.Support, b.Support}, {"security", a.Security, b.Security}} {
		if x.a.Email != x.b.Email || x.a.Telephone != x.b.Telephone || !slices.Equal(x.a.Address, x.b.Address) {
			d.tell("contact.changed", x.key, "the contact %s changed", x.key)
		}
	}
	d.company(&a, &b)
	d.regulator(&d.old.Regulator, &d.new.Regulator)
	for _, r := range fresh(d.old.Storage.Regions, d.new.Storage.Regions) {
		d.tell("storage.region-added", string(r), "data is now also kept in %s", r)
	}
	for _, r := range fresh(d.new.Storage.Regions, d.old.Storage.Regions) {
		d.note("storage.region-removed", string(r), "data is no longer kept in %s", r)
	}
	if !slices.Equal(d.old.Storage.Measures, d.new.Storage.Measures) {
		d.note("storage.measures", "measures", "the operator's own measures of security changed")
	}
}

// company compares the facts by which people know and reach the controller
// (UK GDPR Art 13(1)(a)).
func (d *differ) company(a, b *Operator) {
	if !slices.Equal(a.RegisteredAddress, b.RegisteredAddress) || !slices.Equal(a.TradingAddress, b.TradingAddress) {
		d.tell("contact.changed", "address", "the operator has another address")
	}
	if a.Domain != b.Domain {
		d.tell("operator.domain", b.ID, "the sites are now under %s (was %s)", b.Domain, a.Domain)
	}
	if a.Jurisdiction != b.Jurisdiction {
		d.tell("operator.jurisdiction", b.ID, "the operator is now of %s (was %s)", b.Jurisdiction, a.Jurisdiction)
	}
	if a.VAT != b.VAT || a.RegulatedBy != b.RegulatedBy {
		d.note("operator.register", b.ID, "what the footer says of the company changed")
	}
}

func (d *differ) regulator(a, b *Regulator) {
	switch {
	case a.Name != b.Name:
		d.tell("regulator.changed", "regulator", "complaints now go to %s (was %s)", b.Name, a.Name)
	case !slices.Equal(a.Address, b.Address) || a.Telephone != b.Telephone || a.Website != b.Website || a.Complaint != b.Complaint:
		d.tell("regulator.contact", "regulator", "%s is now reached in another way", b.Name)
	}
	if a.Successor != b.Successor || a.Advice != b.Advice || a.AdviceURL != b.AdviceURL {
		d.note("regulator.others", "regulator", "who takes over from the regulator, or who else helps, changed")
	}
}

func (d *differ) settings() {
	a, b := d.old.Settings, d.new.Settings
	if n := a.ConsentPeriod.compare(b.ConsentPeriod); n != 0 {
		d.note("setting.consent-period", "consent_period", "a choice about cookies is asked again after %s (was %s)", b.ConsentPeriod.Words(), a.ConsentPeriod.Words())
	}
	switch {
	case a.GlobalPrivacyControl && !b.GlobalPrivacyControl:
		d.tell("setting.privacy-control-off", "global_privacy_control", "a browser's privacy signal is no longer treated as an objection")
	case !a.GlobalPrivacyControl && b.GlobalPrivacyControl:
		d.note("setting.privacy-control-on", "global_privacy_control", "a browser's privacy signal is now treated as an objection")
	}
	if n := a.AnnouncePeriod.compare(b.AnnouncePeriod); n != 0 {
		c := d.note("setting.announce-period", "announce_period", "changes are announced %s before they apply (was %s)", b.AnnouncePeriod.Words(), a.AnnouncePeriod.Words())
		c.Tell = n > 0
	}
}

func (d *differ) surfaces() {
	matched(d.old.Surfaces, d.new.Surfaces, func(s *Surface) string { return s.ID },
		func(s *Surface) { d.note("surface.removed", s.ID, "surface %s is gone", s.ID) },
		func(s *Surface) { d.note("surface.added", s.ID, "surface %s is new", s.ID) },
		func(a, b *Surface) {
			if a.Host != b.Host || a.Kind != b.Kind {
				d.note("surface.changed", b.ID, "surface %s has another host or kind", b.ID)
			}
		})
}

func (d *differ) actors() {
	matched(d.old.Actors, d.new.Actors, func(a *Actor) string { return a.ID },
		func(a *Actor) { d.note("actor.removed", a.ID, "actor %s is gone", a.ID) },
		func(a *Actor) {
			d.note("actor.added", a.ID, "actor %s is new and may act for %s", a.ID, strings.Join(a.Purposes, ", "))
		},
		func(a, b *Actor) {
			if more := fresh(a.Purposes, b.Purposes); len(more) > 0 {
				d.note("actor.wider", b.ID, "actor %s may now also act for %s", b.ID, strings.Join(more, ", "))
			}
			if less := fresh(b.Purposes, a.Purposes); len(less) > 0 {
				d.note("actor.narrower", b.ID, "actor %s may no longer act for %s", b.ID, strings.Join(less, ", "))
			}
		})
}

func (d *differ) categories() {
	matched(d.old.Categories, d.new.Categories, func(c *Category) string { return c.ID },
		func(c *Category) { d.note("category.removed", c.ID, "category %s is no longer collected", c.ID) },
		func(c *Category) { d.tell("category.added", c.ID, "category %s is new: %s", c.ID, c.Title) },
		func(a, b *Category) {
			if a.Kind != b.Kind {
				d.tell("category.kind", b.ID, "category %s is now %s (was %s)", b.ID, b.Kind, a.Kind)
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				d.tell("category.surface-added", b.ID, "category %s is now also collected on %s", b.ID, strings.Join(more, ", "))
			}
			if less := fresh(b.Surfaces, a.Surfaces); len(less) > 0 {
				d.note("category.surface-removed", b.ID, "category %s is no longer collected on %s", b.ID, strings.Join(less, ", "))
			}
			if a.Source != b.Source {
				d.tell("category.source", b.ID, "category %s now comes from another source: %s (was %s)", b.ID, b.Source, a.Source)
			}
			switch {
			case a.Required == b.Required:
			case b.Required == "mandatory":
				d.tell("category.mandatory", b.ID, "category %s is now mandatory", b.ID)
			default:
				d.note("category.optional", b.ID, "category %s is now %s", b.ID, b.Required)
			}
			switch {
			case a.NotHeld && !b.NotHeld:
				d.tell("category.held", b.ID, "category %s is now stored", b.ID)
			case !a.NotHeld && b.NotHeld:
				d.note("category.not-held", b.ID, "category %s is no longer stored", b.ID)
			}
			if a.Lookup != b.Lookup {
				d.note("category.lookup", b.ID, "whether people can be found by category %s changed", b.ID)
			}
			if a.Format != b.Format {
				d.note("category.format", b.ID, "category %s is now given as %q (was %q)", b.ID, b.Format, a.Format)
			}
		})
}

// used is what a purpose does with one category.
type used struct {
	use       *Use
	retention *Retention
}

func usesOf(p *Policy, q *Purpose) (map[string]used, []string) {
	all, order := map[string]used{}, []string{}
	for i := range q.Uses {
		for _, id := range q.Uses[i].Categories {
			if _, twice := all[id]; !twice {
				r, _ := p.RetentionByID(q.Uses[i].Retention)
				all[id] = used{&q.Uses[i], r}
				order = append(order, id)
			}
		}
	}
	return all, order
}

func (d *differ) purposes() {
	matched(d.old.Purposes, d.new.Purposes, func(q *Purpose) string { return q.ID },
		func(q *Purpose) { d.note("purpose.removed", q.ID, "purpose %s is gone", q.ID) },
		func(q *Purpose) {
			c := d.tell("purpose.added", q.ID, "purpose %s is new: %s", q.ID, q.Title)
			d.ask(c, d.groupsOf(q.ID)...)
		},
		d.purpose)
}

func (d *differ) purpose(a, b *Purpose) {
	was, before := usesOf(d.old, a)
	is, now := usesOf(d.new, b)
	if less := fresh(now, before); len(less) > 0 {
		d.note("purpose.category-removed", b.ID, "purpose %s no longer uses %s", b.ID, strings.Join(less, ", "))
	}
	if more := fresh(before, now); len(more) > 0 {
		c := d.tell("purpose.category-added", b.ID, "purpose %s now also uses %s", b.ID, strings.Join(more, ", "))
		d.ask(c, d.groupsOf(b.ID)...)
	}
	for _, id := range now {
		if old, both := was[id]; both {
			d.use(b.ID, id, old, is[id])
		}
	}
	if more := fresh(a.Recipients, b.Recipients); len(more) > 0 {
		c := d.tell("purpose.recipient-added", b.ID, "data of purpose %s now also goes to %s", b.ID, strings.Join(more, ", "))
		d.ask(c, d.groupsOf(b.ID)...)
	}
	if less := fresh(b.Recipients, a.Recipients); len(less) > 0 {
		d.note("purpose.recipient-removed", b.ID, "data of purpose %s no longer goes to %s", b.ID, strings.Join(less, ", "))
	}
	if a.Marketing != b.Marketing {
		d.tell("purpose.marketing", b.ID, "purpose %s is now marketing by %q (was %q)", b.ID, b.Marketing, a.Marketing)
	}
	switch {
	case a.DespiteRestriction == b.DespiteRestriction:
	case b.DespiteRestriction == "":
		d.note("purpose.restrictable", b.ID, "purpose %s now stops where use is restricted", b.ID)
	default:
		d.tell("purpose.despite-restriction", b.ID, "purpose %s now goes on although use is restricted (%s)", b.ID, b.DespiteRestriction)
	}
	if more := fresh(a.Subjects, b.Subjects); len(more) > 0 {
		d.tell("purpose.subject-added", b.ID, "purpose %s is now also about %s", b.ID, strings.Join(more, ", "))
	}
	if less := fresh(b.Subjects, a.Subjects); len(less) > 0 {
		d.note("purpose.subject-removed", b.ID, "purpose %s is no longer about %s", b.ID, strings.Join(less, ", "))
	}
}

func (d *differ) use(purpose, category string, a, b used) {
	where := purpose + "/" + category
	if a.use.Basis != b.use.Basis {
		c := d.tell("basis.changed", where, "purpose %s uses %s on %s (was %s)", purpose, category, b.use.Basis, a.use.Basis)
		d.ask(c, d.groupsOf(purpose)...)
	}
	if a.use.Condition != b.use.Condition {
		d.tell("condition.changed", where, "purpose %s uses %s on the condition %q (was %q)", purpose, category, b.use.Condition, a.use.Condition)
	}
	if a.use.Interest != b.use.Interest {
		// Art 13(1)(d): the interest itself is what people are told.
		d.tell("interest.changed", where, "purpose %s uses %s for another interest: %s", purpose, category, b.use.Interest)
	}
	if a.use.Law != b.use.Law {
		d.tell("law.changed", where, "purpose %s uses %s under %q (was %q)", purpose, category, b.use.Law, a.use.Law)
	}
	switch {
	case a.retention == nil && b.retention == nil:
		return
	case b.retention == nil:
		d.tell("retention.gone", where, "%s of purpose %s has no term any more (was %s)", category, purpose, spell(a.retention))
		return
	case a.retention == nil:
		d.note("retention.given", where, "%s of purpose %s now has a term: %s", category, purpose, spell(b.retention))
		return
	}
	switch keeps(a.retention, b.retention) {
	case longer:
		d.tell("retention.longer", where, "%s is kept longer for purpose %s: %s (was %s)", category, purpose, spell(b.retention), spell(a.retention))
	case shorter:
		d.note("retention.shorter", where, "%s is kept less long for purpose %s: %s (was %s)", category, purpose, spell(b.retention), spell(a.retention))
	case otherwise:
		d.tell("retention.changed", where, "%s is kept otherwise for purpose %s: %s (was %s)", category, purpose, spell(b.retention), spell(a.retention))
	}
	if a.retention.Then != b.retention.Then {
		d.tell("retention.then", where, "at the end %s of purpose %s is now to %s (was to %s)", category, purpose, b.retention.Then, a.retention.Then)
	}
}

type kept int

const (
	asLong kept = iota
	longer
	shorter
	otherwise // another event, so the two cannot be compared
)

func keeps(a, b *Retention) kept {
	if a.Event != b.Event {
		return otherwise
	}
	period, limit := b.Period.compare(a.Period), limitOrder(a.Limit, b.Limit)
	switch {
	case period == 0 && limit == 0:
		return asLong
	case period >= 0 && limit >= 0:
		return longer
	case period <= 0 && limit <= 0:
		return shorter
	}
	return otherwise
}

// limitOrder is 1 when b lets data live longer than a; no limit is the longest.
func limitOrder(a, b Period) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case b.IsZero():
		return 1
	case a.IsZero():
		return -1
	}
	return b.compare(a)
}

// spell says a retention class in words of its own, so that a change of its
// figures shows even if its title was forgotten.
func spell(r *Retention) string {
	s := r.Period.Words() + " from " + r.Event
	if r.Period.IsZero() {
		s = "until " + r.Event
		if r.Event == CollectedEvent {
			s = "not at all"
		}
	}
	if !r.Limit.IsZero() {
		s += ", at most " + r.Limit.Words()
	}
	return s
}

func (d *differ) rights() {
	matched(d.old.Rights, d.new.Rights, func(r *Right) string { return r.ID },
		func(r *Right) { d.tell("right.removed", r.ID, "right %s is no longer named", r.ID) },
		func(r *Right) { d.note("right.added", r.ID, "right %s is now named", r.ID) },
		func(a, b *Right) {
			if a.How != b.How || a.Article != b.Article {
				d.note("right.changed", b.ID, "right %s is asked for in other words, or of another article", b.ID)
			}
		})
}
