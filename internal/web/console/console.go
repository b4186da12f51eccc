package console

import (
	"context"
	"net/http"

	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
	"candour/internal/web/own"
)

// Deps is what the console's pages act on. All fields are needed.
type Deps struct {
	Accounts *identity.Accounts
	Store    *store.Store
	Vault    *vault.Vault
	Evidence *evidence.Log
	Desk     *support.Desk
	Rights   *rights.Desk
	Queue    *mail.Queue
	Own      own.Deps // for what staff see of themselves
	Phones   *telecom.Desk

	// Telephone tells what the telephone service does now; nil where there is none.
	Telephone func() Telephone
	// Verify checks the evidence of the running program, as `candour verify`
	// does.
	Verify func(context.Context) (*verify.Report, error)
	// Go runs something beside the requests, until the program ends.
	Go func(func(context.Context))
	// Audit is the folder in which `candour audit --data` leaves its report.
	Audit string
}

// site is the console's pages.
type site struct {
	*web.Site
	Deps
	passes   passes
	verifier verifier
}

// New returns the console's routes.
func New(s *web.Site, d Deps) *web.Routes {
	h := &site{Site: s, Deps: d, passes: newPasses(s.Secret("console pass v1"))}
	rt := s.NewRoutes()
	account.Add(rt, s, d.Accounts)
	rt.Handle("GET /{$}", h.home)

	h.route(rt, mayFind, "GET /people-search", h.peopleSearch)
	h.route(rt, mayFind, "POST /people-search", h.peopleSearchPost)
	h.route(rt, mayFind, "GET /person/{pass}", h.person)
	h.route(rt, mayAnswer, "GET /enquiries", h.enquiries)
	h.route(rt, mayAnswer, "GET /enquiries/{ticket}", h.enquiry)
	h.route(rt, mayAnswer, "POST /enquiries/{ticket}/close", h.enquiryClose)
	h.route(rt, mayAnswer, "POST /enquiries/{ticket}/acknowledge", h.enquiryAcknowledge)
	h.route(rt, mayAnswer, "POST /enquiries/{ticket}/move", h.enquiryMove)

	h.blockRoutes(rt)
	if d.Own.Phones != nil {
		h.route(rt, mayTrace, "GET "+reportsPath, h.reports)
		h.route(rt, mayTrace, "GET "+reportsPath+"/{report}", h.report)
		h.route(rt, mayTrace, "POST "+reportsPath+"/{report}/close", h.reportClose)
	}
	h.route(rt, mayAppoint, "GET /firms", h.firms)
	h.route(rt, mayAppoint, "GET /firms/{firm}", h.firm)
	h.fresh(rt, mayAppoint, "POST /firms/{firm}/appoint/{account}", h.firmAppoint)

	h.route(rt, always, "GET /policy", h.policyPage)
	h.route(rt, always, "GET /policy/record/{form}", h.policyRecord)
	h.route(rt, oversees, "GET /data-map", h.dataMap)
	h.route(rt, always, "GET /evidence", h.evidencePage)
	h.route(rt, oversees, "POST /evidence/verify", h.evidenceVerify)
	h.route(rt, oversees, "GET /work", h.work)
	if d.Telephone != nil {
		h.route(rt, always, "GET "+telephonePath, h.telephone)
	}
	h.route(rt, oversees, "GET /audit", h.auditPage)
	h.route(rt, oversees, "GET /audit/{form}", h.auditReport)

	rt.Menu("Overview", "/")
	for _, p := range places {
		rt.MenuInIf(p.group, p.label, p.path, func(me *identity.Session) bool { return h.shows(p) && h.may(p.need, me) })
	}
	rt.Menu("Staff", "/people", identity.Officer)
	own.AddBeside(rt, s, "console", d.Own)
	rt.Menu("Security", "/security")
	return rt
}

// place is a page that menu and overview lead to.
type place struct {
	need        need
	group       string // the word of the menu that it stands under; empty for none
	label, path string
	title, text string // of the card
}

// Words that places stand under.
const (
	callsMenu = "Calls"
	proofMenu = "Policy and proof"
)

const telephonePath = "/telephone"

// shows reports whether a place is there at all.
func (h *site) shows(p place) bool { return p.path != telephonePath || h.Telephone != nil }

// places are in the order in which people meet them.
var places = []place{
	{mayFind, "", "Find a person", "/people-search", "Find a person", "See what your role may see of a person, for a purpose that you state. They see that you looked."},
	{mayAnswer, "", "Enquiries", "/enquiries", "Enquiries", "What people wrote to your desk and nobody has closed yet."},
	{mayReview, callsMenu, "Blocks", "/blocks", "Blocks of calls", "Calls that our software stopped alone because they looked like fraud, or that one of us stopped, and who waits for an answer."},
	{mayTrace, callsMenu, "Reported calls", reportsPath, "Reported calls", "Calls that people reported as malicious or a nuisance, to be traced."},
	{always, callsMenu, "Telephone", telephonePath, "Telephone", "Devices that are signed in, calls, and how each trunk is doing. It names nobody."},
	{mayAppoint, "", "Firms", "/firms", "Firms without an administrator", "Firms whose last administrator left. Appoint one of their people."},
	{always, proofMenu, "Policy", "/policy", "Policy", "The version in force, all others, the record of processing, and who may do what."},
	{oversees, proofMenu, "Data map", "/data-map", "Data map", "Where data comes from, what for, where it goes and how long it stays: as declared, and as held."},
	{always, proofMenu, "Evidence", "/evidence", "Evidence", "How the log is that shows tampering, and what in it is open for everyone."},
	{oversees, proofMenu, "Work", "/work", "Work", "Mails, erasures and retention: what is owed, and whether it is behind."},
	{oversees, proofMenu, "Audit", "/audit", "Audit", "What a browser saw on our sites, held against the policy."},
}

func (h *site) cards(me *identity.Session) (list []member.Card) {
	for _, p := range places {
		if h.shows(p) && h.may(p.need, me) {
			list = append(list, member.Card{Title: p.title, Text: p.text, Href: p.path})
		}
	}
	if me.Account.Role == identity.Officer {
		list = append(list, member.Card{Title: "Staff", Text: "The accounts of staff and partner firms.", Href: "/people"})
	}
	list = append(list, member.Card{Title: "Your own data", Text: "What we hold about you yourself, what happened with it, and your rights.", Href: own.OwnPath})
	return append(list, member.Card{Title: "Security", Text: "Password, passkeys, codes from an app, and where you are signed in.", Href: "/security"})
}

// route gives the handler of a page to whoever needs it for their work. To
// others it is not there.
func (h *site) route(rt *web.Routes, n need, pattern string, handler web.Member) {
	h.behind(web.Whole, rt, n, pattern, handler)
}

// fresh is route for what asks first for a proof that it is still them.
func (h *site) fresh(rt *web.Routes, n need, pattern string, handler web.Member) {
	h.behind(web.Fresh, rt, n, pattern, handler)
}

func (h *site) behind(gate web.Gate, rt *web.Routes, n need, pattern string, handler web.Member) {
	roles := h.rolesFor(n)
	if len(roles) == 0 {
		return // no role would ever come there
	}
	rt.Member(gate, pattern, func(w http.ResponseWriter, r *http.Request, me *identity.Session) error {
		if !h.may(n, me) {
			return web.ErrNotFound
		}
		return handler(w, r, me)
	}, roles...)
}
