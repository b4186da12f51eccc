package softphone_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/telecom"
)

// blocked is a block that software put in place on somebody's calls, as the desk
// writes it.
func (c *caller) blocked(t *testing.T) (reference string) {
	t.Helper()
	reference = "7K2M-9QX" + string(rune('0'+c.me.Account.ID%10))
	err := c.b.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO call_blocks (id, account, subject, reference, pattern, policy, seen, usual, made_ms, contested_ms, due_ms, said, state, decided_ms, reason)
			VALUES ($1, $2, $3, $4, 'short-calls', 1, 11, 0, $5, 0, 0, 0, 'standing', 0, 0)`,
			c.b.Store.NewID(), c.me.Account.ID, int64(c.me.Account.Subject), reference, c.b.Now().UnixMilli())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return reference
}

// spent writes what somebody's account spent this month.
func (c *caller) spent(t *testing.T, pence int) {
	t.Helper()
	now := c.b.Now()
	err := c.b.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO call_spending (account, month, spent, told) VALUES ($1, $2, $3, 0)", c.me.Account.ID, now.Year()*12+int(now.Month())-1, int64(telecom.Pence(pence)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What calls cost is on one page, and on the first page when it is near the
// limit; the limit and whom one may call are changed there, and each change is
// in the history.
func TestSpendingPage(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	a := ann.get("/spending")
	for _, want := range []string{"<strong>nothing</strong> spent of £20", "Premium-rate numbers", `action="/spending/open/premium"`, `action="/spending/close/international"`, "No calls were ever stopped", "each shorter than 30 seconds", "answers within 3 days"} {
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, want) {
			t.Errorf("%d: the page lacks %s", a.StatusCode, want)
		}
	}
	if strings.Contains(ann.get("/").Text, "come near their limit") {
		t.Error("the phone tells of a limit that is far")
	}
	ann.spent(t, 1700)
	if a := ann.get("/"); !strings.Contains(a.Text, "You have spent £17 of £20 this month") {
		t.Error("the phone does not tell of the limit")
	}
	if a := ann.fillIn("/spending/cap", telecom.CapFormID, map[string]string{"cap": "5000"}); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/spending" {
		t.Errorf("the limit: %d %s", a.StatusCode, a.Text)
	}
	if a := ann.fillIn("/spending/cap", telecom.CapFormID, map[string]string{"cap": "5001"}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a limit that is not offered: %d", a.StatusCode)
	}
	if a := ann.press("/spending/open/premium"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("opening: %d", a.StatusCode)
	}
	if a := ann.press("/spending/open/cheap"); a.StatusCode != http.StatusNotFound {
		t.Errorf("opening nothing: %d", a.StatusCode)
	}
	a = ann.get("/spending")
	if !strings.Contains(a.Text, "spent of £50") || !strings.Contains(a.Text, `action="/spending/close/premium"`) {
		t.Error("the page does not tell what was changed")
	}
	told := ann.get("/history").Text
	for _, want := range []string{"What your account may spend on calls in a month was changed", "Calls to premium-rate numbers were switched on for your account"} {
		if !strings.Contains(told, want) {
			t.Errorf("the history lacks %s", want)
		}
	}
	b.Later(11 * time.Minute) // what proved that it is them is stale
	if a := ann.press("/spending/open/high-risk"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/prove") {
		t.Errorf("opening without a fresh proof: %d %s", a.StatusCode, a.Header.Get("Location"))
	}
	if a := ann.press("/spending/close/premium"); a.StatusCode != http.StatusSeeOther || strings.HasPrefix(a.Header.Get("Location"), "/prove") {
		t.Errorf("closing needs none: %d %s", a.StatusCode, a.Header.Get("Location"))
	}
}

// What a call costs is looked up without being kept.
func TestPriceIsLookedUp(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	for number, want := range map[string]string{
		"+33 1 23 45 67 89": "1.8p, charged by the second", "0909 879 0123": "switched off for your account", "0808 157 0123": "It is free.", "999": "It is free.", "1002": "It is free.", "+999 1234567": "Nobody has that number",
		"": "Type a number", "what": "That is not a number",
	} {
		if a := ann.fillIn("/spending/price", telecom.PriceFormID, map[string]string{"number": number}); !strings.Contains(a.Text, want) {
			t.Errorf("%q: %d lacks %s", number, a.StatusCode, want)
		}
	}
	if a := ann.get("/data"); strings.Contains(a.Text, "33 1 23 45") || strings.Contains(a.Text, "33123456789") {
		t.Error("what was looked up is kept")
	}
}

// L12: a block tells what was seen, in numbers, and is contested without
// scripts; nobody else reads it.
func TestBlockIsReadAndContested(t *testing.T) {
	b := open(t)
	ann, bob := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "1002")
	ref := ann.blocked(t)
	path := "/spending/blocks/" + ref
	if a := ann.get("/"); !strings.Contains(a.Text, `href="`+path+`"`) || !strings.Contains(a.Text, "Calls that cost are stopped") {
		t.Error("the phone does not tell of the block")
	}
	a := ann.get(path)
	for _, want := range []string{"11 such calls were made.", "10 or more calls", "A computer decided this alone", "What should we know?", ref} {
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, want) {
			t.Errorf("%d: the page lacks %s", a.StatusCode, want)
		}
	}
	for _, other := range []string{path, "/spending/blocks/" + strings.ToLower(ref), "/spending/blocks/0000-0000", "/spending/blocks/x"} {
		if a := bob.get(other); a.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else at %s: %d", other, a.StatusCode)
		}
	}
	if a := ann.fillIn(path, telecom.ContestFormID, map[string]string{"message": ""}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "11 such calls") {
		t.Errorf("nothing said: %d", a.StatusCode)
	}
	if a := ann.fillIn(path, telecom.ContestFormID, map[string]string{"message": "My <b>planted</b> aunt is ill."}); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path {
		t.Fatalf("contested: %d %s", a.StatusCode, a.Text)
	}
	a = ann.get(path)
	if !strings.Contains(a.Text, "My &lt;b&gt;planted&lt;/b&gt; aunt is ill.") || strings.Contains(a.Text, "What should we know?") || !strings.Contains(a.Text, "a person answers by") {
		t.Error("the page does not tell what was said")
	}
	if told := ann.get("/history").Text; !strings.Contains(told, "You contested a block of your calls") {
		t.Error("the history lacks it")
	}
	if a := ann.get("/spending"); !strings.Contains(a.Text, "contested, a person answers by") {
		t.Error("the list does not tell how it stands")
	}
}

// An administrator sees what the lines of their firm spend, and decides about
// their limits; others see nobody's but their own, and cannot change it.
func TestLinesOfAFirm(t *testing.T) {
	b := open(t)
	ann, bob := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "1002")
	err := b.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE accounts SET role = $1, company = $2 WHERE id = $3", string(identity.CustomerUser), ann.me.Account.Company, bob.me.Account.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	bob.spent(t, 300)
	if a := ann.get("/spending/people"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "bob@example.org") || !strings.Contains(a.Text, "£3 spent of £20") {
		t.Errorf("the lines of the firm: %d", a.StatusCode)
	}
	path := "/spending/people/" + bob.me.Account.Reference
	if a := ann.get(path); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, `action="`+path+`/open/premium"`) {
		t.Errorf("one of them: %d", a.StatusCode)
	}
	if a := ann.fillIn(path+"/cap", telecom.CapFormID, map[string]string{"cap": "500"}); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path {
		t.Errorf("their limit: %d", a.StatusCode)
	}
	a := bob.get("/spending")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "£3</strong> spent of £5") || strings.Contains(a.Text, "/spending/open/") || strings.Contains(a.Text, "/spending/cap") {
		t.Errorf("they see it, and cannot change it: %d", a.StatusCode)
	}
	for _, path := range []string{"/spending/people", "/spending/people/" + ann.me.Account.Reference, "/spending/cap"} {
		if a := bob.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	if a := bob.press("/spending/open/premium"); a.StatusCode != http.StatusNotFound {
		t.Errorf("opening: %d", a.StatusCode)
	}
}
