package own

import (
	"net/http"

	"candour/internal/consent/people"
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/marketing"
	"candour/internal/profile"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/voicemail"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
	"candour/internal/web/yourdata"
	"candour/policy"
)

// Deps is what the pages act on.
type Deps struct {
	Accounts   *identity.Accounts
	Profiles   *profile.Desk
	Choices    *people.Desk
	Newsletter *marketing.Newsletter
	Store      *store.Store
	Vault      *vault.Vault
	History    *history.Desk
	Rights     *rights.Desk

	Phones      *telecom.Desk   // optional: what people register their own phones with
	Voicemail   *voicemail.Desk // optional: what answers for people
	PhoneServer func() string   // optional: address at which those connect; empty where none can
	// PhoneServerTLS is PhoneServer of those that connect over TLS; optional.
	PhoneServerTLS func() string
	// Connected are the devices that a line can be reached on now; nil where that is
	// not known.
	Connected func(line int64) []Connection
	// Names returns who has a number, as whoever is signed in knows them; optional,
	// and empty for a number of nobody's.
	Names func(r *http.Request, me *identity.Session) (func(number string) string, error)
}

// site is the pages of one surface.
type site struct {
	*web.Site
	Deps
	here   offer
	beside bool // they are a small part of a surface that is for other work
}

// Add gives a surface's table the routes of accounts and of people's own pages,
// the menu to them, and the first page with a card for each. Later says what the
// surface does not do yet.
func Add(rt *web.Routes, s *web.Site, surface string, d Deps, later string) {
	here := offeredOn(s.Profile.Policy, surface)
	here.devices = d.registers(s.Profile.Policy, surface)
	here.spends = d.spends(s.Profile.Policy, surface)
	here.settings = d.setsUp(s.Profile.Policy, surface)
	here.voicemail = d.answersFor(s.Profile.Policy, surface)
	first := &member.First{Site: s, Accounts: d.Accounts, Cards: here.cards, Later: later}
	first.Urgent = func(r *http.Request, me *identity.Session) ([]member.Card, error) { return Urgent(r, d, me) }
	rt.Handle("GET /{$}", first.Page)
	rt.Menu("Overview", "/")
	Pages(rt, s, surface, d)
}

// Pages is Add for a surface with a first page of its own. Its entries in the
// menu follow those that are there.
func Pages(rt *web.Routes, s *web.Site, surface string, d Deps) {
	here := offeredOn(s.Profile.Policy, surface)
	here.devices = d.registers(s.Profile.Policy, surface)
	here.spends = d.spends(s.Profile.Policy, surface)
	here.settings = d.setsUp(s.Profile.Policy, surface)
	here.voicemail = d.answersFor(s.Profile.Policy, surface)
	h := &site{s, d, here, false}
	account.Add(rt, s, d.Accounts)
	h.routes(rt, here)
	here.menu(rt)
}

// AddBeside gives the table of a surface that is for other work the same pages,
// with one place in its menu that leads to a card for each. Staff are people of
// whom data is held like any others (UK GDPR Art 4(1)).
func AddBeside(rt *web.Routes, s *web.Site, surface string, d Deps) {
	here := offeredOn(s.Profile.Policy, surface)
	h := &site{s, d, here, true}
	h.routes(rt, here)
	if !here.profile {
		rt.Member(web.Whole, "GET /profile", h.profile) // nothing is asked, and what is held is told
	}
	rt.Member(web.Whole, "GET "+OwnPath, h.own)
	everybody := func(*identity.Session) bool { return true }
	rt.MenuIf("Your own data", OwnPath, everybody, "/profile", "/preferences", dataPath, requestsPath, historyPath, accessPath)
}

