package policy

import (
	"fmt"
	"slices"
	"time"
)

// Change is one difference in meaning between two policies.
type Change struct {
	Kind      string   `json:"kind"` // stable: purpose.added, retention.longer ...
	ID        string   `json:"id"`   // of the thing that changed; of a use purpose/category, with more categories after commas
	What      string   `json:"what"` // a sentence for people, which calls things by their titles
	Tell      bool     `json:"tell"` // people must be told before it applies (UK GDPR Art 13(3), Art 12(1))
	AskAgain  bool     `json:"ask_again"`
	AskGroups []string `json:"ask_groups"` // cookie groups whose consent no longer covers what is done (Art 4(11), Art 7)

	extents []extent // of purposes, what an earlier consent does not cover
}

// Diff returns what changed in meaning from old to new, in the order of the
// policy file's sections. Wording alone (titles, descriptions, reasons) is no
// change of meaning. A change that takes something away from what the operator
// does need not be told; one that adds must be; one that widens what a person
// agreed to on their device must be asked again.
func Diff(old, new *Policy) []Change {
	d := &differ{old: old, new: new, joint: map[string]*joint{}}
	d.operator()
	d.settings()
	d.surfaces()
	d.actors()
	d.categories()
	d.purposes()
	d.recipients()
	d.groups()
	d.cookies()
	d.integrations()
	d.permissions()
	d.forms()
	d.rights()
	d.calling()
	d.decisions()
	return d.changes
}

// AskAgain returns the cookie groups that the changes want asked again, each
// once, in the order of the changes.
func AskAgain(changes []Change) []string {
	var groups []string
	for _, c := range changes {
		for _, g := range c.AskGroups {
			if !slices.Contains(groups, g) {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// MustTell reports whether any of the changes must be told to people.
func MustTell(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Tell })
}

type differ struct {
	old, new *Policy
	changes  []Change
	joint    map[string]*joint // by kind, purpose and words
}

// note records a change that need not be told.
func (d *differ) note(kind, id, format string, args ...any) *Change {
	d.changes = append(d.changes, Change{Kind: kind, ID: id, What: stopped(fmt.Sprintf(format, args...))})
	return &d.changes[len(d.changes)-1]
}

// tell records a change that people must be told of.
func (d *differ) tell(kind, id, format string, args ...any) *Change {
	c := d.note(kind, id, format, args...)
	c.Tell = true
	return c
}

// ask adds those of the groups that need consent in the new policy.
func (d *differ) ask(c *Change, groups ...string) {
	for _, id := range groups {
		if g, ok := d.new.GroupByID(id); ok && g.Consent && !slices.Contains(c.AskGroups, id) {
			c.AskGroups = append(c.AskGroups, id)
		}
	}
	c.AskAgain = len(c.AskGroups) > 0
}

// groupsOf are the cookie groups that carry a purpose.
func (d *differ) groupsOf(purpose string) []string {
	var groups []string
	for _, g := range d.new.CookieGroups {
		if g.Purpose == purpose {
			groups = append(groups, g.ID)
		}
	}
	return groups
}

// matched pairs the things of two lists by id: those gone, then those new and
// those in both, in the new order.
func matched[T any](old, new []T, id func(*T) string, gone, added func(*T), both func(a, b *T)) {
	was := map[string]*T{}
	for i := range old {
		was[id(&old[i])] = &old[i]
	}
	is := map[string]bool{}
	for i := range new {
		is[id(&new[i])] = true
	}
	for i := range old {
		if !is[id(&old[i])] {
			gone(&old[i])
		}
	}
	for i := range new {
		if a, ok := was[id(&new[i])]; ok {
			both(a, &new[i])
		} else {
			added(&new[i])
		}
	}
}

// fresh returns what stands in b and not in a.
func fresh[T comparable](a, b []T) []T {
	var out []T
	for _, s := range b {
		if !slices.Contains(a, s) {
			out = append(out, s)
		}
	}
	return out
}

// compare orders two periods by their length from one fixed day, so that P1Y
// and P12M are equal.
func (p Period) compare(q Period) int {
	start := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	return p.From(start).Compare(q.From(start))
}
