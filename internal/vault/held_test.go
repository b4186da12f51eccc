package vault_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"candour/internal/store"
	"candour/internal/vault"
)

// A person sees what is held of them, from where, also while its use is
// restricted; what is erased, expired or somebody else's is not among it (R24).
func TestHeldAndOwn(t *testing.T) {
	each(t, func(h *house) {
		s, alias, peer := h.person(), h.person(), h.person()
		h.consent(s, "newsletter", true)
		h.put(site, item(s, "contact.email", "a@b.example", "enquiry", "newsletter"), item(s, "enquiry.message", "one"), item(s, "enquiry.message", "two"))
		h.put(vault.Access{Actor: "system", Purpose: "account", Surface: "portal"}, item(alias, "contact.name", "Ann"))
		h.put(site, item(peer, "contact.name", "Bob"))
		h.put(on("calls"), vault.Item{Category: "call.record", Parts: []vault.Part{
			{Owner: peer, Value: []byte("theirs")}, {Owner: s, Kind: vault.Party, Value: []byte("ours")},
		}})
		h.put(on("statistics"), item(s, "visit", "/products"))
		h.update(func(tx *store.Tx) error { return h.v.Alias(ctx, tx, alias, s) })
		h.update(func(tx *store.Tx) error { return h.v.Restrict(ctx, tx, site, s) })
		list := func() (held, own []string) {
			if err := h.st.View(ctx, func(tx *store.Tx) error {
				all, err := h.v.Held(ctx, tx, s)
				for _, x := range all {
					held = append(held, fmt.Sprint(x.Category, " ", x.Surface, " ", x.Count, " ", x.Purposes))
				}
				if err != nil {
					return err
				}
				recs, err := h.v.Own(ctx, tx, alias, "contact.email", "enquiry.message", "contact.name", "call.record")
				for _, r := range recs {
					own = append(own, string(r.Value())+fmt.Sprint(len(r.Purposes)))
				}
				return err
			}); err != nil {
				h.t.Fatal(err)
			}
			slices.Sort(held)
			return held, own
		}
		held, own := list()
		if want := []string{
			"call.record website 1 [calls]", "contact.email website 1 [enquiry]", "contact.email website 1 [newsletter]",
			"contact.name portal 1 [account]", "enquiry.message website 2 [enquiry]", "visit website 1 [statistics]",
		}; !slices.Equal(held, want) {
			h.t.Errorf("held %q", held)
		}
		if want := []string{"a@b.example2", "one1", "two1", "Ann1"}; !slices.Equal(own, want) {
			h.t.Errorf("own %q", own)
		}
		h.consent(s, "newsletter", false)
		h.set(start.AddDate(0, 2, 0).Add(time.Hour))
		if held, _ := list(); slices.ContainsFunc(held, func(x string) bool {
			return x == "visit website 1 [statistics]" || x == "contact.email website 1 [newsletter]"
		}) {
			h.t.Errorf("held after its end: %q", held)
		}
		err := h.st.View(ctx, func(tx *store.Tx) error { _, err := h.v.Held(ctx, tx, 7); return err })
		h.want("nobody", word(err), "not found")
	})
}
