package people

import (
	"slices"

	"candour/policy"
)

// Kind is who decides about a purpose, and how.
type Kind string

// The kinds of purposes, for a person.
const (
	ByConsent   Kind = "consent"    // only with a yes (UK GDPR Art 6(1)(a))
	ByObjection Kind = "objection"  // goes on until a no (Art 21(1) and (2); PECR 2003 regulation 22(3))
	OnRequest   Kind = "on-request" // a no is looked at by a person first (Art 21(1))
	Fixed       Kind = "fixed"      // contract or law: nothing to decide
)

// KindOf returns who decides about a purpose. A purpose that rests on several
// grounds is decided on for the part that can be.
func KindOf(q *policy.Purpose) Kind {
	has := map[policy.Basis]bool{}
	for _, u := range q.Uses {
		has[u.Basis] = true
	}
	switch {
	case has[policy.Consent]:
		return ByConsent
	case q.Marketing != "", has[policy.LegitimateInterest]:
		return ByObjection
	case has[policy.RecognisedInterest], has[policy.PublicTask]:
		return OnRequest // crime, emergencies, public tasks: rarely, and not by a button
	}
	return Fixed
}

// Place is where a purpose on consent is decided on.
type Place string

// The places.
const (
	InAccount Place = "account"
	InBrowser Place = "browser" // by each browser, about its cookies; the account can only say no
	InApp     Place = "app"     // when the app needs it; the account can only take it back
)

// PlaceOf returns where a purpose is decided on.
func PlaceOf(p *policy.Policy, q *policy.Purpose) Place {
	for _, g := range p.CookieGroups {
		if g.Purpose == q.ID && (g.Consent || g.Exemption == "statistical-purposes" || g.Exemption == "appearance") {
			return InBrowser
		}
	}
	if KindOf(q) != ByConsent {
		return InAccount
	}
	for _, u := range q.Uses {
		for _, id := range u.Categories {
			if u.Basis == policy.Consent && !appData(p, id) {
				return InAccount
			}
		}
	}
	return InApp
}

// appData reports whether a category is collected in an app alone, or by a
// permission that an app asks for.
func appData(p *policy.Policy, category string) bool {
	for _, q := range p.Permissions {
		if slices.Contains(q.Categories, category) {
			return true
		}
	}
	c, ok := p.CategoryByID(category)
	if !ok {
		return false
	}
	return !slices.ContainsFunc(c.Surfaces, func(id string) bool { return !isApp(p, id) })
}

func isApp(p *policy.Policy, surface string) bool {
	s, ok := p.SurfaceByID(surface)
	return ok && s.Kind == "app"
}

// Touching returns the purposes that may use data of people in a role, in the
// policy's order: those they act for themselves, and those that use what is
// collected where they sign in. Nobody can be told less than that.
func Touching(p *policy.Policy, actor string) []*policy.Purpose {
	who, ok := p.ActorByID(actor)
	if !ok {
		return nil
	}
	var list []*policy.Purpose
	for i := range p.Purposes {
		q := &p.Purposes[i]
		if slices.Contains(who.Purposes, q.ID) || slices.ContainsFunc(q.Uses, func(u policy.Use) bool { return collected(p, u, who.SignsIn) }) {
			list = append(list, q)
		}
	}
	return list
}

func collected(p *policy.Policy, u policy.Use, surfaces []string) bool {
	for _, id := range u.Categories {
		c, ok := p.CategoryByID(id)
		if ok && slices.ContainsFunc(c.Surfaces, func(s string) bool { return slices.Contains(surfaces, s) }) {
			return true
		}
	}
	return false
}

// touches reports whether a purpose is among those that touch people in a
// role.
func touches(p *policy.Policy, actor, purpose string) bool {
	return slices.ContainsFunc(Touching(p, actor), func(q *policy.Purpose) bool { return q.ID == purpose })
}
