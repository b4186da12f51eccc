package audit

import (
	"net/url"
	"slices"
	"strings"

	"candour/policy"
)

// fields compares what can be filled in with the declared forms (R7).
func (c *comparison) fields(p *visit) {
	for _, f := range p.content.Fields {
		name := f.Name
		if name == "" {
			name = f.Tag + " without a name"
		}
		d, ok := c.declaredField(f, p)
		if !ok {
			c.found.add(p, KindFieldUndeclared, name, "the field "+name+kindOf(f), c.fieldElsewhere(f.Name))
			continue
		}
		if f.Checked && c.needsConsent(d) && p.State != Accepted {
			c.found.add(p, KindFieldTicked, name, "the box "+name+" is ticked", "consent, which nobody gives by a box that is ticked already")
		}
		if d.Category == "" || f.Hidden {
			continue
		}
		if reason := c.reason(d); !reads(f.Text+" "+f.Label, reason) {
			c.found.add(p, KindFieldReason, name, "no reason beside the field "+name, "the reason: "+strings.TrimRight(reason, "."))
		}
		c.optional(p, f, d, name)
	}
}

// reason is why a form asks: its own words, or else the category's.
func (c *comparison) reason(d *policy.Field) string {
	if k, ok := c.policy.CategoryByID(d.Category); ok && d.Reason == "" {
		return k.Reason
	}
	return d.Reason
}

// optional compares the mark of what may be left empty. The word is known for
// English only.
func (c *comparison) optional(p *visit, f field, d *policy.Field, name string) {
	if !d.Optional {
		return
	}
	if f.Required {
		c.found.add(p, KindFieldOptional, name, "the field "+name+" must be filled in", "that it is optional")
	}
	if strings.HasPrefix(c.policy.Language, "en") && !strings.Contains(strings.ToLower(f.Label), "optional") {
		c.found.add(p, KindFieldOptional, name, "the field "+name+" is not marked as optional", "that it is optional")
	}
}

func kindOf(f field) string {
	switch {
	case f.Type == "hidden":
		return " (hidden)"
	case f.Hidden:
		return " (out of sight)"
	case f.Tag == "input":
		return " (" + f.Type + ")"
	}
	return " (" + f.Tag + ")"
}

// place is a path on a surface.
type place struct{ surface, path string }

// placeOf returns where an address is, and whether it is on a surface.
func (c *comparison) placeOf(address string) (place, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return place{}, false
	}
	s, ours := c.site.surfaceOf(u)
	if !ours {
		return place{}, false
	}
	return place{s.ID, u.Path}, true
}

// learn notes where the declared forms are sent, from the pages that they are
// declared for. A cookie choice is declared for the cookie page and shown in
// the consent message of every other.
func (c *comparison) learn(pages []*visit) {
	for _, p := range pages {
		at, ours := c.placeOf(p.URL)
		if !ours {
			continue
		}
		for _, f := range p.content.Fields {
			to, ours := c.placeOf(f.Action)
			for i := range c.policy.Forms {
				form := &c.policy.Forms[i]
				if _, has := form.FieldNamed(f.Name); ours && has && shownAt(form, at) && !slices.Contains(c.sent[form.ID], to) {
					c.sent[form.ID] = append(c.sent[form.ID], to)
				}
			}
		}
	}
}

func shownAt(form *policy.Form, at place) bool {
	covers := func(path string) bool { return pathCovers(path, at.path) }
	return slices.Contains(form.Surfaces, at.surface) && (covers(form.Path) || slices.ContainsFunc(form.Also, covers))
}

// declaredField finds the field in a form that is declared for the page, or in
// one that is declared for another and sent to the same place from here.
func (c *comparison) declaredField(f field, p *visit) (*policy.Field, bool) {
	at, onSurface := c.placeOf(p.URL)
	to, sentHome := c.placeOf(f.Action)
	for i := range c.policy.Forms {
		form := &c.policy.Forms[i]
		d, has := form.FieldNamed(f.Name)
		if !has || f.Name == "" {
			continue
		}
		here := onSurface && shownAt(form, at)
		same := sentHome && (shownAt(form, to) || slices.Contains(c.sent[form.ID], to))
		if here || same {
			return d, true
		}
	}
	return nil, false
}

// pathCovers compares a declared path, in which {name} stands for one segment,
// with a path that was seen.
func pathCovers(declared, seen string) bool {
	d, s := strings.Split(strings.Trim(declared, "/"), "/"), strings.Split(strings.Trim(seen, "/"), "/")
	if len(d) != len(s) {
		return false
	}
	for i := range d {
		if d[i] != s[i] && !(strings.HasPrefix(d[i], "{") && strings.HasSuffix(d[i], "}") && s[i] != "") {
			return false
		}
	}
	return true
}

// needsConsent reports whether a control stands for a cookie group that needs
// consent. Its name is the group's.
func (c *comparison) needsConsent(d *policy.Field) bool {
	g, ok := c.policy.GroupByID(d.Name)
	return ok && g.Consent && d.Control == "consent"
}

func (c *comparison) fieldElsewhere(name string) string {
	var in []string
	for _, form := range c.policy.Forms {
		if _, ok := form.FieldNamed(name); ok && name != "" {
			in = append(in, form.ID)
		}
	}
	if len(in) == 0 {
		return "no such field"
	}
	return "it for the form " + strings.Join(in, ", ") + " only"
}

// reads reports whether words can be read in a text, whatever its spacing,
// letter case and quotation marks.
func reads(text, words string) bool {
	return strings.Contains(plain(text), strings.TrimRight(plain(words), "."))
}

var quotes = strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`, "\u00a0", " ", "–", "-", "—", "-", "\u00ad", "")

func plain(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(quotes.Replace(s))), " ")
}
