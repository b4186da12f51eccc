package website_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candour/internal/consent"
	"candour/internal/store/storetest"
	"candour/internal/web/webtest"
	"candour/operators"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// elements returns all elements of a kind.
func elements(root *html.Node, tags ...string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(tags, n.Data) {
			found = append(found, n)
		}
	}
	return found
}

// pages are the addresses of every page a route of the website shows to
// whoever comes, without a link from a mail.
func pages(b *webtest.Bench) []string {
	var list []string
	for _, pattern := range b.Website.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if method != http.MethodGet || strings.HasPrefix(path, "/evidence") || strings.HasPrefix(path, "/.well-known") || strings.Contains(path, "{file}") || strings.Contains(path, "{old}") || strings.HasSuffix(path, ".json") || strings.HasPrefix(path, "/your-data/") || strings.HasSuffix(path, ".svg") || strings.HasSuffix(path, ".txt") {
			continue
		}
		path = strings.NewReplacer("{$}", "", "{number}", "1").Replace(path)
		list = append(list, path)
	}
	return list
}

// R16: where an operator leaves people a choice, it can be changed from every
// page of every surface.
func TestEverySurfaceLeadsToTheChoice(t *testing.T) {
	for _, operator := range operators.IDs() {
		b := webtest.Open(t, operator)
		p := b.InForce().Profile.Policy
		choice := slices.ContainsFunc(p.CookieGroups, func(g policy.CookieGroup) bool { return consent.Decidable(&g) })
		for _, surface := range p.Surfaces {
			host := b.Parent
			if surface.Host != "" {
				host = surface.Host + "." + host
			}
			for _, path := range []string{"/", "/no-such-page"} {
				a := b.Browser().Do(http.MethodGet, host, path, "", "")
				leads := slices.ContainsFunc(elements(a.Tree(), "a"), func(n *html.Node) bool {
					return strings.HasSuffix(webtest.Attr(n, "href"), "/cookies#choose")
				})
				if leads != choice {
					t.Errorf("%s, %s%s: a link to the choice: %v, want %v", operator, surface.ID, path, leads, choice)
				}
			}
		}
	}
}

// R1, R7, R15, L23: what holds on each page, for every operator.
func TestEveryPage(t *testing.T) {
	for _, operator := range operators.IDs() {
		b := webtest.Open(t, operator)
		list := pages(b)
		if len(list) < 12 {
			t.Fatalf("only %v", list)
		}
		p := b.InForce().Profile.Policy
		fields := map[string]bool{}
		for _, f := range p.Forms {
			for _, field := range f.Fields {
				fields[field.Name] = true
			}
		}
		for _, path := range append(list, "/no-such-page") {
			a := b.Browser().Get(path)
			name := operator + path
			if want := http.StatusOK; a.StatusCode != want && path != "/no-such-page" {
				t.Errorf("%s: %d: %s", name, a.StatusCode, b.Logged)
			}
			root := a.Tree()
			if n := len(elements(root, "h1")); n != 1 {
				t.Errorf("%s: %d h1", name, n)
			}
			var notice bool
			for _, n := range elements(root, "a", "link", "script", "img", "form", "iframe", "style", "button") {
				href := webtest.Attr(n, "href") + webtest.Attr(n, "src")
				notice = notice || n.Data == "a" && href == "/privacy"
				switch {
				case n.Data == "style" || n.Data == "iframe" || n.Data == "script" && webtest.Attr(n, "src") == "":
					t.Errorf("%s: <%s>", name, n.Data)
				case n.Data != "a" && strings.Contains(href, "//"):
					t.Errorf("%s: <%s> loads %s", name, n.Data, href)
				case n.Data == "a" && strings.HasPrefix(href, "https://") && !strings.Contains(webtest.Attr(n, "rel"), "noopener"):
					t.Errorf("%s: the link to %s is not marked as leaving (R4)", name, href)
				case n.Data == "form" && webtest.Attr(n, "method") != "post":
					t.Errorf("%s: a form that would put what is typed into an address", name)
				}
				for _, at := range n.Attr {
					if strings.HasPrefix(at.Key, "on") || at.Key == "style" {
						t.Errorf("%s: %s=%q", name, at.Key, at.Val)
					}
				}
			}
			if !notice {
				t.Errorf("%s: no link to the notice", name)
			}
			for _, n := range elements(root, "input", "textarea", "select") {
				if !fields[webtest.Attr(n, "name")] {
					t.Errorf("%s: the input %q is not declared", name, webtest.Attr(n, "name"))
				}
				if slices.ContainsFunc(n.Attr, func(at html.Attribute) bool { return at.Key == "checked" }) {
					t.Errorf("%s: %q is ticked before anybody chose", name, webtest.Attr(n, "name"))
				}
			}
			if a.Header.Get("Etag") != "" {
				t.Errorf("%s: a page has an ETag", name)
			}
		}
	}
}

