package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"regexp"
	"strings"
	"testing"

	"candour/internal/store/storetest"
	"candour/internal/support/intake"
	"candour/internal/web"
	"candour/internal/web/assets"
	"candour/internal/web/webtest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// Any other host is refused before anything else is looked at.
func TestHosts(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.HandleHost("mail", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "box", Value: "1"})
		fmt.Fprint(w, "the mailbox")
	}))
	for host, want := range map[string]int{
		"invoco.localhost": 200, "INVOCO.localhost": 200, "invoco.localhost:8080": 200, "invoco.localhost.": 200, "portal.invoco.localhost": 200, "mail.invoco.localhost": 200,
		"localhost": 421, "127.0.0.1": 421, "evil.example": 421, "nothing.invoco.localhost": 421, "a.portal.invoco.localhost": 421, "evilinvoco.localhost": 421,
		"invoco.localhost.evil.example": 421, "invoco.localhost:80:80": 421, "invoco.localhost:x": 421, "invoco.localhost:": 421, "invoco.net": 421, "[::1]:80": 421, ".invoco.localhost": 421,
	} {
		a := b.Browser().Do(http.MethodGet, host, "/", "", "")
		if a.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, a.StatusCode, want)
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", host, a.Header)
		}
	}
	if a := b.Browser().Do(http.MethodGet, "mail.invoco.localhost", "/", "", ""); a.Text != "the mailbox" || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error(a.Text, a.Header)
	}
}

func TestMethods(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for _, c := range []struct {
		method, path string
		want         int
		allow        string
	}{
		{"HEAD", "/", 200, ""}, {"HEAD", "/privacy", 200, ""}, {"GET", "/consent", 405, "POST"}, {"DELETE", "/contact", 405, "GET, HEAD, POST"},
		{"POST", "/privacy", 405, "GET, HEAD"}, {"OPTIONS", "/", 405, "GET, HEAD"}, {"MADEUP", "/", 405, "GET, HEAD"}, {"GET", "/nothing", 404, ""}, {"POST", "/nothing", 404, ""},
		{"GET", "/terms/", 404, ""}, {"GET", "/assets/../terms", 0, ""}, {"GET", "/assets/manifest.json", 404, ""}, {"GET", "/images/none.svg", 404, ""},
	} {
		a := b.Browser().Do(c.method, b.Parent, c.path, "", "")
		if c.want != 0 && a.StatusCode != c.want || a.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, a.StatusCode, a.Header.Get("Allow"))
		}
		if c.want >= 400 && c.method != "HEAD" && !strings.Contains(a.Text, "<h1>") {
			t.Errorf("%s %s: no words", c.method, c.path)
		}
	}
	if log := b.Logged.String(); strings.Contains(log, "MADEUP") || strings.Contains(log, "/nothing") {
		t.Errorf("the log quotes what a client made up: %s", log)
	}
}

func TestHeaders(t *testing.T) {
	b := webtest.Open(t, "invoco")
	const code, picture = "default-src 'none'; script-src", "default-src 'none'; style-src"
	for path, content := range map[string]string{
		"/": code, "/nothing": code, "/robots.txt": code,
		"/assets/" + assets.Name("site.css"): "", "/assets/" + assets.Name("site.js"): code, "/logo.svg": picture,
	} {
		document := !strings.HasPrefix(path, "/assets/") && content != picture
		h := b.Browser().Get(path).Header
		want := map[string]string{
			"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "",
		}
		if !document {
			want["Cross-Origin-Opener-Policy"] = ""
		}
		for name, value := range want {
			if h.Get(name) != value {
				t.Errorf("%s: %s: %q, want %q", path, name, h.Get(name), value)
			}
		}
		if got := h.Get("Content-Security-Policy"); !strings.HasPrefix(got, content) || content == "" && got != "" {
			t.Errorf("%s: content policy %q, want %q", path, got, content)
		}
		if got := strings.Contains(h.Get("Permissions-Policy"), "geolocation=()"); got != document {
			t.Errorf("%s: %v", path, h)
		}
	}
	with := b.Browser().Do(http.MethodGet, "invoco.localhost:8080", "/", "", "")
	if h := with.Header.Get("Content-Security-Policy"); !strings.Contains(h, "form-action 'self' http://portal.invoco.localhost:8080 ") {
		t.Error(h)
	}
}

