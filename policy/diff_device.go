package policy

import (
	"slices"
	"strings"
)

func (d *differ) recipients() {
	matched(d.old.Recipients, d.new.Recipients, func(r *Recipient) string { return r.ID },
		func(r *Recipient) { d.note("recipient.removed", r.ID, "Data no longer goes to %s", quoted(r.Name)) },
		func(r *Recipient) {
			c := d.tell("recipient.added", r.ID, "Data now also goes to %s, in %s", quoted(r.Name), placed(r.Region))
			d.ask(c, d.groupsTo(r.ID)...)
		},
		func(a, b *Recipient) {
			if more := fresh(a.Categories, b.Categories); len(more) > 0 {
				c := d.tell("recipient.category-added", b.ID, "%s now also receives %s", quoted(b.Name), d.all("category", more))
				d.ask(c, d.groupsTo(b.ID)...)
				d.widensTo(c, b.ID, more...)
			}
			if less := fresh(b.Categories, a.Categories); len(less) > 0 {
				d.note("recipient.category-removed", b.ID, "%s no longer receives %s", quoted(b.Name), d.all("category", less))
			}
			if a.Region != b.Region {
				c := d.tell("recipient.region", b.ID, "%s now keeps data in %s (before: in %s)", quoted(b.Name), placed(b.Region), placed(a.Region))
				if a.Region.Near() && !b.Region.Near() {
					d.ask(c, d.groupsTo(b.ID)...)
					d.widensTo(c, b.ID)
				}
			}
			if a.Safeguard != b.Safeguard {
				d.tell("recipient.safeguard", b.ID, "What protects the data that %s receives is now another: %s", quoted(b.Name), b.SafeguardWords())
			}
			if a.Name != b.Name {
				c := d.tell("recipient.name", b.ID, "Instead of %s, %s now receives data", quoted(a.Name), quoted(b.Name))
				d.ask(c, d.groupsTo(b.ID)...)
				d.widensTo(c, b.ID)
			}
			if a.Several != b.Several {
				d.note("recipient.several", b.ID, "Whether %s means one firm or several changed", quoted(b.Name))
			}
			if a.Role != b.Role {
				c := d.tell("recipient.role", b.ID, "%s now %s (before: it %s)", quoted(b.Name), worded(roles, b.Role), worded(roles, a.Role))
				d.ask(c, d.groupsTo(b.ID)...)
				d.widensTo(c, b.ID)
			}
		})
}

// groupsTo are the cookie groups through which a recipient learns something.
func (d *differ) groupsTo(recipient string) []string {
	var groups []string
	for _, c := range d.new.Cookies {
		if c.Recipient == recipient {
			groups = append(groups, c.Group)
		}
	}
	for _, in := range d.new.Integrations {
		if in.Recipient == recipient {
			groups = append(groups, in.Group)
		}
	}
	for _, q := range d.new.Purposes {
		if slices.Contains(q.Recipients, recipient) {
			groups = append(groups, d.groupsOf(q.ID)...)
		}
	}
	return groups
}

func (d *differ) groups() {
	matched(d.old.CookieGroups, d.new.CookieGroups, func(g *CookieGroup) string { return g.ID },
		func(g *CookieGroup) {
			d.note("group.removed", g.ID, "%s is no longer used on your device", quoted(g.Title))
		},
		func(g *CookieGroup) {
			d.ask(d.tell("group.added", g.ID, "%s is new on your device", quoted(g.Title)), g.ID)
		},
		func(a, b *CookieGroup) {
			switch {
			case a.Consent && !b.Consent:
				d.tell("group.exempted", b.ID, "%s no longer asks for your consent, because the law allows it without (%s)", quoted(b.Title), spaced(b.Exemption))
			case !a.Consent && b.Consent:
				d.ask(d.tell("group.consent", b.ID, "%s now asks for your consent", quoted(b.Title)), b.ID)
			case a.Exemption != b.Exemption:
				d.tell("group.exemption", b.ID, "The reason why %s needs no consent is now: %s (before: %s)", quoted(b.Title), spaced(b.Exemption), spaced(a.Exemption))
			}
			if a.Purpose != b.Purpose {
				d.ask(d.tell("group.purpose", b.ID, "%s now serves %s (before: %s)", quoted(b.Title), d.named("purpose", b.Purpose), d.named("purpose", a.Purpose)), b.ID)
			}
		})
}

