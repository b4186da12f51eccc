package console_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web/webtest"
)

// roles are those of staff.
var roles = []identity.Role{identity.Support, identity.Marketing, identity.Officer, identity.Engineer}

// values are those that are planted, by who may see them, for which purpose.
var values = []struct {
	value string
	who   identity.Role
	why   []string
}{
	{"PlantedName", identity.Support, []string{"account"}},
	{"PlantedStreet", identity.Support, []string{"account"}},
	{"PlantedSecret", "", nil},
	{"PlantedCard", "", nil},
	{"192.0.2.77", identity.Support, []string{"access"}},
	{"01632 960777", identity.Support, []string{"supply"}},
	{"PlantedNeed", identity.Support, []string{"accessible-service"}},
	{"PlantedLine", identity.Support, []string{"emergency"}},
	{"01632 960888", identity.Marketing, []string{"direct-marketing"}},
	{"PlantedFraud", "", []string{"security"}}, // of whoever acts for it
	{"PlantedRequest", identity.Officer, []string{"rights"}},
	{"PlantedChoice", identity.Officer, []string{"proof-of-choices"}},
	{"PlantedLog", "", []string{"support"}},
	{"PlantedUsage", identity.Engineer, []string{"feedback"}},
	{"PlantedQuestion", "", []string{"enquiries"}},
}

// R18, R28: each role sees of a person what it may for the purpose it states,
// and never a value besides; each look is one entry in that person's history,
// at once.
func TestEachRoleSeesItsOwn(t *testing.T) {
	each(t, func(b *bench) {
		s := b.planted()
		reference := b.account(s)
		for _, role := range roles {
			c := b.as(role)
			actor, _ := b.InForce().Profile.Policy.ActorByID(role.Actor())
			for _, purpose := range actor.Purposes {
				before := len(b.looks(s))
				a := c.find(purpose, "reference", reference)
				if purpose == "news" && a.StatusCode == http.StatusNotFound {
					continue // no consent stands
				}
				a = c.get(a.Header.Get("Location"))
				if a.StatusCode != http.StatusOK {
					t.Fatalf("%s for %s: %d %s", role, purpose, a.StatusCode, b.Logged)
				}
				for _, v := range values {
					may := slices.Contains(v.why, purpose) && (v.who == "" || v.who == role)
					if got := strings.Contains(a.Text, v.value); got != may {
						t.Errorf("%s for %s sees %s: %v, want %v", role, purpose, v.value, got, may)
					}
				}
				if strings.Contains(a.Text, "PlantedSecret") || strings.Contains(a.Text, "PlantedCard") {
					t.Errorf("%s for %s sees what nobody may", role, purpose)
				}
				looks := b.looks(s)
				if len(looks) != before+1 {
					t.Fatalf("%s for %s: %d entries, want one", role, purpose, len(looks)-before)
				}
				if e := looks[0]; e.Actor != role.Actor() || e.Purpose != purpose || slices.Contains(e.Categories, "credential.signin") || e.Category == "credential.signin" {
					t.Errorf("%s for %s: the entry is %+v", role, purpose, e)
				}
			}
		}
	})
}