// The production domain, by https.
func TestTLS(t *testing.T) {
	b := webtest.Open(t, "invoco")
	d := b.Deps
	d.TLS, d.Parents = true, []string{"invoco.net"}
	s, err := web.New(d)
	if err != nil {
		t.Fatal(err)
	}
	s.Handle("website", s.NewRoutes())
	b.Site = s
	a := b.Browser().Do(http.MethodGet, "invoco.net", "/nothing", "", "")
	if a.StatusCode != 404 || a.Header.Get("Strict-Transport-Security") == "" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "https://portal.invoco.net") {
		t.Error(a.StatusCode, a.Header)
	}
	d.Parents = []string{"invoco.localhost"}
	if s, err = web.New(d); err != nil {
		t.Fatal(err)
	}
	s.Handle("website", s.NewRoutes())
	b.Site = s
	if a := b.Browser().Do(http.MethodGet, "invoco.localhost", "/nothing", "", ""); a.StatusCode != 404 || a.Header.Get("Strict-Transport-Security") != "" {
		t.Error("the local domain is held to https, so that plain http is locked out on this machine")
	}
	d.Parents = []string{"invoco.net"}
	if b.Site, err = web.New(d); err != nil {
		t.Fatal(err)
	}
	if a := b.Browser().Do(http.MethodGet, "invoco.localhost", "/", "", ""); a.StatusCode != http.StatusMisdirectedRequest {
		t.Error("the local domain is served too")
	}
}

// What has a hash in its name never changes; what has none is asked for again.
func TestStaticFiles(t *testing.T) {
	b := webtest.Open(t, "invoco")
	home := b.Browser().Get("/").Text
	for _, m := range regexp.MustCompile(`(?:href|src)="(/(?:assets|images|logo|favicon)[^"]*)"`).FindAllStringSubmatch(home, -1) {
		a := b.Browser().Get(m[1])
		if a.StatusCode != 200 || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") || strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %v", m[1], a.StatusCode, a.Header)
		}
	}
	if a := b.Browser().Get("/logo.svg"); !strings.Contains(a.Header.Get("Cache-Control"), "max-age=300") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Error(a.Header)
	}
	br := b.Browser()
	br.Header.Set("Accept-Encoding", "gzip")
	if a := br.Get("/assets/" + assets.Name("site.css")); a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Vary") != "Accept-Encoding" {
		t.Error(a.Header)
	}
}

func TestBrandSheet(t *testing.T) {
	p := webtest.Profile(t, "invoco")
	css := web.BrandSheet(&p.Brand)
	for _, want := range []string{":root{color-scheme:light;--brand:" + p.Brand.Tokens.Light.Brand, "prefers-color-scheme:dark", "--radius:", "--font-text:"} {
		if !strings.Contains(css, want) {
			t.Errorf("%q is missing in %s", want, css)
		}
	}
}

// The cookie door stands before every handler, and tells the developer.
func TestTheCookieDoorStandsBeforeEveryHandler(t *testing.T) {
	b := webtest.Open(t, "invoco")
	d := b.Deps
	d.Strict = true
	s, err := web.New(d)
	if err != nil {
		t.Fatal(err)
	}
	rt := s.NewRoutes()
	rt.Handle("GET /tracks", func(w http.ResponseWriter, r *http.Request) error {
		http.SetCookie(w, &http.Cookie{Name: "tracker", Value: "planted"})
		http.SetCookie(w, &http.Cookie{Name: "__RequestVerificationToken", Value: "v", MaxAge: 99999})
		if !web.VisitOf(r).SetCookie(w, "antiforgery", "w") || web.VisitOf(r).SetCookie(w, "session", "w") {
			t.Error("cookies by role")
		}
		fmt.Fprint(w, "done")
		return nil
	})
	tracker := func(w http.ResponseWriter) { http.SetCookie(w, &http.Cookie{Name: "tracker", Value: "planted"}) }
	rt.Handle("GET /empty", func(w http.ResponseWriter, _ *http.Request) error { tracker(w); return nil })
	rt.Handle("GET /flushed", func(w http.ResponseWriter, _ *http.Request) error {
		tracker(w)
		return http.NewResponseController(w).Flush()
	})
	rt.Handle("GET /hinted", func(w http.ResponseWriter, _ *http.Request) error {
		tracker(w)
		w.WriteHeader(http.StatusEarlyHints)
		return nil
	})
	rt.Handle("GET /panics", func(http.ResponseWriter, *http.Request) error { panic("planted value") })
	rt.Handle("GET /fails", func(http.ResponseWriter, *http.Request) error { return fmt.Errorf("wrapped: %w", web.ErrNotFound) })
	s.Handle("website", rt)
	b.Site = s
	a := b.Browser().Get("/tracks")
	for _, c := range a.Header.Values("Set-Cookie") {
		if !strings.HasPrefix(c, "__RequestVerificationToken=") || !strings.HasSuffix(c, "; Path=/; HttpOnly; Secure; SameSite=Strict") {
			t.Errorf("%q left", c)
		}
	}
	if log := b.Logged.String(); !strings.Contains(log, "cookie.undeclared") || !strings.Contains(log, "cookie.attributes") || strings.Contains(log, "tracker") {
		t.Error(log)
	}
	for _, path := range []string{"/empty", "/flushed", "/hinted"} {
		if left := informed(t, b, path); len(left) > 0 {
			t.Errorf("%s: %v left", path, left)
		}
	}
	if a := b.Browser().Get("/panics"); a.StatusCode != 500 || strings.Contains(a.Text, "planted") || strings.Contains(b.Logged.String(), "planted") || !strings.Contains(a.Text, "please quote") {
		t.Error(a.StatusCode, a.Text)
	}
	if a := b.Browser().Get("/fails"); a.StatusCode != 404 {
		t.Error(a.StatusCode)
	}
}

