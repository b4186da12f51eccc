package telecom_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// L25, PECR 9: what a person chose of bills holds wherever single calls are told,
// for themselves and for whoever looks after the accounts of their firm, who sees
// no last digits, and whose look stands in the person's history.
func TestStatement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		x.desk.Connect(leads{main: "+441527306000", taken: "+"})
		boss := x.customer("Ann")
		worker := x.colleague(boss, "Cal")
		x.line(boss, "1001")
		cal := x.line(worker, "1003")
		talk := func(number string, long time.Duration) *telecom.Call {
			c := x.begin(cal, number)
			x.must(c.Answered(ctx, telecom.Line{}))
			x.Later(long)
			x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed, ByCaller: true}))
			return c
		}
		first := talk(paid, time.Minute)
		talk("+33140205317", 90*time.Second)
		talk("+448081570123", time.Minute) // free
		x.want("removed from the list", x.forget(cal.Subject, first.ID()), "done")

		read := func(own bool, month time.Time) (s telecom.Statement) {
			a := vault.Access{Actor: "customer", Purpose: x.mine().Purpose, Surface: "portal", Own: own}
			err := x.Store.Update(ctx, func(tx *store.Tx) (err error) {
				s, err = x.desk.Statement(ctx, tx, a, worker.Account, month)
				return err
			})
			if err != nil && !errors.Is(err, telecom.ErrNotFound) {
				x.t.Fatal(err)
			}
			return s
		}
		numbers := func(s telecom.Statement) (list []string) {
			for _, b := range s.Items {
				list = append(list, b.Number)
			}
			return list
		}
		looks := func() int { return strings.Count(strings.Join(x.About(cal.Subject), "\n"), "record.used") }
		before := looks()
		mine := read(true, x.Now())
		x.want("what they read themselves", numbers(mine), []string{paid, "+33140205317"})
		x.want("that is no look", looks(), before)
		x.want("together", []any{mine.Calls, mine.Seconds, mine.Total, mine.Total > 0}, []any{2, 150, x.spending(cal.Account).Spent, true})
		theirs := read(false, x.Now())
		x.want("what others read", numbers(theirs), []string{paid[:len(paid)-3] + "•••", "+33140205•••"})
		x.want("the look", looks(), before+1)
		x.want("costs", []any{theirs.Total, theirs.Items[0].Cost + theirs.Items[1].Cost}, []any{mine.Total, mine.Total})

		x.update(func(tx *store.Tx) error { return x.desk.Set(ctx, tx, x.mine(), cal, telecom.BillField, "plain") })
		for _, own := range []bool{true, false} {
			s := read(own, x.Now())
			x.want("without the calls", []any{s.Plain, len(s.Items), s.Calls, s.Seconds, s.Total}, []any{true, 0, 2, 150, mine.Total})
		}
		x.want("nobody looked", looks(), before+1)
		x.update(func(tx *store.Tx) error { return x.desk.Set(ctx, tx, x.mine(), cal, telecom.BillField, "itemised") })
		x.update(func(tx *store.Tx) error { return x.Vault.Restrict(ctx, tx, x.mine(), cal.Subject) })
		x.want("of who restricts the use of their data", []any{numbers(read(true, x.Now())), numbers(read(false, x.Now()))}, []any{[]string{paid, "+33140205317"}, []string{"", ""}})

		x.want("a month without calls", read(true, x.Now().AddDate(0, -2, 0)).Calls, 0)
		x.update(func(tx *store.Tx) error { return x.desk.Take(ctx, tx, x.own(), cal.Account) })
		x.want("of a line that is gone", read(false, x.Now()).Plain, true)
		x.want("what is printed of it", fmt.Sprintf("%v %+v", mine, mine.Items[0]), "(statement) (call on a statement)")
	})
}
