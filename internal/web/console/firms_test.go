package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// unled makes a firm with two users and no administrator, and returns its
// reference, and the references and subjects of the two.
func (b *bench) unled() (firm string, refs []string, people []keys.SubjectID) {
	b.T.Helper()
	firm, refs = "7K2M-9QXT", []string{"7K2M-9QXA", "7K2M-9QXB"}
	b.act(func(tx *store.Tx) error {
		people = nil
		company := b.Store.NewID()
		if _, err := tx.Exec(ctx, "INSERT INTO companies (id, reference, opened_ms) VALUES ($1, $2, $3)", company, firm, b.Clock().UnixMilli()); err != nil {
			return err
		}
		for _, ref := range refs {
			s, err := b.vault.NewSubject(ctx, tx)
			if err != nil {
				return err
			}
			ids, err := b.vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: "access", Surface: "portal"},
				vault.Item{Category: "contact.email", Parts: []vault.Part{{Owner: s, Value: []byte(strings.ToLower(ref) + "@example.org")}}})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO accounts (id, reference, subject, address, role, company, state, opened_ms, proven)
				VALUES ($1, $2, $3, $4, 'customer-user', $5, 'open', $6, 1)`, b.Store.NewID(), ref, int64(s), int64(ids[0]), company, b.Clock().UnixMilli()); err != nil {
				return err
			}
			people = append(people, s)
		}
		return nil
	})
	return firm, refs, people
}

// R18, R28: a firm without an administrator is shown to who may give it one, as
// a code; its people are looked at for a stated purpose; one of them is
// appointed, after a fresh proof.
func TestFirms(t *testing.T) {
	each(t, func(b *bench) {
		firm, refs, people := b.unled()
		c, officer := b.as(identity.Support), b.as(identity.Officer)
		list := c.get("/firms")
		if list.StatusCode != http.StatusOK || !strings.Contains(list.Text, firm) || strings.Contains(list.Text, "@example.org") || len(b.looks(people[0])) != 0 {
			t.Errorf("the list: %d", list.StatusCode)
		}
		path := "/firms/" + firm
		for name, a := range map[string]int{
			"the officer's list": officer.get("/firms").StatusCode, "the officer's look": officer.get(path).StatusCode,
			"the officer appoints": officer.press(path + "/appoint/" + refs[0]).StatusCode,
			"another spelling":     c.get("/firms/" + strings.ToLower(firm)).StatusCode, "no such firm": c.get("/firms/0000-0000").StatusCode,
			"nobody": c.press(path + "/appoint/0000-0000").StatusCode, "after nothing": c.get("/firms?after=x").StatusCode, "after less": c.get("/firms?after=-1").StatusCode,
		} {
			if a != http.StatusNotFound {
				t.Errorf("%s: %d", name, a)
			}
		}
		a := c.get(path)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "7k2m-9qxa@example.org") || !strings.Contains(a.Text, "Managing access to your account") {
			t.Errorf("the firm: %d", a.StatusCode)
		}
		checkPage(t, path, a, nil)
		for _, s := range people {
			if looks := b.looks(s); len(looks) != 1 || looks[0].Actor != "support" || looks[0].Purpose != "access" {
				t.Errorf("the look: %+v", looks)
			}
		}
		b.Pass(11 * time.Minute)
		if a := c.press(path + "/appoint/" + refs[0]); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/prove?") {
			t.Errorf("with an old proof: %d", a.StatusCode)
		}
		c = b.as(identity.Support)
		if a := c.press(path + "/appoint/" + refs[0]); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/firms" {
			t.Errorf("to appoint: %d %s %s", a.StatusCode, a.Header.Get("Location"), b.Logged)
		}
		if a := c.press(path + "/appoint/" + refs[1]); a.StatusCode != http.StatusNotFound {
			t.Errorf("a second: %d", a.StatusCode)
		}
		if a := c.get("/firms"); !strings.Contains(a.Text, "Every firm has an administrator.") {
			t.Errorf("it is still there: %d", a.StatusCode)
		}
		for name, x := range map[string]struct {
			of   keys.SubjectID
			code string
		}{"who was appointed": {people[0], "administrator.appointed"}, "who appointed": {c.subject, "administrator.made"}} {
			told := false
			b.must(b.Store.View(ctx, func(tx *store.Tx) error {
				entries, err := b.Evidence.About(ctx, tx, x.of, 0, 100)
				for _, e := range entries {
					told = told || e.Body.Kind == evidence.AccountChanged && e.Body.Code == x.code && e.Body.Actor == "support" && e.Body.Surface == "console"
				}
				return err
			}))
			if !told {
				t.Errorf("%s does not find it in their history", name)
			}
		}
	})
}
