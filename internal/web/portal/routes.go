package portal

import (
	"candour/internal/consent/people"
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/marketing"
	"candour/internal/profile"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
)

// Deps is what the portal's pages act on.
type Deps struct {
	Accounts   *identity.Accounts
	Profiles   *profile.Desk
	Choices    *people.Desk
	Newsletter *marketing.Newsletter
	Store      *store.Store
	Vault      *vault.Vault
	History    *history.Desk
}

// site is the portal of one operator.
type site struct {
	*web.Site
	Deps
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

	h := &site{s, d}
	rt.Member(web.Whole, "GET /profile", h.profile)
	rt.Member(web.Whole, "POST /profile", h.profilePost)
	rt.Member(web.Whole, "GET /profile/about-you", h.profile) // where a reload of the answer leads
	rt.Member(web.Whole, "POST /profile/about-you", h.aboutPost)
	rt.Member(web.Whole, "POST /profile/remove/{form}/{field}", h.profileRemove)
	rt.Member(web.Whole, "GET /preferences", h.preferences)
	rt.Member(web.Whole, "POST /preferences/{purpose}/yes", h.choiceYes)
	rt.Member(web.Whole, "POST /preferences/{purpose}/no", h.choiceNo)
	rt.Member(web.Whole, "POST /preferences/{purpose}/channels", h.choiceChannels)
	rt.Member(web.Whole, "GET /preferences/history", h.choiceHistory)

	rt.Member(web.Whole, "GET /history", h.history)
	rt.Member(web.Whole, "GET /history/{entry}", h.historyEntry)
	rt.Member(web.Whole, "GET /history/{entry}/proof", h.historyProof)
	rt.Member(web.Whole, "GET /access", h.access)
	rt.Member(web.Whole, "POST /access/{kind}/shut", h.accessShut)
	rt.Member(web.Whole, "POST /access/{kind}/open", h.accessOpen)
	rt.Member(web.Whole, "POST /access/{kind}/grant/{length}", h.accessGrant)
	rt.Member(web.Whole, "POST /access/{kind}/end", h.accessEnd)

	rt.Menu("Overview", "/")
	rt.Menu("Your details", "/profile")
	rt.Menu("Your choices", "/preferences")
	rt.Menu("History", historyPath)
	rt.Menu("Access", accessPath)
	rt.Menu("Security", "/security")
	rt.Menu("People", "/people", identity.CustomerAdministrator)
	return rt
}

// cards are what the overview leads to.
func cards(me *identity.Session) []member.Card {
	list := []member.Card{
		{Title: "Your details", Text: "What you told us: put it right, add to it, take it back. And every kind of data, with what becomes of it.", Href: "/profile"},
		{Title: "Your choices", Text: "What we may do with your data, one by one, and in which ways our news may reach you.", Href: "/preferences"},
		{Title: "History", Text: "What was collected, looked at, used and sent, by whom and why, each with a proof.", Href: historyPath},
		{Title: "Who may see your data", Text: "What each role may see of you. Shut out staff or partner firms, or let them in for a time.", Href: accessPath},
		{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"},
	}
	if me.Account.Role == identity.CustomerAdministrator {
		list = append(list, member.Card{Title: "People", Text: "Invite others of your firm, and close their accounts.", Href: "/people"})
	}
	return list
}
