package rights_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// L8, L28: who is named in what somebody else reported is told before and after
// their erasure that it stays, for how long and on what ground, and that only a
// part was erased.
func TestErasureTellsOfReportsByOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		o := open(t, st, "invoco")
		ctx := context.Background()
		const address = "ann.planted@example.org"
		ann, bob := o.person(), o.person()
		o.plant(address, ann)
		o.must(o.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := o.Vault.Put(ctx, tx, vault.Access{Actor: "customer", Purpose: "nuisance-calls", Surface: "softphone", Own: true}, vault.Item{
				Category: "call.report", Parts: []vault.Part{{Owner: bob, Value: []byte("They breathed")}, {Owner: ann, Kind: vault.Mentioned, Value: []byte("Traced")}},
			})
			return err
		}))
		p := o.enter(o.link(address))
		named, err := o.desk.Keeping(ctx, p)
		o.must(err)
		made, err := o.desk.Erase(ctx, p)
		o.must(err)
		for what, list := range map[string][]rights.Kept{"before": named, "after": made.Kept} {
			at := slices.IndexFunc(list, func(k rights.Kept) bool { return k.Class == "nuisance" })
			if at < 0 || len(list[at].Law) != 1 || !strings.Contains(list[at].Law[0], "Article 17(3)(e)") || list[at].Title == "" {
				t.Errorf("%s: %+v", what, list)
			}
		}
		if made.Outcome != rights.PartKept {
			t.Errorf("the outcome is %s", made.Outcome)
		}
		o.keep()
		if left := o.everything(); !slices.Contains(left, "They breathed") || !slices.Contains(left, "Traced") {
			t.Errorf("%d values open", len(left))
		} else if slices.ContainsFunc(left, func(v string) bool { return strings.HasPrefix(v, "planted-nuisance-calls") }) {
			t.Error("what they reported themselves is left")
		}
	})
}
