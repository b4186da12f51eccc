package policy

import "slices"

// A consent covers what it was given to (UK GDPR Art 4(11), Art 7). Where a later
// version of the policy does more for the same purpose, an earlier yes does not
// reach that far: it lapses for the new category alone, or for the whole purpose
// where the doors cannot tell the old part from the new, such as a recipient.

// extent is what of a purpose a change takes out of an earlier consent.
type extent struct {
	purpose    string
	whole      bool
	categories []string // if not the whole; none for what another door asks, such as a channel
}

// widens records that an earlier consent does not cover the whole purpose any
// more, or not some categories of it.
func (c *Change) widens(purpose string, whole bool, categories ...string) {
	c.extents = append(c.extents, extent{purpose, whole, categories})
}

// widensAll records it for every purpose, and for what browsers agreed to.
func (d *differ) widensAll(c *Change) {
	for _, g := range d.new.ConsentGroups() {
		d.ask(c, g.ID)
	}
	for i := range d.new.Purposes {
		c.widens(d.new.Purposes[i].ID, true)
	}
}

// widensTo records it for the purposes that have a recipient, or those of them
// that use one of the categories if any are given.
func (d *differ) widensTo(c *Change, recipient string, categories ...string) {
	for i := range d.new.Purposes {
		q := &d.new.Purposes[i]
		uses := func(u Use) bool {
			return slices.ContainsFunc(u.Categories, func(id string) bool { return slices.Contains(categories, id) })
		}
		if slices.Contains(q.Recipients, recipient) && (len(categories) == 0 || slices.ContainsFunc(q.Uses, uses)) {
			c.widens(q.ID, true)
		}
	}
}

// Widening returns, in words, the changes by which a purpose may do more than
// before, or somebody else does it: what was agreed to earlier does not cover
// them.
func Widening(changes []Change, purpose string) []string {
	var words []string
	for _, c := range changes {
		if slices.ContainsFunc(c.extents, func(e extent) bool { return e.purpose == purpose }) {
			words = append(words, c.What)
		}
	}
	return words
}

// Lapse is what of a purpose a consent to an earlier version does not cover.
type Lapse struct {
	Purpose    PurposeIndex
	whole      bool
	categories []CategoryIndex
}

// Lapses are what consents to one earlier version do not cover. They are
// immutable.
type Lapses struct{ of []Lapse }

// Since returns what consents that were given under an earlier version do not
// cover under this one. Of a version that is not known nothing is covered.
func (c *Compiled) Since(old *Policy) *Lapses {
	l := &Lapses{of: make([]Lapse, c.purposes)}
	for i := range l.of {
		l.of[i] = Lapse{Purpose: PurposeIndex(i), whole: old == nil}
	}
	if old == nil {
		return l
	}
	for _, change := range Diff(old, c.policy) {
		for _, e := range change.extents {
			p, ok := c.purposeAt[e.purpose]
			if !ok {
				continue
			}
			l.of[p].whole = l.of[p].whole || e.whole
			for _, id := range e.categories {
				if k, ok := c.categoryAt[id]; ok {
					l.of[p].categories = append(l.of[p].categories, k)
				}
			}
		}
	}
	return l
}

// Of returns what a consent to a purpose does not cover, and whether there is
// any such thing.
func (l *Lapses) Of(p PurposeIndex) (Lapse, bool) {
	if int(p) >= len(l.of) {
		return Lapse{Purpose: p, whole: true}, true
	}
	x := l.of[p]
	return x, x.whole || len(x.categories) > 0
}

// Agreed reports whether consent to a purpose stands and covers it as it is
// now, but for categories that it may not reach.
func (s *Standing) Agreed(p PurposeIndex) bool {
	return s.Consents.Has(p) && !slices.ContainsFunc(s.Lapsed, func(l Lapse) bool { return l.Purpose == p && l.whole })
}

// Covers reports whether consent to a purpose stands and covers the use of a
// category.
func (s *Standing) Covers(k CategoryIndex, p PurposeIndex) bool {
	if !s.Consents.Has(p) {
		return false
	}
	for i := range s.Lapsed {
		if l := &s.Lapsed[i]; l.Purpose == p && (l.whole || slices.Contains(l.categories, k)) {
			return false
		}
	}
	return true
}
