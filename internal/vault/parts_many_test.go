package vault_test

import (
	"testing"

	"candour/internal/store"
	"candour/internal/vault"
)

// Many records of one thing go with one entry of evidence; the parts of others,
// and what is not asked for, stay.
func TestRemoveParts(t *testing.T) {
	each(t, func(h *house) {
		anna, ben := h.person(), h.person()
		var ids []vault.RecordID
		h.update(func(tx *store.Tx) (err error) {
			ids, err = h.v.Write(ctx, tx, on("calls"), shared(anna, ben, "anna 1", "ben 1"), shared(ben, anna, "ben 2", "anna 2"), shared(anna, ben, "anna 3", "ben 3"))
			return err
		})
		entries := func() int {
			return h.count("SELECT COUNT(*) FROM evidence_about WHERE subject = $1", int64(anna))
		}
		before := entries()
		remove := func(a vault.Access) error {
			return h.st.Update(ctx, func(tx *store.Tx) error { return h.v.RemoveParts(ctx, tx, a, anna, ids[0], ids[1], 1) })
		}
		if err := remove(vault.Access{Actor: "support", Purpose: "calls", Surface: "website"}); err == nil {
			t.Error("an actor who may not")
		}
		for range 2 { // the second finds nothing, which is no error
			if err := remove(on("calls")); err != nil {
				t.Fatal(err)
			}
		}
		if n := entries() - before; n != 1 {
			t.Errorf("%d entries", n)
		}
		for i, want := range []string{"not found", "not found", "anna 3"} {
			h.want("anna's", h.ownPart(anna, ids[i]), want)
		}
		h.want("ben's", h.ownPart(ben, ids[0])+", "+h.ownPart(ben, ids[1])+", "+h.ownPart(ben, ids[2]), "ben 1, ben 2, ben 3")
		h.check()
	})
}