// routes are those of the pages.
func (h *site) routes(rt *web.Routes, here offer) {
	if here.profile {
		rt.Member(web.Whole, "GET /profile", h.profile)
		rt.Member(web.Whole, "POST /profile", h.profilePost)
		rt.Member(web.Whole, "POST /profile/remove/{form}/{field}", h.profileRemove)
	}
	if here.about {
		rt.Member(web.Whole, "GET /profile/about-you", h.profile) // where a reload of the answer leads
		rt.Member(web.Whole, "POST /profile/about-you", h.aboutPost)
	}
	if here.preferences {
		rt.Member(web.Whole, "GET /preferences", h.preferences)
		rt.Member(web.Whole, "POST /preferences/{purpose}/yes", h.choiceYes)
		rt.Member(web.Whole, "POST /preferences/{purpose}/no", h.choiceNo)
		rt.Member(web.Whole, "POST /preferences/{purpose}/channels", h.choiceChannels)
		rt.Member(web.Whole, "GET /preferences/history", h.choiceHistory)
	}
	if here.data {
		h.dataRoutes(rt, here)
	}
	if here.devices {
		rt.Member(web.Whole, "GET "+devicesPath, h.devices)
		rt.Member(web.Fresh, "GET "+addPath, h.deviceAdd)
		rt.Member(web.Fresh, "POST "+addPath, h.deviceAddPost)
		rt.Member(web.Whole, "GET "+devicesPath+"/{device}/remove", h.deviceRemove)
		rt.Member(web.Whole, "POST "+devicesPath+"/{device}/remove", h.deviceRemovePost)
	}
	if here.spends {
		h.spendingRoutes(rt)
	}
	if here.settings {
		h.settingsRoutes(rt)
	}
	if here.voicemail {
		h.voicemailRoutes(rt)
	}
	rt.Member(web.Whole, "GET /history", h.history)
	rt.Member(web.Whole, "GET /history/{entry}", h.historyEntry)
	rt.Member(web.Whole, "GET /history/{entry}/proof", h.historyProof)
	rt.Member(web.Whole, "GET /access", h.access)
	rt.Member(web.Whole, "POST /access/{kind}/shut", h.accessShut)
	rt.Member(web.Whole, "POST /access/{kind}/open", h.accessOpen)
	rt.Member(web.Whole, "POST /access/{kind}/grant/{length}", h.accessGrant)
	rt.Member(web.Whole, "POST /access/{kind}/end", h.accessEnd)
}

// spendingRoutes are those of what calls cost. What makes more possible asks
// first for a proof that it is still them: a thief would do it first of all.
func (h *site) spendingRoutes(rt *web.Routes) {
	rt.Member(web.Whole, "GET "+spendingPath, h.spending)
	rt.Member(web.Whole, "GET "+pricePath, h.spendingPrice)
	rt.Member(web.Whole, "POST "+pricePath, h.spendingPricePost)
	rt.Member(web.Whole, "GET "+blocksPath, h.spending) // where the path of the form leads by itself
	rt.Member(web.Whole, "GET "+blocksPath+"/{block}", h.spendingBlock)
	rt.Member(web.Whole, "POST "+blocksPath+"/{block}", h.spendingBlockPost)
	rt.Member(web.Whole, "GET "+spendingPath+"/statement/{month}", h.statement)
	rt.Member(web.Whole, "GET "+spendingPath+"/statement/{month}/file", h.statementFile)
	firm := []identity.Role{identity.CustomerAdministrator}
	rt.Member(web.Whole, "GET "+colleaguePath+"/{account}/statement/{month}", h.statementColleague, firm...)
	rt.Member(web.Whole, "GET "+colleaguePath+"/{account}/statement/{month}/file", h.statementFileColleague, firm...)
	rt.Member(web.Whole, "GET "+colleaguePath, h.spendingPeople, firm...)
	rt.Member(web.Whole, "GET "+colleaguePath+"/{account}", h.spendingColleague, firm...)
	for base, roles := range map[string][]identity.Role{spendingPath: {identity.CustomerAdministrator, identity.Partner}, colleaguePath + "/{account}": firm} {
		rt.Member(web.Fresh, "GET "+base+"/cap", h.spendingCap, roles...)
		rt.Member(web.Fresh, "POST "+base+"/cap", h.spendingCapPost, roles...)
		rt.Member(web.Fresh, "POST "+base+"/open/{class}", h.spendingOpen, roles...)
		rt.Member(web.Whole, "POST "+base+"/close/{class}", h.spendingClose, roles...)
	}
}

