package softphone_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web/webtest"
)

// powers are what the page may ask the browser for.
func powers(a *webtest.Answer) (list []string) {
	for _, f := range []string{"microphone", "camera", "geolocation", "hid", "display-capture"} {
		if strings.Contains(a.Header.Get("Permissions-Policy"), f+"=(self)") {
			list = append(list, f)
		}
	}
	return list
}

// R7, R10, R11: the phone is there for who has a line. No other page, and nobody
// else's, may ask for microphone or camera; what the page asks for it explains;
// and its one field is the declared one.
func TestPhone(t *testing.T) {
	b := open(t)
	stranger := &caller{b.web.Browser(), b, nil}
	a := stranger.get("/")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Sign in") || a.ByID("phone") != nil || len(powers(a)) > 0 {
		t.Error("a stranger:", a.StatusCode, powers(a))
	}
	without := b.caller(t, "Bob", "")
	a = without.get("/")
	if !strings.Contains(a.Text, "No number yet") || strings.Contains(a.Text, `<script type="module" src="/assets/phone-`) || len(powers(a)) > 0 {
		t.Error("who has no line:", powers(a))
	}
	ann := b.caller(t, "Ann", "1001")
	a = ann.get("/")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Extension 1001") || !strings.Contains(a.Text, `<script type="module" src="/assets/phone-`) {
		t.Error("who has a line:", a.StatusCode)
	}
	if got := powers(a); !slices.Equal(got, []string{"microphone", "camera", "hid"}) {
		t.Error("the page may ask for", got)
	}
	if !strings.Contains(a.Header.Get("Content-Security-Policy"), "connect-src 'self'") || a.Header.Get("Cache-Control") != "no-store" {
		t.Error(a.Header)
	}
	for _, words := range []string{"So that the person you call can hear you.", "So that the person you call can see you", "Your calls are sound only.", "No emergency calls."} {
		if !strings.Contains(a.Text, words) {
			t.Error("the page does not say", words)
		}
	}
	var inputs []string
	for n := range a.Tree().Descendants() {
		if n.Type == html.ElementNode && (n.Data == "input" || n.Data == "select" || n.Data == "textarea") {
			inputs = append(inputs, webtest.Attr(n, "name"))
		}
	}
	if !slices.Equal(inputs, []string{"number"}) {
		t.Error("inputs:", inputs)
	}
	for _, path := range []string{"/calls", "/permissions", "/history", "/security", "/sign-in"} {
		if got := powers(ann.get(path)); len(got) > 0 {
			t.Error(path, "may ask for", got)
		}
	}
}

// The phone learns who is signed in, also that nobody is, and nothing secret.
func TestSession(t *testing.T) {
	b := open(t)
	stranger := &caller{b.web.Browser(), b, nil}
	if s := stranger.session(t); s.SignedIn || s.Extension != "" || s.Domain != "" {
		t.Error(s)
	}
	if s := b.caller(t, "Bob", "").session(t); !s.SignedIn || s.Extension != "" {
		t.Error(s)
	}
	ann := b.caller(t, "Ann", "1001")
	if s := ann.session(t); !s.SignedIn || s.Extension != "1001" || s.Name != "Ann" || s.Domain != "invoco.net" || len(s.Granted) > 0 {
		t.Error(s)
	}
	for _, c := range ann.Cookies {
		if strings.Contains(ann.get("/session").Text, c) {
			t.Error("the session is told to scripts")
		}
	}
}

// Only a WebSocket for SIP is opened, for who is signed in and has a line, and
// it lasts as long as their sign-in.
func TestFlow(t *testing.T) {
	b := open(t)
	var served []telecom.Line
	var alive func(context.Context) error
	b.flow = func(line telecom.Line, lasts func(context.Context) error) {
		served, alive = append(served, line), lasts
	}
	opening := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Protocol": {"chat, sip"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	stranger, bob, ann := &caller{b.web.Browser(), b, nil}, b.caller(t, "Bob", ""), b.caller(t, "Ann", "1001")
	stranger.Header, bob.Header = opening.Clone(), opening.Clone()
	if a := stranger.get("/sip"); a.StatusCode != http.StatusSeeOther {
		t.Error("a stranger:", a.StatusCode)
	}
	if a := bob.get("/sip"); a.StatusCode != http.StatusNotFound {
		t.Error("who has no line:", a.StatusCode)
	}
	if a := ann.get("/sip"); a.StatusCode != http.StatusUpgradeRequired || a.Header.Get("Upgrade") != "websocket" {
		t.Error("no WebSocket:", a.StatusCode, a.Header.Get("Upgrade"))
	}
	ann.Header = opening.Clone()
	if a := ann.get("/sip"); a.StatusCode != http.StatusSwitchingProtocols || len(served) != 1 || served[0].Extension != "1001" {
		t.Fatal(a.StatusCode, len(served))
	}
	if err := alive(ctx); err != nil {
		t.Error("while signed in:", err)
	}
	if err := b.accounts.End(ctx, ann.me, ann.me.ID); err != nil {
		t.Fatal(err)
	}
	if alive(ctx) == nil {
		t.Error("it outlives the sign-in")
	}
}

// Each side has its own list, takes out of it what it likes, and finds nothing
// of others.
func TestCalls(t *testing.T) {
	b := open(t)
	ann, bea, cal := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002"), b.caller(t, "Cal", "1003")
	if a := ann.get("/calls"); !strings.Contains(a.Text, "No calls yet") {
		t.Error(a.Text)
	}
	ann.rings(t, "1002", telecom.Completed)
	ann.rings(t, "1411002", telecom.Cancelled)
	made, got := ann.get("/calls"), bea.get("/calls")
	for _, words := range []string{"Extension 1002", "You called, 1 min 5 sec", "your number withheld"} {
		if !strings.Contains(made.Text, words) {
			t.Error("the caller is not told", words)
		}
	}
	for _, words := range []string{"Extension 1001", "They called, 1 min 5 sec", "Number withheld", "Missed call", "one year"} {
		if !strings.Contains(got.Text, words) {
			t.Error("the called is not told", words)
		}
	}
	if n := strings.Count(made.Text, `href="/#dial=1002"`); n != 2 {
		t.Error("of two calls to somebody, so many can be made again:", n)
	}
	if n := strings.Count(got.Text, `href="/#dial=`); n != 1 || !strings.Contains(got.Text, `href="/#dial=1001"`) {
		t.Error("whoever called is called back, unless they withheld their number:", n)
	}
	if strings.Contains(cal.get("/calls").Text, "Extension 100") {
		t.Error("a third is told of it")
	}
	if a := ann.get("/"); !strings.Contains(a.Text, "Extension 1002") || !strings.Contains(a.Text, `data-call-back="1002"`) {
		t.Error("it does not stand beside the phone")
	}
	forgets := regexp.MustCompile(`/calls/\d+/forget`).FindAllString(made.Text, -1)
	if len(forgets) != 2 {
		t.Fatal(forgets)
	}
	for _, path := range []string{forgets[0], "/calls/0/forget", "/calls/-1/forget", "/calls/x/forget", "/calls/007/forget", "/calls/9223372036854775808/forget"} {
		if a := cal.press(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("a third, %s: %d", path, a.StatusCode)
		}
	}
	if a := ann.press(forgets[1]); a.StatusCode != http.StatusSeeOther {
		t.Error(a.StatusCode)
	}
	if a := ann.press(forgets[1]); a.StatusCode != http.StatusNotFound {
		t.Error("twice:", a.StatusCode)
	}
	if strings.Contains(ann.get("/calls").Text, "1 min 5 sec") || !strings.Contains(bea.get("/calls").Text, "1 min 5 sec") {
		t.Error("it went from the wrong list")
	}
}