func (d *differ) cookies() {
	matched(d.old.Cookies, d.new.Cookies, func(c *Cookie) string { return c.ID },
		func(c *Cookie) { d.note("cookie.removed", c.ID, "%s is no longer set", d.cookie(c)) },
		func(c *Cookie) {
			d.ask(d.tell("cookie.added", c.ID, "%s is new", d.cookie(c)), c.Group)
		},
		func(a, b *Cookie) {
			wider := func(kind, format string, args ...any) {
				d.ask(d.tell(kind, b.ID, "%s "+format, append([]any{d.cookie(b)}, args...)...), b.Group)
			}
			if a.Name != b.Name || a.Storage != b.Storage {
				wider("cookie.name", "takes the place of %s", a.Name)
			}
			if a.Group != b.Group {
				wider("cookie.group", "was among %s before", d.named("group", a.Group))
			}
			if a.Party != b.Party || a.Recipient != b.Recipient {
				wider("cookie.party", "is now read by somebody else")
			}
			switch n := b.Lifetime.compare(a.Lifetime); {
			case n > 0:
				wider("cookie.longer", "is kept %s instead of %s", life(b), strings.TrimPrefix(life(a), "for "))
			case n < 0:
				d.note("cookie.shorter", b.ID, "%s is kept %s instead of %s", d.cookie(b), life(b), strings.TrimPrefix(life(a), "for "))
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				wider("cookie.surface-added", "is now also set on %s", d.all("surface", more))
			}
			if less := fresh(b.Surfaces, a.Surfaces); len(less) > 0 {
				d.note("cookie.surface-removed", b.ID, "%s is no longer set on %s", d.cookie(b), d.all("surface", less))
			}
			switch {
			case a.Scope != "parent" && b.Scope == "parent":
				wider("cookie.scope", "is now sent to all our sites")
			case a.Scope != b.Scope:
				d.note("cookie.narrower", b.ID, "%s is now sent to one of our sites only", d.cookie(b))
			}
			switch {
			case a.Historical && !b.Historical:
				wider("cookie.revived", "is now really set; before, it was only named")
			case !a.Historical && b.Historical:
				d.note("cookie.historical", b.ID, "%s is only named and no longer set", d.cookie(b))
			}
			if a.SameSite != "none" && b.SameSite == "none" {
				wider("cookie.cross-site", "is now also sent when another site loads something of ours")
			}
			if a.HTTPOnly != b.HTTPOnly || a.Secure != b.Secure || a.SameSite != b.SameSite || a.SetBy != b.SetBy || a.Role != b.Role {
				d.note("cookie.attributes", b.ID, "%s is protected or set in another way", d.cookie(b))
			}
		})
}

// life says how long something stays on a device. Storage other than cookies
// has no end of its own.
func life(c *Cookie) string {
	switch {
	case !c.Lifetime.IsZero():
		return "for " + c.Lifetime.Words()
	case c.Storage == "cookie" || c.Storage == "session-storage":
		return "until you close the browser"
	}
	return "until you or we delete it"
}

// spaced reads an id of a closed set as words.
func spaced(id string) string { return strings.ReplaceAll(id, "-", " ") }

func (d *differ) integrations() {
	matched(d.old.Integrations, d.new.Integrations, func(in *Integration) string { return in.ID },
		func(in *Integration) {
			d.note("integration.removed", in.ID, "Our pages no longer load %s", d.content(in))
		},
		func(in *Integration) {
			d.ask(d.tell("integration.added", in.ID, "Our pages now also load %s", d.content(in)), in.Group)
		},
		func(a, b *Integration) {
			if a.Recipient != b.Recipient || a.Script != b.Script || a.Account != b.Account || a.Kind != b.Kind || a.Group != b.Group {
				d.ask(d.tell("integration.changed", b.ID, "Our pages now load other %s", d.content(b)), b.Group)
			}
			if less := fresh(b.Surfaces, a.Surfaces); len(less) > 0 {
				d.note("integration.surface-removed", b.ID, "%s no longer loads %s", d.all("surface", less), d.content(b))
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				d.ask(d.tell("integration.surface-added", b.ID, "%s now also loads %s", d.all("surface", more), d.content(b)), b.Group)
			}
			more, less := reached(a, b), reached(b, a)
			if len(less) > 0 {
				d.note("integration.source-removed", b.ID, "Our pages no longer reach %s for %s", listed(less), d.content(b))
			}
			if len(more) > 0 {
				d.ask(d.tell("integration.source-added", b.ID, "Our pages now also reach %s for %s", listed(more), d.content(b)), b.Group)
			}
		})
}

// reached are the sources that b reaches and a does not.
func reached(a, b *Integration) []string {
	var more []string
	for _, directive := range sortedKeys(b.Sources) {
		more = append(more, fresh(a.Sources[directive], b.Sources[directive])...)
	}
	return slices.Compact(more)
}

