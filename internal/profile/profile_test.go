package profile_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/mail/mailtest"
	"candour/internal/profile"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// person is somebody signed in to the portal.
type person struct {
	*mailtest.Bench
	desk    *profile.Desk
	choices *people.Desk
	w       profile.Who
}

func newPerson(t *testing.T, st *store.Store, operator string) *person {
	t.Helper()
	p := &person{Bench: mailtest.New(t, st, operator)}
	p.choices = people.New(people.Config{Store: st, Log: p.Log, Vault: p.Vault, InForce: p.InForce, Now: p.Now})
	p.desk = profile.New(profile.Config{Store: st, Vault: p.Vault, People: p.choices, InForce: p.InForce})
	p.choices.Follow(p.desk)
	p.w = profile.Who{Actor: "customer", Surface: "portal", Email: "ann@example.org"}
	if err := p.Update(func(ctx context.Context, tx *store.Tx) (err error) {
		p.w.Subject, err = p.Vault.NewSubject(ctx, tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

// shown is the hash of the words about the purpose of a form.
func (p *person) shown(form string) [32]byte {
	f, _ := p.Policy.Policy().FormByID(form)
	q, _ := p.Policy.Policy().PurposeByID(f.Purpose)
	return people.Statement(p.Policy.Policy(), q).Hash()
}

func (p *person) try(form string, values map[string]string) error {
	v := url.Values{}
	for name, value := range values {
		v.Set(name, value)
	}
	return p.desk.Save(ctx, profile.Submission{Who: p.w, Form: form, Values: v, Shown: p.shown(form)})
}

func (p *person) save(form string, values map[string]string) {
	p.TB.Helper()
	if err := p.try(form, values); err != nil {
		p.TB.Fatalf("%s: %v", form, err)
	}
}

func (p *person) remove(form, field string) profile.Removed {
	p.TB.Helper()
	r, err := p.desk.Remove(ctx, p.w, form, field)
	if err != nil {
		p.TB.Fatalf("%s: %v", field, err)
	}
	return r
}

// values returns what a form would show.
func (p *person) values(form string) (v url.Values) {
	p.TB.Helper()
	if err := p.Store.View(ctx, func(tx *store.Tx) (err error) {
		v, err = p.desk.Values(ctx, tx, p.w, form)
		return err
	}); err != nil {
		p.TB.Fatal(err)
	}
	return v
}

// held returns all that is held of the person, as "purpose: value", sorted.
func (p *person) held() (list []string) {
	p.TB.Helper()
	err := p.Store.View(ctx, func(tx *store.Tx) error {
		return p.Vault.Walk(ctx, tx, p.w.Subject, func(r vault.Record) error {
			list = append(list, strings.Join(r.Purposes, " ")+": "+string(r.Value()))
			return nil
		})
	})
	if err != nil {
		p.TB.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func (p *person) consents(purpose string) people.State {
	p.TB.Helper()
	var s people.State
	if err := p.Store.View(ctx, func(tx *store.Tx) error {
		list, err := p.choices.Choices(ctx, tx, p.w.Subject, "customer")
		for _, c := range list {
			if c.Purpose.ID == purpose {
				s = c.State
			}
		}
		return err
	}); err != nil {
		p.TB.Fatal(err)
	}
	return s
}

// A profile is filled in, put right, and taken back field by field (R7, L7).
// What is optional may be left empty; the rest is there already.
func TestStoryOfAProfile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		p.save("profile", map[string]string{"name": "Ann Example", "telephone": "(01632) 960 123", "postcode": "b60 2rj", "profession": "Joiner", "address": "1 High Street\r\nBromsgrove"})
		if v := p.values("profile"); v.Get("telephone") != "01632 960 123" || v.Get("postcode") != "B60 2RJ" || v.Get("address") != "1 High Street\nBromsgrove" || v.Has("job-title") {
			t.Errorf("%v", v)
		}
		p.save("profile", map[string]string{"name": "Ann Sample", "telephone": "01632 960 123", "postcode": "B60 2RJ", "profession": ""})
		if got, want := p.held(), []string{"account: 01632 960 123", "account: Ann Sample", "account: B60 2RJ"}; !slices.Equal(got, want) {
			t.Errorf("held %q", got)
		}
		if r := p.remove("profile", "telephone"); r.Last || r.Consent || r.Field.Label != "Telephone number" {
			t.Errorf("%+v", r)
		}
		if got, want := p.held(), []string{"account: Ann Sample", "account: B60 2RJ"}; !slices.Equal(got, want) {
			t.Errorf("held %q", got)
		}
		want := []string{"record.collected", "record.rectified", "record.erased", "record.erased", "record.erased"}
		if about := p.About(p.w.Subject); !slices.Equal(about, want) {
			t.Errorf("evidence %v", about)
		}
	})
}

// Restricted or not, a profile is its person's to see and to put right (L9).
func TestProfileWhileRestricted(t *testing.T) {
	p := newPerson(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	p.save("profile", map[string]string{"name": "Ann"})
	if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
		return p.Vault.Restrict(ctx, tx, vault.Access{Actor: "dpo", Purpose: "rights"}, p.w.Subject)
	}); err != nil {
		t.Fatal(err)
	}
	p.save("profile", map[string]string{"name": "Anna", "profession": "Joiner"})
	p.remove("profile", "profession")
	if got := p.values("profile").Get("name"); got != "Anna" {
		t.Error(got)
	}
}

// L16, R12: consent comes with the data, in one transaction and with the words
// that were shown; without data there is none; taking back the last field
// withdraws nothing and says so; withdrawing takes all.
func TestConsentGivenWithData(t *testing.T) {
	for operator, c := range map[string]struct {
		purpose string
		fields  []string
		values  map[string]string
	}{
		"invoco":   {"personalise-sites", []string{"gender", "interests"}, map[string]string{"gender": "woman", "interests": "Works from home"}},
		"fernhill": {"digging", []string{"bring"}, map[string]string{"bring": "A spade"}},
	} {
		storetest.Each(t, func(t *testing.T, st *store.Store) {
			p := newPerson(t, st, operator)
			p.save("about-you", nil)
			if p.consents(c.purpose) != people.StateNotAsked {
				t.Error("an empty form was taken for consent")
			}
			if err := p.desk.Save(ctx, profile.Submission{Who: p.w, Form: "about-you", Values: url.Values{c.fields[0]: {c.values[c.fields[0]]}}}); !errors.Is(err, people.ErrWords) {
				t.Errorf("without the words: %v", err)
			}
			if len(p.held()) != 0 {
				t.Error("kept without consent")
			}
			p.save("about-you", c.values)
			if p.consents(c.purpose) != people.StateGiven || len(p.held()) != len(c.fields) {
				t.Errorf("%s, %q", p.consents(c.purpose), p.held())
			}
			for i, f := range c.fields {
				if r := p.remove("about-you", f); r.Last != (i == len(c.fields)-1) || !r.Consent || r.Purpose != c.purpose {
					t.Errorf("%s: %+v", f, r)
				}
			}
			if p.consents(c.purpose) != people.StateGiven {
				t.Error("withdrawn without a word")
			}
			p.save("about-you", c.values)
			if err := p.choices.Decide(ctx, people.Decision{Subject: p.w.Subject, Actor: "customer", Surface: "portal", Purpose: c.purpose}); err != nil {
				t.Fatal(err)
			}
			if len(p.held()) != 0 || len(p.values("about-you")) != 0 {
				t.Errorf("held after withdrawal: %q", p.held())
			}
		})
	}
}

// Hostile and clumsy input is text or is refused, field by field; what is
// refused leaves everything as it was.
func TestHostileInput(t *testing.T) {
	p := newPerson(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	p.save("profile", map[string]string{"name": "Ann"})
	for name, c := range map[string]struct{ field, typed, kept string }{
		"script":           {"profession", `<script>alert(1)</script>`, `<script>alert(1)</script>`},
		"turning marks":    {"profession", "Join\u202eer\u2066", "Joiner"},
		"zero width":       {"profession", "\ufeffJoi\u00adner", "Joiner"},
		"a joiner":         {"profession", "\u0646\u062c\u0627\u0631\u200c\u0647\u0627", "\u0646\u062c\u0627\u0631\u200c\u0647\u0627"},
		"lines":            {"profession", "a\r\nb", "a b"},
		"ten thousand":     {"profession", strings.Repeat("x", 10000), ""},
		"too long by one":  {"profession", strings.Repeat("x", 201), ""},
		"a null":           {"job-title", "a\x00b", ""},
		"no UTF-8":         {"job-title", "a\xff", ""},
		"marks piled up":   {"job-title", "a" + strings.Repeat("\u0301", 40), ""},
		"no number":        {"telephone", "ring me", ""},
		"no postcode":      {"postcode", "'; DROP TABLE records; --", ""},
		"name left empty":  {"name", "  ", ""},
		"name of nothing":  {"name", "\u202e\ufeff", ""},
		"an unknown field": {"nonsense", "x", "ignored"},
	} {
		values := map[string]string{"name": "Ann"}
		values[c.field] = c.typed
		err := p.try("profile", values)
		var faults intake.FieldErrors
		switch {
		case c.kept == "" && (!errors.As(err, &faults) || faults.Of(c.field) == ""):
			t.Errorf("%s: %v", name, err)
		case c.kept != "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.kept != "" && c.kept != "ignored" && p.values("profile").Get(c.field) != c.kept:
			t.Errorf("%s: kept %q", name, p.values("profile").Get(c.field))
		}
		if p.values("profile").Get("name") != "Ann" {
			t.Errorf("%s: the name changed", name)
		}
	}
	if err := p.try("about-you", map[string]string{"gender": "other than offered"}); err == nil {
		t.Error("an option that is not offered is taken")
	}
	if err := p.desk.Save(ctx, profile.Submission{Who: p.w, Form: "profile", Values: url.Values{"name": {"Ann", "Bob"}}}); err == nil {
		t.Error("two names are taken")
	}
}

// Not found, not forbidden: other forms, fields and surfaces are not there, and
// what must be given cannot be taken back.
func TestWhatIsNotThere(t *testing.T) {
	p := newPerson(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	p.save("profile", map[string]string{"name": "Ann"})
	for _, form := range []string{"contact", "preferences", "", "nonsense"} {
		if _, err := p.desk.Remove(ctx, p.w, form, "name"); !errors.Is(err, profile.ErrNotFound) {
			t.Errorf("%q: %v", form, err)
		}
	}
	for field, want := range map[string]error{"": profile.ErrNotFound, "telephone": profile.ErrNotFound, "__RequestVerificationToken": profile.ErrNotFound, "name": vault.ErrMandatory} {
		if _, err := p.desk.Remove(ctx, p.w, "profile", field); !errors.Is(err, want) {
			t.Errorf("%q: %v", field, err)
		}
	}
	elsewhere := p.w
	elsewhere.Surface = "website"
	if err := p.desk.Save(ctx, profile.Submission{Who: elsewhere, Form: "profile", Values: url.Values{"name": {"Ann"}}}); !errors.Is(err, profile.ErrNotFound) {
		t.Errorf("on another surface: %v", err)
	}
	if s := fmt.Sprintf("%v %+v", p.w, profile.Submission{Who: p.w, Values: url.Values{"name": {"Ann"}}}); strings.Contains(s, "ann@") || strings.Contains(s, "Ann") {
		t.Errorf("prints %s", s)
	}
}

// R7, R12: each declared category has its input or the word that it has none.
func TestEveryCategoryHasItsLine(t *testing.T) {
	for operator, want := range map[string]map[string]string{
		"invoco": {
			"person.name": "input profile filled held portal", "person.gender": "input about-you", "business.job-title": "input profile",
			"business.profession": "input profile", "contact.postcode": "input profile", "contact.telephone": "input profile held website",
			"contact.message": "held held website", "contact.email": "not-collected", "app.camera": "never-stored", "app.usage": "only-in-app softphone",
			"site.referrer": "elsewhere website", "call.recording": "not-collected", "payment.token": "not-collected",
		},
		"fernhill": {"member.name": "input profile filled held portal", "spade.offer": "input about-you", "care.needs": "not-collected", "words.message": "held held website"},
	} {
		p := newPerson(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), operator)
		names := map[string]map[string]string{"invoco": {"name": "Ann"}, "fernhill": {"called": "Ann", "where": "The Mill"}}
		p.save("profile", names[operator])
		writes := map[string][]string{"invoco": {"enquiries", "contact.message", "contact.telephone"}, "fernhill": {"answering", "words.message"}}[operator]
		if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
			var items []vault.Item
			for _, c := range writes[1:] {
				items = append(items, vault.Item{Category: c, Parts: []vault.Part{{Owner: p.w.Subject, Value: []byte("01632 960 199")}}})
			}
			_, err := p.Vault.Put(ctx, tx, vault.Access{Actor: "contact", Purpose: writes[0], Surface: "website"}, items...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var lines []profile.Line
		if err := p.Store.View(ctx, func(tx *store.Tx) (err error) {
			lines, err = p.desk.Categories(ctx, tx, p.w)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(lines) != len(p.Policy.Policy().Categories) {
			t.Errorf("%s: %d lines for %d categories", operator, len(lines), len(p.Policy.Policy().Categories))
		}
		for _, l := range lines {
			got := string(l.State)
			for _, x := range []struct {
				yes  bool
				word string
			}{{l.Form != "", l.Form}, {l.Filled, "filled"}, {l.Held, "held"}, {len(l.Where) > 0, strings.Join(l.Where, ",")}} {
				if x.yes {
					got += " " + x.word
				}
			}
			if w, ok := want[l.Category.ID]; ok && got != w {
				t.Errorf("%s %s: %s, want %s", operator, l.Category.ID, got, w)
			}
			if l.State == "" || l.Held == l.Since.IsZero() {
				t.Errorf("%s %s: no state, or no time", operator, l.Category.ID)
			}
		}
	}
}

// R12, R14: what a channel of marketing needs is copied when it is allowed,
// follows the profile, and goes with the channel.
func TestWhatMarketingNeeds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		p.save("profile", map[string]string{"name": "Ann", "telephone": "01632 960 123", "address": "1 High Street"})
		allow := func(channels ...string) {
			t.Helper()
			q, _ := p.Policy.Policy().PurposeByID("direct-marketing")
			err := p.choices.Decide(ctx, people.Decision{
				Subject: p.w.Subject, Actor: "customer", Surface: "portal", Purpose: q.ID, Yes: len(channels) > 0, Channels: channels,
				Shown: people.Statement(p.Policy.Policy(), q).Hash(), Email: p.w.Email,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		want := func(when string, want ...string) {
			t.Helper()
			var got []string
			for _, h := range p.held() {
				if rest, ok := strings.CutPrefix(h, "direct-marketing: "); ok {
					got = append(got, rest)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		want("before")
		allow("post", "email")
		want("letters and e-mail", "1 High Street", "Ann", "ann@example.org")
		allow("text")
		want("texts alone", "01632 960 123", "Ann")
		p.save("profile", map[string]string{"name": "Ann", "telephone": "01632 960 124"})
		want("after a new number", "01632 960 124", "Ann")
		p.remove("profile", "telephone")
		want("after the number was taken back", "Ann")
		allow("email")
		p.w.Email = "" // not at hand where the name is changed
		p.save("profile", map[string]string{"name": "Anna"})
		want("after a new name", "Anna", "ann@example.org")
		if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
			return p.desk.Moved(ctx, tx, p.w.Subject, "customer", "portal", "new@example.org")
		}); err != nil {
			t.Fatal(err)
		}
		want("after a new address", "Anna", "new@example.org")
		allow()
		want("after a no")
		p.save("profile", map[string]string{"name": "Ann", "telephone": "01632 960 125"})
		want("still")
		if err := p.Vault.Check(ctx); err != nil {
			t.Error(err)
		}
	})
}
