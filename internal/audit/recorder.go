package audit

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
)

// binding is the function through which hooks.js tells what it saw.
const binding = "candourAuditTell"

// recorder keeps what a tab's events say since the last take. The browser's
// reading goroutine calls event; everything else is called by the one goroutine
// that walks the tab.
type recorder struct {
	changed chan struct{}  // one token: something happened since it was last taken
	dialogs chan struct{}  // one token: a dialog waits to be dismissed
	workers chan target.ID // workers of the page, to be watched too

	mu        sync.Mutex // held for the fields below
	loading   map[cdp.FrameID]bool
	inFlight  map[network.RequestID]bool
	hops      map[network.RequestID][]string // addresses of a request, one a redirect
	answered  map[network.RequestID]int      // answers whose raw headers were seen
	kinds     map[network.RequestID]network.ResourceType
	early     map[network.RequestID][]*network.EventResponseReceivedExtraInfo
	main      cdp.FrameID
	loader    cdp.LoaderID // of the document that is open
	gone      cdp.LoaderID // of the document that was open at the last reset
	opened    time.Time    // when the document that is open came
	status    int
	url       string
	header    http.Header
	requests  []seenRequest
	cookies   []cookie
	asks      []ask
	workersAt map[string]bool // scopes of service workers registered, kept between takes
}

// seenRequest is a request before it is known whether it goes to others.
type seenRequest struct {
	id        network.RequestID
	url       string
	directive string
	refused   string
	loader    cdp.LoaderID // of the document that asked
}

func newRecorder() *recorder {
	r := &recorder{changed: make(chan struct{}, 1), dialogs: make(chan struct{}, 1), workers: make(chan target.ID, 64), workersAt: map[string]bool{}}
	r.clear()
	return r
}

func (r *recorder) clear() {
	r.loading, r.inFlight = map[cdp.FrameID]bool{}, map[network.RequestID]bool{}
	r.hops, r.answered = map[network.RequestID][]string{}, map[network.RequestID]int{}
	r.kinds = map[network.RequestID]network.ResourceType{}
	r.early = map[network.RequestID][]*network.EventResponseReceivedExtraInfo{}
	r.status, r.url, r.header = 0, "", nil
	r.requests, r.cookies, r.asks = nil, nil, nil
}

// reset forgets what was seen so far: a page is to be opened, or a button
// pressed, and what follows is another look.
func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear()
	r.gone = r.loader
}

// busy reports whether the page still loads.
func (r *recorder) busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.loading)+len(r.inFlight) > 0
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// event takes one event of the tab or of one of its workers.
func (r *recorder) event(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *page.EventFrameStartedLoading:
		r.loading[ev.FrameID] = true
	case *page.EventFrameStoppedLoading:
		delete(r.loading, ev.FrameID)
	case *page.EventFrameNavigated:
		r.navigated(ev.Frame)
	case *page.EventFrameDetached:
		delete(r.loading, ev.FrameID)
	case *page.EventJavascriptDialogOpening:
		wake(r.dialogs)
	case *network.EventRequestWillBeSent:
		r.request(ev)
	case *network.EventResponseReceived:
		r.response(ev)
	case *network.EventResponseReceivedExtraInfo:
		r.rawHeaders(ev)
	case *network.EventLoadingFinished:
		delete(r.inFlight, ev.RequestID)
	case *network.EventLoadingFailed:
		r.failed(ev)
	case *network.EventWebSocketCreated:
		r.requests = append(r.requests, seenRequest{id: ev.RequestID, url: ev.URL, directive: "connect-src"})
	case *network.EventWebTransportCreated:
		r.requests = append(r.requests, seenRequest{url: ev.URL, directive: "connect-src"})
	case *audits.EventIssueAdded:
		r.issue(ev.Issue)
	case *runtime.EventBindingCalled:
		r.told(ev)
	case *serviceworker.EventWorkerRegistrationUpdated:
		for _, g := range ev.Registrations {
			if !g.IsDeleted {
				r.workersAt[g.ScopeURL] = true
			} else {
				delete(r.workersAt, g.ScopeURL)
			}
		}
		return
	case *target.EventAttachedToTarget:
		if strings.Contains(ev.TargetInfo.Type, "worker") {
			select {
			case r.workers <- ev.TargetInfo.TargetID:
			default: // more workers than anybody needs; the network log has their requests
			}
		}
	default:
		return
	}
	wake(r.changed)
}

// directives maps kinds of request to the CSP directive that governs them.
var directives = map[network.ResourceType]string{
	network.ResourceTypeScript:     "script-src",
	network.ResourceTypeStylesheet: "style-src",
	network.ResourceTypeImage:      "img-src",
	network.ResourceTypeMedia:      "media-src",
	network.ResourceTypeTextTrack:  "media-src",
	network.ResourceTypeFont:       "font-src",
	network.ResourceTypeManifest:   "manifest-src",
	network.ResourceTypeDocument:   "frame-src",
	network.ResourceTypePrefetch:   "default-src",
}

