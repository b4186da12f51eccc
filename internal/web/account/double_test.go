package account_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"candour/internal/web/webtest"
)

// A button of a step-up that is pressed twice: the second form comes with the
// cookie of before the first, whose answer the browser may have thrown away. It
// leads on all the same, with a token that is good, and takes none away; the
// cookie of before opens nothing else.
func TestStepUpPressedTwice(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	br, host := b.Browser(), "portal."+b.Parent
	signIn(t, br, "/sign-in")
	b.Pass(11 * time.Minute)
	page := br.Do(http.MethodGet, host, "/prove?back=%2Fsecurity%2Fpassword", "", "")
	action, fields := page.Fields("prove")
	fields.Set("current-password", webtest.Password)
	before := br.Cookies[portalCookie]
	for _, press := range []string{"first", "second"} {
		br.Cookies[portalCookie] = before
		got := br.Do(http.MethodPost, host, action, formKind, fields.Encode())
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/security/password" {
			t.Errorf("%s press: %d to %s", press, got.StatusCode, got.Header.Get("Location"))
		}
		if now := br.Cookies[portalCookie]; now == before || now == "" {
			t.Errorf("%s press: the browser holds %d letters", press, len(now))
		}
		if page := br.Do(http.MethodGet, host, "/security/password", "", ""); page.StatusCode != http.StatusOK {
			t.Errorf("after the %s press: %d", press, page.StatusCode)
		}
	}
	thief := b.Browser()
	for _, path := range []string{"/security", "/security/password", "/prove", "/people"} {
		thief.Cookies[portalCookie] = before
		if got := thief.Do(http.MethodGet, host, path, "", ""); got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/sign-in") {
			t.Errorf("%s with the cookie of before: %d", path, got.StatusCode)
		}
	}
	br.Cookies[portalCookie], before = before, br.Cookies[portalCookie]
	fields.Set("current-password", "meadow copper thirteen")
	if got := br.Do(http.MethodPost, host, action, formKind, fields.Encode()); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another password with the cookie of before: %d", got.StatusCode)
	}
	b.Pass(11 * time.Second)
	fields.Set("current-password", webtest.Password)
	if got := br.Do(http.MethodPost, host, action, formKind, fields.Encode()); !strings.HasPrefix(got.Header.Get("Location"), "/sign-in") {
		t.Errorf("the form after a while: %d to %s", got.StatusCode, got.Header.Get("Location"))
	}
	br.Cookies[portalCookie] = before
	if page := br.Do(http.MethodGet, host, "/security", "", ""); page.StatusCode != http.StatusOK {
		t.Errorf("the last token: %d", page.StatusCode)
	}
}
