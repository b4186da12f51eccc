package vault_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// oracle opens every row in the store with nothing but the ring and the
// documented format, whoever it is about, and returns the values, sorted. It
// knows nothing of owners, aliases or copies.
func (h *house) oracle() (values []string) {
	h.t.Helper()
	err := h.st.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT r.id, r.key_id, r.expires_day, r.sealed, l.category, l.version FROM records r JOIN labels l ON l.label = r.label WHERE r.key_id <> 0")
		if err != nil {
			return err
		}
		type sealedRow struct {
			id, key, day, version int64
			sealed                []byte
			category              string
		}
		var all []sealedRow
		for rows.Next() {
			var r sealedRow
			if err := rows.Scan(&r.id, &r.key, &r.day, &r.sealed, &r.category, &r.version); err != nil {
				return err
			}
			all = append(all, r)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		for _, r := range all {
			month := keys.Month(0)
			if r.day != 0 {
				month = keys.MonthOf(time.UnixMilli(r.day * 24 * 60 * 60 * 1000))
			}
			c, err := h.ring.Opener(ctx, tx, r.key, month)
			if err != nil {
				return err
			}
			ad := binary.BigEndian.AppendUint64([]byte("candour record v1"), uint64(r.id))
			ad = binary.BigEndian.AppendUint64(ad, uint64(r.key))
			ad = append(binary.BigEndian.AppendUint32(ad, uint32(r.version)), r.category...)
			value, err := c.Open(nil, r.sealed, ad)
			if err != nil {
				return err
			}
			values = append(values, string(value))
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// Export completeness (R24, acceptance): one value in every declared category
// and kind of edge, under several aliases. The export finds them all, and
// opening every row in the store finds no more.
func TestExportIsComplete(t *testing.T) {
	each(t, func(h *house) {
		stranger := h.person()
		h.put(site, item(stranger, "contact.email", "stranger@x.example"))
		old, now := h.person(), h.person()
		var planted []string
		for _, s := range []keys.SubjectID{old, now} {
			for _, p := range []string{"newsletter", "offers", "location"} {
				h.consent(s, p, true)
			}
			for _, p := range declared().Purposes {
				for _, category := range p.Uses[0].Categories {
					if category == "passing" {
						continue
					}
					for _, kind := range []vault.OwnerKind{vault.Owner, vault.Party, vault.Mentioned} {
						value := fmt.Sprintf("planted %s %s %d %d", p.ID, category, kind, len(planted))
						planted = append(planted, value)
						parts := []vault.Part{{Owner: s, Value: []byte(value)}}
						if kind != vault.Owner {
							parts = []vault.Part{{Owner: stranger, Value: []byte("stranger's part")}, {Owner: s, Kind: kind, Value: []byte(value)}}
						}
						if h.tryPut(on(p.ID), vault.Item{Category: category, Parts: parts}) != nil {
							h.consent(stranger, p.ID, true)
							h.put(on(p.ID), vault.Item{Category: category, Parts: parts})
						}
					}
				}
			}
		}
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, old, now) })
		slices.Sort(planted)
		if got := h.export(now); !slices.Equal(got, planted) {
			h.t.Errorf("exported %d of %d planted values", len(got), len(planted))
		}
		found := slices.DeleteFunc(h.oracle(), func(v string) bool { return strings.HasPrefix(v, "stranger") })
		if !slices.Equal(found, planted) {
			h.t.Errorf("the oracle opens %d values, %d were planted", len(found), len(planted))
		}
		// However it is put together: no person's export and nobody else's.
		all := append(h.export(stranger), h.export(now)...)
		slices.Sort(all)
		if got := slices.Compact(all); !slices.Equal(got, h.oracle()) {
			h.t.Errorf("all exports give %d values, the store holds %d", len(got), len(h.oracle()))
		}
	})
}

// A story of random acts: after each, the exports of all people together are
// what the oracle finds, and the store is in order.
func TestRandomActsKeepExportComplete(t *testing.T) {
	each(t, func(h *house) {
		rng := rand.New(rand.NewPCG(1, 2))
		var people []keys.SubjectID
		any := func() keys.SubjectID { return people[rng.IntN(len(people))] }
		acts := []func(i int) error{
			func(int) error { people = append(people, h.person()); return nil },
			func(i int) error { return h.tryPut(site, item(any(), "enquiry.message", fmt.Sprint("message ", i))) },
			func(i int) error {
				return h.tryPut(on("newsletter"), item(any(), "contact.email", fmt.Sprint(i, "@x.example"), "enquiry", "newsletter"))
			},
			func(i int) error {
				return h.tryPut(on("tax"), item(any(), "bill", fmt.Sprint("bill ", i), "account", "tax"))
			},
			func(int) error {
				return h.st.Update(ctx, func(tx *store.Tx) error { return h.v.SetConsent(ctx, tx, any(), "newsletter", rng.IntN(2) == 0) })
			},
			func(int) error {
				return h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Alias(ctx, tx, any(), any()) })
			},
			func(int) error {
				return h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Event(ctx, tx, any(), "enquiry.closed", h.now()) })
			},
			func(int) error { _, err := h.v.Erase(ctx, any()); return err },
			func(int) error {
				h.set(h.now().AddDate(0, rng.IntN(8), 0))
				_, err := h.v.Sweep(ctx, h.now())
				return err
			},
			func(int) error { return h.v.Resume(ctx) },
			func(int) error { return h.removeAny(any(), rng) },
		}
		often := []int{0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 9, 10, 10}
		people = append(people, h.person(), h.person())
		for i := range 150 {
			if err := acts[often[rng.IntN(len(often))]](i); err != nil && len(word(err)) > 20 {
				h.t.Fatalf("act %d: %v", i, err)
			}
			h.check()
		}
		if err := h.v.Resume(ctx); err != nil { // rows under destroyed keys are no matter of the oracle
			h.t.Fatal(err)
		}
		if _, err := h.v.Sweep(ctx, h.now()); err != nil {
			h.t.Fatal(err)
		}
		var all []string
		for _, s := range people {
			err := h.v.Export(ctx, on("account"), s, func(r vault.Record) error {
				all = append(all, string(r.Value()))
				return nil
			})
			if err != nil && word(err) != "not found" {
				h.t.Fatal(err)
			}
		}
		slices.Sort(all)
		if got := slices.Compact(all); !slices.Equal(got, h.oracle()) {
			h.t.Errorf("all exports give %d values, the store holds %d", len(got), len(h.oracle()))
		}
	})
}
