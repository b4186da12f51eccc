package telecom_test

import (
	"strings"
	"testing"
	"time"

	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// paid is a number that is reached and costs something.
const paid = "+447911123456"

// L24, PECR 7(2): a call that costs leaves its person's list as they ask, and
// what the bill needs stays, in their copy and in no list, until its day. A call
// that costs nothing goes at once.
func TestForgetOfACallThatCosts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, bob := outward(t, st, leads{taken: "+"})
		talk := func(number string, long time.Duration) *telecom.Call {
			c := x.begin(ann, number)
			if long > 0 {
				x.must(c.Answered(ctx, telecom.Line{}))
			}
			x.Later(long)
			x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed, ByCaller: true}))
			return c
		}
		costs, unanswered, free := talk(paid, time.Minute), talk(paid, 0), talk("+448081570123", time.Minute)
		list := x.calls(ann.Subject)
		year := x.Now().AddDate(1, 0, 0)
		x.want("what is told of each", []any{list[0].Cost, list[0].Billed.IsZero(), list[1].Cost, list[2].Cost > 0, list[2].Billed.Sub(year) < 25*time.Hour, list[2].Billed.After(year)},
			[]any{telecom.Money(0), true, telecom.Money(0), true, true, true})
		before := x.spending(ann.Account).Spent

		x.want("somebody else", x.forget(bob.Subject, costs.ID()), "not found")
		for _, c := range []*telecom.Call{costs, unanswered, free} {
			x.want("removed", x.forget(ann.Subject, c.ID()), "done")
			x.want("twice", x.forget(ann.Subject, c.ID()), "not found")
		}
		x.want("her list", len(x.calls(ann.Subject)), 0)
		x.want("rows of calls", x.count("SELECT COUNT(*) FROM calls"), 0)
		x.want("what is held", x.exportedOf(ann.Subject, "Call to +"), []string{"Call to " + paid + ", answered, 1 minute long"})
		x.want("what she spent", x.spending(ann.Account).Spent, before)
		about := strings.Join(x.About(ann.Subject), ", ")
		x.want("her history", []int{strings.Count(about, "call.unlisted"), strings.Count(about, "record.erased")}, []int{1, 2})
		x.must(x.Vault.Check(ctx))

		x.Later(367 * 24 * time.Hour)
		_, err := x.Vault.Sweep(ctx, x.Now())
		x.must(err)
		x.must(x.desk.Sweep(ctx))
		x.want("past its day", len(x.exportedOf(ann.Subject, "Call to")), 0)
		x.want("charges past theirs", x.count("SELECT COUNT(*) FROM call_charges"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// An erasure takes what was kept for the bill with the person.
func TestErasureOfABill(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, _ := outward(t, st, leads{taken: "+"})
		c := x.begin(ann, paid)
		x.must(c.Answered(ctx, telecom.Line{}))
		x.Later(time.Minute)
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		x.want("removed", x.forget(ann.Subject, c.ID()), "done")
		x.erase(ann.Subject)
		x.want("charges", x.count("SELECT COUNT(*) FROM call_charges"), 0)
		x.must(x.Vault.Check(ctx))
	})
}
