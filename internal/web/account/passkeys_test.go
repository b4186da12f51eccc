package account_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/web"
	"candour/internal/web/webtest"
)

// elsewhere is what a bench answers besides its local domain: served, but not where
// people are meant to come.
const elsewhere = "elsewhere.localhost"

// showParty is a page with the origin of which passkeys are taken.
func showParty(rt *web.Routes) {
	rt.Handle("GET /party", func(w http.ResponseWriter, r *http.Request) error {
		p, err := web.VisitOf(r).Party()
		if err == nil {
			_, _ = fmt.Fprint(w, p.Domain, " ", p.Origin)
		}
		return err
	})
}

// The origin of passkeys is the one that people are meant to come to. A Host
// header with another port or name gets none, no question either, and no answer
// is taken there (WebAuthn Level 3 sections 7.1, 7.2 and 13.4.9).
func TestPasskeysAtOurAddressAlone(t *testing.T) {
	const ours, other = "portal.invoco.localhost", "portal." + elsewhere
	for _, c := range []struct {
		port      string // as configured
		tls       bool
		good, bad []string // Host headers
		origin    string
	}{
		{"", false, []string{ours, ours + ":80", "PORTAL.invoco.localhost", ours + "."}, []string{ours + ":8080", ours + ":443", ours + ":081", other, other + ":80"}, "http://" + ours},
		{"80", false, []string{ours, ours + ":80"}, []string{ours + ":8080", other}, "http://" + ours},
		{"8080", false, []string{ours + ":8080"}, []string{ours, ours + ":80", ours + ":8081", ours + ":08080", other + ":8080"}, "http://" + ours + ":8080"},
		{"443", true, []string{ours, ours + ":443"}, []string{ours + ":80", ours + ":8443", other}, "https://" + ours},
	} {
		b := webtest.Open(t, "invoco")
		b.OpenAccounts(showParty)
		b.Site.Parents = append(b.Site.Parents, elsewhere)
		b.Site.Ports, b.Site.TLS = map[string]string{b.Parent: c.port}, c.tls
		for _, host := range c.good {
			if got := b.Browser().Do(http.MethodGet, host, "/party", "", ""); got.Text != b.Parent+" "+c.origin {
				t.Errorf("port %q at %s: the party is %q", c.port, host, got.Text)
			}
			if got := b.Browser().Do(http.MethodGet, host, "/sign-in", "", ""); !strings.Contains(got.Text, `data-passkey="get"`) {
				t.Errorf("port %q at %s: no passkey is asked for", c.port, host)
			}
		}
		for _, host := range c.bad {
			if got := b.Browser().Do(http.MethodGet, host, "/party", "", ""); got.StatusCode != http.StatusNotFound || strings.Contains(got.Text, " "+c.origin) {
				t.Errorf("port %q at %s: there is a party, %d", c.port, host, got.StatusCode)
			}
			if got := b.Browser().Do(http.MethodGet, host, "/sign-in", "", ""); got.StatusCode != http.StatusOK || strings.Contains(got.Text, "data-passkey=") {
				t.Errorf("port %q at %s: a passkey is asked for, %d", c.port, host, got.StatusCode)
			}
		}
		for _, host := range []string{"portal.invoco.localhost.evil.example", "evil.example", "portal.evil.invoco.localhost", ours + ":80@evil.example", ours + ":x"} {
			if got := b.Browser().Do(http.MethodGet, host, "/party", "", ""); got.StatusCode != http.StatusMisdirectedRequest {
				t.Errorf("port %q at %s: %d", c.port, host, got.StatusCode)
			}
		}
	}
}

// Whoever is led to us by another port or name gives away no use of a passkey,
// though their form is good: signing in, proving oneself and adding one alike.
func TestPasskeyFormsElsewhere(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	b.Customer(ann)
	b.Site.Parents = append(b.Site.Parents, elsewhere)
	br, ours := b.Browser(), "portal."+b.Parent
	send := func(host, path string, fields url.Values) int {
		return br.Do(http.MethodPost, host, path, formKind, fields.Encode()).StatusCode
	}
	try := func(page, form string) {
		t.Helper()
		action, fields := br.Do(http.MethodGet, ours, page, "", "").Fields(form)
		fields.Set("passkey", "{}")
		for _, host := range []string{ours + ":8080", "portal." + elsewhere} {
			if got := send(host, action, fields); got != http.StatusNotFound {
				t.Errorf("%s at %s: %d", form, host, got)
			}
		}
		if got := send(ours, action, fields); got != http.StatusUnprocessableEntity {
			t.Errorf("%s at our address: %d", form, got)
		}
	}
	try("/sign-in", "sign-in-passkey")
	signIn(t, br, "/sign-in")
	try("/security/passkeys", "add-passkey")
	for _, host := range []string{ours + ":8080", "portal." + elsewhere} {
		if got := br.Do(http.MethodGet, host, "/security/passkeys", "", ""); got.StatusCode != http.StatusNotFound {
			t.Errorf("the page at %s: %d", host, got.StatusCode)
		}
	}
	try("/prove", "prove-passkey")
}
