package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/web"
	"candour/internal/web/webtest"
)

// R16, L46: a no in the account reaches every browser at its next signed-in
// request: there, and through the choice that the surfaces share on the website
// too, what it allowed stops and expires. Nothing gets wider by it, and taking
// the no back gives the browser nothing.
func TestTheAccountsNoTightensTheBrowser(t *testing.T) {
	b := webtest.Open(t, "invoco")
	refused := map[string]bool{}
	b.Handle("portal", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := b.Tighten(w, r, refused); err != nil {
			t.Error(err)
		}
		v := web.VisitOf(r)
		fmt.Fprint(w, v.Consent.Allows("analytics"), v.Consent.Counted(), v.Consent.Allows("trusted-traffic"), v.Consent.Ask())
	}))
	accept := func(br *webtest.Browser) {
		action, _ := br.Get("/cookies").Fields("")
		br.Post(action, url.Values{"choice": {"accept"}})
		br.Cookies["_ga"] = "GA1"
	}
	portal := func(br *webtest.Browser) *webtest.Answer {
		return br.Do(http.MethodGet, "portal."+b.Parent, "/", "", "")
	}
	first, second, nothing := b.Browser(), b.Browser(), b.Browser()
	accept(first)
	accept(second)
	loads := func(br *webtest.Browser) bool {
		return strings.Contains(br.Get("/").Header.Get("Content-Security-Policy"), "googletagmanager")
	}
	if !loads(first) || !loads(second) || portal(first).Text != "true true true false" {
		t.Fatal("accepting does not let analytics load")
	}
	before := first.Cookies["invocoCookieChoice"]
	if portal(first); first.Cookies["invocoCookieChoice"] != before {
		t.Error("the choice changed without a no")
	}
	refused = map[string]bool{"analysis": true}
	a := portal(first)
	if a.Text != "false true true false" || a.Header.Get("Clear-Site-Data") != `"cache"` || first.Cookies["_ga"] != "" {
		t.Errorf("%s %v", a.Text, a.Header)
	}
	if loads(first) || !loads(second) {
		t.Error("the browser of the request still loads, or one that did not ask does not")
	}
	if portal(second); loads(second) {
		t.Error("a second browser still loads after its request")
	}
	tight := first.Cookies["invocoCookieChoice"]
	if a := portal(first); first.Cookies["invocoCookieChoice"] != tight || a.Header.Get("Clear-Site-Data") != "" {
		t.Error("decided again with nothing to withdraw")
	}
	if a := portal(nothing); a.Text != "false true false false" || nothing.Cookies["invocoCookieChoice"] != "" {
		t.Errorf("a browser that decided nothing: %s %v", a.Text, nothing.Cookies)
	}
	refused = map[string]bool{"statistics": true}
	if a := portal(nothing); a.Text != "false false false false" {
		t.Error(a.Text)
	}
	refused = nil
	if portal(first); loads(first) {
		t.Error("taking back the no gave a browser what it had lost")
	}
	accept(first)
	if !loads(first) {
		t.Error("the browser cannot decide anew")
	}
}
