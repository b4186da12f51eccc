package account_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"candour/internal/identity"
	"candour/internal/store/storetest"
	"candour/internal/web/webtest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	portalCookie = "invocoTelecomPortal"
	ann          = "ann@example.org"
	formKind     = "application/x-www-form-urlencoded"
)

// signIn signs a browser in at the portal.
func signIn(t *testing.T, br *webtest.Browser, path string) *webtest.Answer {
	t.Helper()
	a := br.Fill("portal", path, "sign-in", url.Values{"email": {ann}, "current-password": {webtest.Password}})
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in: %d", a.StatusCode)
	}
	return a
}

// A browser that signs in again holds the new session alone, and one that
// proves itself again gets another token (ASVS 5.0 7.2.4).
func TestOneBrowserOneSession(t *testing.T) {
	b, ctx := webtest.Open(t, "invoco"), context.Background()
	a := b.OpenAccounts()
	b.Customer(ann)
	br := b.Browser()
	signIn(t, br, "/sign-in")
	first := br.Cookies[portalCookie]
	if _, err := a.Session(ctx, "portal", first); err != nil {
		t.Fatal(err)
	}
	// The page leads away whoever is signed in, but its form, opened before, does not.
	other := b.Browser()
	page := other.Do(http.MethodGet, "portal."+b.Parent, "/sign-in", "", "")
	action, fields := page.Fields("sign-in")
	other.Cookies[portalCookie] = first
	b.Pass(2 * time.Second)
	fields.Set("email", ann)
	fields.Set("current-password", webtest.Password)
	if got := other.Do(http.MethodPost, "portal."+b.Parent, action, formKind, fields.Encode()); got.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in again: %d", got.StatusCode)
	}
	second := other.Cookies[portalCookie]
	if _, err := a.Session(ctx, "portal", first); !errors.Is(err, identity.ErrNotFound) || first == second {
		t.Errorf("the session of before: %v", err)
	}
	if got := other.Fill("portal", "/prove", "prove", url.Values{"current-password": {webtest.Password}}); got.StatusCode != http.StatusSeeOther {
		t.Fatalf("step-up: %d", got.StatusCode)
	}
	third := other.Cookies[portalCookie]
	if _, err := a.Session(ctx, "portal", second); !errors.Is(err, identity.ErrNotFound) || third == second {
		t.Errorf("the token of before the step-up: %v", err)
	}
	if _, err := a.Session(ctx, "portal", third); err != nil {
		t.Errorf("the token after it: %v", err)
	}
}

// The way back after a sign-in and a step-up is a path of the same host,
// whatever the address says.
func TestTheWayBackIsOurs(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	for _, to := range []string{
		"//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "https://evil.example/", "/%2f/evil.example", "/%5cevil.example", "/%09/evil.example",
		"javascript:alert(1)", "/\r\nSet-Cookie: a=b", "evil.example", "/..//evil.example", "/.//evil.example", " //evil.example", "//portal.invoco.localhost@evil.example",
	} {
		br := b.Browser()
		for _, got := range []*webtest.Answer{
			signIn(t, br, "/sign-in?back="+url.QueryEscape(to)),
			br.Fill("portal", "/prove?back="+url.QueryEscape(to), "prove", url.Values{"current-password": {webtest.Password}}),
			br.Do(http.MethodGet, "portal."+b.Parent, "/sign-in?back="+url.QueryEscape(to), "", ""),
		} {
			back := got.Header.Get("Location")
			u, err := url.Parse(back)
			if got.StatusCode != http.StatusSeeOther || err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n\t") {
				t.Errorf("%q leads to %q, %d", to, back, got.StatusCode)
			}
		}
		b.Pass(11 * time.Minute) // or the forms are too many
	}
	br := b.Browser()
	if got := signIn(t, br, "/sign-in?back=%2Fsecurity%2Fpassword%3Ftoken%3Dx").Header.Get("Location"); got != "/security/password" {
		t.Errorf("back to %q", got)
	}
}