// informed returns every cookie that an answer sets over a real connection, in
// its informational headers too.
func informed(t *testing.T, b *webtest.Bench, path string) []string {
	srv := httptest.NewServer(b.Site)
	defer srv.Close()
	var lines []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
		lines = append(lines, h.Values("Set-Cookie")...)
		return nil
	}})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = b.Parent
	answer, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return append(lines, answer.Header.Values("Set-Cookie")...)
}

// R9: one line for each request, and nothing about a person in it.
func TestTheLogKnowsNobody(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	br.Header.Set("User-Agent", "planted-agent")
	br.Header.Set("Referer", "https://planted.example/from")
	br.Header.Set("X-Forwarded-For", "203.0.113.9")
	br.Cookies["planted"] = "planted"
	br.Get("/products?planted=query")
	br.Get("/planted/path")
	br.Do(http.MethodGet, "planted.example", "/", "", "")
	log := b.Logged.String()
	for _, not := range []string{"planted", "203.0.113.9", "192.0.2.1"} {
		if strings.Contains(log, not) {
			t.Errorf("%s is in the log: %s", not, log)
		}
	}
	if n := strings.Count(log, "msg=request "); n != 3 || !strings.Contains(log, "route=/products status=200") {
		t.Errorf("%d lines: %s", n, log)
	}
}

// The words are hashed as shown: another word is another hash.
func TestWording(t *testing.T) {
	hash := func(edits ...[3]string) [32]byte {
		b := webtest.Open(t, "invoco", edits...)
		w, err := b.Wording(b.InForce().Profile.Policy, "website")
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	one := hash()
	if one != hash() || one == [32]byte{} {
		t.Error("the same words hash differently")
	}
	for _, e := range [][3]string{
		{"policy.yaml", "label: Reject all", "label: No"}, {"policy.yaml", "description: Shows us in more detail", "description: Shows us in detail"}, {"policy.yaml", "name: _gat\n", "name: _other\n"},
	} {
		if one == hash(e) {
			t.Errorf("%q changes no hash", e[2])
		}
	}
}

func TestRefusalsHaveWords(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for _, err := range []error{intake.FieldErrors{}, web.ErrNotFound, web.ErrForged, web.ErrTooMany, fmt.Errorf("anything else")} {
		if status, words := b.Site.Words(err); status < 400 || !strings.HasSuffix(words, ".") {
			t.Errorf("%v: %d %q", err, status, words)
		}
	}
}

// A report is counted, whatever it says; what is no report is refused.
func TestReports(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for name, c := range map[string]struct {
		kind, body string
		want       int
	}{
		"a report":       {"application/csp-report", `{"csp-report":{"effective-directive":"img-src"}}`, 204},
		"with a charset": {"application/csp-report; charset=utf-8", `{"csp-report":{"violated-directive":"made-up x"}}`, 204},
		"another type":   {"text/plain", `{"csp-report":{"effective-directive":"img-src"}}`, 415},
		"no type":        {"", `{}`, 415},
		"no report":      {"application/csp-report", `{}`, 400},
		"no JSON":        {"application/csp-report", `<report>`, 400},
		"too large":      {"application/csp-report", `{"csp-report":{"x":"` + strings.Repeat("a", 20<<10) + `"}}`, 413},
	} {
		br := b.Browser()
		br.Header.Set("Sec-Fetch-Site", "cross-site") // browsers send reports without a page
		if a := br.Do(http.MethodPost, b.Parent, "/csp", c.kind, c.body); a.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, a.StatusCode, c.want)
		}
	}
}
