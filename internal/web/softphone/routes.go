package softphone

import (
	"context"
	"net/http"

	"candour/internal/identity"
	"candour/internal/push"
	"candour/internal/support"
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
	// Push wakes browsers in which the phone is closed; nil where nothing does.
	Push *push.Desk
	// Support takes the notes that people send of their device; nil where nobody does.
	Support *support.Desk
	// Loop takes the offer of a browser that tries its way to the relay and back,
	// and returns the relay's for the other end; Join takes the answer to that.
	// Nil where there is no relay.
	Loop func(ctx context.Context, account int64, offer string) (invited string, err error)
	Join func(account int64, answer string) (string, error)
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
	rt.Handle("GET "+manifestPath, h.manifest)
	rt.Handle("GET "+workerPath, h.worker)
	rt.Member(web.Whole, "GET "+dialPath, h.dial)
	rt.Member(web.Whole, "GET "+devicePath, h.thisDevice)
	rt.Member(web.Whole, "POST "+wakePath, h.wake)
	rt.Member(web.Whole, "POST "+wakePath+"/end", h.wakeEnd)
	rt.Member(web.Whole, "POST "+checkPath, h.check)
	rt.Member(web.Whole, "POST "+checkPath+"/join", h.checkJoin)
	rt.Member(web.Whole, "GET "+qualityPath, h.quality)
	rt.Member(web.Whole, "POST "+qualityPath, h.qualityPost)
	rt.Menu("Phone", "/")
	rt.Menu("Calls", callsPath)
	rt.MenuIn(web.PhoneMenu, "This device", devicePath)
	rt.MenuIn(web.PhoneMenu, "Call quality", qualityPath)
	rt.MenuIn(web.PhoneMenu, "Permissions", permissionsPath)
	own.Pages(rt, s, "softphone", d.Deps)
	return rt
}
