package softphone_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/telecom"
	"candour/internal/web/webtest"
)

// fillIn is fill for fields that have one value each.
func (c *caller) fillIn(page, form string, fields map[string]string) *webtest.Answer {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return c.fill(page, form, values)
}

// action is the address that the first button of a page whose path begins so
// posts to.
func action(t *testing.T, a *webtest.Answer, path string) string {
	t.Helper()
	for n := range a.Tree().Descendants() {
		if n.Data == "form" && strings.HasPrefix(webtest.Attr(n, "action"), path) {
			return webtest.Attr(n, "action")
		}
	}
	t.Fatalf("no button posts to %s", path)
	return ""
}

// R7, R28: each thing of a line is a form of its own with its reason; what
// cannot be is shown again with what is wrong; nobody sets up another's line.
func TestCallSettings(t *testing.T) {
	b := open(t)
	ann, bob := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "1002")
	const path = "/call-settings"
	if a := b.caller(t, "Cal", "").get(path); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "no number yet") {
		t.Error("without a line:", a.StatusCode)
	}
	for _, c := range []struct {
		form   string
		fields map[string]string
		status int
		words  string
	}{
		{"quiet-form", map[string]string{"quiet": "four"}, 303, ""},
		{"quiet-form", map[string]string{"quiet": "planted"}, 422, "Please choose one of the answers offered"},
		{"number-form", map[string]string{"number": "withheld", "bill": "plain"}, 303, ""}, // another's field is passed over
		{"anonymous-form", map[string]string{"anonymous": "refused"}, 303, ""},
		{"call-forward", map[string]string{"when": "always", "to": "1001", "after": "20"}, 422, "that is your own line"},
		{"call-forward", map[string]string{"when": "never", "to": "1002", "after": "20"}, 422, "Please choose one of the answers offered"},
		{"call-forward", map[string]string{"when": "busy", "to": "<b>", "after": "20"}, 422, "not an extension or a number"},
		{"call-forward", map[string]string{"when": "busy", "to": "1777", "after": "20"}, 422, "Nobody has that number"},
		{"call-forward", map[string]string{"when": "busy", "to": "999", "after": "20"}, 422, "emergency service"},
		{"call-forward", map[string]string{"when": "busy", "to": "1002", "after": "20"}, 303, ""},
		{"call-block", map[string]string{"caller": "1001"}, 422, "your own line"},
		{"call-block", map[string]string{"caller": "1002"}, 303, ""},
		{"call-block", map[string]string{"caller": "1002"}, 422, "on your list already"},
		{"emergency-address", map[string]string{"house": "7", "street": "High Street", "town": "Bromsgrove", "postcode": "12345"}, 422, "not a postcode"},
		{"emergency-address", map[string]string{"house": "7", "street": "High Street", "town": "Bromsgrove", "postcode": "B60 3DJ"}, 303, ""},
	} {
		a := ann.fillIn(path, c.form, c.fields)
		if a.StatusCode != c.status || !strings.Contains(a.Text, c.words) || c.status == 303 && !strings.HasPrefix(a.Header.Get("Location"), path+"#") {
			t.Errorf("%s %v: %d %s", c.form, c.fields, a.StatusCode, a.Header.Get("Location"))
		}
	}
	page := ann.get(path)
	for _, words := range []string{"7 High Street", "until ", "extension 1002", "Extension 1002", "So that your phones stay silent", "So that help finds you"} {
		if !strings.Contains(page.Text, words) {
			t.Error("the page does not say", words)
		}
	}
	if strings.Contains(page.Text, `value="plain" checked`) {
		t.Error("a field of another form was set")
	}

	// What is another's is not there, and theirs to stop is.
	for _, button := range []string{"/call-settings/forward/", "/call-settings/block/"} {
		act := action(t, page, button)
		if a := bob.press(act); a.StatusCode != http.StatusNotFound {
			t.Error("somebody else presses", act, a.StatusCode)
		}
		if a := bob.press(button + "planted/remove"); a.StatusCode != http.StatusNotFound {
			t.Error("no id:", a.StatusCode)
		}
	}
	theirs := bob.get(path)
	if strings.Contains(theirs.Text, "1001") || !strings.Contains(theirs.Text, "A line whose number is withheld") {
		t.Error("who forwards is named although they withhold their number, or is not told of")
	}
	stop := action(t, theirs, "/call-settings/forwarded/")
	if a := ann.press(stop); a.StatusCode != http.StatusNotFound {
		t.Error("the wrong person stops it:", a.StatusCode)
	}
	if a := bob.press(stop); a.StatusCode != http.StatusSeeOther {
		t.Error("stopping it:", a.StatusCode)
	}
	if a := ann.get(path); !strings.Contains(a.Text, "by the person they went to") {
		t.Error("who forwards is not told")
	}
	if a := ann.Do(http.MethodPost, host, path+"/quiet", "application/x-www-form-urlencoded", url.Values{"quiet": {"on"}}.Encode()); a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusBadRequest {
		t.Error("without its token:", a.StatusCode)
	}
}

// L28, L26: a call that came is blocked and reported by whom it came to, and by
// nobody else; one that was made is neither.
func TestAgainstACaller(t *testing.T) {
	b := open(t)
	ann, bob := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "1002")
	ann.rings(t, "1411002", telecom.Cancelled)
	list := bob.get("/calls")
	if strings.Contains(list.Text, "1001") {
		t.Error("a withheld number is told")
	}
	report := linkTo(t, list, "/calls/")
	block := strings.TrimSuffix(report, "/report") + "/block"
	for _, who := range []*caller{ann, b.caller(t, "Cal", "1003")} {
		if a := who.get(report); a.StatusCode != http.StatusNotFound {
			t.Error("somebody else is asked:", a.StatusCode)
		}
		if a := who.press(block); a.StatusCode != http.StatusNotFound {
			t.Error("somebody else blocks:", a.StatusCode)
		}
	}
	for _, path := range []string{"/calls/planted/report", "/calls/7/report"} {
		if a := bob.get(path); a.StatusCode != http.StatusNotFound {
			t.Error(path, a.StatusCode)
		}
	}
	if a := bob.fillIn(report, "call-report", map[string]string{"kind": "planted", "message": "kept <b>as typed</b>"}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "kept &lt;b&gt;as typed") {
		t.Error("a kind there is not:", a.StatusCode)
	}
	if a := bob.fillIn(report, "call-report", map[string]string{"kind": "threat", "message": "They breathed."}); a.StatusCode != http.StatusSeeOther {
		t.Error("reporting:", a.StatusCode)
	}
	if a := bob.get("/calls"); !strings.Contains(a.Text, "You reported it on") {
		t.Error("the list does not say that it was reported")
	}
	for range 2 {
		if a := bob.press(block); a.StatusCode != http.StatusSeeOther {
			t.Error("blocking:", a.StatusCode)
		}
	}
	for _, path := range []string{"/call-settings", "/calls", "/data", "/history"} {
		if a := bob.get(path); strings.Contains(a.Text, "1001") {
			t.Error(path, "names a caller who withheld their number")
		}
	}
}
