package audit

import (
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"candour/policy"
)

// Hosts of the small site that the tests audit.
const (
	parentHost = "operator.localhost"
	portalHost = "portal.operator.localhost"
	statsHost  = "stats.elsewhere.localhost"
	otherHost  = "other.elsewhere.localhost"
)

// faults are what can be planted in the small site. Each is one way in which
// it then does otherwise than its policy says.
type faults struct {
	headerCookie, scriptCookie, localStorage, database bool
	otherHost, workerHost, earlyStats                  bool
	undeclaredField, noReason, noOptional, tickedBox   bool
	permission, widePermissions, wideCSP               bool
	outlives, weakCookie, longCookie                   bool
	unmarkedLink, preconnect                           bool
	noBanner, noReject, asksAgain                      bool
	signedIn                                           bool // an undeclared cookie, host and field, behind the sign-in only
}

// smallSite is a provider's website and portal, with a consent message, two
// forms and one third party, that keeps what its policy says unless a fault is
// planted.
type smallSite struct {
	faults faults
	port   string
	server *httptest.Server

	onRequest func() // called for each request, if set before the first
}

func startSite(t *testing.T, f faults) *smallSite {
	t.Helper()
	s := &smallSite{faults: f}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	u, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, s.port, _ = net.SplitHostPort(u.Host)
	return s
}

func (s *smallSite) url(host, path string) string {
	return "http://" + host + ":" + s.port + path
}

// policy declares what the honest site does.
func (s *smallSite) policy() *policy.Profile {
	stats := s.url(statsHost, "")
	return &policy.Profile{Policy: &policy.Policy{
		Version: 3, Language: "en-GB",
		Operator: policy.Operator{Name: "Small Operator Ltd", Domain: "operator.example", LocalDomain: parentHost},
		Settings: policy.Settings{ConsentPeriod: policy.Period{Months: 6}},
		Surfaces: []policy.Surface{
			{ID: "website", Title: "Website"},
			{ID: "portal", Host: "portal", Title: "Portal"},
			{ID: "console", Host: "console", Title: "Console"},
		},
		Categories: []policy.Category{
			{ID: "contact.email", Reason: "So that we can answer you."},
			{ID: "contact.telephone", Reason: "So that we can ring you back.", Required: "optional"},
		},
		CookieGroups: []policy.CookieGroup{
			{ID: "necessary", Title: "Necessary", Exemption: "strictly-necessary"},
			{ID: "analytics", Title: "Analytics", Consent: true},
		},
		Cookies: []policy.Cookie{
			{ID: "form", Name: "form", Group: "necessary", Party: "first", SetBy: "server", Storage: "cookie", Surfaces: []string{"website"}, Scope: "host", HTTPOnly: true, Secure: true, SameSite: "strict"},
			{ID: "choice", Name: "choice", Role: "consent", Group: "necessary", Party: "first", SetBy: "server", Storage: "cookie", Surfaces: []string{"website", "portal"}, Scope: "parent", Secure: true, SameSite: "lax", Lifetime: policy.Period{Days: 180}},
			{ID: "ga", Name: "_ga", Group: "analytics", Party: "third", SetBy: "script", Storage: "cookie", Surfaces: []string{"website"}, Scope: "parent", Lifetime: policy.Period{Days: 400}},
			{ID: "session", Name: "session", Role: "signin", Group: "necessary", Party: "first", SetBy: "server", Storage: "cookie", Surfaces: []string{"portal"}, Scope: "host", HTTPOnly: true, Secure: true, SameSite: "lax"},
			{ID: "theme", Name: "theme", Group: "necessary", Party: "first", SetBy: "script", Storage: "local-storage", Surfaces: []string{"website"}},
			{ID: "old", Name: "old", Group: "analytics", Party: "third", SetBy: "edge", Storage: "cookie", Surfaces: []string{"website"}, Historical: true},
		},
		Integrations: []policy.Integration{{
			ID: "stats", Group: "analytics", Surfaces: []string{"website"}, Script: stats + "/stats.js",
			Sources: map[string][]string{"script-src": {stats}, "connect-src": {stats}},
		}},
		Permissions: []policy.Permission{{ID: "camera", Title: "Camera", Features: []string{"camera"}, Surfaces: []string{"portal"}}},
		Forms: []policy.Form{
			{ID: "contact", Surfaces: []string{"website"}, Path: "/contact", Also: []string{"/again/{number}"}, Fields: []policy.Field{
				{Name: "email", Category: "contact.email"},
				{Name: "telephone", Category: "contact.telephone", Optional: true},
				{Name: "token", Control: "antiforgery"},
			}},
			{ID: "profile", Surfaces: []string{"portal"}, Path: "/profile", Fields: []policy.Field{{Name: "email", Category: "contact.email"}}},
			{ID: "reset", Surfaces: []string{"portal"}, Path: "/reset", Fields: []policy.Field{{Name: "email", Category: "contact.email"}}},
			{ID: "choice", Surfaces: []string{"website"}, Path: "/cookies", Fields: []policy.Field{
				{Name: "choice", Control: "consent"}, {Name: "analytics", Control: "consent", Optional: true},
			}},
		},
	}}
}

