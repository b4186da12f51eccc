package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/rights"
	"candour/internal/support"
)

// complain sends the form for complaints and returns the ticket.
func (b *bench) complain(message string) support.Ticket {
	b.T.Helper()
	r, err := b.rights.Complain(ctx, rights.Complaining{Policy: 1, Form: url.Values{"email": {"ann.planted@example.org"}, "message": {message}}})
	b.must(err)
	t, err := b.desk.Ticket(ctx, r.Ref)
	b.must(err)
	return t
}

// L5, R6: whoever the policy lets act on rights acknowledges and closes a
// complaint at their desk, once each; nobody else can, and it is handed to no
// other desk.
func TestAComplaintAtTheDesk(t *testing.T) {
	each(t, func(b *bench) {
		ticket, path := b.complain("You planted a wrong."), ""
		path = "/enquiries/" + ticket.Reference
		officer := b.as(identity.Officer)
		for _, role := range []identity.Role{identity.Support, identity.Marketing, identity.Engineer} {
			c := b.as(role)
			for _, act := range []string{"/acknowledge", "/close", "/move"} {
				if a := c.press(path + act); a.StatusCode != http.StatusNotFound {
					t.Errorf("%s%s: %d", role, act, a.StatusCode)
				}
			}
		}
		shows := func(name string, want map[string]bool) {
			t.Helper()
			a := officer.get(path)
			for words, is := range want {
				if a.StatusCode != http.StatusOK || strings.Contains(a.Text, words) != is {
					t.Errorf("%s: %d, %q is there: %v", name, a.StatusCode, words, !is)
				}
			}
		}
		shows("new", map[string]bool{"You planted a wrong.": true, path + "/acknowledge": true, path + "/close": true, path + "/move": false, "<dt>Acknowledged</dt>": false})
		if a := officer.press(path + "/acknowledge"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path {
			t.Errorf("to acknowledge: %d %s %s", a.StatusCode, a.Header.Get("Location"), b.Logged)
		}
		shows("acknowledged", map[string]bool{path + "/acknowledge": false, path + "/close": true, "<dt>Acknowledged</dt>": true, "<dt>Closed</dt>": false})
		if a := officer.press(path + "/move"); a.StatusCode != http.StatusNotFound {
			t.Errorf("to hand on: %d", a.StatusCode)
		}
		for range 2 {
			if a := officer.press(path + "/close"); a.StatusCode != http.StatusSeeOther {
				t.Errorf("to close: %d", a.StatusCode)
			}
		}
		shows("closed", map[string]bool{path + "/close": false, "<dt>Acknowledged</dt>": true, "<dt>Closed</dt>": true})
		if list := officer.get("/enquiries"); strings.Contains(list.Text, ticket.Reference) {
			t.Error("it still waits")
		}
		enquiry := b.enquire("data", "Please send me what you hold.")
		if a := officer.press("/enquiries/" + enquiry.Reference + "/acknowledge"); a.StatusCode != http.StatusNotFound {
			t.Errorf("an enquiry is no complaint: %d", a.StatusCode)
		}
	})
}
