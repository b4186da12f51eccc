package vault_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// A record that is kept in several copies comes once with all its purposes,
// also where there are many more than are gathered at a time (L6).
func TestWalkGathersCopies(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		var want []string
		for i := range 5 {
			var items []vault.Item
			for j := range 90 {
				value := fmt.Sprint("bill ", i, " ", j)
				want = append(want, value+" account,tax")
				items = append(items, item(s, "bill", value, "account", "tax"))
			}
			h.put(on("account"), items...)
		}
		var got []string
		err := h.st.View(ctx, func(tx *store.Tx) error {
			return h.v.Walk(ctx, tx, s, func(r vault.Record) error {
				slices.Sort(r.Purposes)
				got = append(got, string(r.Value())+" "+strings.Join(r.Purposes, ","))
				return nil
			})
		})
		if err != nil {
			h.t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			h.t.Errorf("%d records came, want %d", len(got), len(want))
		}
	})
}

// One record as a walk would hand it over, if it is the person's (L7).
func TestOwnRecord(t *testing.T) {
	each(t, func(h *house) {
		s, visitor, other := h.person(), h.person(), h.person()
		bill := h.put(on("account"), item(s, "bill", "planted", "account", "tax"))[0]
		early := h.put(site, item(visitor, "enquiry.message", "early"))[0]
		shared := h.put(on("calls"), vault.Item{Category: "call.record", Parts: []vault.Part{{Owner: other, Value: []byte("theirs")}, {Owner: s, Kind: vault.Party, Value: []byte("ours")}}})[0]
		h.update(func(tx *store.Tx) error {
			if err := h.v.Restrict(ctx, tx, site, s); err != nil { // what is restricted is the person's all the same
				return err
			}
			return h.v.Alias(ctx, tx, visitor, s)
		})
		get := func(who keys.SubjectID, id vault.RecordID) (r vault.Record, err error) {
			_ = h.st.View(ctx, func(tx *store.Tx) error { r, err = h.v.OwnRecord(ctx, tx, who, id); return err })
			return r, err
		}
		if r, err := get(s, bill); err != nil || string(r.Value()) != "planted" || len(r.Purposes) != 2 {
			h.t.Error(err)
		}
		if r, err := get(s, early); err != nil || string(r.Value()) != "early" {
			h.t.Error(err)
		}
		if r, err := get(other, shared); err != nil || string(r.Value()) != "theirs" {
			h.t.Error(err)
		}
		for name, c := range map[string]struct {
			who keys.SubjectID
			id  vault.RecordID
		}{"somebody else's": {other, bill}, "the other side's": {s, shared}, "none": {s, 1}, "nobody's": {keys.NewSubjectID(), bill}} {
			if _, err := get(c.who, c.id); !errors.Is(err, vault.ErrNotFound) {
				h.t.Errorf("%s: %v", name, err)
			}
		}
		h.erase(s)
		if _, err := get(s, early); !errors.Is(err, vault.ErrNotFound) {
			h.t.Errorf("erased: %v", err)
		}
		h.update(func(tx *store.Tx) error {
			if list, err := h.v.Members(ctx, tx, other); err != nil || !slices.Equal(list, []keys.SubjectID{other}) {
				h.t.Errorf("%d members, %v", len(list), err)
			}
			if _, err := h.v.Members(ctx, tx, keys.NewSubjectID()); !errors.Is(err, vault.ErrNotFound) {
				h.t.Error(err)
			}
			return nil
		})
	})
}
