package vault_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// Many at once: people write, decide, and are erased, while others read and
// the background works. Nothing is left half-done, and what was acknowledged
// of somebody who is not erased is there.
func TestActsAtTheSameTime(t *testing.T) {
	each(t, func(h *house) {
		people := make([]keys.SubjectID, 12)
		for i := range people {
			people[i] = h.person()
		}
		var mu sync.Mutex
		written, gone := map[keys.SubjectID]int{}, map[keys.SubjectID]bool{}
		var wg sync.WaitGroup
		for w := range 6 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(w), 7))
				for i := range 40 {
					s := people[rng.IntN(len(people))]
					var err error
					switch rng.IntN(10) {
					case 0:
						if s == people[0] || s == people[1] {
							continue // these stay
						}
						mu.Lock()
						gone[s] = true
						mu.Unlock()
						_, err = h.v.Erase(ctx, s)
					case 1:
						err = h.st.Update(ctx, func(tx *store.Tx) error { return h.v.SetConsent(ctx, tx, s, "newsletter", i%2 == 0) })
					case 2:
						err = h.st.View(ctx, func(tx *store.Tx) error {
							_, err := h.v.ReadSubject(ctx, tx, site, s, "enquiry.message")
							return err
						})
					case 3:
						err = h.v.Purge(ctx)
					case 4:
						_, err = h.v.Sweep(ctx, h.now())
					default:
						if err = h.tryPut(site, item(s, "enquiry.message", fmt.Sprint(w, i))); err == nil {
							mu.Lock()
							written[s]++
							mu.Unlock()
						}
					}
					if err != nil && word(err) != "not found" {
						t.Errorf("act: %v", err)
					}
				}
			})
		}
		wg.Wait()
		h.check()
		h.resume()
		for s, n := range written {
			if gone[s] {
				continue
			}
			if got := len(h.export(s)); got != n {
				t.Errorf("%d acknowledged, %d there", n, got)
			}
		}
	})
}

// Acts on one person under different aliases wait for one another; none of them
// fails because two wait for each other.
func TestActsOnAliasesAtTheSameTime(t *testing.T) {
	each(t, func(h *house) {
		known, first, second := h.person(), h.person(), h.person()
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, first, known) })
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, second, known) })
		var wg sync.WaitGroup
		for i, s := range []keys.SubjectID{known, first, second, known, second, first} {
			wg.Go(func() {
				for j := range 15 {
					err := h.st.Update(ctx, func(tx *store.Tx) error {
						switch i {
						case 0, 1, 2:
							return h.v.SetConsent(ctx, tx, s, "newsletter", j%2 == 0)
						case 3:
							return h.v.ShutOut(ctx, tx, site, s, "staff")
						case 4:
							return h.v.LetIn(ctx, tx, site, s, "staff")
						}
						return h.v.Restrict(ctx, tx, site, s)
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

// A large batch is sealed on several processors; each row is its own still.
func TestPutManyAtOnce(t *testing.T) {
	each(t, func(h *house) {
		people := []keys.SubjectID{h.person(), h.person(), h.person()}
		for _, n := range []int{1, 31, 32, 65, 500} {
			items := make([]vault.Item, n)
			for i := range items {
				items[i] = item(people[i%len(people)], "enquiry.message", fmt.Sprint("number ", i))
			}
			for i, id := range h.put(site, items...) {
				if got := h.read(site, id); got != fmt.Sprint("number ", i) {
					t.Fatalf("row %d of %d reads %q", i, n, got)
				}
			}
		}
		if err := h.tryPut(site); word(err) != "input" {
			t.Errorf("no items: %v", err)
		}
	})
}
