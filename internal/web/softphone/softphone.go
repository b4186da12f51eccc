// Package softphone is the surface of the app that makes and takes calls.
// Calls are not made here yet.
package softphone

import (
	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
)

// New returns the softphone's routes.
func New(s *web.Site, a *identity.Accounts) *web.Routes {
	rt := s.NewRoutes()
	account.Add(rt, s, a)
	first := &member.First{
		Site: s, Accounts: a, Cards: cards,
		Later: "The app does not make calls yet. What works today is your own account; nothing is asked of your device.",
	}
	rt.Handle("GET /{$}", first.Page)
	rt.Menu("Overview", "/")
	rt.Menu("Security", "/security")
	return rt
}

func cards(*identity.Session) []member.Card {
	return []member.Card{{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"}}
}
