package softphone_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"candour/internal/consent/people"
	"candour/internal/media"
	"candour/internal/push"
	"candour/internal/store"
	"candour/internal/web/webtest"
)

// wakes is the desk that wakes browsers, with a service that nobody serves.
func (b *bench) wakes(t *testing.T, choices *people.Desk) *push.Desk {
	t.Helper()
	services, err := push.NewServices([]string{"http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := push.New(push.Config{
		Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Accounts: b.accounts, InForce: b.InForce, Now: b.Now, Logger: slog.New(slog.DiscardHandler), Services: services,
	})
	if err != nil {
		t.Fatal(err)
	}
	choices.Follow(d)
	return d
}

// The manifest is the operator's, has what a browser needs to install the phone,
// and is the same for everybody; each of its pictures is there.
func TestManifest(t *testing.T) {
	b := open(t)
	stranger := &caller{b.web.Browser(), b, nil}
	a := stranger.get("/app.webmanifest")
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/manifest+json" || len(a.Header.Values("Set-Cookie")) > 0 {
		t.Fatal(a.StatusCode, a.Header)
	}
	var m struct {
		Name, ID, Scope, Display string
		Short                    string `json:"short_name"`
		Start                    string `json:"start_url"`
		Icons                    []struct{ Src, Sizes, Type, Purpose string }
		Shortcuts                []struct{ Name, URL string }
		Handlers                 []struct{ Protocol, URL string } `json:"protocol_handlers"`
	}
	if err := json.Unmarshal([]byte(a.Text), &m); err != nil {
		t.Fatal(err)
	}
	if m.Name != "Invoco softphone" || m.Short != "Invoco" || m.Start != "/" || m.ID != "/" || m.Scope != "/" || m.Display != "standalone" {
		t.Error(m)
	}
	found := map[string]bool{}
	for _, i := range m.Icons {
		found[i.Sizes+i.Purpose] = true
		if a := stranger.get(i.Src); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != i.Type {
			t.Error(i.Src, a.StatusCode, a.Header.Get("Content-Type"))
		}
	}
	if !found["192x192"] || !found["512x512"] || !found["512x512maskable"] {
		t.Error("icons:", found)
	}
	ann := b.caller(t, "Ann", "1001")
	for _, s := range m.Shortcuts {
		if a := ann.get(s.URL); a.StatusCode != http.StatusOK {
			t.Error(s.URL, a.StatusCode)
		}
	}
	if len(m.Handlers) != 1 || m.Handlers[0].Protocol != "tel" || m.Handlers[0].URL != "/dial?number=%s" {
		t.Error("links:", m.Handlers)
	}
	if again := ann.get("/app.webmanifest"); again.Text != a.Text {
		t.Error("it differs for who is signed in")
	}
	if a := ann.get("/"); !strings.Contains(a.Text, `<link rel="manifest" href="/app.webmanifest">`) || !strings.Contains(a.Header.Get("Content-Security-Policy"), "manifest-src 'self'; worker-src 'self'") {
		t.Error("the page does not lead to it")
	}
}

// The worker is the same for everybody, has a policy of its own that lets it load
// nothing from elsewhere, and knows the style sheets that are served now.
func TestWorker(t *testing.T) {
	b := open(t)
	stranger := &caller{b.web.Browser(), b, nil}
	a := stranger.get("/worker.js")
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || a.Header.Get("Cache-Control") != "no-cache" {
		t.Fatal(a.StatusCode, a.Header)
	}
	if got := a.Header.Get("Content-Security-Policy"); got != "default-src 'none'; connect-src 'self'" {
		t.Error(got)
	}
	head, _, ok := strings.Cut(strings.TrimPrefix(a.Text, "self.candour = "), ";\n")
	var told struct {
		Name, Version, Icon string
		Styles              []string
	}
	if err := json.Unmarshal([]byte(head), &told); err != nil || !ok || told.Name != "Invoco" || told.Version == "" || len(told.Styles) != 2 {
		t.Fatal(err, told)
	}
	for _, at := range append(told.Styles, told.Icon) {
		if a := stranger.get(at); a.StatusCode != http.StatusOK {
			t.Error(at, a.StatusCode)
		}
	}
	if again := b.caller(t, "Ann", "1001").get("/worker.js"); again.Text != a.Text {
		t.Error("it differs for who is signed in")
	}
}

