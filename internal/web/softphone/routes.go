package softphone

import (
	"context"
	"net/http"

	"candour/internal/identity"
	"candour/internal/telecom"
	"candour/internal/web"
	"candour/internal/web/member"
	"candour/internal/web/own"
	"candour/policy"
)

// Paths of the surface.
const (
	flowPath        = "/sip"
	sessionPath     = "/session"
	callsPath       = "/calls"
	permissionsPath = "/permissions"
)

// Deps is what the pages act on.
type Deps struct {
	own.Deps
	Phones *telecom.Desk
	// Flow serves the WebSocket of a phone until it ends. The request opens one
	// with the subprotocol sip. alive tells whether its person may still act.
	Flow func(w http.ResponseWriter, r *http.Request, line telecom.Line, alive func(context.Context) error) error
	// Ways are how a page reaches the calls where it does not reach them by itself;
	// nil for none.
	Ways func() []Way
	// Domain is that of the lines' addresses in the signalling.
	Domain string
}

// site is the pages of the surface.
type site struct {
	*web.Site
	Deps
	first *member.First
}

// New returns the softphone's routes. Under a policy that declares no telephone,
// or where nothing serves one, it has the pages of people's own data alone.
func New(s *web.Site, d Deps) *web.Routes {
	rt := s.NewRoutes()
	if _, err := telecom.RolesOf(policy.Compile(s.Profile.Policy)); err != nil || d.Flow == nil {
		own.Add(rt, s, "softphone", d.Deps, "The app makes no calls here. What works is your own account, your data and your rights; nothing is asked of your device.")
		return rt
	}
	h := &site{Site: s, Deps: d, first: &member.First{Site: s, Accounts: d.Accounts, Cards: func(*identity.Session) []member.Card { return nil }}}
	rt.Handle("GET /{$}", h.phone)
	rt.Handle("GET "+sessionPath, h.session)
	rt.Member(web.Whole, "GET "+flowPath, h.flow)
	rt.Member(web.Whole, "GET "+callsPath, h.calls)
	rt.Member(web.Whole, "POST "+callsPath+"/{call}/forget", h.callForget)
	rt.Member(web.Whole, "GET "+permissionsPath, h.permissions)
	rt.Member(web.Whole, "POST "+permissionsPath+"/{permission}/granted", h.permissionGranted)
	rt.Member(web.Whole, "POST "+permissionsPath+"/{permission}/refused", h.permissionRefused)
	rt.Member(web.Whole, "POST "+permissionsPath+"/{permission}/revoked", h.permissionRevoked)
	rt.Menu("Phone", "/")
	rt.Menu("Calls", callsPath)
	own.Pages(rt, s, "softphone", d.Deps)
	rt.MenuIn(web.PhoneMenu, "Permissions", permissionsPath)
	return rt
}
