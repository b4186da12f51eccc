package website_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"candour/internal/analytics"
	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/web/webtest"
)

const choiceCookie = "invocoCookieChoice"

// press sends the form of choices that a page shows, with a button.
func press(t *testing.T, br *webtest.Browser, page *webtest.Answer, button string, ticked ...string) *webtest.Answer {
	t.Helper()
	root := page.ByID("consent-message")
	if root == nil {
		root = page.ByID("choose")
	}
	if root == nil {
		t.Fatal("the page asks nothing")
	}
	for _, f := range elements(root, "form") {
		for _, bt := range elements(f, "button") {
			if webtest.Attr(bt, "value") == button {
				values := url.Values{webtest.Attr(bt, "name"): {button}}
				for _, name := range ticked {
					values.Set(name, "yes")
				}
				return br.Post(webtest.Attr(f, "action"), values)
			}
		}
	}
	t.Fatalf("there is no button %s", button)
	return nil
}

func content(a *webtest.Answer) string { return a.Header.Get("Content-Security-Policy") }

// E, L23: the message is there, its ways are of one kind, and tools find it.
func TestTheMessage(t *testing.T) {
	b := webtest.Open(t, "invoco")
	a := b.Browser().Get("/products")
	root := a.ByID("consent-message")
	if root == nil || webtest.Attr(root, "role") != "dialog" {
		t.Fatal("no message")
	}
	classes := map[string]bool{}
	words := map[string]bool{}
	for _, n := range elements(root, "button", "summary") {
		text := textOf(n)
		if words[text] = true; text != "Save my choice" && !strings.HasPrefix(text, "Do not count") {
			classes[webtest.Attr(n, "class")] = true
		}
	}
	if len(classes) != 1 || !words["Accept all"] || !words["Reject all"] || !words["Choose"] {
		t.Errorf("%v, %v", words, classes)
	}
	fern := webtest.Open(t, "fernhill")
	if fern.Browser().Get("/").ByID("consent-message") != nil {
		t.Error("an operator that declares nothing optional asks")
	}
}

// R15, R16, R27: yes, and no again.
func TestAcceptAndWithdraw(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	first := br.Get("/products")
	if strings.Contains(content(first), "google") || first.Header.Get("Cache-Control") != "private, no-cache" {
		t.Error("before a choice", first.Header)
	}
	done := press(t, br, first, "accept")
	if done.StatusCode != http.StatusSeeOther || done.Header.Get("Location") != "/products" || done.Header.Get("Clear-Site-Data") != "" {
		t.Error(done.StatusCode, done.Header)
	}
	set := done.Header.Get("Set-Cookie")
	if !strings.HasPrefix(set, choiceCookie+"=v1.1.20261124.-yyy.") || !strings.HasSuffix(set, "; Path=/; Domain=invoco.localhost; Max-Age=15552000; Secure; SameSite=Lax") {
		t.Error(set)
	}
	wide := br.Get("/products")
	if !strings.Contains(content(wide), "script-src 'self' https://www.googletagmanager.com;") || wide.Header.Get("Cache-Control") != "no-store" || wide.ByID("consent-message") != nil {
		t.Error("after a yes", wide.Header)
	}
	if !strings.Contains(wide.Text, "&#34;kind&#34;:&#34;google-analytics&#34;") || strings.Contains(first.Text, "googletagmanager") {
		t.Error("what the browser part is told to load")
	}
	if p := br.Do(http.MethodGet, "portal."+b.Parent, "/", "", ""); strings.Contains(content(p), "google") || p.Header.Get("Cache-Control") != "no-store" {
		t.Error("a surface that declares none", p.Header)
	}
	br.Cookies["_ga"], br.Cookies["_ga_G1"], br.Cookies["_gat"] = "1", "2", "3"
	if got := br.Get("/").Header["Set-Cookie"]; got != nil {
		t.Error("an agreed cookie is expired", got)
	}
	gone := press(t, br, br.Get("/cookies"), "reject")
	if strings.Contains(content(gone), "google") || gone.Header.Get("Clear-Site-Data") != `"cache"` || gone.Header.Get("Location") != "/cookies" {
		t.Error(gone.Header)
	}
	if len(br.Cookies) != 1 || !strings.Contains(br.Cookies[choiceCookie], ".-nnn..") {
		t.Errorf("left in the browser: %v", br.Cookies)
	}
	if after := br.Get("/products"); strings.Contains(content(after), "google") || after.ByID("consent-message") != nil {
		t.Error("after a withdrawal")
	}
}

