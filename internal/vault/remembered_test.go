package vault_test

import (
	"sync"
	"testing"

	"candour/internal/keys"
	"candour/internal/store"
)

func (h *house) restrict(s keys.SubjectID, on bool) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error {
		if on {
			return h.v.Restrict(ctx, tx, site, s)
		}
		return h.v.Lift(ctx, tx, site, s)
	})
}

// What a person decided holds for every reading that begins after the act
// returned, however many read, and so remember, at the same time (L9, R16).
func TestDecisionHoldsAtOnceAmongReaders(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		id := h.put(site, item(s, "enquiry.message", "hello"))[0]
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						h.read(site, id)
					}
				}
			})
		}
		for i := range 50 {
			h.restrict(s, true)
			if got := h.read(site, id); got != "restricted" {
				t.Fatalf("round %d: read %q after the restriction", i, got)
			}
			h.restrict(s, false)
			if got := h.read(site, id); got != "hello" {
				t.Fatalf("round %d: read %q after it was lifted", i, got)
			}
		}
		if _, err := h.v.Erase(ctx, s); err != nil {
			t.Fatal(err)
		}
		if got := h.read(site, id); got != "not found" {
			t.Fatalf("read %q after the erasure", got)
		}
		close(stop)
		wg.Wait()
	})
}

// A reading that began before a decision must not have it forgotten by those
// that begin after.
func TestReadingOfThePastIsNotRemembered(t *testing.T) {
	each(t, func(h *house) {
		s, other := h.person(), h.person()
		id := h.put(site, item(s, "enquiry.message", "hello"))[0]
		h.put(site, item(other, "enquiry.message", "there"))
		err := h.st.View(ctx, func(tx *store.Tx) error {
			if _, err := h.v.Standing(ctx, tx, other); err != nil { // the snapshot is taken
				return err
			}
			h.restrict(s, true)
			_, err := h.v.Read(ctx, tx, site, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.read(site, id); got != "restricted" {
			t.Fatalf("read %q after the restriction", got)
		}
	})
}

// A transaction sees what it has changed itself.
func TestActSeesItsOwnDecision(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		id := h.put(site, item(s, "enquiry.message", "hello"))[0]
		if got := h.read(site, id); got != "hello" { // remembered
			t.Fatal(got)
		}
		h.update(func(tx *store.Tx) error {
			if err := h.v.Restrict(ctx, tx, site, s); err != nil {
				return err
			}
			if _, err := h.v.Read(ctx, tx, site, id); word(err) != "restricted" {
				t.Errorf("read %v", err)
			}
			return nil
		})
	})
}
