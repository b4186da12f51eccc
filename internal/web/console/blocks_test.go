package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// L12: whoever answers for lines sees what the software saw, and what its person
// says against it, which is a look of theirs; they decide with a reason, which
// its person reads. Nobody else comes there.
func TestABlockAtTheDesk(t *testing.T) {
	each(t, func(b *bench) {
		s := b.planted()
		b.account(s)
		account := int64(0)
		b.act(func(tx *store.Tx) error {
			x, err := b.accounts.Of(ctx, tx, s)
			b.must(err)
			account = x.ID
			_, err = tx.Exec(ctx, `INSERT INTO call_blocks (id, account, subject, reference, pattern, policy, seen, usual, made_ms, contested_ms, due_ms, said, state, decided_ms, reason)
				VALUES ($1, $2, $3, '7K2M-9QXT', 'at-night', 1, 3, 0, $4, 0, 0, 0, 'standing', 0, 0)`, b.Store.NewID(), account, int64(x.Subject), b.Clock().UnixMilli())
			b.must(err)
			return b.phones.Contest(ctx, tx, vault.Access{Actor: "customer", Purpose: "fraud-review", Surface: "portal", Own: true}, account, "7K2M-9QXT", "My planted aunt lives abroad.")
		})
		const path = "/blocks/7K2M-9QXT"
		for _, role := range []identity.Role{identity.Marketing, identity.Officer} {
			if a := b.as(role).get(path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", role, a.StatusCode)
			}
		}
		c := b.as(identity.Support)
		a := c.get("/blocks")
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "7K2M-9QXT") || !strings.Contains(a.Text, "we owe an answer by") || strings.Contains(a.Text, "planted aunt") {
			t.Errorf("the list: %d", a.StatusCode)
		}
		before := len(b.looks(s))
		a = c.get(path)
		for _, want := range []string{"3 such calls were made", "between 00:00 and 05:00", "My planted aunt lives abroad.", "We owe an answer by", `action="` + path + `/bar/premium"`} {
			if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, want) {
				t.Errorf("%d: the page lacks %s %s", a.StatusCode, want, b.Logged)
			}
		}
		if looks := b.looks(s); len(looks) != before+1 {
			t.Errorf("%d looks are in their history, want %d", len(looks), before+1)
		}
		if a := c.get("/blocks/7k2m-9qxt"); a.StatusCode != http.StatusNotFound {
			t.Errorf("in other letters: %d", a.StatusCode)
		}
		send := func(decision, why string) int {
			action, values := c.get(path).Fields(telecom.ReviewFormID)
			values.Set("decision", decision)
			values.Set("message", why)
			return c.post(action, values).StatusCode
		}
		if got := send("lifted", ""); got != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", got)
		}
		if got := send("perhaps", "I wonder."); got != http.StatusUnprocessableEntity {
			t.Errorf("without a decision: %d", got)
		}
		if a := c.post(path, url.Values{"decision": {"lifted"}, "message": {"Forged."}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("from elsewhere: %d", a.StatusCode)
		}
		if a := c.press(path + "/bar/premium"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("to bar: %d %s", a.StatusCode, b.Logged)
		}
		if a := c.press(path + "/bar/cheap"); a.StatusCode != http.StatusNotFound {
			t.Errorf("to bar nothing: %d", a.StatusCode)
		}
		if a := c.get(path); !strings.Contains(a.Text, path+"/unbar/premium") {
			t.Error("the page does not tell of the bar")
		}
		if got := send("lifted", "Your aunt rang us."); got != http.StatusSeeOther {
			t.Errorf("lifted: %d %s", got, b.Logged)
		}
		b.act(func(tx *store.Tx) error {
			list, err := b.phones.Blocks(ctx, tx, account)
			b.must(err)
			_, why, err := b.phones.Said(ctx, tx, &list[0])
			if list[0].State != telecom.BlockLifted || why != "Your aunt rang us." {
				t.Errorf("%s because %q", list[0].State, why)
			}
			return err
		})
		if a := c.get("/blocks"); strings.Contains(a.Text, "7K2M-9QXT") {
			t.Error("it is in the list still")
		}
		if a := c.get(path); a.StatusCode != http.StatusOK || strings.Contains(a.Text, "<textarea") {
			t.Errorf("decided twice: %d", a.StatusCode)
		}
	})
}
