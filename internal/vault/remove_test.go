package vault_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// remove removes a record, or returns the error as a word.
func (h *house) remove(a vault.Access, id vault.RecordID) string {
	if err := h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Remove(ctx, tx, a, id) }); err != nil {
		return word(err)
	}
	return "done"
}

// removeAny removes one of the records of a person, if they have any.
func (h *house) removeAny(s keys.SubjectID, rng *rand.Rand) error {
	var ids []vault.RecordID
	err := h.st.View(ctx, func(tx *store.Tx) error {
		return h.v.Walk(ctx, tx, s, func(r vault.Record) error {
			ids = append(ids, r.ID)
			return nil
		})
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	return h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Remove(ctx, tx, site, ids[rng.IntN(len(ids))]) })
}

// R7, R12: what is optional goes when its person takes it back, in all its
// copies, and nothing else does; restriction or objection do not hinder it.
func TestRemove(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		number := h.put(site, item(s, "contact.telephone", "01632 960001"))[0]
		other := h.put(site, item(s, "contact.telephone", "01632 960002"))[0]
		email := h.put(site, item(s, "contact.email", "a@b.example"))[0]
		h.want("needed", h.remove(site, email), "mandatory")
		h.want("by an actor who may not", h.remove(vault.Access{Actor: "support", Purpose: "account", Surface: "website"}, number), "purpose")
		h.want("elsewhere", h.remove(vault.Access{Actor: "system", Purpose: "enquiry", Surface: "console"}, number), "undeclared")
		h.want("no such record", h.remove(site, number+1), "not found")
		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, s) })
		h.update(func(tx *store.Tx) error { return h.v.Object(ctx, tx, site, s, "enquiry", true) })
		h.want("though restricted", h.remove(site, number), "done")
		h.want("twice", h.remove(site, number), "not found")
		if got := h.export(s); !slices.Equal(got, []string{"01632 960002", "a@b.example"}) {
			h.t.Errorf("left: %q", got)
		}
		if len(h.find("contact.telephone", "01632960001")) != 0 || len(h.find("contact.telephone", "01632960002")) != 1 {
			h.t.Error("found by what was removed, or not by what was not")
		}
		h.check()
		h.want("the last of its kind", h.remove(site, other), "done")
		h.check()
		if !slices.Equal(h.oracle(), []string{"a@b.example"}) {
			h.t.Errorf("the oracle opens %q", h.oracle())
		}
		var kinds []string
		if err := h.st.View(ctx, func(tx *store.Tx) error {
			entries, err := h.log.About(ctx, tx, s, 0, 100)
			for _, e := range entries {
				if e.Body.Kind == evidence.RecordErased {
					kinds = append(kinds, fmt.Sprint(e.Body.Category, " ", e.Body.Count, " ", e.Body.Ref == int64(number) || e.Body.Ref == int64(other)))
				}
			}
			return err
		}); err != nil {
			h.t.Fatal(err)
		}
		if !slices.Equal(kinds, []string{"contact.telephone 1 true", "contact.telephone 1 true"}) {
			h.t.Errorf("evidence: %q", kinds)
		}
	})
}

// One record goes once, however often the button is pressed at the same moment,
// and its person reads once that it went (R28).
func TestRemoveAtTheSameTime(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		number := h.put(site, item(s, "contact.telephone", "01632 960001"))[0]
		got := make([]string, 6)
		var together sync.WaitGroup
		for i := range got {
			together.Go(func() { got[i] = h.remove(site, number) })
		}
		together.Wait()
		slices.Sort(got)
		h.want("the presses", strings.Join(got, ", "), "done"+strings.Repeat(", not found", len(got)-1))
		h.want("the entries", h.about(s, "record.erased"), "record.erased  1")
	})
}

