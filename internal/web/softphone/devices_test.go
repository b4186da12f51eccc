package softphone_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web/own"
	"candour/internal/web/webtest"
)

var inCode = regexp.MustCompile(`<code class="secret">([^<]*)</code>`)

// add sends the form with which a phone is added.
func (c *caller) add(name string) *webtest.Answer {
	action, values := c.get("/devices/add").Fields("device")
	values.Set("phone", name)
	return c.Do(http.MethodPost, host, action, "application/x-www-form-urlencoded", values.Encode())
}

// link is the address of the first link whose path begins so.
func linkTo(t *testing.T, a *webtest.Answer, path string) string {
	t.Helper()
	for n := range a.Tree().Descendants() {
		if n.Data == "a" && strings.HasPrefix(webtest.Attr(n, "href"), path) {
			return webtest.Attr(n, "href")
		}
	}
	t.Fatalf("no link leads to %s", path)
	return ""
}

// R7, R28: a phone is added with the one declared field, and its password is
// shown once; it is in the list and the history until it is removed.
func TestAddingAPhone(t *testing.T) {
	b := open(t)
	ann, bob := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "1002")
	if a := ann.get("/devices"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "No phone has been added") || !strings.Contains(a.Text, `href="/devices/add"`) {
		t.Error("the empty list:", a.StatusCode)
	}
	if a := ann.get("/devices/add"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "So that you can tell the phones on your line apart") || !strings.Contains(a.Text, `maxlength="40"`) {
		t.Error("the form:", a.StatusCode)
	}
	a := ann.add(" <b>front</b>  desk ")
	told := inCode.FindAllStringSubmatch(a.Text, -1)
	if a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" || len(told) != 4 || told[2][1] != "invoco.net" || told[3][1] != "192.0.2.1:5070" {
		t.Fatal(a.StatusCode, a.Header, told)
	}
	if !strings.Contains(a.Text, "&lt;b&gt;front&lt;/b&gt; desk") || !strings.Contains(a.Text, "<svg") {
		t.Error("the page does not say what the phone is called, or shows no square")
	}
	username, password := told[0][1], told[1][1]
	d, h, err := b.phones.DeviceBy(ctx, username)
	if err != nil || d.Line.Extension != "1001" || len(h.SHA256) != 64 || len(password) != 16 {
		t.Error(err, len(password))
	}
	for _, path := range []string{"/devices", "/devices/add", "/data", "/history", "/"} {
		if a := ann.get(path); strings.Contains(a.Text, password) || strings.Contains(a.Text, h.MD5) {
			t.Error(path, "shows what the phone signs in with")
		}
	}
	if a := ann.get("/history"); !strings.Contains(a.Text, "A phone was added to your line") {
		t.Error("the history does not tell of it")
	}
	list := ann.get("/devices")
	if !strings.Contains(list.Text, username) || !strings.Contains(list.Text, "&lt;b&gt;front&lt;/b&gt; desk") {
		t.Error("the list lacks the phone")
	}

	// It is asked before it goes, and nobody else's hand removes it.
	remove := linkTo(t, list, "/devices/")
	if a := bob.get(remove); a.StatusCode != http.StatusNotFound {
		t.Error("somebody else is asked:", a.StatusCode)
	}
	if a := bob.press(remove); a.StatusCode != http.StatusNotFound {
		t.Error("somebody else removes it:", a.StatusCode)
	}
	if a := ann.get(remove); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Remove “&lt;b&gt;front") {
		t.Error("the question:", a.StatusCode)
	}
	if _, _, err := b.phones.DeviceBy(ctx, username); err != nil {
		t.Error("asking removed it:", err)
	}
	if a := ann.press(remove); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/devices" {
		t.Error("removing:", a.StatusCode)
	}
	if a := ann.press(remove); a.StatusCode != http.StatusNotFound {
		t.Error("twice:", a.StatusCode)
	}
	if _, _, err := b.phones.DeviceBy(ctx, username); err != telecom.ErrNoDevice { //nolint:errorlint // wrapped by nobody
		t.Error("after that:", err)
	}
}

// L38: whoever adds a phone is told whether emergency calls lead anywhere from it,
// and to which address help goes then.
func TestAPhoneAndEmergencyCalls(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	says := func(page, want, not string) {
		t.Helper()
		if a := ann.get(page); !strings.Contains(a.Text, want) || strings.Contains(a.Text, not) {
			t.Errorf("%s does not say %q, or says %q", page, want, not)
		}
	}
	const works, fails = "999 and 112 work on it", "does not reach 999 or 112"
	says("/devices/add", fails, works)
	says("/call-settings", "cannot be reached from this line today", "panel attention")
	b.phones.Connect(outward{"emergency-services"})
	says("/devices/add", works, fails)
	says("/devices/add", `href="/call-settings#emergency"`, fails)
	says("/call-settings", "panel attention", "cannot be reached from this line today")
}