// Cookies of a sign-in leave as they are declared: unreadable for scripts,
// encrypted connections only, for the one host (R25, R27).
func TestCookiesOfASignIn(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	got := signIn(t, b.Browser(), "/sign-in")
	found := false
	for _, c := range got.Cookies() {
		if c.MaxAge < 0 {
			continue
		}
		found = found || c.Name == portalCookie
		declared, ok := b.InForce().Profile.Policy.CookieByRole("signin", "portal")
		if c.Name == portalCookie && (!ok || !c.HttpOnly || c.Secure != declared.Secure || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.Path != "/" || c.MaxAge != 0) {
			t.Errorf("%+v", c)
		}
	}
	if !found || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", got.Header)
	}
}

var differs = regexp.MustCompile(`(?s)value="[^"]*"|data-question="[^"]*"|nonce-[A-Za-z0-9+/=]+`)

// What a page says does not tell who has an account (ASVS 5.0 6.3.8 asks it of
// higher levels).
func TestPagesTellNothing(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	host := "portal." + b.Parent
	both := func(what string, ask func(br *webtest.Browser, email string) *webtest.Answer) {
		t.Helper()
		known, unknown := ask(b.Browser(), ann), ask(b.Browser(), "bob@example.org")
		a, z := strings.ReplaceAll(known.Text, ann, "bob@example.org"), unknown.Text
		if known.StatusCode != unknown.StatusCode || differs.ReplaceAllString(a, "") != differs.ReplaceAllString(z, "") {
			t.Errorf("%s: %d and %d, or the words differ", what, known.StatusCode, unknown.StatusCode)
		}
	}
	both("sign-in", func(br *webtest.Browser, email string) *webtest.Answer {
		return br.Fill("portal", "/sign-in", "sign-in", url.Values{"email": {email}, "current-password": {"meadow copper thirteen"}})
	})
	both("reset", func(br *webtest.Browser, email string) *webtest.Answer {
		return br.Fill("portal", "/reset", "reset", url.Values{"email": {email}})
	})
	both("sign-up", func(br *webtest.Browser, email string) *webtest.Answer {
		return br.Fill("portal", "/sign-up", "sign-up", url.Values{"name": {"Bob"}, "email": {email}})
	})
	both("invitation", func(br *webtest.Browser, email string) *webtest.Answer {
		signIn(t, br, "/sign-in")
		return br.Fill("portal", "/people/invite", "invitation", url.Values{"name": {"Bob"}, "email": {email}, "role": {"customer-user"}})
	})
	both("passkey", func(br *webtest.Browser, email string) *webtest.Answer {
		return br.Fill("portal", "/sign-in", "sign-in-passkey", url.Values{"passkey": {`{"id":"` + email + `"}`}})
	})
	for _, path := range []string{"/sign-up/finish", "/reset/finish", "/address/confirm"} {
		for _, token := range []string{"", "x", strings.Repeat("A", 32), ann} {
			got := b.Browser().Do(http.MethodGet, host, path+"?token="+url.QueryEscape(token), "", "")
			if got.StatusCode != http.StatusNotFound || strings.Contains(got.Text, ann) {
				t.Errorf("%s with %d letters: %d", path, len(token), got.StatusCode)
			}
		}
	}
}

// An invitation without a role keeps what was typed; one to a role that is not
// on offer is not there.
func TestInvitationWithoutARole(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	br := b.Browser()
	signIn(t, br, "/sign-in")
	a := br.Fill("portal", "/people/invite", "invitation", url.Values{"name": {"Bob"}, "email": {"bob@example.org"}, "role": {""}})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, `value="bob@example.org"`) {
		t.Errorf("none: %d", a.StatusCode)
	}
	a = br.Fill("portal", "/people/invite", "invitation", url.Values{"name": {"Bob"}, "email": {"bob@example.org"}, "role": {"dpo"}})
	if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another: %d", a.StatusCode)
	}
	if n := len(b.Tokens()); n != 0 {
		t.Errorf("%d links were sent", n)
	}
}

