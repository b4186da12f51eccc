package portal

import (
	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/marketing"
	"candour/internal/profile"
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

	rt.Menu("Overview", "/")
	rt.Menu("Your details", "/profile")
	rt.Menu("Your choices", "/preferences")
	rt.Menu("Security", "/security")
	rt.Menu("People", "/people", identity.CustomerAdministrator)
	return rt
}

// cards are what the overview leads to.
func cards(me *identity.Session) []member.Card {
	list := []member.Card{
		{Title: "Your details", Text: "What you told us: put it right, add to it, take it back. And every kind of data, with what becomes of it.", Href: "/profile"},
		{Title: "Your choices", Text: "What we may do with your data, one by one, and in which ways our news may reach you.", Href: "/preferences"},
		{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"},
	}
	if me.Account.Role == identity.CustomerAdministrator {
		list = append(list, member.Card{Title: "People", Text: "Invite others of your firm, and close their accounts.", Href: "/people"})
	}
	return list
}
