package policy

import (
	"slices"
	"strings"
)

func (d *differ) recipients() {
	matched(d.old.Recipients, d.new.Recipients, func(r *Recipient) string { return r.ID },
		func(r *Recipient) { d.note("recipient.removed", r.ID, "recipient %s is gone", r.ID) },
		func(r *Recipient) {
			c := d.tell("recipient.added", r.ID, "recipient %s is new: %s, %s", r.ID, r.Name, r.Region)
			d.ask(c, d.groupsTo(r.ID)...)
		},
		func(a, b *Recipient) {
			if more := fresh(a.Categories, b.Categories); len(more) > 0 {
				c := d.tell("recipient.category-added", b.ID, "recipient %s now also receives %s", b.ID, strings.Join(more, ", "))
				d.ask(c, d.groupsTo(b.ID)...)
			}
			if less := fresh(b.Categories, a.Categories); len(less) > 0 {
				d.note("recipient.category-removed", b.ID, "recipient %s no longer receives %s", b.ID, strings.Join(less, ", "))
			}
			if a.Region != b.Region {
				c := d.tell("recipient.region", b.ID, "recipient %s is now in %s (was %s)", b.ID, b.Region, a.Region)
				if a.Region.Near() && !b.Region.Near() {
					d.ask(c, d.groupsTo(b.ID)...)
				}
			}
			if a.Safeguard != b.Safeguard {
				d.tell("recipient.safeguard", b.ID, "the safeguard of recipient %s is now %s (was %s)", b.ID, b.Safeguard, a.Safeguard)
			}
			if a.Name != b.Name {
				c := d.tell("recipient.name", b.ID, "recipient %s is now %s (was %s)", b.ID, b.Name, a.Name)
				d.ask(c, d.groupsTo(b.ID)...)
			}
			if a.Several != b.Several {
				d.note("recipient.several", b.ID, "whether recipient %s stands for one or for several changed", b.ID)
			}
			if a.Role != b.Role {
				c := d.tell("recipient.role", b.ID, "recipient %s is now %s (was %s)", b.ID, b.Role, a.Role)
				d.ask(c, d.groupsTo(b.ID)...)
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
		func(g *CookieGroup) { d.note("group.removed", g.ID, "cookie group %s is gone", g.ID) },
		func(g *CookieGroup) {
			d.ask(d.tell("group.added", g.ID, "cookie group %s is new", g.ID), g.ID)
		},
		func(a, b *CookieGroup) {
			switch {
			case a.Consent && !b.Consent:
				d.tell("group.exempted", b.ID, "cookie group %s no longer asks for consent (%s)", b.ID, b.Exemption)
			case !a.Consent && b.Consent:
				d.ask(d.tell("group.consent", b.ID, "cookie group %s now asks for consent", b.ID), b.ID)
			case a.Exemption != b.Exemption:
				d.tell("group.exemption", b.ID, "cookie group %s is now exempt for %s (was %s)", b.ID, b.Exemption, a.Exemption)
			}
			if a.Purpose != b.Purpose {
				d.ask(d.tell("group.purpose", b.ID, "cookie group %s now serves %s (was %s)", b.ID, b.Purpose, a.Purpose), b.ID)
			}
		})
}

func (d *differ) cookies() {
	matched(d.old.Cookies, d.new.Cookies, func(c *Cookie) string { return c.ID },
		func(c *Cookie) { d.note("cookie.removed", c.ID, "cookie %s is no longer set", c.Name) },
		func(c *Cookie) {
			d.ask(d.tell("cookie.added", c.ID, "cookie %s is new", c.Name), c.Group)
		},
		func(a, b *Cookie) {
			wider := func(kind, format string, args ...any) {
				d.ask(d.tell(kind, b.ID, "cookie "+b.Name+" "+format, args...), b.Group)
			}
			if a.Name != b.Name || a.Storage != b.Storage {
				wider("cookie.name", "takes the place of %s (%s, was %s)", a.Name, b.Storage, a.Storage)
			}
			if a.Group != b.Group {
				wider("cookie.group", "is now in group %s (was %s)", b.Group, a.Group)
			}
			if a.Party != b.Party || a.Recipient != b.Recipient {
				wider("cookie.party", "is now read by another party")
			}
			switch n := b.Lifetime.compare(a.Lifetime); {
			case n > 0:
				wider("cookie.longer", "now lives for %s (was %s)", life(b.Lifetime), life(a.Lifetime))
			case n < 0:
				d.note("cookie.shorter", b.ID, "cookie %s now lives for %s (was %s)", b.Name, life(b.Lifetime), life(a.Lifetime))
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				wider("cookie.surface-added", "is now also set on %s", strings.Join(more, ", "))
			}
			if less := fresh(b.Surfaces, a.Surfaces); len(less) > 0 {
				d.note("cookie.surface-removed", b.ID, "cookie %s is no longer set on %s", b.Name, strings.Join(less, ", "))
			}
			switch {
			case a.Scope != "parent" && b.Scope == "parent":
				wider("cookie.scope", "is now sent to all surfaces")
			case a.Scope != b.Scope:
				d.note("cookie.narrower", b.ID, "cookie %s is now sent to one surface only", b.Name)
			}
			switch {
			case a.Historical && !b.Historical:
				wider("cookie.revived", "is now really set: it was only named")
			case !a.Historical && b.Historical:
				d.note("cookie.historical", b.ID, "cookie %s is only named and no longer set", b.Name)
			}
			if a.SameSite != "none" && b.SameSite == "none" {
				wider("cookie.cross-site", "is now sent with requests from other sites")
			}
			if a.HTTPOnly != b.HTTPOnly || a.Secure != b.Secure || a.SameSite != b.SameSite || a.SetBy != b.SetBy || a.Role != b.Role {
				d.note("cookie.attributes", b.ID, "cookie %s has other attributes, another role, or is set by another", b.Name)
			}
		})
}

func life(p Period) string {
	if p.IsZero() {
		return "as long as the browser is open"
	}
	return p.Words()
}

func (d *differ) integrations() {
	matched(d.old.Integrations, d.new.Integrations, func(in *Integration) string { return in.ID },
		func(in *Integration) { d.note("integration.removed", in.ID, "integration %s is gone", in.ID) },
		func(in *Integration) {
			d.ask(d.tell("integration.added", in.ID, "integration %s is new", in.ID), in.Group)
		},
		func(a, b *Integration) {
			if a.Recipient != b.Recipient || a.Script != b.Script || a.Account != b.Account || a.Kind != b.Kind || a.Group != b.Group {
				d.ask(d.tell("integration.changed", b.ID, "integration %s loads something else", b.ID), b.Group)
			}
			if less := fresh(b.Surfaces, a.Surfaces); len(less) > 0 {
				d.note("integration.surface-removed", b.ID, "integration %s is no longer on %s", b.ID, strings.Join(less, ", "))
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				d.ask(d.tell("integration.surface-added", b.ID, "integration %s is now also on %s", b.ID, strings.Join(more, ", ")), b.Group)
			}
			more, less := reached(a, b), reached(b, a)
			if len(less) > 0 {
				d.note("integration.source-removed", b.ID, "integration %s no longer reaches %s", b.ID, strings.Join(less, ", "))
			}
			if len(more) > 0 {
				d.ask(d.tell("integration.source-added", b.ID, "integration %s now also reaches %s", b.ID, strings.Join(more, ", ")), b.Group)
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
		func(q *Permission) { d.note("permission.removed", q.ID, "permission %s is no longer asked", q.ID) },
		func(q *Permission) { d.tell("permission.added", q.ID, "permission %s is new: %s", q.ID, q.Title) },
		func(a, b *Permission) {
			if more := fresh(a.Features, b.Features); len(more) > 0 {
				d.tell("permission.wider", b.ID, "permission %s now also opens %s", b.ID, strings.Join(more, ", "))
			}
			if more := fresh(a.Surfaces, b.Surfaces); len(more) > 0 {
				d.tell("permission.surface-added", b.ID, "permission %s is now also asked on %s", b.ID, strings.Join(more, ", "))
			}
			if more := fresh(a.Categories, b.Categories); len(more) > 0 {
				d.tell("permission.category-added", b.ID, "permission %s now also reaches %s", b.ID, strings.Join(more, ", "))
			}
			if len(fresh(b.Features, a.Features))+len(fresh(b.Surfaces, a.Surfaces))+len(fresh(b.Categories, a.Categories)) > 0 {
				d.note("permission.narrower", b.ID, "permission %s reaches less than before", b.ID)
			}
			switch {
			case a.Required == b.Required:
			case b.Required == "mandatory":
				d.tell("permission.mandatory", b.ID, "permission %s is now mandatory", b.ID)
			default:
				d.note("permission.optional", b.ID, "permission %s is now %s", b.ID, b.Required)
			}
		})
}

func (d *differ) forms() {
	matched(d.old.Forms, d.new.Forms, func(f *Form) string { return f.ID },
		func(f *Form) { d.note("form.removed", f.ID, "form %s is gone", f.ID) },
		func(f *Form) { d.note("form.added", f.ID, "form %s is new", f.ID) },
		func(a, b *Form) {
			if a.Purpose != b.Purpose {
				d.tell("form.purpose", b.ID, "what form %s asks for is now used for %s (was %s)", b.ID, b.Purpose, a.Purpose)
			}
			if more := fresh(a.asks(), b.asks()); len(more) > 0 {
				d.note("form.field-added", b.ID, "form %s now also asks for %s", b.ID, strings.Join(more, ", "))
			}
			if less := fresh(b.asks(), a.asks()); len(less) > 0 {
				d.note("form.field-removed", b.ID, "form %s no longer asks for %s", b.ID, strings.Join(less, ", "))
			}
			if a.Surface != b.Surface || a.Path != b.Path {
				d.note("form.moved", b.ID, "form %s is now at %s on %s", b.ID, b.Path, b.Surface)
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
		func(f *Field) { d.note("field.removed", b.ID, "form %s has no field %s any more", b.ID, f.Name) },
		func(f *Field) { d.note("field.added", b.ID, "form %s has the new field %s", b.ID, f.Name) },
		func(x, y *Field) {
			switch {
			case x.Optional && !y.Optional:
				d.tell("field.mandatory", b.ID, "the field %s of form %s must now be filled in", y.Name, b.ID)
			case !x.Optional && y.Optional:
				d.note("field.optional", b.ID, "the field %s of form %s may now be left empty", y.Name, b.ID)
			}
			same := slices.EqualFunc(x.Options, y.Options, func(o, p Option) bool { return o.Value == p.Value })
			if x.Category != y.Category || x.Control != y.Control || !same {
				d.note("field.changed", b.ID, "the field %s of form %s asks for something else", y.Name, b.ID)
			}
		})
}