// account gives a person an account, and returns its reference.
func (b *bench) account(s keys.SubjectID) string {
	b.T.Helper()
	const reference = "7K2M-9QXT"
	b.act(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO accounts (id, reference, subject, address, role, company, state, opened_ms, proven)
			VALUES ($1, $2, $3, 1, 'customer-user', 0, 'open', $4, 1)`, b.Store.NewID(), reference, int64(s), b.Clock().UnixMilli())
		return err
	})
	return reference
}

// What is withheld is named with its reason, whether or not anything is held.
func TestWithheldIsNamed(t *testing.T) {
	b := one(t)
	b.planted()
	c := b.as(identity.Support)
	a := c.get(c.page("account", plantedAddress))
	for _, want := range []string{"What you do not see", "Accessibility needs", "This look stands in their history", "Who looked at this person and when is for them alone"} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	a = c.get(c.page("supply", plantedAddress))
	if !strings.Contains(a.Text, "Payment card, as a token") || !strings.Contains(a.Text, "Nobody is shown it") {
		t.Error("what nobody sees is not named")
	}
}

// R29: how a person stands is said in words, and what they stopped is not
// shown.
func TestStatesInWords(t *testing.T) {
	each(t, func(b *bench) {
		s := b.planted()
		c := b.as(identity.Support)
		own := vault.Access{Actor: "customer", Purpose: "account", Surface: "portal"}
		shows := func(name, purpose, want, not string) {
			t.Helper()
			a := c.get(c.page(purpose, plantedAddress))
			if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, want) || not != "" && strings.Contains(a.Text, not) {
				t.Errorf("%s: %d, %q is there: %v, %q is there: %v", name, a.StatusCode, want, strings.Contains(a.Text, want), not, strings.Contains(a.Text, not))
			}
		}
		b.act(func(tx *store.Tx) error { return b.vault.ShutOut(ctx, tx, own, s, "staff") })
		shows("shut out", "enquiries", "Shut out.", "PlantedQuestion")
		shows("contract goes on", "account", "PlantedName", "")
		b.act(func(tx *store.Tx) error { return b.vault.Grant(ctx, tx, own, s, "staff", time.Hour) })
		shows("granted", "enquiries", "PlantedQuestion", "")
		shows("granted, in words", "enquiries", "they let staff in until", "")
		b.act(func(tx *store.Tx) error { return b.vault.LetIn(ctx, tx, own, s, "staff") })
		b.act(func(tx *store.Tx) error { return b.vault.Object(ctx, tx, own, s, "enquiries", true) })
		shows("objected", "enquiries", "Objected to: Replying to your e-mails and messages.", "PlantedQuestion")
		b.act(func(tx *store.Tx) error { return b.vault.Restrict(ctx, tx, own, s) })
		before := len(b.looks(s))
		shows("restricted", "account", "Restricted.", "PlantedName")
		shows("restricted, nothing seen", "account", "Nothing was seen", "")
		if n := len(b.looks(s)); n != before {
			t.Errorf("a look at nothing made %d entries", n-before)
		}
		path := c.page("account", plantedAddress)
		if _, err := b.vault.Erase(ctx, s); err != nil {
			t.Fatal(err)
		}
		if a := c.get(path); a.StatusCode == http.StatusOK && (!strings.Contains(a.Text, "Erased.") || strings.Contains(a.Text, "Planted")) {
			t.Error("an erased person's page:", a.Text)
		}
		if a := c.find("account", "email", plantedAddress); a.StatusCode != http.StatusNotFound {
			t.Error("an erased person is found by an address:", a.StatusCode)
		}
	})
}

// Nobody found, and not allowed, say the same; and what was typed stays.
func TestNobodyAndNotAllowedAreOne(t *testing.T) {
	b := one(t)
	s := b.planted()
	support, marketing := b.as(identity.Support), b.as(identity.Marketing)
	want := "Nobody was found whom you may see for this."
	for name, a := range map[string]*webtest.Answer{
		"nobody":                     support.find("account", "email", "nobody@example.org"),
		"another role's purpose":     support.find("direct-marketing", "email", plantedAddress),
		"support's, for marketing":   marketing.find("account", "email", plantedAddress),
		"a purpose without address":  support.find("emergency", "email", plantedAddress),
		"no consent stands":          marketing.find("news", "email", plantedAddress),
		"no consent, by a reference": marketing.find("news", "reference", b.account(s)),
		"a reference of nobody":      support.find("account", "reference", "0000-0000"),
	} {
		if a.StatusCode != http.StatusNotFound || !strings.Contains(a.Text, want) {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	a := support.find("account", "email", "nobody@example.org")
	if _, values := a.Fields("find-person"); values.Get("email") != "nobody@example.org" {
		t.Error("what was typed is gone")
	}
	if strings.Contains(b.Logged.String(), "example.org") {
		t.Error("the log knows whom somebody looked for")
	}
}

// R13: a look without a purpose, or with one that is none, is refused; so are a
// form with no or several answers, and one that is not ours.
func TestSearchIsRefused(t *testing.T) {
	b := one(t)
	s := b.planted()
	c := b.as(identity.Support)
	for name, a := range map[string]*webtest.Answer{
		"no purpose":          c.find("", "email", plantedAddress),
		"no such purpose":     c.find("curiosity", "email", plantedAddress),
		"nothing given":       c.find("account"),
		"two given":           c.find("account", "email", plantedAddress, "reference", "7K2M-9QXT"),
		"not an address":      c.find("account", "email", "planted"),
		"not a number":        c.find("account", "telephone", "12"),
		"not a reference":     c.find("account", "reference", "x"),
		"not a page of ours":  c.post("/people-search", map[string][]string{"email": {plantedAddress}, "purpose": {"account"}}),
		"a name for an index": c.find("account", "email", "PlantedName"),
	} {
		if a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if n := len(b.looks(s)); n != 0 {
		t.Errorf("%d looks", n)
	}
	_, form := c.get("/people-search").Fields("find-person")
	for _, p := range form["purpose"] {
		if actor, _ := b.InForce().Profile.Policy.ActorByID("support"); !slices.Contains(actor.Purposes, p) {
			t.Errorf("support is offered %s", p)
		}
	}
}

// An address of a person's page is worth nothing to anybody else, changed, or
// after its hour, and tells nothing.
func TestPassesAreBound(t *testing.T) {
	b := one(t)
	s := b.planted()
	c, other, officer := b.as(identity.Support), b.as(identity.Support), b.as(identity.Officer)
	path := c.page("account", plantedAddress)
	if strings.Contains(path, "planted") || path == c.page("account", plantedAddress) {
		t.Error("an address tells whom it is about: ", path)
	}
	if a := c.get(path); a.StatusCode != http.StatusOK {
		t.Fatal(a.StatusCode)
	}
	looks := len(b.looks(s))
	sealed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(path, "/person/"))
	b.must(err)
	for i := range sealed {
		forged := slices.Clone(sealed)
		forged[i] ^= 1
		if a := c.get("/person/" + base64.RawURLEncoding.EncodeToString(forged)); a.StatusCode != http.StatusNotFound {
			t.Fatalf("forged at %d: %d", i, a.StatusCode)
		}
	}
	for name, a := range map[string]*webtest.Answer{
		"a colleague's":  other.get(path),
		"the officer's":  officer.get(path),
		"nothing":        c.get("/person/x"),
		"a long one":     c.get("/person/" + strings.Repeat("A", 4000)),
		"a longer one":   c.get(path + "A"),
		"one that is id": c.get("/person/1"),
	} {
		if a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if a := b.Browser().Do(http.MethodGet, host, path, "", ""); a.StatusCode != http.StatusSeeOther {
		t.Error("nobody who is signed in:", a.StatusCode)
	}
	for range 6 { // in use, so that the sign-in itself does not end
		b.Pass(10 * time.Minute)
		if a := c.get("/"); a.StatusCode != http.StatusOK {
			t.Fatal("the sign-in is over")
		}
	}
	if a := c.get(path); a.StatusCode != http.StatusNotFound {
		t.Error("after its hour:", a.StatusCode)
	}
	if n := len(b.looks(s)); n != looks {
		t.Errorf("%d looks by others", n-looks)
	}
}

// L16: decisions over time are there as a picture and as a table; whoever
// works for other purposes sees none of them.
func TestChoicesOverTime(t *testing.T) {
	each(t, func(b *bench) {
		s := b.planted()
		reference := b.account(s)
		own := vault.Access{Actor: "customer", Surface: "portal"}
		say := func(kind evidence.Kind, yes bool) {
			b.act(func(tx *store.Tx) error {
				_, err := b.Evidence.Append(ctx, tx, evidence.Body{Kind: kind, At: b.Clock(), Purpose: "direct-marketing", Subject: s, Choices: map[string]bool{"direct-marketing": yes}})
				return err
			})
		}
		say(evidence.ConsentDecided, true)
		b.Pass(24 * time.Hour * 365 * 2)
		say(evidence.ConsentDecided, false)
		b.Pass(24 * time.Hour * 365)
		b.act(func(tx *store.Tx) error { return b.vault.Object(ctx, tx, own, s, "similar-offers", true) })
		for role, want := range map[identity.Role][3]bool{
			identity.Officer: {true, true, true}, identity.Support: {false, false, false}, identity.Marketing: {true, true, true},
		} {
			c := b.as(role)
			purpose := map[identity.Role]string{identity.Officer: "proof-of-choices", identity.Support: "account", identity.Marketing: "direct-marketing"}[role]
			a := c.find(purpose, "reference", reference)
			a = c.get(a.Header.Get("Location"))
			got := [3]bool{strings.Contains(a.Text, `<rect class="given" x="0" y="0" width="666" height="20"/><rect class="no" x="666" y="13" width="334" height="7"/>`), strings.Contains(a.Text, "<td>Refused</td>"), strings.Contains(a.Text, "<td>Objected</td>")}
			if a.StatusCode != http.StatusOK || got != want {
				t.Errorf("%s: %d, %v, want %v", role, a.StatusCode, got, want)
			}
		}
	})
}
