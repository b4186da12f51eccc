package people_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// A button pressed several times at once is one decision: the history has it
// once, and its person reads of it once (L16).
func TestPressesAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		for _, yes := range []bool{true, false} {
			var together sync.WaitGroup
			for range 6 {
				together.Go(func() {
					if err := p.try("personalise-services", yes); err != nil {
						t.Error(err)
					}
				})
			}
			together.Wait()
		}
		var codes []people.Code
		for _, row := range p.history() {
			codes = append(codes, row.Code)
		}
		if !slices.Equal(codes, []people.Code{people.Withdrawn, people.Given}) {
			t.Errorf("history %q", codes)
		}
		if about := p.About(p.s); !slices.Equal(about, []string{"consent.decided given", "consent.decided withdrawn"}) {
			t.Errorf("evidence %q", about)
		}
	})
}

// L16, UK GDPR Art 7(1): the words that were shown stay as long as a decision
// that was made by them, also where the sweep comes by in that moment: it does
// not yet see a decision that is under way.
func TestSweepLeavesTheWordsOfADecision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		p := newPerson(t, st, "invoco")
		p.say("personalise-services", true)
		for range 20 {
			if err := p.Update(func(ctx context.Context, tx *store.Tx) error { // their time is over
				if err := p.Vault.SetConsent(ctx, tx, p.s, "personalise-services", false); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "DELETE FROM choices")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var together sync.WaitGroup
			for range 2 {
				together.Go(func() {
					if _, err := p.desk.Sweep(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			together.Go(func() {
				if err := p.try("personalise-services", true); err != nil {
					t.Error(err)
				}
			})
			together.Wait()
			if list := p.history(); len(list) != 1 || len(list[0].Words) == 0 {
				t.Fatalf("%d decisions, of which the last has no words", len(list))
			}
		}
	})
}