// A link for telephones brings its number into the field, and nothing else; it
// dials nothing.
func TestLinksForTelephones(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	for link, want := range map[string]string{
		"tel:+44-1632-960001": "+441632960001", "tel:1002": "1002", "TEL:1002;phone-context=example.net": "1002", "tel:%2B44%20(0)%201632": "+441632", "1002": "1002", "01632/96 00–01": "01632960001", "tel:*21%23": "*21#",
		"": "", "tel:": "", "tel:+": "", "sip:1002@example.net": "", "tel:call me": "", `tel:1"><script>`: "", "tel:" + strings.Repeat("1", 33): "", strings.Repeat("x", 400): "", "tel:++44": "",
	} {
		a := ann.get("/dial?" + url.Values{"number": {link}}.Encode())
		if a.StatusCode != http.StatusOK {
			t.Fatal(link, a.StatusCode)
		}
		if got := webtest.Attr(a.ByID("dial-number"), "value"); got != want {
			t.Errorf("%q stands as %q, want %q", link, got, want)
		}
	}
	if a := ann.get("/?number=1002"); webtest.Attr(a.ByID("dial-number"), "value") != "" {
		t.Error("another page takes a number too")
	}
	if a := (&caller{b.web.Browser(), b, nil}).get("/dial?number=tel%3A1002"); a.StatusCode != http.StatusSeeOther || strings.Contains(a.Header.Get("Location"), "1002") {
		t.Error("a stranger:", a.StatusCode, a.Header.Get("Location"))
	}
}

// The page about the device has no field at all: what is chosen there stays there.
func TestThisDevice(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	a := ann.get("/this-device")
	for n := range a.Tree().Descendants() {
		if n.Type == html.ElementNode && (n.Data == "input" || n.Data == "select" || n.Data == "textarea") {
			t.Error("a field:", webtest.Attr(n, "name"))
		}
	}
	for _, words := range []string{"Ring when the phone is closed", "Push service of your browser", "So that the app can ring when it is closed.", "So that the button on your headset answers", "Try it before a call"} {
		if !strings.Contains(a.Text, words) {
			t.Error("the page does not say", words)
		}
	}
	if got := a.Header.Get("Permissions-Policy"); !strings.Contains(got, "hid=(self)") || !strings.Contains(got, "speaker-selection=(self)") || !strings.Contains(got, "geolocation=()") {
		t.Error(got)
	}
	for _, path := range []string{"/calls", "/permissions", "/quality"} {
		if got := ann.get(path).Header.Get("Permissions-Policy"); !strings.Contains(got, "hid=()") || !strings.Contains(got, "speaker-selection=()") {
			t.Error(path, got)
		}
	}
	if a := b.caller(t, "Bob", "").get("/this-device"); strings.Contains(a.Text, "device-wake-on") || strings.Contains(a.Text, `id="device-check"`) {
		t.Error("who has no number is offered to be rung")
	}
}

func (c *caller) json(path, body string) *webtest.Answer {
	return c.Do(http.MethodPost, host, path, "application/json", body)
}

