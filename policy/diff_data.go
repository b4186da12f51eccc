package policy

import (
	"fmt"
	"slices"
	"strings"
)

func (d *differ) operator() {
	a, b := d.old.Operator, d.new.Operator
	if a.Name != b.Name || a.CompanyNumber != b.CompanyNumber {
		c := d.tell("operator.changed", b.ID, "The company responsible for your data is now %s (before: %s)", b.Name, a.Name)
		d.widensAll(c) // consent was given to a named controller
	}
	for _, x := range []struct {
		key  string
		a, b Contact
	}{{"officer", a.Officer, b.Officer}, {"support", a.Support, b.Support}, {"security", a.Security, b.Security}} {
		if x.a.Email != x.b.Email || x.a.Telephone != x.b.Telephone || !slices.Equal(x.a.Address, x.b.Address) {
			title := x.b.Title
			if title == "" {
				title = x.key
			}
			d.tell("contact.changed", x.key, "You reach %s in another way now", quoted(title))
		}
	}
	d.company(&a, &b)
	d.regulator(&d.old.Regulator, &d.new.Regulator)
	for _, r := range fresh(d.old.Storage.Regions, d.new.Storage.Regions) {
		c := d.tell("storage.region-added", string(r), "Your data is now also kept in %s", placed(r))
		if !r.Near() {
			d.widensAll(c)
		}
	}
	for _, r := range fresh(d.new.Storage.Regions, d.old.Storage.Regions) {
		d.note("storage.region-removed", string(r), "Your data is no longer kept in %s", placed(r))
	}
	if !slices.Equal(d.old.Storage.Measures, d.new.Storage.Measures) {
		d.note("storage.measures", "measures", "Our own security measures changed")
	}
}

// company compares the facts by which people know and reach the controller
// (UK GDPR Art 13(1)(a)).
func (d *differ) company(a, b *Operator) {
	if !slices.Equal(a.RegisteredAddress, b.RegisteredAddress) || !slices.Equal(a.TradingAddress, b.TradingAddress) {
		d.tell("contact.changed", "address", "We have another address")
	}
	if a.Domain != b.Domain {
		d.tell("operator.domain", b.ID, "Our sites are now under %s (before: %s)", b.Domain, a.Domain)
	}
	if a.Jurisdiction != b.Jurisdiction {
		d.tell("operator.jurisdiction", b.ID, "Our company is now registered in %s (before: %s)", b.Jurisdiction, a.Jurisdiction)
	}
	if a.VAT != b.VAT || a.RegulatedBy != b.RegulatedBy {
		d.note("operator.register", b.ID, "The facts about our company at the foot of each page changed")
	}
}

func (d *differ) regulator(a, b *Regulator) {
	switch {
	case a.Name != b.Name:
		d.tell("regulator.changed", "regulator", "Complaints about us now go to %s (before: %s)", b.Name, a.Name)
	case !slices.Equal(a.Address, b.Address) || a.Telephone != b.Telephone || a.Website != b.Website || a.Complaint != b.Complaint:
		d.tell("regulator.contact", "regulator", "You reach %s in another way now", b.Name)
	}
	if a.Successor != b.Successor || a.Advice != b.Advice || a.AdviceURL != b.AdviceURL {
		d.note("regulator.others", "regulator", "Who follows the supervisory authority, or who else helps you, changed")
	}
}

func (d *differ) settings() {
	a, b := d.old.Settings, d.new.Settings
	if n := a.ConsentPeriod.compare(b.ConsentPeriod); n != 0 {
		d.note("setting.consent-period", "consent_period", "We ask about cookies again after %s (before: %s)", b.ConsentPeriod.Words(), a.ConsentPeriod.Words())
	}
	switch {
	case a.GlobalPrivacyControl && !b.GlobalPrivacyControl:
		d.tell("setting.privacy-control-off", "global_privacy_control", "Your browser’s Global Privacy Control no longer counts as an objection")
	case !a.GlobalPrivacyControl && b.GlobalPrivacyControl:
		d.note("setting.privacy-control-on", "global_privacy_control", "Your browser’s Global Privacy Control now counts as an objection")
	}
	if n := a.AnnouncePeriod.compare(b.AnnouncePeriod); n != 0 {
		c := d.note("setting.announce-period", "announce_period", "We announce changes at least this long before they apply: %s (before: %s)", notice(b.AnnouncePeriod), notice(a.AnnouncePeriod))
		c.Tell = n > 0
	}
}

