package vault_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// shared is a record that two people share, each with their own part.
func shared(a, b keys.SubjectID, first, second string) vault.Item {
	return vault.Item{Category: "call.record", Parts: []vault.Part{{Owner: a, Value: []byte(first)}, {Owner: b, Kind: vault.Party, Value: []byte(second)}}}
}

func (h *house) removePart(a vault.Access, s keys.SubjectID, id vault.RecordID) string {
	if err := h.st.Update(ctx, func(tx *store.Tx) error { return h.v.RemovePart(ctx, tx, a, s, id) }); err != nil {
		return word(err)
	}
	return "done"
}

func (h *house) ownPart(s keys.SubjectID, id vault.RecordID) (text string) {
	err := h.st.View(ctx, func(tx *store.Tx) error {
		r, err := h.v.OwnPart(ctx, tx, s, id)
		if err == nil {
			text = string(r.Value())
		}
		return err
	})
	if err != nil {
		return word(err)
	}
	return text
}

// R28: each side of a shared record has its own part, also where the other's is
// gone by removal or by erasure, and nobody else has any.
func TestOwnParts(t *testing.T) {
	each(t, func(h *house) {
		anna, ben, cleo, old := h.person(), h.person(), h.person(), h.person()
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, old, ben) })
		var ids []vault.RecordID
		h.update(func(tx *store.Tx) (err error) {
			ids, err = h.v.Write(ctx, tx, on("calls"), shared(anna, ben, "anna 1", "ben 1"), shared(ben, anna, "ben 2", "anna 2"), shared(anna, old, "anna 3", "ben 3"))
			return err
		})
		told := h.count("SELECT COUNT(*) FROM evidence_about WHERE subject = $1 OR subject = $2", int64(anna), int64(ben))
		if told != 1 { // of the alias
			h.t.Errorf("to write told %d entries; its evidence is the caller's", told)
		}
		for i, id := range ids {
			h.want("anna's", h.ownPart(anna, id), fmt.Sprint("anna ", i+1))
			h.want("ben's", h.ownPart(ben, id), fmt.Sprint("ben ", i+1))
			h.want("nobody's", h.ownPart(cleo, id)+" "+h.ownPart(keys.NewSubjectID(), id), "not found not found")
		}
		h.want("none", h.ownPart(anna, 1), "not found")
		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, ben) })
		h.want("though restricted", h.ownPart(ben, ids[0]), "ben 1")

		h.want("somebody else's", h.removePart(on("calls"), cleo, ids[0]), "not found")
		h.want("by an actor who may not", h.removePart(vault.Access{Actor: "support", Purpose: "calls", Surface: "website"}, anna, ids[0]), "purpose")
		h.want("the first part", h.removePart(on("calls"), anna, ids[0]), "done")
		h.want("twice", h.removePart(on("calls"), anna, ids[0]), "not found")
		h.want("gone", h.ownPart(anna, ids[0]), "not found")
		h.want("the other's is whole", h.ownPart(ben, ids[0]), "ben 1")
		h.want("the other part", h.removePart(vault.Access{Actor: "person", Purpose: "calls", Surface: "website", Own: true}, anna, ids[1]), "done")
		h.want("the first is whole", h.ownPart(ben, ids[1]), "ben 2")
		h.want("by an alias", h.removePart(on("calls"), ben, ids[2]), "done")
		h.want("the first is whole", h.ownPart(anna, ids[2]), "anna 3")
		h.check()
		if got := h.oracle(); !slices.Equal(got, []string{"anna 3", "ben 1", "ben 2"}) {
			h.t.Errorf("the oracle opens %q", got)
		}
		h.erase(anna)
		h.want("erased", h.ownPart(anna, ids[2]), "not found")
		h.want("of what was shared with them", h.ownPart(ben, ids[0])+", "+h.ownPart(ben, ids[1]), "ben 1, ben 2")
		h.resume()
		h.want("once it is purged", h.ownPart(ben, ids[0])+", "+h.ownPart(ben, ids[1]), "ben 1, ben 2")
	})
}

// The evidence of a removal is that of whose part it was, and names the record
// to its owner alone.
func TestRemovePartTells(t *testing.T) {
	each(t, func(h *house) {
		anna, ben := h.person(), h.person()
		id := h.put(on("calls"), shared(anna, ben, "anna", "ben"))[0]
		h.want("ben's", h.removePart(on("calls"), ben, id), "done")
		h.want("anna's", h.removePart(on("calls"), anna, id), "done")
		for s, ref := range map[keys.SubjectID]int64{anna: int64(id), ben: 0} {
			var erased []evidence.Body
			h.update(func(tx *store.Tx) error {
				entries, err := h.log.About(ctx, tx, s, 0, 100)
				for _, e := range entries {
					if e.Body.Kind == evidence.RecordErased {
						erased = append(erased, e.Body)
					}
				}
				return err
			})
			if len(erased) != 1 || erased[0].Ref != ref || erased[0].Category != "call.record" || erased[0].Count != 1 {
				h.t.Errorf("%d entries, or not the right one", len(erased))
			}
		}
	})
}

