// Package partner is the surface of the firms that sell the operator's
// services.
package partner

import (
	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
)

// New returns the partner portal's routes.
func New(s *web.Site, a *identity.Accounts) *web.Routes {
	rt := s.NewRoutes()
	account.Add(rt, s, a)
	first := &member.First{
		Site: s, Accounts: a, Cards: cards,
		Later: "The customers a firm introduced are not shown here yet. What works today is your own account.",
	}
	rt.Handle("GET /{$}", first.Page)
	rt.Menu("Overview", "/")
	rt.Menu("Security", "/security")
	return rt
}

func cards(*identity.Session) []member.Card {
	return []member.Card{{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"}}
}