func TestCallsComeInPages(t *testing.T) {
	b := open(t)
	ann, _ := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002")
	for range 31 {
		ann.rings(t, "1002", telecom.NoAnswer)
	}
	lines := func(a *webtest.Answer) int { return strings.Count(a.Text, `class="call-line `) }
	first := ann.get("/calls")
	older := regexp.MustCompile(`/calls\?before=\d+`).FindString(first.Text)
	if lines(first) != 30 || older == "" {
		t.Fatal(lines(first), older)
	}
	if last := ann.get(older); lines(last) != 1 || strings.Contains(last.Text, "?before=") || !strings.Contains(last.Text, "The newest") {
		t.Error(lines(last))
	}
	for _, before := range []string{"0", "-1", "x", "1e3", "9223372036854775808"} {
		if a := ann.get("/calls?before=" + before); a.StatusCode != http.StatusNotFound {
			t.Error(before, a.StatusCode)
		}
	}
}

// R10, R11, L16: each declared permission stands on one page with its reason and
// what is lost without it; an answer is kept under the words that were shown, as
// evidence, and taken back by one press.
func TestPermissions(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	page := ann.get("/permissions")
	for _, q := range b.InForce().Policy().Permissions {
		if slices.Contains(q.Surfaces, "softphone") {
			for _, words := range []string{q.Title, q.Reason, q.Without} {
				if !strings.Contains(page.Text, html.EscapeString(words)) {
					t.Errorf("%s: the page does not say %q", q.ID, words)
				}
			}
		}
	}
	if strings.Count(page.Text, "Take it back") != 0 || strings.Count(page.Text, ">needed for calls<") != 1 {
		t.Error("before anything was asked")
	}
	grant := html.UnescapeString(regexp.MustCompile(`/permissions/microphone/granted\?shown=[0-9a-f]+`).FindString(ann.get("/").Text))
	for path, want := range map[string]int{
		"/permissions/microphone/granted": http.StatusConflict, "/permissions/microphone/granted?shown=00": http.StatusConflict,
		"/permissions/nothing/granted": http.StatusNotFound, "/permissions/nothing/revoked": http.StatusNotFound, "/permissions/nothing/refused": http.StatusNotFound,
		"/permissions/microphone/sold": http.StatusNotFound, grant: http.StatusSeeOther,
	} {
		if a := ann.press(path); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, a.StatusCode, want)
		}
	}
	if got := ann.session(t).Granted; !slices.Equal(got, []string{"microphone"}) {
		t.Error("granted:", got)
	}
	if !strings.Contains(ann.get("/").Text, `data-ask="microphone" data-granted="yes"`) || !strings.Contains(ann.get("/permissions").Text, "You allowed it") {
		t.Error("the yes does not show")
	}
	if a := ann.press("/permissions/microphone/revoked"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/permissions#permission-microphone" {
		t.Error(a.StatusCode, a.Header.Get("Location"))
	}
	if a := ann.press("/permissions/camera/refused"); a.StatusCode != http.StatusSeeOther {
		t.Error(a.StatusCode)
	}
	page = ann.get("/permissions")
	if !strings.Contains(page.Text, "You took it back") || !strings.Contains(page.Text, "You said no") || len(ann.session(t).Granted) > 0 {
		t.Error("what was taken back still stands")
	}
	answers := 0
	err := b.Store.View(ctx, func(tx *store.Tx) error {
		list, err := b.Log.About(ctx, tx, ann.me.Account.Subject, 0, 100)
		for _, e := range list {
			if e.Body.Kind == evidence.PermissionDecided {
				answers++
			}
		}
		return err
	})
	if err != nil || answers != 3 {
		t.Errorf("%d answers are evidenced: %v", answers, err)
	}
}
