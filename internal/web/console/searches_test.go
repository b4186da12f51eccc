package console_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/identity"
)

// R18, R28: whoever looks for people and finds nobody leaves an entry that says
// by role who, what for and by which kind of detail: nothing of what was typed.
// The data protection officer reads them, and nobody else.
func TestSearchesThatFindNobody(t *testing.T) {
	each(t, func(b *bench) {
		s := b.planted()
		support, marketing, officer := b.as(identity.Support), b.as(identity.Marketing), b.as(identity.Officer)
		if a := officer.get("/evidence"); !strings.Contains(a.Text, "Searches that found nobody") || !strings.Contains(a.Text, "0 in all") {
			t.Errorf("before any: %d", a.StatusCode)
		}
		support.find("account", "email", plantedAddress) // is no such search
		support.find("account", "email", "planted")      // nor is what cannot be taken
		const typed = "very.typed@example.org"
		for _, c := range []struct {
			by                    *colleague
			purpose, field, typed string
			kind                  evidence.Kind
			actor, category, code string
		}{
			{support, "account", "email", typed, evidence.SearchEmpty, "support", "contact.email", ""},
			{support, "supply", "telephone", "01632960999", evidence.SearchEmpty, "support", "contact.telephone", ""},
			{support, "account", "reference", "0000-0000", evidence.SearchEmpty, "support", "", "reference"},
			{marketing, "news", "email", plantedAddress, evidence.SearchEmpty, "marketing", "contact.email", ""}, // who never agreed is nobody to them
			{marketing, "account", "email", plantedAddress, evidence.SearchRefused, "marketing", "contact.email", ""},
			{support, "emergency", "email", plantedAddress, evidence.SearchRefused, "support", "contact.email", ""},
			{support, "rights", "reference", b.account(s), evidence.SearchRefused, "support", "", "reference"},
		} {
			_, before, err := b.Evidence.Searches(ctx, 1)
			b.must(err)
			if a := c.by.find(c.purpose, c.field, c.typed); a.StatusCode != http.StatusNotFound {
				t.Fatalf("%s for %s: %d", c.actor, c.purpose, a.StatusCode)
			}
			list, total, err := b.Evidence.Searches(ctx, 1)
			b.must(err)
			if total != before+1 || len(list) != 1 {
				t.Fatalf("%s for %s: %d searches after %d", c.actor, c.purpose, total, before)
			}
			got := list[0].Body
			if got.Kind != c.kind || got.Actor != c.actor || got.Purpose != c.purpose || got.Category != c.category || got.Code != c.code || got.Surface != "console" {
				t.Errorf("%+v, want %+v", got, c)
			}
			raw, err := got.Canonical()
			b.must(err)
			if got.Subject != 0 || got.Ref != 0 || got.Hash != nil || bytes.Contains(raw, []byte(c.typed)) {
				t.Errorf("%s", raw)
			}
		}
		if _, total, err := b.Evidence.Searches(ctx, 1); err != nil || total != 7 {
			t.Errorf("%d, %v", total, err)
		}
		if n := len(b.looks(s)); n != 0 {
			t.Errorf("%d looks at somebody nobody saw", n)
		}
		a := officer.get("/evidence")
		for _, want := range []string{"7 in all", "Reference of an account", "The policy does not let this role look so", "Nobody that they may see was found"} {
			if !strings.Contains(a.Text, want) {
				t.Errorf("%q is missing", want)
			}
		}
		if strings.Contains(a.Text, typed) || strings.Contains(a.Text, plantedAddress) {
			t.Error("the page knows whom they looked for")
		}
		checkPage(t, "/evidence", a, nil)
		for _, c := range []*colleague{support, marketing, b.as(identity.Engineer)} {
			if a := c.get("/evidence"); strings.Contains(a.Text, "Searches that found nobody") {
				t.Errorf("%s reads them", c.role)
			}
		}
	})
}