func (s *smallSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.onRequest != nil {
		s.onRequest()
	}
	host, _, _ := strings.Cut(r.Host, ":")
	switch host {
	case parentHost:
		s.website(w, r)
	case portalHost:
		s.headers(w, r, "camera=(self), ", "")
		s.portal(w, r)
	case statsHost, otherHost:
		s.stranger(w, r)
	default:
		http.Error(w, "not served here", http.StatusMisdirectedRequest)
	}
}

// rightToken signs in on the portal.
const rightToken = "right"

// portal has pages for whoever is signed in, some of which are about people.
func (s *smallSite) portal(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie("session")
	if err == nil && c.Value != rightToken {
		w.Header().Add("Set-Cookie", "session=; Path=/; Max-Age=0; Secure; HttpOnly")
	}
	if err != nil || c.Value != rightToken {
		fmt.Fprint(w, s.document("Portal", "<p>Sign-in comes later.</p>"))
		return
	}
	body, planted := "", ""
	if s.faults.signedIn {
		w.Header().Add("Set-Cookie", "trackmember=1; Path=/")
		planted = `<label>Date of birth <input type="date" name="birthday"></label>` + fmt.Sprintf(`<img src="%s" alt="">`, s.url(otherHost, "/pixel"))
	}
	switch path := r.URL.Path; {
	case path == "/":
		body = `<a href="/profile">Profile</a> <a href="/people">People</a> <a href="/sign-out">Sign out</a>`
	case path == "/profile":
		body = `<form method="post"><label>E-mail <input name="email" type="email" required></label><p>So that we can answer you.</p>` + planted + `<button>Save</button></form>`
	case path == "/people":
		for i := range 9 {
			body += fmt.Sprintf(`<a href="/people/%d">Somebody</a> `, i)
		}
	case strings.HasPrefix(path, "/people/"):
		body = `<a href="` + path + `/calls">Calls</a>`
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	fmt.Fprint(w, s.document("Portal", body))
}

func (s *smallSite) stranger(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	if r.URL.Path == "/stats.js" {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `document.cookie = "_ga=1; Max-Age=31536000; Path=/; Domain=%s"; const beat = () => fetch(%q, { mode: "no-cors" }).catch(() => {}); beat(); if (location.pathname === "/cookies") setInterval(beat, 20);`, parentHost, s.url(statsHost, "/collect"))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// headers sets what every page carries; agreed is what the visitor's choice
// adds to the sources.
func (s *smallSite) headers(w http.ResponseWriter, r *http.Request, permissions, agreed string) {
	var closed []string
	for _, f := range prompting {
		if !strings.Contains(permissions, f+"=") && !(s.faults.widePermissions && f == "geolocation") {
			closed = append(closed, f+"=()")
		}
	}
	if s.faults.widePermissions {
		closed = append(closed, "geolocation=*")
	}
	w.Header().Set("Permissions-Policy", permissions+strings.Join(closed, ", "))
	if s.faults.wideCSP {
		agreed += " https://cdn.elsewhere.example"
	}
	if s.faults.earlyStats {
		agreed += " " + s.url(statsHost, "")
	}
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(
		"default-src 'none'; img-src 'self'; style-src 'self'; worker-src 'self'; script-src 'self'%[1]s; connect-src 'self'%[1]s; form-action 'self'; frame-ancestors 'none'", agreed))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
}

func (s *smallSite) website(w http.ResponseWriter, r *http.Request) {
	choice := ""
	if c, err := r.Cookie("choice"); err == nil {
		choice = c.Value
	}
	if strings.HasSuffix(r.URL.Path, ".js") {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, s.scripts()[r.URL.Path])
		return
	}
	if r.URL.Path == "/cookies" && r.Method == http.MethodPost {
		s.decide(w, r)
		return
	}
	agreed := ""
	if choice == "accept" {
		agreed = " " + s.url(statsHost, "")
	}
	s.headers(w, r, "", agreed)
	body, ok := s.bodies(choice)[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.URL.Path == "/contact" {
		http.SetCookie(w, &http.Cookie{Name: "form", Value: "x", Path: "/", HttpOnly: !s.faults.weakCookie, Secure: true, SameSite: http.SameSiteStrictMode})
	}
	if s.faults.headerCookie {
		w.Header().Add("Set-Cookie", "trackhead=1; Path=/")
	}
	if choice == "" || s.faults.asksAgain {
		body += s.banner()
	}
	if choice == "accept" || s.faults.earlyStats {
		body += fmt.Sprintf(`<script src="%s" async></script>`, s.url(statsHost, "/stats.js"))
	}
	fmt.Fprint(w, s.document("Small Operator", body))
}

func (s *smallSite) banner() string {
	if s.faults.noBanner {
		return ""
	}
	reject := `<button name="choice" value="reject">Reject all</button>`
	if s.faults.noReject {
		reject = `<a href="/cookies">Settings</a>`
	}
	return `<dialog open aria-label="Cookies"><p>May we set cookies?</p><form method="post" action="/cookies">` + reject + `<button name="choice" value="accept">Accept all</button></form></dialog>`
}

// decide sets the choice and, unless the fault is planted, deletes what was
// agreed to before.
func (s *smallSite) decide(w http.ResponseWriter, r *http.Request) {
	life := 180 * 24 * 3600
	if s.faults.longCookie {
		life = 390 * 24 * 3600
	}
	w.Header().Add("Set-Cookie", fmt.Sprintf("choice=%s; Path=/; Domain=%s; Secure; SameSite=Lax; Max-Age=%d", url.QueryEscape(r.FormValue("choice")), parentHost, life))
	if r.FormValue("choice") != "accept" && !s.faults.outlives {
		w.Header().Add("Set-Cookie", "_ga=; Path=/; Domain="+parentHost+"; Max-Age=0")
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// bodies are the pages of the website.
func (s *smallSite) bodies(choice string) map[string]string {
	optional, reason, more, ticked := " (optional)", "<p>So that we can answer you.</p>", "", ""
	if s.faults.noOptional {
		optional = ""
	}
	if s.faults.noReason {
		reason = ""
	}
	if s.faults.undeclaredField {
		more = `<label>Date of birth <input type="date" name="birthday"></label><input type="hidden" name="campaign" value="x">`
	}
	if s.faults.tickedBox || choice == "accept" {
		ticked = " checked"
	}
	link := fmt.Sprintf(`<a href="%s" rel="external">The others (another site)</a>`, s.url(otherHost, "/"))
	if s.faults.unmarkedLink {
		link = fmt.Sprintf(`<a href="%s">The others</a>`, s.url(otherHost, "/"))
	}
	if s.faults.preconnect {
		link += fmt.Sprintf(`<link rel="preconnect" href="%s">`, s.url(otherHost, "/"))
	}
	return map[string]string{
		"/": `<h1>Small Operator</h1><nav><a href="/contact">Contact</a> <a href="/cookies">Cookies</a> <a href="/logout">Sign out</a></nav>` + link + `<script src="/page.js"></script>`,
		"/contact": `<form method="post"><label>E-mail <input name="email" type="email" required></label>` + reason +
			`<label>Telephone` + optional + ` <input name="telephone" type="tel"></label><p>So that we can ring you back.</p>` + more +
			`<input type="hidden" name="token" value="x"><button>Send</button></form>`,
		"/cookies": `<h1>Cookies</h1><form method="post" action="/cookies"><label><input type="checkbox" name="analytics"` + ticked + `> Analytics</label>` +
			`<button name="choice" value="save">Save</button><button name="choice" value="reject">Reject all</button><button name="choice" value="accept">Accept all</button></form>`,
		"/privacy": `<h1>Privacy</h1>`,
	}
}

// scripts are the website's own.
func (s *smallSite) scripts() map[string]string {
	page := `localStorage.setItem("theme", "light");`
	for _, planted := range []struct {
		on   bool
		text string
	}{
		{s.faults.scriptCookie, `document.cookie = "trackscript=1; Max-Age=3600; Path=/"; document.cookie = "trackscript=; Max-Age=0; Path=/";`},
		{s.faults.localStorage, `localStorage.setItem("fingerprint", "x"); sessionStorage.setItem("visit", "x");`},
		{s.faults.database, `indexedDB.open("profile"); caches.open("pages");`},
		{s.faults.otherHost, fmt.Sprintf(`new Image().src = %q;`, s.url(otherHost, "/pixel?id=7"))},
		{s.faults.workerHost, `new Worker("/worker.js");`},
		{s.faults.permission, `navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => {}); navigator.geolocation.watchPosition(() => {}, () => {}); Notification.requestPermission();`},
	} {
		if planted.on {
			page += planted.text
		}
	}
	// A worker's own answer has no Content-Security-Policy here, so the page's
	// does not hold it back.
	return map[string]string{"/page.js": page, "/worker.js": fmt.Sprintf(`fetch(%q, { mode: "no-cors" }).catch(() => {}).finally(() => close());`, s.url(otherHost, "/worker-beacon"))}
}

func (s *smallSite) document(title, body string) string {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>` + html.EscapeString(title) + `</title></head><body>` + body + `</body></html>`
}

// has reports whether a difference of a kind about a subject was found in a
// state.
func has(list []Difference, s State, kind, subject string) bool {
	return slices.ContainsFunc(list, func(d Difference) bool {
		return d.Kind == kind && d.Subject == subject && (d.State == s || slices.Contains(d.Also, s))
	})
}