// What cannot be added is said in words, with what was typed.
func TestPhonesThatCannotBeAdded(t *testing.T) {
	b := open(t)
	ann, bob := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "")
	for name, typed := range map[string]string{"nothing": "", "spaces": "  ", "too long": strings.Repeat("x", 41)} {
		a := ann.add(typed)
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, `role="alert"`) || len(typed) > 40 && !strings.Contains(a.Text, typed) {
			t.Error(name, a.StatusCode)
		}
	}
	if a := ann.Do(http.MethodPost, host, "/devices/add", "application/x-www-form-urlencoded", url.Values{"phone": {"kitchen"}}.Encode()); a.StatusCode != http.StatusForbidden {
		t.Error("a form that is not ours:", a.StatusCode)
	}
	if a := bob.get("/devices"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Your account has no number yet") {
		t.Error("who has no line:", a.StatusCode)
	}
	if a := bob.get("/devices/add"); a.StatusCode != http.StatusOK || strings.Contains(a.Text, "<input") {
		t.Error("who has no line is asked:", a.StatusCode)
	}
	b.server = ""
	for _, path := range []string{"/devices", "/devices/add"} {
		if a := ann.get(path); a.StatusCode != http.StatusOK || strings.Contains(a.Text, "<input") || !strings.Contains(a.Text, "Phones cannot connect here at the moment") {
			t.Error(path, "where none can connect:", a.StatusCode)
		}
	}
	b.server = "192.0.2.1:5070"
	action, values := ann.get("/devices/add").Fields("device")
	values.Set("phone", "one more")
	for range telecom.MaxDevices {
		if a := ann.add("desk"); a.StatusCode != http.StatusOK {
			t.Fatal(a.StatusCode)
		}
	}
	if a := ann.Do(http.MethodPost, host, action, "application/x-www-form-urlencoded", values.Encode()); a.StatusCode != http.StatusConflict || !strings.Contains(a.Text, "as many phones as a line can have") {
		t.Error("one too many:", a.StatusCode)
	}
	if a := ann.get("/devices"); strings.Contains(a.Text, `href="/devices/add"`) || !strings.Contains(a.Text, "10 phones are as many") {
		t.Error("the full list offers another")
	}
}

// R18: a password of a phone is shown to nobody who does not prove themselves anew; a
// phone that was stolen is removed without that.
func TestAddingAsksForAFreshProof(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	action, values := ann.get("/devices/add").Fields("device")
	values.Set("phone", "kitchen")
	ann.add("hall")
	b.Later(11 * time.Minute)
	if a := ann.get("/devices/add"); a.Header.Get("Location") != "/prove?back=%2Fdevices%2Fadd" {
		t.Error(a.StatusCode, a.Header.Get("Location"))
	}
	if a := ann.Do(http.MethodPost, host, action, "application/x-www-form-urlencoded", values.Encode()); !strings.HasPrefix(a.Header.Get("Location"), "/prove?back=") {
		t.Error(a.StatusCode, a.Header.Get("Location"))
	}
	var list []telecom.Device
	err := b.Store.View(ctx, func(tx *store.Tx) (err error) { list, err = b.phones.Devices(ctx, tx, ann.me.Account.ID); return err })
	if err != nil || len(list) != 1 {
		t.Error(len(list), err)
	}
	if a := ann.press(linkTo(t, ann.get("/devices"), "/devices/")); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/devices" {
		t.Error("removing:", a.StatusCode)
	}
}

// Each phone of the list says whether it is connected, since when and how, and the
// list says it of the phone in browsers; where it is in the network it does not say.
func TestPhonesThatAreConnected(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	ann.add("desk")
	ann.add("kitchen")
	none := ann.get("/devices")
	if strings.Count(none.Text, "Not connected") != 2 || !strings.Contains(none.Text, "not open in any browser") {
		t.Error("before any is:", none.Text)
	}
	var desk telecom.Device
	err := b.Store.View(ctx, func(tx *store.Tx) error {
		list, err := b.phones.Devices(ctx, tx, ann.me.Account.ID)
		for _, d := range list {
			if d.Name == "desk" {
				desk = d
			}
		}
		return err
	})
	if err != nil || desk.ID == 0 {
		t.Fatal(err)
	}
	since := time.Date(2026, 5, 1, 8, 30, 0, 0, time.UTC)
	b.connected = []own.Connection{
		{Device: desk.ID, Over: "over UDP", Since: since.Add(time.Hour)}, {Device: desk.ID, Over: "over UDP", Since: since},
		{Since: since}, {Device: desk.ID + 1<<40, Over: "over TLS", Since: since}, // of nobody's that is listed
	}
	page := ann.get("/devices").Text
	for _, words := range []string{"since 1 May 2026 09:30, over UDP, with 2 phones that share it", "in your browser is connected in one browser, since 1 May 2026 09:30"} {
		if !strings.Contains(page, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	if strings.Count(page, "Not connected") != 1 || strings.Contains(page, "over TLS") {
		t.Error("which are connected:", page)
	}
}

// Who can connect over TLS is told where, before what is not encrypted, and where
// nothing else is open a phone can be added all the same.
func TestPhonesThatConnectOverTLS(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	if a := ann.add("plain"); strings.Contains(a.Text, "TLS") || !strings.Contains(a.Text, "TCP or UDP") {
		t.Error("TLS is told of where none is")
	}
	b.serverTLS = "192.0.2.1:5061"
	if a := ann.add("either"); !strings.Contains(a.Text, "192.0.2.1:5061") || !strings.Contains(a.Text, "for phones without TLS") || !strings.Contains(a.Text, "192.0.2.1:5070") {
		t.Error("not both ways are told")
	}
	b.server = ""
	if a := ann.add("sealed"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "192.0.2.1:5061") || strings.Contains(a.Text, "TCP or UDP") || strings.Contains(a.Text, "without TLS") {
		t.Error("over TLS alone:", a.StatusCode)
	}
	b.serverTLS = ""
	if a := ann.get("/devices"); !strings.Contains(a.Text, "Phones cannot connect here") {
		t.Error("a phone can be added that nothing lets in")
	}
}