// L8: what a law keeps stays, for that purpose alone; a key that seals nothing
// any more is destroyed; what is shared with others is not removed so.
func TestRemoveKeepsWhatLawKeeps(t *testing.T) {
	each(t, func(h *house) {
		s, peer := h.person(), h.person()
		bill := h.put(on("account"), item(s, "bill", "bill 1", "account", "tax"))[0]
		keysBefore := h.count("SELECT COUNT(*) FROM data_keys WHERE class <> 'evidence'")
		h.want("with a copy kept by law", h.remove(on("account"), bill), "done")
		h.want("for the account", h.read(on("account"), bill), "purpose")
		h.want("for tax", h.read(on("tax"), bill), "bill 1")
		h.want("again", h.remove(on("account"), bill), "kept")
		if n := h.count("SELECT COUNT(*) FROM data_keys WHERE class <> 'evidence'"); n != keysBefore-1 {
			h.t.Errorf("%d data keys, want %d", n, keysBefore-1)
		}
		call := h.put(on("calls"), vault.Item{Category: "call.record", Parts: []vault.Part{
			{Owner: s, Value: []byte("ours")}, {Owner: peer, Kind: vault.Party, Value: []byte("theirs")},
		}})[0]
		h.want("shared", h.remove(on("calls"), call), "input")
		h.want("shared, still", h.read(on("calls"), call), "ours")
		h.check()
		again := h.put(on("account"), item(s, "bill", "bill 2", "account"))[0] // under a key of its own
		h.want("written anew", h.read(on("account"), again), "bill 2")
	})
}

// A long reader, such as a large copy, keeps the log of SQLite from being
// truncated, and nothing else from being done.
func TestRemovalsHoldUpNoPurge(t *testing.T) {
	h := newHouse(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	s := h.person()
	h.consent(s, "newsletter", true)
	h.put(vault.Access{Actor: "system", Purpose: "newsletter", Surface: "website"}, item(s, "contact.email", "a@b.example"))
	number := h.put(site, item(s, "contact.telephone", "01632 960001"))[0]
	if err := h.v.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.st.View(ctx, func(tx *store.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM records").Scan(&n); err != nil {
			return err
		}
		h.consent(s, "newsletter", false)
		h.want("removing", h.remove(site, number), "done")
		if err := h.v.Purge(ctx); !errors.Is(err, store.ErrLogBusy) {
			t.Errorf("the log was truncated under a reader: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := h.count("SELECT COUNT(*) FROM records") + h.count("SELECT COUNT(*) FROM purges"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if err := h.v.Purge(ctx); err != nil {
		t.Errorf("without a reader: %v", err)
	}
}

// On SQLite nothing of a removed record is on disk once the log is truncated,
// neither its value nor its sealed bytes, while the person and the others of
// its class stay: ten times of ten.
func TestRemoveLeavesNoResidue(t *testing.T) {
	for run := range 10 {
		dir := t.TempDir()
		st := storetest.Open(t, filepath.Join(dir, "candour.db"))
		h := newHouseIn(t, st, filepath.Join(dir, "keys"), filepath.Join(dir, "log"))
		s, rng := h.person(), rand.New(rand.NewPCG(uint64(run), 7))
		var ids []vault.RecordID
		for i := range 60 {
			value := fmt.Sprintf("planted-%d-%d ", run, i) + string(make([]byte, rng.IntN(900)))
			ids = append(ids, h.put(site, item(s, "enquiry.message", value))...)
		}
		sealed := func(id vault.RecordID) (b []byte) {
			if err := st.DB().QueryRow("SELECT sealed FROM records WHERE id = $1", int64(id)).Scan(&b); err != nil {
				t.Fatal(err)
			}
			return b
		}
		var gone [][]byte
		for i := range 20 {
			id := ids[i*3+rng.IntN(3)]
			gone = append(gone, sealed(id)[:40])
			h.want("removing", h.remove(site, id), "done")
		}
		if err := h.v.Purge(ctx); err != nil {
			t.Fatal(err)
		}
		if found := scan(t, dir, gone); found != "" {
			t.Errorf("run %d: %s", run, found)
		}
		if got := h.export(s); len(got) != 40 {
			t.Errorf("%d are left", len(got))
		}
	}
}