// R10, R11: a browser is kept for waking on its person's consent alone, and what
// is no address of a known service is refused.
func TestWakeIsKept(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	told := func(at string) string {
		text, _ := json.Marshal(map[string]any{"endpoint": at, "keys": map[string]string{
			"p256dh": base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
		}})
		return string(text)
	}
	good := told("http://127.0.0.1:9/a")
	if a := ann.json("/wake", good); a.StatusCode != http.StatusUnprocessableEntity {
		t.Error("without consent:", a.StatusCode)
	}
	grant := html.UnescapeString(regexp.MustCompile(`/permissions/notifications/granted\?shown=[0-9a-f]+`).FindString(ann.get("/this-device").Text))
	if a := ann.press(grant); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	if got := ann.session(t).Granted; len(got) != 1 || got[0] != "notifications" {
		t.Error("granted:", got)
	}
	for body, want := range map[string]int{good: http.StatusNoContent, "": http.StatusUnprocessableEntity, "{}": http.StatusUnprocessableEntity, told("http://127.0.0.1:10/a"): http.StatusUnprocessableEntity, strings.Repeat("x", 5000): http.StatusUnprocessableEntity} {
		if a := ann.json("/wake", body); a.StatusCode != want {
			t.Errorf("%.30q: %d, want %d", body, a.StatusCode, want)
		}
	}
	if a := ann.Do(http.MethodPost, host, "/wake", "text/plain", good); a.StatusCode != http.StatusUnsupportedMediaType {
		t.Error("as text:", a.StatusCode)
	}
	if a := ann.get("/this-device"); !strings.Contains(a.Text, "Browsers of yours that we wake: 1.") {
		t.Error("the page does not tell of it")
	}
	if a := ann.get("/permissions"); !strings.Contains(a.Text, "You allowed it") || !strings.Contains(a.Text, `href="/this-device"`) {
		t.Error("the permission does not stand among those that are asked for")
	}
	if a := ann.press("/wake/end"); a.StatusCode != http.StatusNoContent {
		t.Error("turning it off:", a.StatusCode)
	}
	if a := ann.get("/this-device"); strings.Contains(a.Text, "that we wake: ") {
		t.Error("it is still on")
	}
	if a := (&caller{b.web.Browser(), b, nil}).json("/wake", good); a.StatusCode != http.StatusSeeOther {
		t.Error("a stranger:", a.StatusCode)
	}
}

// R10: what a device noted reaches the support as its person left it, with a
// reference to quote, and nothing is sent of itself.
func TestQualityIsSent(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	form := ann.get("/quality")
	if !strings.Contains(form.Text, "You see the log before you send it") {
		t.Error("the reason is not told")
	}
	send := func(message string) *webtest.Answer {
		action, fields := ann.get("/quality").Fields("quality")
		fields.Set("message", message)
		b.Later(2 * time.Second)
		return ann.Do(http.MethodPost, host, action, "application/x-www-form-urlencoded", fields.Encode())
	}
	if a := send(""); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "There is nothing in it yet") {
		t.Error("nothing:", a.StatusCode)
	}
	a := send("2026-11-26 03:00 UTC, 48 s: estimate 3.2 of 4.5")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Our support has it") {
		t.Fatal(a.StatusCode, a.Text)
	}
	var held, tickets int
	err := b.Store.View(ctx, func(tx *store.Tx) error {
		list, err := b.Vault.Own(ctx, tx, ann.me.Account.Subject, "app.logs")
		held = len(list)
		return errors.Join(err, tx.QueryRow(ctx, "SELECT COUNT(*) FROM support_tickets WHERE subject = $1", int64(ann.me.Account.Subject)).Scan(&tickets))
	})
	if err != nil || held != 1 || tickets != 1 {
		t.Error(err, held, tickets)
	}
	if a := ann.Do(http.MethodPost, host, "/quality", "application/x-www-form-urlencoded", url.Values{"message": {"x"}}.Encode()); a.StatusCode != http.StatusForbidden {
		t.Error("a form that is not ours:", a.StatusCode)
	}
}

// The way to the relay is tried by who has a number; what is no description is
// told, and nothing else passes.
func TestCheck(t *testing.T) {
	b := open(t)
	ann, bob := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "")
	post := func(c *caller, path, kind, body string) int {
		return c.Do(http.MethodPost, host, path, kind, body).StatusCode
	}
	b.loop = func(text string) (string, error) {
		if text != "offer" {
			return "", media.ErrSDP
		}
		return "answer", nil
	}
	for _, path := range []string{"/check", "/check/join"} {
		if a := ann.Do(http.MethodPost, host, path, "application/sdp", "offer"); a.StatusCode != http.StatusOK || a.Text != "answer" || a.Header.Get("Content-Type") != "application/sdp" {
			t.Error(path, a.StatusCode, a.Text)
		}
		for name, got := range map[string][2]int{
			"no description": {post(ann, path, "application/sdp", "x"), http.StatusBadRequest}, "another kind": {post(ann, path, "text/plain", "offer"), http.StatusUnsupportedMediaType},
			"too long": {post(ann, path, "application/sdp", strings.Repeat("x", 33<<10)), http.StatusRequestEntityTooLarge}, "who has no number": {post(bob, path, "application/sdp", "offer"), http.StatusNotFound},
		} {
			if got[0] != got[1] {
				t.Errorf("%s, %s: %d, want %d", path, name, got[0], got[1])
			}
		}
	}
}
