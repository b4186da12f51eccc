package profile_test

import (
	"slices"
	"strings"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/policy"
)

// L16, R12: what marketing holds of a profile grows only with a new yes. A
// category that a later version adds is not copied; with a recipient that it adds
// nothing is, and what the person changed does not stay in an older copy.
func TestCopiesDoNotGrow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		const purpose = "direct-marketing"
		p.Publish(purpose, func(q *policy.Purpose) {
			q.Uses[0].Categories = slices.DeleteFunc(q.Uses[0].Categories, func(id string) bool { return id == "contact.telephone" })
		})
		p.save("profile", map[string]string{"name": "Ann", "telephone": "01632 960 123", "address": "1 High Street"})
		allow := func() {
			t.Helper()
			q, _ := p.Policy.Policy().PurposeByID(purpose)
			err := p.choices.Decide(ctx, people.Decision{
				Subject: p.w.Subject, Actor: "customer", Surface: "portal", Purpose: q.ID, Yes: true, Channels: []string{"post", "text"},
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
				if rest, ok := strings.CutPrefix(h, purpose+": "); ok {
					got = append(got, rest)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		allow()
		want("without numbers", "1 High Street", "Ann")
		p.Publish(purpose, func(q *policy.Purpose) { q.Uses[0].Categories = append(q.Uses[0].Categories, "contact.telephone") })
		p.save("profile", map[string]string{"name": "Anna", "telephone": "01632 960 124", "address": "1 High Street"})
		want("with a category that was not asked for", "1 High Street", "Anna")
		p.Publish(purpose, func(q *policy.Purpose) { q.Recipients = []string{"agents"} })
		p.save("profile", map[string]string{"name": "Anna", "telephone": "01632 960 125", "address": "1 High Street"})
		want("with a recipient, and nothing of it changed", "1 High Street", "Anna")
		p.save("profile", map[string]string{"name": "Anna", "address": "2 High Street"})
		want("with a recipient, after a change")
		p.save("profile", map[string]string{"name": "Anna", "telephone": "01632 960 126", "address": "2 High Street"})
		allow()
		want("after a new yes", "01632 960 126", "2 High Street", "Anna")
		if err := p.Vault.Check(ctx); err != nil {
			t.Error(err)
		}
	})
}
