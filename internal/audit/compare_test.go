package audit

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"candour/policy"
)

// aSite is the small site's policy without a running server.
func aSite(t *testing.T) *site {
	t.Helper()
	s, err := newSite("http://operator.localhost:8080/", (&smallSite{port: "8080"}).policy().Policy)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// compared returns kind and subject of what one look gives, without the
// headers' differences when it has no headers.
func compared(t *testing.T, p *visit) []string {
	t.Helper()
	if p.URL == "" {
		p.URL = "http://operator.localhost:8080/contact"
	}
	if p.Surface == "" {
		p.Surface = "website"
	}
	p.banner = p.State == First && strings.HasSuffix(p.URL, ":8080/")
	var list []string
	for _, d := range compare(aSite(t), []*visit{p}, choicesSeen{refused: true, accepted: true, withdrawn: true}) {
		list = append(list, d.Kind+" "+d.Subject)
	}
	return list
}

// Cookies are held against name, surface, consent, maker and attributes (R25).
func TestCompareCookies(t *testing.T) {
	form := cookie{Name: "form", Domain: "operator.localhost", HostOnly: true, HTTPOnly: true, Secure: true, SameSite: "strict", At: noon, By: byServer, New: true, Stored: true}
	ga := cookie{Name: "_ga", Domain: "operator.localhost", At: noon, Expires: noon.Add(24 * time.Hour), By: byScript, New: true, Stored: true}
	for _, c := range []struct {
		name   string
		state  State
		base   cookie
		change func(*cookie)
		want   []string
	}{
		{"as declared", First, form, func(*cookie) {}, nil},
		{"refused by the browser, still sent", First, form, func(c *cookie) { c.Name, c.Stored = "x", false }, []string{"cookie.undeclared x"}},
		{"on another surface", First, form, func(c *cookie) { c.Domain = "portal.operator.localhost" }, []string{"cookie.undeclared form"}},
		{"readable", First, form, func(c *cookie) { c.HTTPOnly = false }, []string{"cookie.attribute form"}},
		{"in clear", First, form, func(c *cookie) { c.Secure = false }, []string{"cookie.attribute form"}},
		{"lax for strict", First, form, func(c *cookie) { c.SameSite = "" }, []string{"cookie.attribute form"}},
		{"for all hosts", First, form, func(c *cookie) { c.HostOnly = false }, []string{"cookie.attribute form"}},
		{"lasting", First, form, func(c *cookie) { c.Expires = noon.Add(time.Hour) }, []string{"cookie.attribute form"}},
		{"by script", First, form, func(c *cookie) { c.By = byScript }, []string{"cookie.setter form"}},
		{"agreed to", Accepted, ga, func(*cookie) {}, nil},
		{"not agreed to", Refused, ga, func(*cookie) {}, []string{"cookie.without-consent _ga"}},
		{"longer than declared", Accepted, ga, func(c *cookie) { c.Expires = noon.Add(401 * 24 * time.Hour) }, []string{"cookie.attribute _ga"}},
		{"by the server", Accepted, ga, func(c *cookie) { c.By = byServer }, []string{"cookie.setter _ga"}},
		{"no longer set, and set", Accepted, ga, func(c *cookie) { c.Name = "old" }, []string{"cookie.undeclared old"}},
	} {
		k := c.base
		c.change(&k)
		if got := compared(t, &visit{State: c.state, cookies: []cookie{k}}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A cookie on another party's own domain cannot be deleted by the site, so that
// it is still there after a withdrawal is no difference; one set anew is (R27).
func TestCookiesOfOthersAfterWithdrawal(t *testing.T) {
	theirs := cookie{Name: "_ga", Domain: "stats.example", At: noon, By: byScript, New: true, Stored: true}
	at := func(s State, fresh bool) *visit {
		k := theirs
		k.New = fresh
		return &visit{State: s, URL: "http://operator.localhost:8080/contact", Surface: "website", cookies: []cookie{k}}
	}
	done := choicesSeen{refused: true, accepted: true, withdrawn: true}
	if got := compare(aSite(t), []*visit{at(Accepted, true), at(Withdrawn, false)}, done); len(got) > 0 {
		t.Errorf("a cookie nobody can delete: %v", got)
	}
	if got := compare(aSite(t), []*visit{at(Accepted, true), at(Withdrawn, true)}, done); !has(got, Withdrawn, KindCookieWithoutConsent, "_ga") {
		t.Errorf("a cookie set after the withdrawal was not found: %v", got)
	}
}

// Requests are held against host, use and consent (R26).
func TestCompareRequests(t *testing.T) {
	for _, c := range []struct {
		state State
		r     request
		want  []string
	}{
		{Accepted, request{URL: "http://stats.elsewhere.localhost:8080/stats.js", Directive: "script-src"}, nil},
		{Refused, request{URL: "http://stats.elsewhere.localhost:8080/stats.js", Directive: "script-src"}, []string{"request.without-consent stats.elsewhere.localhost"}},
		{Accepted, request{URL: "http://stats.elsewhere.localhost:8080/x.png", Directive: "img-src"}, []string{"request.undeclared stats.elsewhere.localhost"}},
		{Accepted, request{URL: "http://stats.elsewhere.localhost:9090/stats.js", Directive: "script-src"}, []string{"request.undeclared stats.elsewhere.localhost"}},
		{First, request{URL: "https://x.example/", Directive: "connect-src", Refused: "csp"}, []string{"request.undeclared x.example"}},
	} {
		if got := compared(t, &visit{State: c.state, requests: []request{c.r}}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %v: %v, want %v", c.state, c.r, got, c.want)
		}
	}
}

// A form's own reason stands in for the category's (R7).
func TestReason(t *testing.T) {
	c := comparison{policy: aSite(t).policy}
	own, general := policy.Field{Category: "contact.email", Reason: "Only to look for them."}, policy.Field{Category: "contact.email"}
	if c.reason(&own) != own.Reason || c.reason(&general) != "So that we can answer you." {
		t.Errorf("reasons: %q, %q", c.reason(&own), c.reason(&general))
	}
}

// Fields are held against the form of the page and the form of the action (R7).
func TestCompareFields(t *testing.T) {
	email := field{Tag: "input", Type: "email", Name: "email", Label: "E-mail", Text: "E-mail So that  we can ANSWER you"}
	for _, c := range []struct {
		name   string
		change func(*field)
		url    string
		want   []string
	}{
		{"as declared", func(*field) {}, "", nil},
		{"shown elsewhere, sent to its form", func(f *field) { f.Action = "http://operator.localhost:8080/contact" }, "http://operator.localhost:8080/", nil},
		{"sent to a stranger", func(f *field) { f.Action = "http://stranger.example/contact" }, "http://operator.localhost:8080/", []string{"field.undeclared email"}},
		{"at its other path", func(*field) {}, "http://operator.localhost:8080/again/7", nil},
		{"on a page without a form", func(*field) {}, "http://operator.localhost:8080/", []string{"field.undeclared email"}},
		{"without a name", func(f *field) { f.Name = "" }, "", []string{"field.undeclared input without a name"}},
		{"without its reason", func(f *field) { f.Text = "E-mail" }, "", []string{"field.reason email"}},
		{"optional, but required", func(f *field) {
			f.Name, f.Required, f.Label, f.Text = "telephone", true, "Telephone (optional)", "So that we can ring you back."
		}, "", []string{"field.optional telephone"}},
		{"optional, unmarked", func(f *field) { f.Name, f.Text = "telephone", "So that we can ring you back." }, "", []string{"field.optional telephone"}},
	} {
		f := email
		c.change(&f)
		if got := compared(t, &visit{State: First, URL: c.url, content: content{Fields: []field{f}}}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	// A form shown elsewhere is known by where it is sent from its own page.
	shown := func(path string) *visit {
		f := field{Tag: "input", Type: "checkbox", Name: "analytics", Action: "http://operator.localhost:8080/decide?back=" + path}
		return &visit{State: Refused, URL: "http://operator.localhost:8080" + path, Surface: "website", content: content{Fields: []field{f}}}
	}
	done := choicesSeen{refused: true, accepted: true, withdrawn: true}
	if got := compare(aSite(t), []*visit{shown("/"), shown("/cookies")}, done); len(got) > 0 {
		t.Errorf("the form of the cookie page on another page: %v", got)
	}
	if got := compare(aSite(t), []*visit{shown("/")}, done); !has(got, Refused, KindFieldUndeclared, "analytics") {
		t.Errorf("a form of no page: %v", got)
	}
	for _, c := range []struct {
		declared, seen string
		want           bool
	}{{"/a/{id}", "/a/7", true}, {"/a/{id}", "/a/", false}, {"/a", "/a/", true}, {"/a", "/a/b", false}, {"/", "/", true}} {
		if got := pathCovers(c.declared, c.seen); got != c.want {
			t.Errorf("%s covers %s: %v", c.declared, c.seen, got)
		}
	}
}

// Headers are held against the permissions and integrations of the surface
// (R11, R26).
func TestCompareHeaders(t *testing.T) {
	closed := "camera=(), microphone=(), geolocation=(), display-capture=(), hid=(), usb=(), serial=(), bluetooth=(), midi=()"
	const tight = "default-src 'self'"
	for _, c := range []struct {
		name, surface, permissions, content string
		state                               State
		want                                []string
	}{
		{"closed", "website", closed, tight, First, nil},
		{"absent", "website", "", tight, First, []string{"permissions-policy bluetooth, camera, display-capture, geolocation, hid, microphone, midi, serial, usb"}},
		{"declared for this surface", "portal", strings.Replace(closed, "camera=()", "camera=(self)", 1), tight, First, nil},
		{"declared, given to all", "portal", strings.Replace(closed, "camera=()", "camera=*", 1), tight, First, []string{"permissions-policy camera"}},
		{"declared, given to another", "portal", strings.Replace(closed, "camera=()", `camera=(self "https://x.example")`, 1), tight, First, []string{"permissions-policy camera"}},
		{"declared elsewhere", "website", strings.Replace(closed, "camera=()", "camera=(self)", 1), tight, First, []string{"permissions-policy camera"}},
		{"no content policy", "website", closed, "", First, []string{"content-security-policy Content-Security-Policy"}},
		{"agreed host", "website", closed, tight + "; script-src 'self' http://stats.elsewhere.localhost:8080", Accepted, nil},
		{"host before consent", "website", closed, tight + "; script-src 'self' http://stats.elsewhere.localhost:8080", First, []string{"content-security-policy script-src http://stats.elsewhere.localhost:8080"}},
		{"any host", "website", closed, tight + "; img-src https:", First, []string{"content-security-policy img-src https:"}},
		{"inline", "website", closed, tight + "; script-src 'unsafe-inline'", First, []string{"content-security-policy script-src 'unsafe-inline'"}},
		{"inline beside a nonce", "website", closed, tight + "; script-src 'unsafe-inline' 'nonce-x'", First, nil},
		{"dynamic", "website", closed, tight + "; script-src 'nonce-x' 'strict-dynamic'", First, []string{"content-security-policy script-src 'strict-dynamic'"}},
		{"forms to a stranger", "website", closed, tight + "; form-action 'self' http://portal.operator.localhost:8080 https://x.example", First, []string{"content-security-policy form-action https://x.example"}},
	} {
		h := http.Header{}
		if c.permissions != "" {
			h.Set("Permissions-Policy", c.permissions)
		}
		if c.content != "" {
			h.Set("Content-Security-Policy", c.content)
		}
		if got := compared(t, &visit{State: c.state, Surface: c.surface, header: h}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A declared permission is asked for after a press only, and nobody is
// followed (R11).
func TestComparePermissions(t *testing.T) {
	for _, c := range []struct {
		surface string
		a       ask
		want    []string
	}{
		{"portal", ask{API: "MediaDevices.getUserMedia", Feature: []string{"camera"}, Pressed: true}, nil},
		{"portal", ask{API: "MediaDevices.getUserMedia", Feature: []string{"camera"}}, []string{"permission.timing camera"}},
		{"website", ask{API: "MediaDevices.getUserMedia", Feature: []string{"camera"}, Pressed: true}, []string{"permission.undeclared camera"}},
		{"website", ask{API: "ContactsManager.select", Feature: []string{"contacts"}, Pressed: true}, []string{"permission.undeclared contacts"}},
	} {
		if got := compared(t, &visit{State: First, Surface: c.surface, asks: []ask{c.a}}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %v: %v, want %v", c.surface, c.a, got, c.want)
		}
	}
}

// Where a policy declares something optional, a person can accept, refuse and
// take back (L22, L23; UK GDPR Art 7(3)).
func TestCompareWays(t *testing.T) {
	p := &visit{State: First, URL: "http://operator.localhost:8080/contact", Surface: "website"}
	got := compare(aSite(t), []*visit{p}, choicesSeen{accepted: true})
	if !has(got, Refused, KindConsentMissing, "reject all") || !has(got, Withdrawn, KindConsentWithdrawal, "withdrawal") || has(got, Accepted, KindConsentMissing, "accept all") {
		t.Errorf("no way to refuse or to take back: %v", got)
	}
	p.Surface = "portal" // declares nothing optional
	if got := compare(aSite(t), []*visit{p}, choicesSeen{}); len(got) > 0 {
		t.Errorf("a choice was missed where there is nothing to choose: %v", got)
	}
}

// Addresses are resolved to surfaces under the local domain, the real one, or
// a parent that only the address names.
func TestSurfaces(t *testing.T) {
	p := (&smallSite{port: "8080"}).policy().Policy
	for address, want := range map[string]string{
		"operator.localhost":                    "http://portal.operator.localhost/",
		"http://portal.operator.localhost:8080": "http://portal.operator.localhost:8080/",
		"https://operator.example/privacy":      "https://portal.operator.example/",
		"https://portal.trial.example":          "https://portal.trial.example/",
	} {
		s, err := newSite(address, p)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := s.root(&p.Surfaces[1]).String(); got != want {
			t.Errorf("%s: the portal is at %s, want %s", address, got, want)
		}
	}
	if _, err := newSite("http://mail.operator.localhost", p); !errors.Is(err, ErrUnknownHost) {
		t.Errorf("a host that is no surface: %v", err)
	}
	s := aSite(t)
	for address, want := range map[string]bool{
		"http://operator.localhost:8080/x": true, "ws://portal.operator.localhost:8080/": true,
		"http://operator.localhost:9090/": false, "http://mail.operator.localhost:8080/": false, "http://xoperator.localhost:8080/": false,
	} {
		u, _ := url.Parse(address)
		if _, got := s.surfaceOf(u); got != want {
			t.Errorf("%s is a surface: %v", address, got)
		}
	}
}

// The policy is found by the address, and what is not found is told with the
// cure.
func TestFind(t *testing.T) {
	none := func(string) (fs.FS, bool) { return fstest.MapFS{}, true }
	if _, err := Find("http://x.localhost", []string{"empty"}, none); err == nil || !strings.Contains(err.Error(), "policy.yaml") {
		t.Errorf("a profile without a policy: %v", err)
	}
	if _, err := Find("http://x.localhost", nil, none); !errors.Is(err, ErrUnknownHost) || !strings.Contains(err.Error(), "--policy") {
		t.Errorf("an unknown host: %v", err)
	}
	if _, err := Find("not an address", nil, none); err == nil {
		t.Error("an address that is none was taken")
	}
}

// The report folds what repeats, tells no query, and is plain text to a page
// that tries to be more.
func TestReport(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	s := aSite(t)
	r := newReport(Options{Profile: &policy.Profile{Policy: s.policy}, Now: func() time.Time { return noon }}, s)
	look := func(state State, path string) *visit {
		return &visit{State: state, URL: "http://operator.localhost:8080/contact" + path, Surface: "website", Status: 200, cookies: []cookie{{Name: evil, Domain: "operator.localhost", HostOnly: true, At: noon, By: byServer, New: true, Stored: true}}}
	}
	pages := []*visit{look(First, "?secret=1"), look(First, "/b"), look(Refused, "?secret=2")}
	r.finish(pages, compare(s, pages, choicesSeen{refused: true, accepted: true, withdrawn: true}))
	if len(r.Differences) != 1 || r.Differences[0].Pages != 3 || !slices.Equal(r.Differences[0].Also, []State{Refused}) {
		t.Errorf("not folded: %+v", r.Differences)
	}
	var page, text, line strings.Builder
	for _, err := range []error{r.WriteHTML(&page), r.WriteJSON(&text), r.WriteSummary(&line)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(page.String(), "<script") || !strings.Contains(page.String(), "&lt;script&gt;") {
		t.Error("what was seen is markup in the page")
	}
	for _, out := range []string{page.String(), text.String(), line.String()} {
		if strings.Contains(out, "secret") {
			t.Error("a query was told")
		}
	}
	var back map[string]any
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"format", "site", "operator", "policy", "policy_hash", "browser", "started", "ended", "surfaces", "states", "differences", "sightings", "pages", "notes", "truncated"} {
		if _, ok := back[key]; !ok {
			t.Errorf("the JSON has no %q", key)
		}
	}
	if !strings.HasPrefix(line.String(), "first http://operator.localhost:8080/contact: the cookie ") {
		t.Errorf("the summary begins %.80q", line.String())
	}
}
