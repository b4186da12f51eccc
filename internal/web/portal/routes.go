package portal

import (
	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
)

// Deps is what the portal's pages act on.
type Deps struct {
	Accounts *identity.Accounts
}

// New returns the portal's routes.
func New(s *web.Site, d Deps) *web.Routes {
	rt := s.NewRoutes()
	account.Add(rt, s, d.Accounts)
	first := &member.First{
		Site: s, Accounts: d.Accounts, Cards: cards,
		Later: "Services, bills and calls come to this portal with the services themselves; until then our support answers for them.",
	}
	rt.Handle("GET /{$}", first.Page)

	rt.Menu("Overview", "/")
	rt.Menu("Security", "/security")
	rt.Menu("People", "/people", identity.CustomerAdministrator)
	return rt
}

// cards are what the overview leads to.
func cards(me *identity.Session) []member.Card {
	list := []member.Card{
		{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"},
	}
	if me.Account.Role == identity.CustomerAdministrator {
		list = append(list, member.Card{Title: "People", Text: "Invite others of your firm, and close their accounts.", Href: "/people"})
	}
	return list
}