// dataRoutes are those of people's data and rights. What hands everything out,
// or ends it, asks first for a proof that it is still them.
func (h *site) dataRoutes(rt *web.Routes, here offer) {
	pages := &yourdata.Pages{Site: h.Site, Rights: h.Rights}
	rt.Member(web.Whole, "GET /data", h.data)
	rt.Member(web.Fresh, "POST /data/file", h.acting(pages.File))
	rt.Member(web.Fresh, "POST /data/take/json", h.acting(pages.Take(rights.JSON)))
	rt.Member(web.Fresh, "POST /data/take/csv", h.acting(pages.Take(rights.CSV)))
	for _, d := range pages.Decisions() { // restrict, lift, object, allow, withdraw
		rt.Member(web.Whole, "POST /data/"+d.Path, h.acting(d.Do))
	}
	if here.correct {
		rt.Member(web.Whole, "GET /data/correct/{record}", h.holding(pages.Correct))
		rt.Member(web.Whole, "POST /data/correct/{record}", h.correctPost)
	}
	rt.Member(web.Fresh, "GET /data/erase", h.erase)
	rt.Member(web.Fresh, "POST /data/erase", h.acting(pages.Erased))
	rt.Member(web.Whole, "GET /requests", h.requests)
	if here.complaint {
		rt.Member(web.Whole, "POST /requests", h.requestsPost)
	}
}

// offer is which pages there are on a surface: those whose form the policy
// declares for it.
type offer struct {
	profile, about, preferences, data, correct, complaint, invite bool
	devices, spends, settings, voicemail                          bool
}

func offeredOn(p *policy.Policy, surface string) offer {
	has := func(id string) bool {
		f, ok := p.FormByID(id)
		return ok && contains(f.Surfaces, surface)
	}
	_, data := p.FormByID(rights.FormID) // asked for on the website; what it leads to needs no form here
	return offer{
		profile: has(profile.Details), about: has(profile.AboutMe), preferences: has(people.FormID), data: data,
		correct: has(rights.CorrectFormID), complaint: has(rights.ComplaintFormID), invite: has(account.InviteForm),
	}
}

func (s offer) menu(rt *web.Routes) {
	if s.voicemail {
		rt.Menu("Voicemail", voicemailPath)
	}
	if s.settings {
		rt.MenuIn(web.PhoneMenu, "Call settings", SettingsPath)
	}
	if s.devices {
		rt.MenuIn(web.PhoneMenu, "Desk phones", devicesPath)
	}
	if s.spends {
		rt.MenuIn(web.PhoneMenu, "Spending", spendingPath)
	}
	if s.profile {
		rt.MenuIn(web.DataMenu, "Details", "/profile")
	}
	if s.preferences {
		rt.MenuIn(web.DataMenu, "Choices", "/preferences")
	}
	if s.data {
		rt.MenuIn(web.DataMenu, "Data", dataPath)
	}
	rt.MenuIn(web.DataMenu, "History", historyPath)
	rt.MenuIn(web.DataMenu, "Access", accessPath)
	rt.Menu("Security", "/security")
	if s.invite {
		rt.Menu("People", "/people", identity.CustomerAdministrator)
	}
}

// cards are what the first page leads to.
func (s offer) cards(me *identity.Session) (list []member.Card) {
	card := func(shown bool, title, text, href string) {
		if shown {
			list = append(list, member.Card{Title: title, Text: text, Href: href})
		}
	}
	card(s.voicemail, "Voicemail", "Messages that callers left when you could not answer, to hear and delete, and how your voicemail is set.", voicemailPath)
	card(s.devices, "Your desk phones", "Desk phones, and calling apps of other makers, on your number. Add one, or remove one at once.", devicesPath)
	card(s.spends, "Spending and limits", "What your calls cost this month, whom you may call, and what stops a thief. Look up the price of a call.", spendingPath)
	card(s.settings, "Call settings", "Where this line is for 999 calls, do not disturb, forwarding, withholding your number, and callers you block.", SettingsPath)
	card(s.profile, "Your details", "What you told us: put it right, add to it, take it back. And every kind of data, with what becomes of it.", "/profile")
	card(s.preferences, "Your choices", "What we may do with your data, one by one, and in which ways our news may reach you.", "/preferences")
	acts := "Have it left alone, or have it erased."
	if s.correct {
		acts = "Put it right, have it left alone, or have it erased."
	}
	card(s.data, "Your data", "Everything we hold about you, to read, print and download. "+acts, dataPath)
	card(s.data, "Requests and complaints", "What you asked of us about your data, when, and what came of it. And where you can complain.", requestsPath)
	card(true, "History", "What was collected, looked at, used and sent, by whom and why, each with a proof.", historyPath)
	card(true, "Who may see your data", "What each role may see of you. Shut out staff or partner firms, or let them in for a time.", accessPath)
	card(true, "Security", "Password, passkeys, codes from an app, and where you are signed in.", "/security")
	card(s.invite && me.Account.Role == identity.CustomerAdministrator, "People", "Invite others of your firm, and close their accounts.", "/people")
	return list
}