func directiveOf(t network.ResourceType) string {
	if d, ok := directives[t]; ok {
		return d
	}
	return "connect-src" // fetch, XHR, ping, event source, web socket and the like
}

func (r *recorder) request(ev *network.EventRequestWillBeSent) {
	r.hops[ev.RequestID] = append(r.hops[ev.RequestID], ev.Request.URL)
	r.kinds[ev.RequestID] = ev.Type
	if ev.Type != network.ResourceTypeEventSource {
		r.inFlight[ev.RequestID] = true
	}
	r.requests = append(r.requests, seenRequest{id: ev.RequestID, url: ev.Request.URL, directive: directiveOf(ev.Type), loader: ev.LoaderID})
	waiting := r.early[ev.RequestID]
	delete(r.early, ev.RequestID)
	for _, e := range waiting {
		r.rawHeaders(e)
	}
}

// navigated notes a new document. What the one before still did until it was
// gone was seen with it, or belongs to the choice before.
func (r *recorder) navigated(f *cdp.Frame) {
	if f.ID != r.main {
		return
	}
	r.loader, r.opened = f.LoaderID, time.Now()
	if r.gone != r.loader {
		r.cookies = slices.DeleteFunc(r.cookies, func(c cookie) bool { return c.By == byScript })
		r.asks = nil
	}
}

// asked returns the requests since the last reset, without those of the
// document before if another was opened. The caller holds mu.
func (r *recorder) asked() []seenRequest {
	if r.gone == r.loader {
		return r.requests
	}
	return slices.DeleteFunc(slices.Clone(r.requests), func(q seenRequest) bool { return q.loader != "" && q.loader == r.gone })
}

func (r *recorder) response(ev *network.EventResponseReceived) {
	delete(r.inFlight, ev.RequestID)
	if ev.Type != network.ResourceTypeDocument || (r.main != "" && ev.FrameID != r.main) {
		return
	}
	r.status, r.url, r.header = int(ev.Response.Status), ev.Response.URL, http.Header{}
	for k, v := range ev.Response.Headers {
		if s, ok := v.(string); ok {
			r.header[http.CanonicalHeaderKey(k)] = strings.Split(s, "\n")
		}
	}
}

// rawHeaders takes the headers of one answer as they came over the wire: the
// only place where every Set-Cookie line is, also those the browser refused.
// They can come before the request they belong to is told of.
func (r *recorder) rawHeaders(ev *network.EventResponseReceivedExtraInfo) {
	n := r.answered[ev.RequestID]
	if n >= len(r.hops[ev.RequestID]) {
		r.early[ev.RequestID] = append(r.early[ev.RequestID], ev)
		return
	}
	r.answered[ev.RequestID]++
	delete(r.inFlight, ev.RequestID)
	u, err := url.Parse(r.hops[ev.RequestID][n])
	if err != nil {
		return
	}
	refused := map[string]bool{}
	for _, b := range ev.BlockedCookies {
		refused[b.CookieLine] = true
	}
	for k, v := range ev.Headers {
		s, ok := v.(string)
		if !ok || !strings.EqualFold(k, "Set-Cookie") {
			continue
		}
		for line := range strings.SplitSeq(s, "\n") {
			if c, ok := parseSetCookie(line, u.Hostname(), time.Now()); ok {
				c.By, c.New, c.Stored = byServer, true, !refused[line]
				r.cookies = append(r.cookies, c)
			}
		}
	}
}

func (r *recorder) failed(ev *network.EventLoadingFailed) {
	delete(r.inFlight, ev.RequestID)
	if ev.BlockedReason == "" {
		return
	}
	for i := range r.requests {
		if r.requests[i].id == ev.RequestID {
			r.requests[i].refused = string(ev.BlockedReason)
		}
	}
}

// issue takes what the Content-Security-Policy refused, which is not always
// told of as a request.
func (r *recorder) issue(i *audits.InspectorIssue) {
	if i == nil || i.Details == nil || i.Details.ContentSecurityPolicyIssueDetails == nil {
		return
	}
	d := i.Details.ContentSecurityPolicyIssueDetails
	if d.BlockedURL == "" || d.IsReportOnly || d.FrameAncestor != nil {
		return
	}
	directive := strings.TrimSuffix(strings.TrimSuffix(d.ViolatedDirective, "-elem"), "-attr")
	r.requests = append(r.requests, seenRequest{url: d.BlockedURL, directive: directive, refused: "csp"})
}

// told takes a message of hooks.js. The page could forge one; that would be a
// page that reports itself.
func (r *recorder) told(ev *runtime.EventBindingCalled) {
	const longest = 8 << 10 // bytes of a message
	if ev.Name != binding || len(ev.Payload) > longest {
		return
	}
	var m struct {
		Kind, Line, Host string
		ask
	}
	if json.Unmarshal([]byte(ev.Payload), &m) != nil {
		return
	}
	switch m.Kind {
	case "ask":
		r.asks = append(r.asks, m.ask)
	case "cookie":
		if c, ok := parseSetCookie(m.Line, m.Host, time.Now()); ok {
			c.By, c.New = byScript, true
			r.cookies = append(r.cookies, c)
		}
	}
}