// L8: copies that a law keeps stay, and are all that is left; a key that seals
// nothing any more is destroyed.
func TestRemovePartKeepsWhatLawKeeps(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		bill := h.put(on("account"), item(s, "bill", "bill 1", "account", "tax"))[0]
		before := h.count("SELECT COUNT(*) FROM data_keys WHERE class <> 'evidence'")
		h.want("with a copy kept by law", h.removePart(on("account"), s, bill), "done")
		h.want("for tax", h.read(on("tax"), bill), "bill 1")
		h.want("again", h.removePart(on("account"), s, bill), "kept")
		if n := h.count("SELECT COUNT(*) FROM data_keys WHERE class <> 'evidence'"); n != before-1 {
			h.t.Errorf("%d data keys, want %d", n, before-1)
		}
	})
}

// What is refused is refused before anything is written, as by Put.
func TestWriteAsksThePolicy(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		for want, it := range map[string]vault.Item{"undeclared": item(s, "shoe.size", "x"), "not found": shared(s, keys.NewSubjectID(), "x", "y"), "input": {Category: "call.record"}} {
			err := h.st.Update(ctx, func(tx *store.Tx) error {
				_, err := h.v.Write(ctx, tx, on("calls"), item(s, "call.record", "good"), it)
				if rows := 0; tx.QueryRow(ctx, "SELECT COUNT(*) FROM records").Scan(&rows) != nil || rows != 0 {
					return errors.New("something was written")
				}
				return err
			})
			h.want("writing", word(err), want)
		}
	})
}

// On SQLite nothing of a removed part is on disk once the log is truncated.
func TestRemovePartLeavesNoResidue(t *testing.T) {
	for run := range 5 {
		dir := t.TempDir()
		st := storetest.Open(t, filepath.Join(dir, "candour.db"))
		h := newHouseIn(t, st, filepath.Join(dir, "keys"), filepath.Join(dir, "log"))
		anna, ben, rng := h.person(), h.person(), rand.New(rand.NewPCG(uint64(run), 9))
		var gone [][]byte
		for i := range 40 {
			id := h.put(on("calls"), shared(anna, ben, fmt.Sprint("anna ", i, string(make([]byte, rng.IntN(500)))), fmt.Sprint("ben ", i)))[0]
			if i%2 == 1 {
				continue
			}
			var sealed []byte
			if err := st.DB().QueryRow("SELECT sealed FROM records WHERE record = $1 AND subject = $2", int64(id), int64(anna)).Scan(&sealed); err != nil {
				t.Fatal(err)
			}
			gone = append(gone, sealed[:30])
			h.want("removing", h.removePart(on("calls"), anna, id), "done")
		}
		if err := h.v.Purge(ctx); err != nil {
			t.Fatal(err)
		}
		if found := scan(t, dir, gone); found != "" {
			t.Errorf("run %d: %s", run, found)
		}
		if a, b := h.export(anna), h.export(ben); len(a) != 20 || len(b) != 40 {
			t.Errorf("%d and %d are left", len(a), len(b))
		}
	}
}

// A record that was written without evidence goes on, and is taken back, without
// any: who wrote it tells of it. Its value, and what it is found by, are the new.
func TestWhatGoesOnWithoutEvidence(t *testing.T) {
	each(t, func(h *house) {
		anna := h.person()
		var ids []vault.RecordID
		h.update(func(tx *store.Tx) (err error) {
			one := func(text string) vault.Item {
				return vault.Item{Category: "call.record", Parts: []vault.Part{{Owner: anna, Value: []byte(text)}}}
			}
			ids, err = h.v.Write(ctx, tx, on("calls"), one("begun"), one("other"))
			return err
		})
		done := func(err error) string {
			if err == nil {
				return "done"
			}
			return word(err)
		}
		rewrite := func(id vault.RecordID, value []byte) string {
			return done(h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Rewrite(ctx, tx, on("calls"), id, value) }))
		}
		retract := func(id vault.RecordID) string {
			return done(h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Retract(ctx, tx, id) }))
		}
		h.want("without a value", rewrite(ids[0], nil), "input")
		h.want("none", rewrite(1, []byte("over"))+", "+retract(1), "not found, not found")
		h.want("it goes on", rewrite(ids[0], []byte("over")), "done")
		h.want("it", h.ownPart(anna, ids[0]), "over")
		h.want("it is taken back", retract(ids[0]), "done")
		h.want("taken back", h.ownPart(anna, ids[0])+", "+retract(ids[0])+", "+rewrite(ids[0], []byte("again")), "not found, not found, not found")
		h.want("the other", h.ownPart(anna, ids[1]), "other")
		if n := h.count("SELECT COUNT(*) FROM evidence_about WHERE subject = $1", int64(anna)); n != 0 {
			h.t.Errorf("%d entries of what its caller tells", n)
		}
		h.check()
		h.erase(anna)
		h.want("erased", rewrite(ids[1], []byte("again")), "not found")
	})
}
