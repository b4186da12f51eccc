package policy

import (
	"slices"
	"strings"
)

// What a change says is read by people who know no ids: things are called by
// their declared titles, in quotes. A thing that is gone has the title of the
// old policy, any other that of the new one.

// named is the title of the thing of a kind with an id, in quotes. What has no
// title keeps its id, so that a change never goes unnamed.
func (d *differ) named(kind, id string) string {
	for _, p := range []*Policy{d.new, d.old} {
		if title := p.titleOf(kind, id); title != "" {
			return quoted(title)
		}
	}
	return quoted(id)
}

func (p *Policy) titleOf(kind, id string) string {
	switch kind {
	case "surface":
		if s, ok := p.SurfaceByID(id); ok {
			return s.Title
		}
	case "category":
		if c, ok := p.CategoryByID(id); ok {
			return c.Title
		}
	case "purpose":
		if q, ok := p.PurposeByID(id); ok {
			return q.Title
		}
	case "recipient":
		if r, ok := p.RecipientByID(id); ok {
			return r.Name
		}
	case "group":
		if g, ok := p.GroupByID(id); ok {
			return g.Title
		}
	}
	return ""
}

// all names several things of a kind.
func (d *differ) all(kind string, ids []string) string {
	var names []string
	for _, id := range ids {
		names = append(names, d.named(kind, id))
	}
	return listed(names)
}

// cookie names a cookie, which people know by its real name, and the group
// they decide on.
func (d *differ) cookie(c *Cookie) string {
	what := "The cookie "
	if c.Storage != "cookie" {
		what = "The entry in your browser’s storage "
	}
	return what + c.Name + " (" + d.named("group", c.Group) + ")"
}

// content names what an integration loads by whose it is and its group.
func (d *differ) content(in *Integration) string {
	return "content of " + d.named("recipient", in.Recipient) + " (" + d.named("group", in.Group) + ")"
}

func quoted(s string) string { return "“" + s + "”" }

// listed joins names as people do: a, b and c.
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// placed names regions within a sentence.
func placed(r Region) string {
	if slices.Contains([]Region{"EEA", "GB", "US"}, r) {
		return "the " + r.Words()
	}
	return r.Words()
}

// stopped ends a text with a full stop if nothing ends it.
func stopped(s string) string {
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// orNone says nothing in a word.
func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

var kindsOfData = map[string]string{
	"ordinary": "ordinary data", "special": "specially protected data", "traffic": "traffic data of calls", "location": "location data",
}

var kindsOfActor = map[string]string{
	"person": "somebody who acts for themselves", "partner": "a firm that works with us", "staff": "our staff", "software": "the software",
}

var sources = map[string]string{
	"given": "you give it to us", "observed": "we see it in use", "derived": "we work it out", "third-party": "others give it to us",
}

var marketings = map[string]string{
	"": "no marketing", "opt-in": "marketing that you opt in to", "soft-opt-in": "marketing that you may say no to",
}

var grounds = map[string]string{
	"claims": "legal claims", "rights-of-others": "the rights of others", "public-interest": "an important public interest",
}

// worded is the words for a declared value, or the value.
func worded(words map[string]string, value string) string {
	if w, ok := words[value]; ok {
		return w
	}
	return quoted(value)
}
