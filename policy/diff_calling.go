package policy

import "slices"

// calling compares what calls to the outside world may cost.
func (d *differ) calling() {
	a, b := d.old.Calling, d.new.Calling
	if a.Cap != b.Cap || a.Most != b.Most {
		d.note("calling.cap", "cap", "What an account may spend on calls in a month is now %s, and %s if its owner says so", Pounds(b.Cap), Pounds(b.Most))
	}
	if a.Hourly != b.Hourly || a.Longest.compare(b.Longest) != 0 {
		d.note("calling.limits", "hourly", "How many calls may be begun in an hour is now %d, and how long one may last %s", b.Hourly, b.Longest.Words())
	}
	if !slices.Equal(a.Closed, b.Closed) {
		d.note("calling.closed", "closed", "Which kinds of numbers can only be called once they are opened has changed")
	}
}

// decisions compares those that the software makes alone: whoever they are
// about must know by what they are made (UK GDPR Art 13(2)(f)).
func (d *differ) decisions() {
	matched(d.old.Decisions, d.new.Decisions, func(x *Decision) string { return x.ID },
		func(x *Decision) {
			d.note("decision.removed", x.ID, "%s is no longer decided by a computer alone", quoted(x.Title))
		},
		func(x *Decision) {
			d.tell("decision.added", x.ID, "%s is now decided by a computer alone", quoted(x.Title))
		},
		func(a, b *Decision) {
			if a.Purpose != b.Purpose {
				d.tell("decision.purpose", b.ID, "%s now serves %s (before: %s)", quoted(b.Title), d.named("purpose", b.Purpose), d.named("purpose", a.Purpose))
			}
			if more := fresh(a.Categories, b.Categories); len(more) > 0 {
				d.tell("decision.category-added", b.ID, "%s is now also decided by %s", quoted(b.Title), d.all("category", more))
			}
			if less := fresh(b.Categories, a.Categories); len(less) > 0 {
				d.note("decision.category-removed", b.ID, "%s is no longer decided by %s", quoted(b.Title), d.all("category", less))
			}
			same := slices.EqualFunc(a.Patterns, b.Patterns, func(x, y Pattern) bool {
				return x.ID == y.ID && x.Kind == y.Kind && slices.Equal(x.Classes, y.Classes) && x.Count == y.Count && x.Within.compare(y.Within) == 0 &&
					x.Seconds == y.Seconds && x.Pence == y.Pence && x.From == y.From && x.Until == y.Until
			})
			if !same {
				d.tell("decision.logic", b.ID, "%s is now decided in another way", quoted(b.Title))
			}
			if a.Within.compare(b.Within) != 0 {
				d.tell("decision.within", b.ID, "Whoever contests %s is answered within %s (before: %s)", quoted(b.Title), b.Within.Words(), a.Within.Words())
			}
		})
}