// A refusal holds for all surfaces, and tells nobody from anybody.
func TestRejectAll(t *testing.T) {
	b := webtest.Open(t, "invoco")
	one, two := b.Browser(), b.Browser()
	press(t, one, one.Get("/"), "reject")
	b.Pass(time.Minute)
	press(t, two, two.Get("/terms"), "reject")
	if len(one.Cookies) != 1 || one.Cookies[choiceCookie] != two.Cookies[choiceCookie] {
		t.Errorf("%v, %v", one.Cookies, two.Cookies)
	}
	if one.Get("/").ByID("consent-message") != nil {
		t.Error("asked again")
	}
}

func TestChoose(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	press(t, br, br.Get("/"), "save", "trusted-traffic")
	if got := br.Cookies[choiceCookie]; !strings.HasPrefix(got, "v1.1.20261124.--ny.") {
		t.Error(got)
	}
	page := br.Get("/cookies")
	if !strings.Contains(page.Text, "You chose on 24 November 2026") || strings.Contains(content(page), "google") {
		t.Error("the cookie page does not show the choice")
	}
}

func TestWhatIsNoChoice(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	page := br.Get("/")
	press(t, br, page, "accept")
	good := br.Cookies[choiceCookie]
	br.Cookies[choiceCookie] = good[:len(good)-1] + "!"
	if a := br.Get("/"); a.ByID("consent-message") == nil || strings.Contains(content(a), "google") {
		t.Error("a cookie that does not verify is a choice")
	}
	action := actionOf(t, page)
	for name, c := range map[string]struct {
		target string
		values url.Values
		want   int
	}{
		"no button":         {action, url.Values{}, 400},
		"a made up button":  {action, url.Values{"choice": {"everything"}}, 400},
		"other words shown": {strings.Replace(action, "shown=", "shown=0", 1), url.Values{"choice": {"accept"}}, 409},
		"no words shown":    {"/consent", url.Values{"choice": {"accept"}}, 409},
	} {
		fresh := b.Browser()
		if a := fresh.Post(c.target, c.values); a.StatusCode != c.want || len(fresh.Cookies) > 0 {
			t.Errorf("%s: %d, %v", name, a.StatusCode, fresh.Cookies)
		}
	}
	cross := b.Browser()
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := cross.Post(action, url.Values{"choice": {"accept"}}); a.StatusCode != http.StatusForbidden || len(cross.Cookies) > 0 {
		t.Error("another site chose for a person")
	}
	elsewhere := strings.Replace(action, "back=%2F", "back=%2F%2Fevil.example", 1)
	if a := b.Browser().Post(elsewhere, url.Values{"choice": {"reject"}}); a.Header.Get("Location") != "/" {
		t.Errorf("led to %s", a.Header.Get("Location"))
	}
}

func actionOf(t *testing.T, a *webtest.Answer) string {
	t.Helper()
	return webtest.Attr(elements(a.ByID("consent-message"), "form")[0], "action")
}

// L46.
func TestGlobalPrivacyControl(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	br.Header.Set("Sec-GPC", "1")
	if a := br.Get("/"); a.ByID("consent-message") != nil || strings.Contains(content(a), "google") || a.Header.Get("Vary") != "Accept-Encoding, Cookie, Sec-GPC" {
		t.Error("asked although the browser has said it")
	}
	if a := br.Get("/cookies"); !strings.Contains(a.Text, "Global Privacy Control") {
		t.Error("the cookie page does not say that it was heard")
	}
}

// R26: totals without a cookie, and one click that stops it.
func TestStatistics(t *testing.T) {
	b := webtest.Open(t, "invoco")
	ctx := context.Background()
	br := b.Browser()
	for _, path := range []string{"/products", "/products", "/no-such-page", "/robots.txt", "/privacy/versions/1"} {
		br.Get(path)
	}
	page := br.Get("/cookies")
	gpc := b.Browser()
	gpc.Header.Set("Sec-GPC", "1")
	gpc.Get("/products")
	if object := actions(page, "objection-statistics"); len(object) != 1 {
		t.Fatal(object)
	} else if a := br.Post(object[0], nil); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/cookies#objection-statistics" {
		t.Fatal(a.StatusCode, object)
	}
	for range 3 {
		br.Get("/products")
	}
	if br.Get("/").ByID("consent-message") == nil {
		t.Error("an objection to statistics answered the other questions")
	}
	if err := b.Views.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	views, err := analytics.Totals(ctx, b.Store, b.Clock(), b.Clock())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, v := range views {
		got[v.Surface+v.Route] = v.Views
	}
	if len(got) != 3 || got["website/products"] != 2 || got["website/cookies"] != 1 || got["website/privacy/versions/1"] != 1 {
		t.Errorf("%v", got)
	}
}

