package softphone

import (
	"context"
	"net/http"

	"candour/internal/chat"
	"candour/internal/contacts"
	"candour/internal/identity"
	"candour/internal/push"
	"candour/internal/recording"
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
	// Flow serves the WebSocket of a phone until it ends; web.ErrUpgrade, with
	// nothing written, for a request that opens none with the subprotocol sip.
	// alive tells whether its person may still act.
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
	Book   *contacts.Desk // optional: people's own address books
	Chat   *chat.Desk     // optional: messages
	// Recordings keeps calls that people choose to record, and Recorder records
	// them; both nil where nobody does.
	Recordings *recording.Desk
	Recorder   Recorder
	// Ending is closed when the program ends, so that pages which are told of
	// changes let go; optional.
	Ending <-chan struct{}
}

// site is the pages of the surface.
type site struct {
	*web.Site
	Deps
	first *member.First
	news  news
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
	d.Names = h.names
	h.Phones.OnCalls(h.news.ofPerson)
	if d.Voicemail != nil {
		d.Voicemail.OnWaiting(func(line int64, _, _ int) { h.news.ofLine(line) })
	}
	rt.Member(web.Whole, "GET "+newsPath, h.tellNews)
	rt.Handle("GET /{$}", h.phone)
	rt.Handle("GET "+sessionPath, h.session)
	rt.Member(web.Whole, "GET "+flowPath, h.flow)
	rt.Member(web.Whole, "GET "+callsPath, h.calls)
	rt.Member(web.Whole, "POST "+callsPath+"/{call}/forget", h.callForget)
	rt.Member(web.Whole, "POST "+callsPath+"/{call}/block", h.callBlock)
	rt.Member(web.Whole, "GET "+callsPath+"/{call}/report", h.callReport)
	rt.Member(web.Whole, "POST "+callsPath+"/{call}/report", h.callReportPost)
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
	_, err := recording.RolesOf(policy.Compile(s.Profile.Policy))
	h.recordRoutes(rt, err == nil)
	h.chatRoutes(rt)
	h.contactRoutes(rt)
	own.Pages(rt, s, "softphone", d.Deps)
	rt.MenuIn(web.PhoneMenu, "This device", devicePath)
	rt.MenuIn(web.PhoneMenu, "Call quality", qualityPath)
	rt.MenuIn(web.PhoneMenu, "Permissions", permissionsPath)
	return rt
}

// contactRoutes are those of people's own contacts, where the policy declares
// them.
func (h *site) contactRoutes(rt *web.Routes) {
	c := policy.Compile(h.Profile.Policy)
	roles, err := contacts.RolesOf(c)
	if err != nil || h.Book == nil {
		return
	}
	rt.Member(web.Whole, "GET "+contactsPath, h.contacts)
	rt.Member(web.Whole, "POST "+findPath, h.contactsFind)
	rt.Member(web.Whole, "GET "+findPath, h.contacts) // where a reload of the answer leads
	rt.Member(web.Whole, "GET "+addPath, h.contactAdd)
	rt.Member(web.Whole, "POST "+addPath, h.contactAddPost)
	rt.Member(web.Whole, "GET "+importPath, h.contactImport)
	rt.Member(web.Whole, "POST "+importPath, h.contactImportPost)
	rt.Member(web.Fresh, "GET "+exportPath, h.contactExport)
	rt.Member(web.Whole, "GET "+namesPath, h.contactNames)
	rt.Member(web.Whole, "GET "+contactsPath+"/{contact}", h.contact)
	rt.Member(web.Whole, "POST "+contactsPath+"/{contact}", h.contactPost)
	rt.Member(web.Whole, "POST "+contactsPath+"/{contact}/remove", h.contactRemove)
	rt.Member(web.Whole, "GET "+contactsPath+"/{contact}/write/{number}", h.contactWrite)
	if _, ok := telecom.DirectoryPurpose(c); ok {
		rt.Member(web.Whole, "GET "+directoryPath, h.directory)
		rt.Member(web.Whole, "GET "+directoryPath+"/find", h.directory) // where a reload of the answer leads
		rt.Member(web.Whole, "POST "+directoryPath+"/find", h.directoryFind)
		rt.Member(web.Whole, "POST "+directoryPath+"/join", h.directoryJoin)
		rt.Member(web.Whole, "POST "+directoryPath+"/leave", h.directoryLeave)
	}
	rt.MenuIf("Contacts", contactsPath, func(me *identity.Session) bool { return roles.May(c, me.Account.Role.Actor()) }, directoryPath)
}

// chatRoutes are those of messages, where the policy declares them.
func (h *site) chatRoutes(rt *web.Routes) {
	c := policy.Compile(h.Profile.Policy)
	roles, err := chat.RolesOf(c)
	if err != nil || h.Chat == nil {
		return
	}
	rt.Member(web.Whole, "GET "+chatPath, h.chats)
	rt.Member(web.Whole, "GET "+newPath, h.chats) // where a reload of the answer leads
	rt.Member(web.Whole, "POST "+newPath, h.chatNew)
	rt.Member(web.Whole, "GET "+eventsPath, h.chatEvents)
	at := chatPath + "/{line}"
	rt.Member(web.Whole, "GET "+at, h.chat)
	rt.Member(web.Whole, "POST "+at, h.chatPost)
	rt.Member(web.Whole, "GET "+at+"/file", h.chat)
	rt.Member(web.Whole, "POST "+at+"/file", h.chatFile)
	rt.Member(web.Whole, "GET "+at+"/place", h.chat)
	rt.Member(web.Whole, "POST "+at+"/place", h.chatPlace)
	rt.Member(web.Whole, "GET "+at+"/{message}/file", h.chatAttached)
	rt.Member(web.Whole, "POST "+at+"/{message}/forget", h.chatForget)
	rt.Member(web.Whole, "POST "+at+"/{message}/unshare", h.chatUnshare)
	rt.MenuIf("Messages", chatPath, func(me *identity.Session) bool { return roles.May(c, me.Account.Role.Actor()) })
}
