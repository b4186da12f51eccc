package account_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candour/internal/web/webtest"
)

const recoverLead = "/recover/finish?token="

// lose gives Ann an app, a browser that is signed in as far as the password, and
// one that was signed in before.
func lose(t *testing.T, b *webtest.Bench) (half, whole *webtest.Browser) {
	t.Helper()
	o := b.Customer(ann)
	code, err := b.CodeOf(o.Session)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Accounts.SetAuthenticator(t.Context(), o.Session, code); err != nil {
		t.Fatal(err)
	}
	b.Mails()
	whole = b.Browser()
	whole.Cookies[portalCookie], _ = o.Session.Renewed()
	half = b.Browser()
	if to := signIn(t, half, "/sign-in").Header.Get("Location"); to != "/sign-in/code" {
		t.Fatalf("the password leads to %s", to)
	}
	return half, whole
}

var ofMail = regexp.MustCompile(`/recover/[a-z]+\?token=[A-Za-z0-9_-]{32}`)

// path returns the link of the one mail that came.
func path(t *testing.T, b *webtest.Bench) string {
	t.Helper()
	list := b.Mails()
	if len(list) != 1 {
		t.Fatalf("%d mails came", len(list))
	}
	return ofMail.FindString(list[0].Raw)
}

// A lost second step, from the sign-in to the page where a new one is set up
// (R18, ASVS 5.0 6.4.4).
func TestLostSecondStep(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	br, _ := lose(t, b)
	host := "portal." + b.Parent
	if page := br.Do(http.MethodGet, host, "/sign-in/code", "", ""); !strings.Contains(page.Text, `href="/recover"`) {
		t.Error("the second step has no way for whoever lost it")
	}
	if page := br.Do(http.MethodGet, host, "/recover", "", ""); page.StatusCode != http.StatusOK || !strings.Contains(page.Text, "three days") {
		t.Errorf("%d", page.StatusCode)
	}
	if got := br.Do(http.MethodPost, host, "/recover", formKind, ""); got.StatusCode != http.StatusOK {
		t.Fatalf("asking: %d", got.StatusCode)
	}
	other := b.Browser() // the mail is read elsewhere
	begin := path(t, b)
	if got := other.Do(http.MethodGet, host, begin, "", ""); got.StatusCode != http.StatusOK || len(b.Mails()) != 0 {
		t.Errorf("following the link does something: %d", got.StatusCode)
	}
	if got := other.Fill("portal", begin, "recover-begin", nil); got.StatusCode != http.StatusOK || !strings.Contains(got.Text, "The wait has begun") {
		t.Fatalf("%d", got.StatusCode)
	}
	if got := other.Do(http.MethodGet, host, begin, "", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("the link again: %d", got.StatusCode)
	}
	if stop := path(t, b); !strings.HasPrefix(stop, "/recover/stop") || other.Do(http.MethodGet, host, stop, "", "").StatusCode != http.StatusOK {
		t.Errorf("the notice leads to %s", stop)
	}
	b.Pass(3 * 24 * time.Hour)
	last := path(t, b)
	if got := other.Do(http.MethodGet, "partner."+b.Parent, last, "", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("the last link on another surface: %d", got.StatusCode)
	}
	wrong := other.Fill("portal", last, "recover-finish", url.Values{"current-password": {"planted wrong one"}})
	if wrong.StatusCode != http.StatusUnprocessableEntity || strings.Contains(wrong.Text, "planted") || other.Cookies[portalCookie] != "" {
		t.Errorf("a wrong password: %d", wrong.StatusCode)
	}
	done := other.Fill("portal", last, "recover-finish", url.Values{"current-password": {webtest.Password}})
	if done.StatusCode != http.StatusSeeOther || done.Header.Get("Location") != "/security" || other.Cookies[portalCookie] == "" {
		t.Fatalf("%d to %s", done.StatusCode, done.Header.Get("Location"))
	}
	if page := other.Do(http.MethodGet, host, "/security", "", ""); page.StatusCode != http.StatusOK || strings.Contains(page.Text, "Recovery codes") {
		t.Errorf("the page of factors: %d", page.StatusCode)
	}
}

// Whoever is signed in sees the wait and ends it; a link that stops it does so
// once.
func TestWaitIsStopped(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	br, whole := lose(t, b)
	host := "portal." + b.Parent
	begin := func() string {
		t.Helper()
		if got := br.Do(http.MethodPost, host, "/recover", formKind, ""); got.StatusCode != http.StatusOK {
			t.Fatalf("asking: %d", got.StatusCode)
		}
		if got := br.Fill("portal", path(t, b), "recover-begin", nil); got.StatusCode != http.StatusOK {
			t.Fatalf("beginning: %d", got.StatusCode)
		}
		return path(t, b)
	}
	stop := begin()
	for i, want := range []int{http.StatusOK, http.StatusNotFound} {
		page := br.Do(http.MethodGet, host, stop, "", "")
		if page.StatusCode != want {
			t.Errorf("the link that stops it, time %d: %d", i+1, page.StatusCode)
		}
		if want == http.StatusOK {
			if got := br.Fill("portal", stop, "recover-stop", nil); got.StatusCode != http.StatusOK || !strings.Contains(got.Text, "Your second step stays") {
				t.Errorf("%d", got.StatusCode)
			}
		}
	}
	b.Mails()
	begin()
	const panel = "about to be removed"
	if page := whole.Do(http.MethodGet, host, "/security", "", ""); !strings.Contains(page.Text, panel) {
		t.Error("whoever is signed in does not see the wait")
	}
	if got := br.Do(http.MethodPost, host, "/security/recover/stop", formKind, ""); got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/sign-in") {
		t.Errorf("half a session stops it: %d", got.StatusCode)
	}
	if got := whole.Do(http.MethodPost, host, "/security/recover/stop", formKind, ""); got.StatusCode != http.StatusSeeOther {
		t.Errorf("%d", got.StatusCode)
	}
	if page := whole.Do(http.MethodGet, host, "/security", "", ""); strings.Contains(page.Text, panel) {
		t.Error("it goes on")
	}
	b.Mails()
	b.Pass(3 * 24 * time.Hour)
	if n := len(b.Mails()); n != 0 {
		t.Errorf("%d mails after the wait", n)
	}
}

// Nobody comes to the pages of recovery without a right password or a link, and
// what they answer then is the same for all.
func TestRecoveryTellsNothing(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	host := "portal." + b.Parent
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		br := b.Browser()
		got := br.Do(method, host, "/recover", formKind, "")
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/sign-in" {
			t.Errorf("%s by a stranger: %d", method, got.StatusCode)
		}
		signIn(t, br, "/sign-in") // whole, without a second step: nothing to recover
		if got := br.Do(method, host, "/recover", formKind, ""); got.StatusCode != http.StatusSeeOther {
			t.Errorf("%s by somebody who lost nothing: %d", method, got.StatusCode)
		}
	}
	for _, p := range []string{"/recover/begin?token=", "/recover/stop?token=", recoverLead} {
		for _, token := range []string{"", "x", strings.Repeat("A", 32), ann} {
			got := b.Browser().Do(http.MethodGet, host, p+url.QueryEscape(token), "", "")
			if got.StatusCode != http.StatusNotFound || strings.Contains(got.Text, ann) {
				t.Errorf("%s with %d letters: %d", p, len(token), got.StatusCode)
			}
		}
	}
	if len(b.Mails()) != 0 {
		t.Error("mails went")
	}
}