// Nothing that is typed to sign in, and none of the secrets that come of it,
// is in the log (R9).
func TestTheLogKnowsNobodyWhoSignsIn(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	br := b.Browser()
	br.Header.Set("User-Agent", "Planted/1.0")
	br.Fill("portal", "/sign-in", "sign-in", url.Values{"email": {ann}, "current-password": {"planted wrong password"}})
	br.Fill("portal", "/sign-in", "sign-in-passkey", url.Values{"passkey": {`{"id":"planted-id"}`}})
	br.Fill("portal", "/reset", "reset", url.Values{"email": {ann}})
	codes := b.Tokens()
	for _, code := range codes {
		br.Do(http.MethodGet, "portal."+b.Parent, "/reset/finish?token="+code, "", "")
		br.Fill("portal", "/reset/finish?token="+code, "reset-finish", url.Values{"new-password": {"planted"}})
	}
	signIn(t, br, "/sign-in")
	br.Do(http.MethodGet, "portal."+b.Parent, "/security", "", "")
	log := b.Logged.String()
	for _, secret := range append(codes, ann, "example.org", "lanted", webtest.Password, br.Cookies[portalCookie], "192.0.2.1") {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if !strings.Contains(log, "/reset/finish") {
		t.Error("the log has no requests")
	}
}

// Signing out ends the session in the tables and clears the browser, and no
// page of somebody who is signed in is kept by a cache (ASVS 5.0 7.4.1, 14.3.1,
// 14.3.2).
func TestSigningOut(t *testing.T) {
	b, ctx := webtest.Open(t, "invoco"), context.Background()
	a := b.OpenAccounts()
	b.Customer(ann)
	br, host := b.Browser(), "portal."+b.Parent
	signIn(t, br, "/sign-in")
	token := br.Cookies[portalCookie]
	for _, path := range []string{"/security", "/security/password", "/people", "/people/invite", "/security/address", "/prove"} {
		page := br.Do(http.MethodGet, host, path, "", "")
		if page.StatusCode != http.StatusOK || page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %q", path, page.StatusCode, page.Header.Get("Cache-Control"))
		}
		if !strings.Contains(page.Text, `action="/sign-out"`) {
			t.Errorf("%s has no way out", path)
		}
	}
	out := br.Do(http.MethodPost, host, "/sign-out", "", "")
	if out.StatusCode != http.StatusSeeOther || out.Header.Get("Clear-Site-Data") != `"cache"` || br.Cookies[portalCookie] != "" {
		t.Errorf("%d, %v", out.StatusCode, out.Header)
	}
	if _, err := a.Session(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("the session after signing out: %v", err)
	}
	br.Cookies[portalCookie] = token
	if page := br.Do(http.MethodGet, host, "/security", "", ""); page.StatusCode != http.StatusSeeOther {
		t.Errorf("the old cookie: %d", page.StatusCode)
	}
}

// Fields for passwords hide what is typed and let managers fill them in and
// people paste; nothing is cut, shown again or asked for as a hint (ASVS 5.0
// 6.2.3, 6.2.6, 6.2.7, 6.4.2).
func TestFieldsForPasswords(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	br, host := b.Browser(), "portal."+b.Parent
	signIn(t, br, "/sign-in")
	for path, want := range map[string][]string{"/prove": {"current-password"}, "/security/password": {"current-password", "new-password"}} {
		page := br.Do(http.MethodGet, host, path, "", "")
		var got []string
		for n := range page.Tree().Descendants() {
			if name := webtest.Attr(n, "name"); n.Type == html.ElementNode && strings.HasSuffix(name, "-password") {
				got = append(got, name)
				if webtest.Attr(n, "type") != "password" || webtest.Attr(n, "autocomplete") != name || webtest.Attr(n, "value")+webtest.Attr(n, "maxlength")+webtest.Attr(n, "pattern")+webtest.Attr(n, "onpaste") != "" {
					t.Errorf("%s: %v", path, n.Attr)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s asks for %v", path, got)
		}
	}
	wrong := br.Fill("portal", "/security/password", "change-password", url.Values{"current-password": {"planted wrong one"}, "new-password": {"planted new one"}})
	if wrong.StatusCode != http.StatusUnprocessableEntity || strings.Contains(wrong.Text, "planted") {
		t.Errorf("%d", wrong.StatusCode)
	}
}
