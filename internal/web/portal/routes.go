package portal

import (
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
)

// Deps is what the portal's pages act on.
type Deps struct {
	Accounts *identity.Accounts
	Store    *store.Store
	Vault    *vault.Vault
	History  *history.Desk
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

	happened := &histories{s, d}
	rt.Member(web.Whole, "GET /history", happened.history)
	rt.Member(web.Whole, "GET /history/{entry}", happened.historyEntry)
	rt.Member(web.Whole, "GET /history/{entry}/proof", happened.historyProof)
	rt.Member(web.Whole, "GET /access", happened.access)
	rt.Member(web.Whole, "POST /access/{kind}/shut", happened.accessShut)
	rt.Member(web.Whole, "POST /access/{kind}/open", happened.accessOpen)
	rt.Member(web.Whole, "POST /access/{kind}/grant/{length}", happened.accessGrant)
	rt.Member(web.Whole, "POST /access/{kind}/end", happened.accessEnd)

	rt.Menu("Overview", "/")
	rt.Menu("History", historyPath)
	rt.Menu("Who may see", accessPath)
	rt.Menu("Security", "/security")
	rt.Menu("People", "/people", identity.CustomerAdministrator)
	return rt
}

// cards are what the overview leads to.
func cards(me *identity.Session) []member.Card {
	list := []member.Card{
		{Title: "History", Text: "What was collected, looked at, used and sent, by whom and why, each with a proof.", Href: historyPath},
		{Title: "Who may see", Text: "What each role may see of you. Shut out staff or partner firms, or let them in for a time.", Href: accessPath},
		{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"},
	}
	if me.Account.Role == identity.CustomerAdministrator {
		list = append(list, member.Card{Title: "People", Text: "Invite others of your firm, and close their accounts.", Href: "/people"})
	}
	return list
}
