package website_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"candour/internal/web/webtest"
)

const changedWords = "Our privacy notice changed on"

// publishNext publishes a second version that applies in two months, in which
// a cookie of the analytics changes, and passes on to that day.
func publishNext(t *testing.T, b *webtest.Bench) {
	t.Helper()
	next := webtest.Profile(t, "invoco", [3]string{"policy.yaml", "version: 1\n", "version: 2\n"}, [3]string{"policy.yaml", "name: _gat\n", "name: _other\n"})
	from := b.Clock().AddDate(0, 2, 0)
	if _, err := b.Versions.Publish(t.Context(), next, from, b.Clock()); err != nil {
		t.Fatal(err)
	}
	b.Pass(from.Sub(b.Clock()) + time.Hour)
}

// seen presses "I have seen this" on a page.
func seen(t *testing.T, br *webtest.Browser, page *webtest.Answer) *webtest.Answer {
	t.Helper()
	for _, f := range elements(page.Tree(), "form") {
		if action := webtest.Attr(f, "action"); strings.HasPrefix(action, "/notice/seen") {
			return br.Post(action, url.Values{})
		}
	}
	t.Fatal("there is no such button")
	return nil
}

// R1: returning people are told what changed, on each page and surface, until
// they have seen it or decide anew; of a browser that decided nothing nothing
// is known, and nothing is kept.
func TestReturningPeopleAreTold(t *testing.T) {
	b := webtest.Open(t, "invoco")
	refused, accepted, fresh := b.Browser(), b.Browser(), b.Browser()
	press(t, refused, refused.Get("/"), "reject")
	press(t, accepted, accepted.Get("/"), "accept")
	if strings.Contains(refused.Get("/").Text, changedWords) {
		t.Error("told before anything changed")
	}
	publishNext(t, b)
	if strings.Contains(fresh.Get("/").Text, changedWords) {
		t.Error("a browser of which nothing is known is told")
	}
	for name, br := range map[string]*webtest.Browser{"refused": refused, "accepted": accepted} {
		for _, path := range []string{"/", "/contact", "/privacy", "/no-such-page"} {
			page := br.Get(path)
			if !strings.Contains(page.Text, changedWords+" 24 January 2027") || !strings.Contains(page.Text, "/privacy/versions/2/since/1") {
				t.Errorf("%s %s: not told", name, path)
			}
		}
		before := br.Cookies["invocoCookieChoice"]
		a := seen(t, br, br.Get("/products"))
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/products" || br.Cookies["invocoCookieChoice"] == before {
			t.Errorf("%s: %d %v", name, a.StatusCode, a.Header)
		}
		page := br.Get("/")
		if strings.Contains(page.Text, changedWords) {
			t.Errorf("%s: told again", name)
		}
		if strings.Contains(page.Header.Get("Content-Security-Policy"), "google") || page.ByID("consent-message") == nil {
			t.Errorf("%s: to have seen the notice answered for the changed analytics", name)
		}
	}
	other := b.Browser()
	other.Cookies["invocoCookieChoice"] = refused.Cookies["invocoCookieChoice"]
	press(t, other, other.Get("/"), "reject")
	if strings.Contains(other.Get("/").Text, changedWords) {
		t.Error("told after deciding anew")
	}
}

func TestSeenRefuses(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	press(t, br, br.Get("/"), "reject")
	publishNext(t, b)
	before := br.Cookies["invocoCookieChoice"]
	for path, want := range map[string]int{"/notice/seen?back=%2F&version=1": 409, "/notice/seen?back=%2F&version=3": 409, "/notice/seen": 409, "/notice/seen?version=02": 409} {
		if a := br.Post(path, url.Values{}); a.StatusCode != want || br.Cookies["invocoCookieChoice"] != before {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	fresh := b.Browser()
	if a := fresh.Post("/notice/seen?back=%2F%2Fevil.example&version=2", url.Values{}); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" || len(fresh.Cookies) != 0 {
		t.Errorf("a browser that decided nothing: %d %v", a.StatusCode, a.Header)
	}
	crossing := b.Browser()
	crossing.Cookies["invocoCookieChoice"] = before
	crossing.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := crossing.Post("/notice/seen?version=2", url.Values{}); a.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", a.StatusCode)
	}
}

// L16: a sign-up is never recorded under other words than were read: a form
// that was open while another version came into force is shown anew.
func TestAFormOpenWhileTheNoticeChanges(t *testing.T) {
	b := webtest.Open(t, "invoco")
	next := webtest.Profile(t, "invoco", [3]string{"policy.yaml", "version: 1\n", "version: 2\n"})
	if _, err := b.Versions.Publish(t.Context(), next, b.Clock().Add(time.Minute), b.Clock()); err != nil {
		t.Fatal(err)
	}
	br := b.Browser()
	_, values := br.Get("/newsletter").Fields("newsletter")
	values.Set("email", "ann@example.org")
	b.Pass(2 * time.Minute)
	a := br.Post("/newsletter", values)
	if a.StatusCode != http.StatusBadRequest || len(b.Signups) != 0 || !strings.Contains(a.Text, "ann@example.org") {
		t.Fatalf("%d, %d sign-ups", a.StatusCode, len(b.Signups))
	}
	_, values = a.Fields("newsletter")
	b.Pass(2 * time.Second)
	if a := br.Post("/newsletter", values); a.StatusCode != http.StatusOK || len(b.Signups) != 1 || b.Signups[0].Policy != 2 {
		t.Errorf("sent again: %d, %d sign-ups", a.StatusCode, len(b.Signups))
	}
}

// The differences between any two versions, the older first.
func TestDifferences(t *testing.T) {
	b := webtest.Open(t, "invoco")
	publishNext(t, b)
	if a := b.Browser().Get("/privacy/versions/2/since/1"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "_other") || !strings.Contains(a.Text, "we ask you again") {
		t.Error(a.StatusCode, a.Text)
	}
	if a := b.Browser().Get("/privacy/versions/2"); !strings.Contains(a.Text, "What changed since the version before") || !strings.Contains(a.Text, "_other") {
		t.Error("a version does not say what changed against the one before")
	}
	for _, path := range []string{"/privacy/versions/1/since/2", "/privacy/versions/2/since/2", "/privacy/versions/3/since/1", "/privacy/versions/2/since/0", "/privacy/versions/2/since/01", "/privacy/versions/2/since/x"} {
		if a := b.Browser().Get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}
