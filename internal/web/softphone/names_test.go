package softphone_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"candour/internal/telecom"
	"candour/internal/web/webtest"
)

// callers are what the lines of a list say of the other side: a name, and the
// number beside it.
func callers(a *webtest.Answer) (list []string) {
	for _, m := range regexp.MustCompile(`<strong>([^<]*)</strong>(?: <span class="call-number">([^<]*)</span>)?`).FindAllStringSubmatch(a.Text, -1) {
		if strings.HasPrefix(m[2]+m[1], "Extension 100") {
			list = append(list, strings.TrimSpace(m[1]+", "+m[2]))
		}
	}
	return list
}

// Lists of calls and messages say who it was, as one's own contacts have it, or
// the directory of one's company, and the number beside it; nobody else's, and no
// more once that is taken back.
func TestNamesInLists(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	bob, cal := ann.colleague(t, "Bob", "1002"), b.caller(t, "Cal", "1003")
	for _, from := range []*caller{bob, cal} {
		from.rings(t, "1001", telecom.NoAnswer)
	}
	cal.rings(t, "1411001", telecom.NoAnswer)
	ann.getsMessage(t, "1002")
	want := func(when string, bobs, cals string) {
		t.Helper()
		for path, list := range map[string]string{"/": cals + " | " + bobs, "/calls": cals + " | " + bobs, "/voicemail": bobs} {
			if got := strings.Join(callers(ann.get(path)), " | "); got != list {
				t.Errorf("%s, %s says %q, want %q", when, path, got, list)
			}
		}
	}
	want("at first", "Extension 1002,", "Extension 1003,")
	page := bob.get("/directory")
	if a := bob.press(html.UnescapeString(regexp.MustCompile(`/directory/join\?shown=[0-9a-f]+`).FindString(page.Text))); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	want("once Bob is in the directory", "Bob, Extension 1002", "Extension 1003,")
	ann.agree(t, "/contacts", "contacts")
	for name, number := range map[string]string{"Bob the builder": "1002", "Cal & Co": "1003"} {
		if a := ann.fill("/contacts/add", "contact-card", url.Values{"name": {name}, "number": {number}}); a.StatusCode != http.StatusSeeOther {
			t.Fatal(a.StatusCode)
		}
	}
	want("with contacts of her own", "Bob the builder, Extension 1002", "Cal &amp; Co, Extension 1003")
	if got := strings.Join(callers(bob.get("/calls")), " | "); strings.Contains(got, "Ann") {
		t.Errorf("Bob, who has no contacts, reads %q", got)
	}
	if !strings.Contains(ann.get("/calls").Text, "<strong>Number withheld</strong>") {
		t.Error("a withheld number has a name")
	}
	if a := ann.press("/permissions/contacts/revoked"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	if a := bob.press("/directory/leave"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	want("after all is taken back", "Extension 1002,", "Extension 1003,")
}
