package profile_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/profile"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// What a channel needs stays with it wherever its person is when something
// changes: an app that may collect no number takes none away.
func TestWhatMarketingNeedsOnAnotherSurface(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		p.save(profile.Details, map[string]string{"name": "Ann", "telephone": "01632 960 123"})
		allow := func(surface string, channels ...string) {
			t.Helper()
			q, _ := p.Policy.Policy().PurposeByID("direct-marketing")
			if err := p.choices.Decide(ctx, people.Decision{
				Subject: p.w.Subject, Actor: "customer", Surface: surface, Purpose: q.ID, Yes: true, Channels: channels,
				Shown: people.Statement(p.Policy.Policy(), q).Hash(), Email: p.w.Email,
			}); err != nil {
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
		allow("softphone", "telephone")
		want("allowed in the app", "01632 960 123", "Ann")
		allow("portal", "email", "telephone")
		want("and by e-mail", "01632 960 123", "Ann", "ann@example.org")
		if err := p.Update(func(ctx context.Context, tx *store.Tx) error {
			return p.desk.Moved(ctx, tx, p.w.Subject, "customer", "softphone", "new@example.org")
		}); err != nil {
			t.Fatal(err)
		}
		want("after a new address, confirmed in the app", "01632 960 123", "Ann", "new@example.org")
		p.w.Email = ""
		allow("softphone", "telephone")
		want("by telephone alone", "01632 960 123", "Ann")
	})
}