func (d *differ) surfaces() {
	matched(d.old.Surfaces, d.new.Surfaces, func(s *Surface) string { return s.ID },
		func(s *Surface) { d.note("surface.removed", s.ID, "%s is no longer one of our sites", quoted(s.Title)) },
		func(s *Surface) { d.note("surface.added", s.ID, "%s is a new site or app of ours", quoted(s.Title)) },
		func(a, b *Surface) {
			if a.Host != b.Host || a.Kind != b.Kind {
				d.note("surface.changed", b.ID, "%s has another address, or became an app or a site", quoted(b.Title))
			}
		})
}

func (d *differ) actors() {
	matched(d.old.Actors, d.new.Actors, func(a *Actor) string { return a.ID },
		func(a *Actor) {
			d.note("actor.removed", a.ID, "Nobody works as %s with your data any more", quoted(a.Title))
		},
		func(a *Actor) {
			d.note("actor.added", a.ID, "%s may now use data for %s", quoted(a.Title), d.all("purpose", a.Purposes))
		},
		func(a, b *Actor) {
			if more := fresh(a.Purposes, b.Purposes); len(more) > 0 {
				d.note("actor.wider", b.ID, "%s may now also use data for %s", quoted(b.Title), d.all("purpose", more))
			}
			if less := fresh(b.Purposes, a.Purposes); len(less) > 0 {
				d.note("actor.narrower", b.ID, "%s may no longer use data for %s", quoted(b.Title), d.all("purpose", less))
			}
			if a.Kind != b.Kind {
				d.note("actor.kind", b.ID, "%s is now %s (before: %s)", quoted(b.Title), worded(kindsOfActor, b.Kind), worded(kindsOfActor, a.Kind))
			}
			if !slices.Equal(a.SignsIn, b.SignsIn) {
				d.note("actor.signs-in", b.ID, "%s may now sign in on %s", quoted(b.Title), d.all("surface", b.SignsIn))
			}
		})
}

