package people_test

import (
	"slices"
	"strings"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/policy"
)

// L16, R16: a yes covers what was shown with it. What a later version does more
// is named beside it until the person says yes to that too, or no.
func TestAYesCoversWhatWasShown(t *testing.T) {
	p := newPerson(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	p.say("personalise-sites", true)
	p.say("feedback", true)
	next := *p.Policy.Policy()
	next.Version = 2
	next.Purposes = slices.Clone(next.Purposes)
	for i := range next.Purposes {
		if q := &next.Purposes[i]; q.ID == "personalise-sites" {
			q.Recipients = []string{"agents"}
		}
	}
	p.Policy = policy.Compile(&next)
	all := p.choices()
	if c := all["personalise-sites"]; c.State != people.StateGiven || len(c.Widened) != 1 || !strings.Contains(c.Widened[0], "partners") {
		t.Errorf("%s %q", c.State, c.Widened)
	}
	if c := all["feedback"]; len(c.Widened) != 0 {
		t.Errorf("a purpose that did not change: %q", c.Widened)
	}
	p.say("personalise-sites", true)
	if c := p.choices()["personalise-sites"]; len(c.Widened) != 0 || c.Policy != 2 {
		t.Errorf("after a new yes: %q under %d", c.Widened, c.Policy)
	}
	if h := p.history(); h[0].Policy != 2 || !slices.ContainsFunc(h[0].Words, func(w string) bool { return strings.HasPrefix(w, "Shared with: Our partners") }) {
		t.Errorf("%+v", h[0])
	}
}