func (d *differ) permissions() {
	matched(d.old.Permissions, d.new.Permissions, func(q *Permission) string { return q.ID },
		func(q *Permission) {
			d.note("permission.removed", q.ID, "We no longer ask your device for %s", quoted(q.Title))
		},
		func(q *Permission) {
			d.tell("permission.added", q.ID, "We may now ask your device for %s", quoted(q.Title))
		},
		func(a, b *Permission) {
			if more := fresh(a.Features, b.Features); len(more) > 0 {
				d.tell("permission.wider", b.ID, "%s on your device now covers more: %s", quoted(b.Title), spaced(listed(more)))
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				d.tell("permission.surface-added", b.ID, "We may now also ask your device for %s on %s", quoted(b.Title), d.all("surface", more))
			}
			if more := fresh(a.Categories, b.Categories); len(more) > 0 {
				d.tell("permission.category-added", b.ID, "%s on your device now also gives us %s", quoted(b.Title), d.all("category", more))
			}
			if len(fresh(b.Features, a.Features))+len(fresh(b.Surfaces, a.Surfaces))+len(fresh(b.Categories, a.Categories)) > 0 {
				d.note("permission.narrower", b.ID, "%s on your device gives us less than before", quoted(b.Title))
			}
			switch {
			case a.Required == b.Required:
			case b.Required == "mandatory":
				d.tell("permission.mandatory", b.ID, "%s on your device is now needed", quoted(b.Title))
			default:
				d.note("permission.optional", b.ID, "%s on your device is no longer needed", quoted(b.Title))
			}
		})
}

func (d *differ) forms() {
	matched(d.old.Forms, d.new.Forms, func(f *Form) string { return f.ID },
		func(f *Form) { d.note("form.removed", f.ID, "The form %s is gone", quoted(f.Title)) },
		func(f *Form) { d.note("form.added", f.ID, "The form %s is new", quoted(f.Title)) },
		func(a, b *Form) {
			if a.Purpose != b.Purpose {
				d.tell("form.purpose", b.ID, "What the form %s asks for is now used for %s (before: for %s)", quoted(b.Title), d.named("purpose", b.Purpose), d.named("purpose", a.Purpose))
			}
			if more := fresh(a.asks(), b.asks()); len(more) > 0 {
				d.note("form.field-added", b.ID, "The form %s now also asks for %s", quoted(b.Title), d.all("category", more))
			}
			if less := fresh(b.asks(), a.asks()); len(less) > 0 {
				d.note("form.field-removed", b.ID, "The form %s no longer asks for %s", quoted(b.Title), d.all("category", less))
			}
			if !slices.Equal(a.Surfaces, b.Surfaces) || a.Path != b.Path {
				d.note("form.moved", b.ID, "The form %s is now at %s on %s", quoted(b.Title), b.Path, d.all("surface", b.Surfaces))
			}
			d.fields(a, b)
		})
}

// asks are the categories that a form asks for.
func (f *Form) asks() (all []string) {
	for _, q := range f.Fields {
		if q.Category != "" {
			all = append(all, q.Category)
		}
	}
	return all
}

// fields compares what must be given and what can be chosen (Art 13(2)(e)).
func (d *differ) fields(a, b *Form) {
	matched(a.Fields, b.Fields, func(f *Field) string { return f.Name },
		func(f *Field) {
			d.note("field.removed", b.ID, "The form %s has no field %s any more", quoted(b.Title), f.called())
		},
		func(f *Field) {
			d.note("field.added", b.ID, "The form %s has the new field %s", quoted(b.Title), f.called())
		},
		func(x, y *Field) {
			switch {
			case x.Optional && !y.Optional:
				d.tell("field.mandatory", b.ID, "The field %s of the form %s must now be filled in", y.called(), quoted(b.Title))
			case !x.Optional && y.Optional:
				d.note("field.optional", b.ID, "The field %s of the form %s may now be left empty", y.called(), quoted(b.Title))
			}
			same := slices.EqualFunc(x.Options, y.Options, func(o, p Option) bool { return o.Value == p.Value })
			if x.Category != y.Category || x.Control != y.Control || !same {
				d.note("field.changed", b.ID, "The field %s of the form %s asks for something else", y.called(), quoted(b.Title))
			}
		})
}

// called is what people see a field called; one that they do not see has only
// its name.
func (f *Field) called() string {
	if f.Label == "" {
		return quoted(f.Name)
	}
	return quoted(f.Label)
}