// Every route that changes something is not a GET, and no GET changes
// anything.
func TestRoutes(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	for _, path := range pages(b) {
		br.Get(path)
		br.Do(http.MethodHead, b.Parent, path, "", "")
	}
	if len(b.Enquiries)+len(b.Signups)+len(b.Codes) > 0 {
		t.Error("a GET acted")
	}
	var posts []string
	for _, p := range b.Website.Patterns() {
		if method, path, _ := strings.Cut(p, " "); strings.HasPrefix(path, "/your-data/act/") && method == http.MethodPost {
			continue // each needs the code of a link: TestEveryActNeedsItsLink
		} else if method == http.MethodPost {
			posts = append(posts, path)
		} else if method != http.MethodGet {
			t.Errorf("%s is neither read nor sent", p)
		}
	}
	slices.Sort(posts)
	if want := []string{"/complaint", "/consent", "/contact", "/csp", "/newsletter", "/newsletter/confirm", "/newsletter/leave", "/notice/seen", "/objection", "/objection/end", "/your-data"}; !slices.Equal(posts, want) {
		t.Errorf("%v, want %v", posts, want)
	}
}

// R25: informational pages set no cookie; a page with a form sets the one that
// protects it, as declared.
func TestOnlyFormsSetACookie(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for _, path := range pages(b) {
		a := b.Browser().Get(path)
		got := a.Header.Values("Set-Cookie")
		form := path == "/contact" || path == "/your-data" || path == "/complaint" || strings.HasPrefix(path, "/newsletter")
		if form && (len(got) != 1 || !strings.HasPrefix(got[0], "__RequestVerificationToken=") || !strings.HasSuffix(got[0], "; Path=/; HttpOnly; Secure; SameSite=Strict")) || !form && got != nil {
			t.Errorf("%s sets %v", path, got)
		}
	}
}

func TestWellKnown(t *testing.T) {
	b := webtest.Open(t, "invoco")
	a := b.Browser().Do(http.MethodGet, b.Parent+":8080", "/.well-known/security.txt", "", "")
	for _, want := range []string{"Contact: mailto:support@invoco.net\n", "Expires: 2027-05-01T00:00:00Z\n", "Canonical: http://invoco.localhost:8080/.well-known/security.txt\n"} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("%q is missing in %s", want, a.Text)
		}
	}
	if strings.Contains(a.Text, "Policy:") {
		t.Error("RFC 9116 section 2.5.7 means how holes are handled, not the privacy notice")
	}
	if a := b.Browser().Get("/.well-known/gpc.json"); a.Text != `{"gpc":true,"lastUpdate":"2026-11-24"}` {
		t.Error(a.Text)
	}
	if a := b.Browser().Get("/robots.txt"); !strings.Contains(a.Text, "Disallow: /newsletter/confirm") {
		t.Error(a.Text)
	}
	if a := b.Browser().Get("/evidence/key"); a.StatusCode != http.StatusOK || a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Error(a.StatusCode, a.Header)
	}
}

// R1: every version keeps its address; what comes is announced.
func TestVersions(t *testing.T) {
	b := webtest.Open(t, "invoco")
	next := webtest.Profile(t, "invoco", [3]string{"policy.yaml", "version: 1\n", "version: 2\n"}, [3]string{"policy.yaml", "name: _gat\n", "name: _other\n"})
	from := b.Clock().AddDate(0, 2, 0)
	if _, err := b.Versions.Publish(t.Context(), next, from, b.Clock()); err != nil {
		t.Fatal(err)
	}
	a := b.Browser().Get("/products")
	if !strings.Contains(a.Text, "24 January 2027") || !strings.Contains(a.Text, "/privacy/versions/2") {
		t.Error("the change is not announced")
	}
	for path, want := range map[string]int{
		"/privacy/versions/1": 200, "/privacy/versions/2": 200, "/privacy/versions/3": 404, "/privacy/versions/01": 404, "/privacy/versions/x": 404, "/privacy/versions/-1": 404, "/privacy/versions/99999999999999999999": 404,
	} {
		if a := b.Browser().Get(path); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, a.StatusCode, want)
		}
	}
	b.Pass(from.Sub(b.Clock()))
	if a := b.Browser().Get("/privacy"); !strings.Contains(a.Text, "_other") {
		t.Error("the new version is not shown on its day")
	}
	if a := b.Browser().Get("/privacy/versions/1"); a.StatusCode != 200 || !strings.Contains(a.Text, "old version") {
		t.Error("the old version does not say so")
	}
	if a := b.Browser().Get("/products"); strings.Contains(a.Text, "Our privacy notice changes") {
		t.Error("a change that applies is announced")
	}
}

func TestFirstPages(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for _, surface := range []string{"portal", "partner", "softphone", "console"} {
		a := b.Browser().Do(http.MethodGet, surface+"."+b.Parent, "/", "", "")
		if a.StatusCode != 200 || !strings.Contains(a.Text, "not open yet") || a.Header.Get("Set-Cookie") != "" || a.ByID("consent-message") != nil {
			t.Errorf("%s: %d", surface, a.StatusCode)
		}
		if a := b.Browser().Do(http.MethodGet, surface+"."+b.Parent, "/anything", "", ""); a.StatusCode != 404 {
			t.Errorf("%s/anything: %d", surface, a.StatusCode)
		}
	}
	phone := b.Browser().Do(http.MethodGet, "softphone."+b.Parent, "/", "", "")
	if h := phone.Header.Get("Permissions-Policy"); !strings.Contains(h, "microphone=()") || !strings.Contains(h, "camera=()") || !strings.Contains(h, "payment=()") {
		t.Error(h)
	}
}