func textOf(n *html.Node) string {
	var text strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			text.WriteString(c.Data)
		}
	}
	return text.String()
}

// actions are the addresses of the forms within the element of an id.
func actions(a *webtest.Answer, id string) (all []string) {
	for _, f := range elements(a.ByID(id), "form") {
		all = append(all, webtest.Attr(f, "action"))
	}
	return all
}

// R26, L22: counted until one objects is no box to tick. The page says how it
// is now, in one way only, and has one button that changes it.
func TestWhetherVisitsAreCountedIsSaid(t *testing.T) {
	b := webtest.Open(t, "invoco")
	const counted, not = "Your visits are counted now.", "Your visits are not counted."
	says := func(br *webtest.Browser, want, button, address string) string {
		t.Helper()
		a := br.Get("/cookies")
		text := textOf(a.ByID("objection-statistics"))
		if got := actions(a, "objection-statistics"); !strings.Contains(text, want) || !strings.Contains(text, button) || len(got) != 1 || !strings.HasPrefix(got[0], address+"?") {
			t.Errorf("%q, %v, want %q and the button %q", text, got, want, button)
			return address
		} else if strings.Contains(text, counted) == strings.Contains(text, not) {
			t.Errorf("both or neither: %q", text)
		}
		for _, in := range elements(a.Tree(), "input") {
			if webtest.Attr(in, "name") == "statistics" {
				t.Error("there is a box for what is no consent")
			}
		}
		return actions(a, "objection-statistics")[0]
	}
	br := b.Browser()
	object := says(br, counted, "Do not count my visits", "/objection")
	br.Post(object, nil)
	end := says(br, not, "Count my visits again", "/objection/end")
	br.Post(object, nil) // from a page out of date
	says(br, not, "Count my visits again", "/objection/end")
	if a := br.Get("/cookies"); !strings.Contains(a.Text, "You have not chosen yet") {
		t.Error("an objection passes for a choice about consent")
	}
	br.Post(end, nil)
	says(br, counted, "Do not count my visits", "/objection")
	press(t, br, br.Get("/"), "reject")
	says(br, not, "Count my visits again", "/objection/end")
	press(t, br, br.Get("/cookies"), "save", "analytics") // says nothing about the counting
	says(br, not, "Count my visits again", "/objection/end")

	gpc := b.Browser()
	gpc.Header.Set("Sec-GPC", "1")
	end = says(gpc, not, "Count my visits all the same", "/objection/end")
	gpc.Post(end, nil)
	says(gpc, counted, "Do not count my visits", "/objection")

	for _, group := range []string{"", "analytics", "necessary", "nonsense"} {
		if a := b.Browser().Post("/objection?back=%2F&group="+group, nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("an objection to %q: %d", group, a.StatusCode)
		}
	}
}

// The refusals of the doors are counted in the evidence, without a name.
func TestDoorsAreEvidenced(t *testing.T) {
	b := webtest.Open(t, "invoco")
	ctx := context.Background()
	br := b.Browser()
	br.Cookies["planted-name"] = "planted-value"
	br.Get("/")
	if len(br.Cookies) != 0 {
		t.Error("an undeclared cookie stays")
	}
	br.Do(http.MethodPost, b.Parent, "/csp", "application/csp-report", `{"csp-report":{"effective-directive":"img-src","blocked-uri":"https://planted.example/"}}`)
	if err := b.Counter.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	var bodies strings.Builder
	if err := b.Store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT body FROM evidence ORDER BY id")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			bodies.Write(body)
		}
		return rows.Err()
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{string(evidence.DoorRefused), `"cookie.found"`, string(evidence.ReportReceived), `"img-src"`} {
		if !strings.Contains(bodies.String(), want) {
			t.Errorf("%s is not in the evidence", want)
		}
	}
	if strings.Contains(bodies.String(), "planted") || strings.Contains(b.Logged.String(), "planted") {
		t.Error("what a client chose was kept")
	}
}
