// Package console is the surface of the operator's staff, who can do there
// what the policy allows their role and nothing else.
package console

import (
	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
)

// New returns the console's routes.
func New(s *web.Site, a *identity.Accounts) *web.Routes {
	rt := s.NewRoutes()
	account.Add(rt, s, a)
	first := &member.First{Site: s, Accounts: a, Cards: cards}
	rt.Handle("GET /{$}", first.Page)
	rt.Menu("Overview", "/")
	rt.Menu("Security", "/security")
	rt.Menu("Staff", "/people", identity.Officer)
	return rt
}

func cards(me *identity.Session) []member.Card {
	list := []member.Card{{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"}}
	if me.Account.Role == identity.Officer {
		list = append(list, member.Card{Title: "Staff", Text: "The accounts of staff and partner firms.", Href: "/people"})
	}
	return list
}
