package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
)

// L12: from the page of a person, staff whose role answers for lines stop their
// calls that cost, with a reason, and lift that again; nobody else comes there.
func TestStaffStopCallsAtTheDesk(t *testing.T) {
	each(t, func(b *bench) {
		s := b.planted()
		b.account(s)
		c := b.as(identity.Support)
		person := c.page("support", plantedAddress)
		a := c.get(person)
		at := strings.Index(a.Text, `href="/blocks/new/`)
		if at < 0 {
			t.Fatalf("%d: the page leads nowhere %s", a.StatusCode, b.Logged)
		}
		path := a.Text[at+len(`href="`):]
		path = path[:strings.Index(path, `"`)]
		for _, role := range []identity.Role{identity.Marketing, identity.Officer} {
			if a := b.as(role).get(path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", role, a.StatusCode)
			}
		}
		send := func(why string) (int, string) {
			action, values := c.get(path).Fields(telecom.StopFormID)
			values.Set("message", why)
			a := c.post(action, values)
			return a.StatusCode, a.Header.Get("Location")
		}
		if got, _ := send(""); got != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", got)
		}
		if a := c.post(path, url.Values{"message": {"Forged."}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("from elsewhere: %d", a.StatusCode)
		}
		if a := c.get("/blocks/new/planted"); a.StatusCode != http.StatusNotFound {
			t.Errorf("of nobody: %d", a.StatusCode)
		}
		got, block := send("Your bill is late.")
		if got != http.StatusSeeOther || !strings.HasPrefix(block, "/blocks/") {
			t.Fatalf("stopped: %d %s %s", got, block, b.Logged)
		}
		if got, again := send("Twice."); got != http.StatusSeeOther || again != block {
			t.Errorf("twice: %d %s", got, again)
		}
		if a := c.get(person); !strings.Contains(a.Text, `href="`+block+`"`) || strings.Contains(a.Text, "/blocks/new/") {
			t.Error("the page does not tell of it")
		}
		if a := c.get("/blocks"); !strings.Contains(a.Text, "Put in place by one of us") {
			t.Error("the list does not tell of it")
		}
		action, values := c.get(block).Fields(telecom.ReviewFormID)
		values.Set("decision", "lifted")
		values.Set("message", "You paid.")
		if a := c.post(action, values); a.StatusCode != http.StatusSeeOther {
			t.Errorf("lifted: %d", a.StatusCode)
		}
		b.act(func(tx *store.Tx) error {
			x, err := b.accounts.Of(ctx, tx, s)
			b.must(err)
			_, stands, err := b.phones.Stopped(ctx, tx, x.ID)
			if stands {
				t.Error("it stands")
			}
			return err
		})
	})
}
