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
		if k, ok := c.policy.CategoryByID(d.Category); ok && !reads(f.Text+" "+f.Label, k.Reason) {
			c.found.add(p, KindFieldReason, name, "no reason beside the field "+name, "the reason: "+strings.TrimRight(k.Reason, "."))
		}
		c.optional(p, f, d, name)
	}
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

// declaredField finds the field in a form declared for the page, or for the
// page that its form is sent to: one form can be shown in several places.
func (c *comparison) declaredField(f field, p *visit) (*policy.Field, bool) {
	type place struct{ surface, path string }
	var places []place
	for _, address := range []string{p.URL, f.Action} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			continue
		}
		if s, ours := c.site.surfaceOf(u); ours {
			places = append(places, place{s.ID, u.Path})
		}
	}
	for i := range c.policy.Forms {
		form := &c.policy.Forms[i]
		if !slices.ContainsFunc(places, func(at place) bool { return at.surface == form.Surface && pathCovers(form.Path, at.path) }) {
			continue
		}
		if d, ok := form.FieldNamed(f.Name); ok && f.Name != "" {
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
