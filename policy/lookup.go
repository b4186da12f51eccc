package policy

import (
	"slices"
	"strings"
)

// find returns the element with the id, and whether there is one. Lists are
// short (tens of things), so a walk beats a map that would have to be kept.
func find[T any](list []T, is func(*T) bool) (*T, bool) {
	for i := range list {
		if is(&list[i]) {
			return &list[i], true
		}
	}
	return nil, false
}

// SurfaceByID returns a declared surface.
func (p *Policy) SurfaceByID(id string) (*Surface, bool) {
	return find(p.Surfaces, func(s *Surface) bool { return s.ID == id })
}

// ActorByID returns a declared actor.
func (p *Policy) ActorByID(id string) (*Actor, bool) {
	return find(p.Actors, func(a *Actor) bool { return a.ID == id })
}

// CategoryByID returns a declared category.
func (p *Policy) CategoryByID(id string) (*Category, bool) {
	return find(p.Categories, func(c *Category) bool { return c.ID == id })
}

// PurposeByID returns a declared purpose.
func (p *Policy) PurposeByID(id string) (*Purpose, bool) {
	return find(p.Purposes, func(q *Purpose) bool { return q.ID == id })
}

// RetentionByID returns a declared retention class.
func (p *Policy) RetentionByID(id string) (*Retention, bool) {
	return find(p.Retention, func(r *Retention) bool { return r.ID == id })
}

// RecipientByID returns a declared recipient.
func (p *Policy) RecipientByID(id string) (*Recipient, bool) {
	return find(p.Recipients, func(r *Recipient) bool { return r.ID == id })
}

// GroupByID returns a declared cookie group.
func (p *Policy) GroupByID(id string) (*CookieGroup, bool) {
	return find(p.CookieGroups, func(g *CookieGroup) bool { return g.ID == id })
}

// CookieByID returns a declared cookie.
func (p *Policy) CookieByID(id string) (*Cookie, bool) {
	return find(p.Cookies, func(c *Cookie) bool { return c.ID == id })
}

// CookieByRole returns the cookie that plays a role of the software on a
// surface: session, antiforgery, signin, consent or statistics.
func (p *Policy) CookieByRole(role, surface string) (*Cookie, bool) {
	return find(p.Cookies, func(c *Cookie) bool {
		return role != "" && c.Role == role && slices.Contains(c.Surfaces, surface)
	})
}

// CookieNamed returns the cookie that declares a name on a surface, exactly
// or, failing that, by a pattern with a trailing star.
func (p *Policy) CookieNamed(name, surface string) (*Cookie, bool) {
	on := func(c *Cookie) bool { return slices.Contains(c.Surfaces, surface) }
	if c, ok := find(p.Cookies, func(c *Cookie) bool { return c.Name == name && on(c) }); ok {
		return c, ok
	}
	return find(p.Cookies, func(c *Cookie) bool { return c.Matches(name) && on(c) })
}

// Matches reports whether the declaration covers a cookie of this name.
func (c *Cookie) Matches(name string) bool {
	if prefix, ok := strings.CutSuffix(c.Name, "*"); ok {
		return len(name) > len(prefix) && strings.HasPrefix(name, prefix)
	}
	return c.Name == name
}

// PermissionByID returns a declared permission.
func (p *Policy) PermissionByID(id string) (*Permission, bool) {
	return find(p.Permissions, func(q *Permission) bool { return q.ID == id })
}

// FormByID returns a declared form.
func (p *Policy) FormByID(id string) (*Form, bool) {
	return find(p.Forms, func(f *Form) bool { return f.ID == id })
}

// FieldNamed returns a form's field.
func (f *Form) FieldNamed(name string) (*Field, bool) {
	return find(f.Fields, func(q *Field) bool { return q.Name == name })
}

// RightByID returns a declared right.
func (p *Policy) RightByID(id string) (*Right, bool) {
	return find(p.Rights, func(r *Right) bool { return r.ID == id })
}

// TermByID returns a declared term.
func (p *Policy) TermByID(id string) (*Term, bool) {
	return find(p.Terms, func(t *Term) bool { return t.ID == id })
}

// ConsentGroups are the cookie groups that need a choice, of all surfaces.
func (p *Policy) ConsentGroups() []CookieGroup {
	return slices.DeleteFunc(slices.Clone(p.CookieGroups), func(g CookieGroup) bool { return !g.Consent })
}