func (d *differ) categories() {
	matched(d.old.Categories, d.new.Categories, func(c *Category) string { return c.ID },
		func(c *Category) { d.note("category.removed", c.ID, "We no longer collect %s", quoted(c.Title)) },
		func(c *Category) { d.tell("category.added", c.ID, "We now also collect %s", quoted(c.Title)) },
		func(a, b *Category) {
			if a.Kind != b.Kind {
				d.tell("category.kind", b.ID, "We now treat %s as %s (before: %s)", quoted(b.Title), worded(kindsOfData, b.Kind), worded(kindsOfData, a.Kind))
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				d.tell("category.surface-added", b.ID, "We now also collect %s on %s", quoted(b.Title), d.all("surface", more))
			}
			if less := fresh(b.Surfaces, a.Surfaces); len(less) > 0 {
				d.note("category.surface-removed", b.ID, "We no longer collect %s on %s", quoted(b.Title), d.all("surface", less))
			}
			if a.Source != b.Source {
				d.tell("category.source", b.ID, "Where we get %s from changed: %s (before: %s)", quoted(b.Title), worded(sources, b.Source), worded(sources, a.Source))
			}
			switch {
			case a.Required == b.Required:
			case b.Required == "mandatory":
				d.tell("category.mandatory", b.ID, "You now have to give %s", quoted(b.Title))
			case b.Required == "optional":
				d.note("category.optional", b.ID, "You no longer have to give %s", quoted(b.Title))
			default:
				d.note("category.optional", b.ID, "%s is no longer marked as needed or optional", quoted(b.Title))
			}
			switch {
			case a.NotHeld && !b.NotHeld:
				d.tell("category.held", b.ID, "We now store %s", quoted(b.Title))
			case !a.NotHeld && b.NotHeld:
				d.note("category.not-held", b.ID, "We no longer store %s", quoted(b.Title))
			}
			switch {
			case !a.Lookup && b.Lookup:
				d.note("category.lookup", b.ID, "We can now find a person’s data by %s", quoted(b.Title))
			case a.Lookup && !b.Lookup:
				d.note("category.lookup", b.ID, "We can no longer find a person’s data by %s", quoted(b.Title))
			}
			if a.Format != b.Format {
				d.note("category.format", b.ID, "%s is now given in another form", quoted(b.Title))
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
		func(q *Purpose) { d.note("purpose.removed", q.ID, "We no longer use data for %s", quoted(q.Title)) },
		func(q *Purpose) {
			c := d.tell("purpose.added", q.ID, "We now also use data for %s", quoted(q.Title))
			d.ask(c, d.groupsOf(q.ID)...)
			c.widens(q.ID, true)
		},
		d.purpose)
}

func (d *differ) purpose(a, b *Purpose) {
	was, before := usesOf(d.old, a)
	is, now := usesOf(d.new, b)
	if less := fresh(now, before); len(less) > 0 {
		d.note("purpose.category-removed", b.ID, "For %s we no longer use %s", quoted(b.Title), d.all("category", less))
	}
	if more := fresh(before, now); len(more) > 0 {
		c := d.tell("purpose.category-added", b.ID, "For %s we now also use %s", quoted(b.Title), d.all("category", more))
		d.ask(c, d.groupsOf(b.ID)...)
		c.widens(b.ID, false, more...)
	}
	for _, id := range now {
		if old, both := was[id]; both {
			d.use(b.ID, id, old, is[id])
		}
	}
	if more := fresh(a.Recipients, b.Recipients); len(more) > 0 {
		c := d.tell("purpose.recipient-added", b.ID, "Data that we use for %s now also goes to %s", quoted(b.Title), d.all("recipient", more))
		d.ask(c, d.groupsOf(b.ID)...)
		c.widens(b.ID, true)
	}
	if less := fresh(b.Recipients, a.Recipients); len(less) > 0 {
		d.note("purpose.recipient-removed", b.ID, "Data that we use for %s no longer goes to %s", quoted(b.Title), d.all("recipient", less))
	}
	if a.Marketing != b.Marketing {
		d.tell("purpose.marketing", b.ID, "%s is now %s (before: %s)", quoted(b.Title), worded(marketings, b.Marketing), worded(marketings, a.Marketing)).widens(b.ID, true)
	}
	if more := fresh(a.Channels, b.Channels); len(more) > 0 {
		// Each channel is chosen on its own, and a new one is not among them.
		d.tell("purpose.channel-added", b.ID, "%s may now also come by %s", quoted(b.Title), listed(channelWords(more))).widens(b.ID, false)
	}
	if less := fresh(b.Channels, a.Channels); len(less) > 0 {
		d.note("purpose.channel-removed", b.ID, "%s no longer comes by %s", quoted(b.Title), listed(channelWords(less)))
	}
	switch {
	case a.DespiteRestriction == b.DespiteRestriction:
	case b.DespiteRestriction == "":
		d.note("purpose.restrictable", b.ID, "%s now stops when you have restricted the use of your data", quoted(b.Title))
	default:
		d.tell("purpose.despite-restriction", b.ID, "%s now goes on even when you have restricted the use of your data, for %s", quoted(b.Title), worded(grounds, b.DespiteRestriction)).widens(b.ID, true)
	}
	if more := fresh(a.Subjects, b.Subjects); len(more) > 0 {
		d.tell("purpose.subject-added", b.ID, "%s is now also about %s", quoted(b.Title), listed(more))
	}
	if less := fresh(b.Subjects, a.Subjects); len(less) > 0 {
		d.note("purpose.subject-removed", b.ID, "%s is no longer about %s", quoted(b.Title), listed(less))
	}
}

func (d *differ) use(purpose, category string, a, b used) {
	tell := func(kind, format string, args ...any) *Change {
		c := d.together(kind, purpose, category, format, args...)
		c.Tell = true
		c.widens(purpose, false, category)
		return c
	}
	if a.use.Basis != b.use.Basis {
		c := tell("basis.changed", "we now use * on the ground of %s (before: %s)", b.use.Basis.Words(), a.use.Basis.Words())
		d.ask(c, d.groupsOf(purpose)...)
	}
	if a.use.Condition != b.use.Condition {
		tell("condition.changed", "the further condition for using * is now: %s (before: %s)", orNone(b.use.Condition), orNone(a.use.Condition))
	}
	if a.use.Interest != b.use.Interest {
		// Art 13(1)(d): the interest itself is what people are told.
		tell("interest.changed", "the interest for which we use * is now: %s", orNone(b.use.Interest))
	}
	if a.use.Law != b.use.Law {
		tell("law.changed", "the law under which we use * is now: %s (before: %s)", orNone(b.use.Law), orNone(a.use.Law))
	}
	switch {
	case a.retention == nil && b.retention == nil:
		return
	case b.retention == nil:
		tell("retention.gone", "it is no longer said how long we keep * (before: %s)", a.retention.Title)
		return
	case a.retention == nil:
		d.together("retention.given", purpose, category, "it is now said how long we keep *: %s", b.retention.Title)
		return
	}
	is, was := spell(a.retention, b.retention)
	switch keeps(a.retention, b.retention) {
	case longer:
		tell("retention.longer", "we keep * longer: %s (before: %s)", is, was)
	case shorter:
		d.together("retention.shorter", purpose, category, "we keep * less long: %s (before: %s)", is, was)
	case otherwise:
		tell("retention.changed", "we keep * for another time: %s (before: %s)", is, was)
	}
	if a.retention.Then != b.retention.Then {
		tell("retention.then", "this is what we now do with * when the time is over: %s (before: %s)", b.retention.Then, a.retention.Then)
	}
}

// joint is a change that several categories of one purpose have alike.
type joint struct {
	at    int // in the list of changes
	names []string
}

// together records a change of how a purpose uses a category. What is the same
// for several is one change that names them all, in place of the *: nobody
// reads the same sentence for each.
func (d *differ) together(kind, purpose, category, format string, args ...any) *Change {
	words := fmt.Sprintf(format, args...)
	key := kind + "\n" + purpose + "\n" + words
	j, again := d.joint[key]
	if !again {
		d.note(kind, purpose+"/"+category, "")
		j = &joint{at: len(d.changes) - 1}
		d.joint[key] = j
	}
	c := &d.changes[j.at]
	if again {
		c.ID += "," + category
	}
	j.names = append(j.names, d.named("category", category))
	c.What = stopped("For " + d.named("purpose", purpose) + " " + strings.Replace(words, "*", listed(j.names), 1))
	return c
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

// spell says two terms in their declared words, or in figures where a change
// of the figures would not show because the words were forgotten.
func spell(a, b *Retention) (is, was string) {
	if a.Title != b.Title {
		return b.Title, a.Title
	}
	return figures(b), figures(a)
}

func figures(r *Retention) string {
	s := r.Period.Words() + " after " + happening(r.Event)
	if r.Period.IsZero() {
		s = "until " + happening(r.Event)
		if r.Event == CollectedEvent {
			s = "not at all"
		}
	}
	if !r.Limit.IsZero() {
		s += ", at most " + r.Limit.Words()
	}
	return s
}

// happening makes words of an event's id, whose form is thing.what-happened.
func happening(event string) string {
	thing, what, ok := strings.Cut(event, ".")
	if !ok {
		return "it is " + spaced(event)
	}
	return spaced("the " + thing + " is " + what)
}

// notice says how long before something is announced.
func notice(p Period) string {
	if p.IsZero() {
		return "no time"
	}
	return p.Words()
}

func (d *differ) rights() {
	matched(d.old.Rights, d.new.Rights, func(r *Right) string { return r.ID },
		func(r *Right) { d.tell("right.removed", r.ID, "We no longer name your right %s", quoted(r.Title)) },
		func(r *Right) { d.note("right.added", r.ID, "We now name your right %s", quoted(r.Title)) },
		func(a, b *Right) {
			if a.How != b.How || a.Article != b.Article {
				d.note("right.changed", b.ID, "How you use your right %s is said in other words", quoted(b.Title))
			}
		})
}
