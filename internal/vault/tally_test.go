package vault_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// A look at one enquiry shows nothing of a person's others, under whichever
// alias it was written, and is an entry like any look (R28).
func TestLookMatter(t *testing.T) {
	each(t, func(h *house) {
		old, s := h.person(), h.person()
		first, second := item(old, "enquiry.message", "the first"), item(s, "enquiry.message", "the second")
		first.Matter, second.Matter = 7, 8
		h.put(site, first, second, item(s, "contact.name", "Ann"))
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, old, s) })
		look := func(a vault.Access, matter int64) string {
			var list []string
			err := h.st.Update(ctx, func(tx *store.Tx) error {
				sight, err := h.v.LookMatter(ctx, tx, a, s, matter)
				for _, r := range sight.Records {
					list = append(list, string(r.Value()))
				}
				return err
			})
			if err != nil {
				return word(err)
			}
			return strings.Join(list, ", ")
		}
		h.want("the first", look(by("clerk", "enquiry"), 7), "the first")
		h.want("the second", look(by("clerk", "enquiry"), 8), "the second")
		h.want("of nobody", look(by("clerk", "enquiry"), 9), "")
		h.want("without a purpose", look(by("clerk", ""), 8), "purpose")
		h.want("the entries", h.about(s, "record.used"), "record.used  1, record.used  1, record.used  0")
	})
}

// Counts are of what is held, and say nothing of whom.
func TestTallies(t *testing.T) {
	each(t, func(h *house) {
		s, other := h.person(), h.person()
		h.put(site, item(s, "enquiry.message", "hello"))
		h.put(site, item(other, "enquiry.message", "hello"))
		h.put(on("account"), vault.Item{Category: "contact.name", Purposes: []string{"account", "enquiry"}, Parts: []vault.Part{{Owner: s, Value: []byte("Ann")}}})
		h.put(on("tax"), item(s, "bill", "12 pounds"))
		tallies := func() string {
			var list []string
			err := h.st.View(ctx, func(tx *store.Tx) error {
				all, err := h.v.Tallies(ctx, tx)
				for _, x := range all {
					list = append(list, fmt.Sprint(x.Category, " ", strings.Join(x.Purposes, "+"), " ", x.Retention, " ", x.Policy, " ", x.Count))
				}
				return err
			})
			if err != nil {
				h.t.Fatal(err)
			}
			return strings.Join(list, ", ")
		}
		h.want("held", tallies(), "enquiry.message enquiry enquiry 3 2, contact.name account contract 3 1, contact.name enquiry enquiry 3 1, bill tax six-years 3 1")
		owed := func() vault.Owed {
			var o vault.Owed
			if err := h.st.View(ctx, func(tx *store.Tx) (err error) { o, err = h.v.Owed(ctx, tx); return err }); err != nil {
				h.t.Fatal(err)
			}
			return o
		}
		if o := owed(); len(o.Stages) > 0 || o.Done != 0 || o.Purges != 0 || o.Behind != 0 {
			t.Errorf("owed before anything: %+v", o)
		}
		if _, err := h.v.Erase(ctx, s); err != nil {
			t.Fatal(err)
		}
		h.want("what law keeps", tallies(), "enquiry.message enquiry enquiry 3 1, bill tax six-years 3 1")
		if o := owed(); len(o.Stages) != 1 || o.Stages[vault.LogTruncated] != 1 || o.Purges == 0 {
			t.Errorf("owed after an erasure: %+v", o)
		}
		if err := h.v.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		if o := owed(); len(o.Stages) != 0 || o.Done != 1 || o.Purges != 0 {
			t.Errorf("owed after its end: %+v", o)
		}
		h.set(start.AddDate(7, 0, 0))
		h.want("past its time", tallies(), "")
		if o := owed(); o.Behind == 0 {
			t.Error("a sweep that never came is not told")
		}
	})
}

// How a person stands is told as it is now: a grant ends by the clock.
func TestState(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		h.put(on("tax"), item(s, "bill", "12 pounds"))
		state := func(of keys.SubjectID) string {
			var st vault.State
			if err := h.st.View(ctx, func(tx *store.Tx) (err error) { st, err = h.v.State(ctx, tx, of); return err }); err != nil {
				return word(err)
			}
			return fmt.Sprint(st.Restricted, st.Erased, st.Staff.Shut, !st.Staff.Until.IsZero(), st.Partner.Shut)
		}
		h.want("nobody", state(keys.NewSubjectID()), "not found")
		h.want("at first", state(s), "false false false false false")
		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, on("account"), s) })
		h.shutOut(s, "staff")
		h.grant(s, "staff", time.Hour)
		h.want("restricted and shut, with a grant", state(s), "true false true true false")
		h.set(start.Add(time.Hour))
		h.want("the grant is over", state(s), "true false true false false")
		if _, err := h.v.Erase(ctx, s); err != nil {
			t.Fatal(err)
		}
		h.want("kept by law", state(s), "false true false false false")
	})
}
