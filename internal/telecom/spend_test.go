package telecom_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

func newStore(t testing.TB) *store.Store {
	return storetest.Open(t, storetest.Migrated(t, store.SQLite))
}

// What a call costs is booked when it ends, told of before the limit bites, and
// stops at the limit; whoever is told to raise it can.
func TestStoryOfALimit(t *testing.T) {
	each(t, func(x *exchange) {
		s := x.customer("Ann")
		ann := x.line(s, "1001")
		x.want("more than anybody may", x.setCap(s, s, 25001), "no limit")
		x.want("less than nothing", x.setCap(s, s, -1), "no limit")
		x.want("a pound", x.setCap(s, s, 100), "done")
		p, _ := x.tariff.Price(mobile)
		x.spoken(ann, mobile, 10*time.Second)
		got := x.spending(ann.Account)
		x.want("spent", []any{got.Spent, got.Held, got.Cap}, []any{p.Cost(10 * time.Second), telecom.Money(0), telecom.Pence(100)})
		x.want("nothing to tell yet", x.letters(), "[]")
		x.want("not answered, not charged", x.outside(ann, mobile), "done")
		x.want("spent", x.spending(ann.Account).Spent, got.Spent)
		for x.spending(ann.Account).Spent < telecom.Pence(80) {
			x.spoken(ann, mobile, time.Minute)
		}
		x.want("told before it bites", x.letters(), []mail.Kind{mail.CallsNearCap})
		c, err := x.desk.Outside(ctx, ann, mobile)
		x.must(err)
		left := x.spending(ann.Account)
		x.want("all of it set aside", left.Spent+left.Held <= left.Cap, true)
		if c.Limit() <= 0 || p.Cost(c.Limit()+time.Second) <= left.Held {
			t.Errorf("it may last %v for %s", c.Limit(), left.Held)
		}
		x.want("nothing left beside it", x.outside(ann, mobile), "spend-cap")
		x.want("but what is free", x.outside(ann, free), "done")
		x.must(c.Answered(ctx, telecom.Line{}))
		x.Later(c.Limit() + 3*time.Second) // hung up a little late
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		over := x.spending(ann.Account)
		x.want("never more than the limit", []any{over.Spent <= over.Cap, over.Held}, "[true nothing]")
		x.want("refused", x.outside(ann, mobile), "spend-cap")
		x.want("told once", x.letters(), []mail.Kind{mail.CallsAtCap})
		x.want("refused again", x.outside(ann, mobile), "spend-cap")
		x.want("and not told again", x.letters(), "[]")
		x.want("raised", x.setCap(s, s, 200), "done")
		x.want("and on it goes", x.outside(ann, mobile), "done")
		x.Later(31 * 24 * time.Hour)
		x.want("the next month is new", x.spending(ann.Account).Spent, telecom.Money(0))
	})
}

// What a call cost is held of its person as the policy declares, without whom it
// reached, and goes with them; what an account spent goes too (R12, R24, L8).
func TestSpendingIsHeldAndErased(t *testing.T) {
	each(t, func(x *exchange) {
		s := x.customer("Ann")
		ann := x.line(s, "1001")
		x.spoken(ann, mobile, 90*time.Second)
		category := "call.cost"
		if x.InForce().Policy().Operator.ID == "fernhill" {
			category = "bell.cost"
		}
		var words []string
		x.must(x.Store.View(ctx, func(tx *store.Tx) error {
			list, err := x.Vault.Own(ctx, tx, ann.Subject, category)
			for _, r := range list {
				words = append(words, string(r.Value()))
			}
			return err
		}))
		p, _ := x.tariff.Price(mobile)
		x.want("held", words, []string{"Call to mobiles of the United Kingdom, 1 minute 30 seconds: " + p.Cost(90*time.Second).String()})
		open, err := x.desk.Outside(ctx, ann, mobile)
		x.must(err)
		x.update(func(tx *store.Tx) error { return x.desk.Erased(ctx, tx, ann.Subject) })
		for _, table := range []string{"call_charges", "call_spending", "call_caps", "call_classes", "call_blocks"} {
			x.want(table, x.count("SELECT COUNT(*) FROM "+table), 0)
		}
		x.must(open.Ended(ctx, telecom.End{Code: telecom.Completed}))
		x.want("nothing is booked on nobody", x.count("SELECT COUNT(*) FROM call_spending"), 0)
	})
}

// A call that a crash cut off costs nothing, because nobody knows how long it
// was, and frees what was set aside; charges go at the day of their calls (L24).
func TestSpendingAfterACrash(t *testing.T) {
	each(t, func(x *exchange) {
		ann := x.line(x.customer("Ann"), "1001")
		c, err := x.desk.Outside(ctx, ann, mobile)
		x.must(err)
		x.must(c.Answered(ctx, telecom.Line{}))
		x.Later(time.Minute)
		x.want("set aside", x.spending(ann.Account).Held > 0, true)
		x.must(x.newDesk().Sweep(ctx))
		s := x.spending(ann.Account)
		x.want("after the crash", []any{s.Spent, s.Held}, "[nothing nothing]")
		x.spoken(ann, mobile, time.Minute)
		x.update(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE call_charges SET ended_ms = 0, held = 5")
			return err
		})
		x.must(x.desk.Sweep(ctx))
		x.want("held for nothing", x.spending(ann.Account).Held, telecom.Money(0))
		x.Later(400 * 24 * time.Hour)
		x.must(x.desk.Sweep(ctx))
		x.want("past their time", x.count("SELECT COUNT(*) FROM call_charges"), 0)
		x.Later(60 * 24 * time.Hour)
		x.must(x.desk.Sweep(ctx))
		x.want("months past theirs", x.count("SELECT COUNT(*) FROM call_spending"), 0)
	})
}

// Two calls at once cannot both take the last pound.
func TestTheLastPoundIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		s := x.customer("Ann")
		ann := x.line(s, "1001")
		x.want("a pound", x.setCap(s, s, 100), "done")
		const many = 8
		var wait sync.WaitGroup
		codes := make([]string, many)
		for i := range many {
			desk := x.desk
			if i%2 == 1 {
				desk = x.newDesk() // another process
			}
			wait.Go(func() {
				_, err := desk.Outside(ctx, ann, mobile)
				codes[i] = code(err)
			})
		}
		wait.Wait()
		all := fmt.Sprint(codes)
		if strings.Count(all, "done") != 1 || strings.Count(all, "spend-cap") != many-1 {
			t.Error(all)
		}
		got := x.spending(ann.Account)
		x.want("set aside", got.Held <= got.Cap, true)
	})
}

// Against an oracle: whatever is dialled and however long it lasts, what is
// spent and set aside never exceeds what the limit was when a call began, and
// what is booked is what the calls cost.
func TestNeverOverspent(t *testing.T) {
	x := open(t, newStore(t), "invoco")
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		s := x.customer(fmt.Sprintf("Ann%d", n))
		line := x.line(s, fmt.Sprint(2000+n))
		limit := telecom.Pence(2000)
		var spent, held telecom.Money
		type running struct {
			call  *telecom.Call
			price telecom.Price
			held  telecom.Money
		}
		var open []running
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				pence := rapid.IntRange(0, 300).Draw(rt, "cap")
				x.must(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.SetCap(ctx, tx, x.own(), s.Account, s.Account, pence) }))
				limit = telecom.Pence(pence)
			case 1, 2:
				number := rapid.SampledFrom([]string{landline, mobile, abroad, free}).Draw(rt, "number")
				p, _ := x.tariff.Price(number)
				c, err := x.desk.Outside(ctx, line, number)
				left := limit - spent - held
				if may := p.Free() || left >= p.Cost(10*time.Second); may != (err == nil) && code(err) != "fraud" {
					rt.Fatalf("%s left for %s: %s", left, p.Name, code(err))
				}
				if err != nil {
					continue
				}
				h := min(left, p.Cost(2*time.Hour))
				if p.Free() {
					h = 0
				}
				if !p.Free() && p.Cost(c.Limit()) > h {
					rt.Fatalf("may last %v for %s", c.Limit(), h)
				}
				held += h
				open = append(open, running{c, p, h})
				if spent+held > limit && h > 0 {
					rt.Fatalf("%s spent and %s set aside of %s", spent, held, limit)
				}
			case 3:
				if len(open) == 0 {
					continue
				}
				r := open[0]
				open = open[1:]
				long := time.Duration(rapid.IntRange(0, 4000).Draw(rt, "long")) * time.Second
				x.must(r.call.Answered(ctx, telecom.Line{}))
				x.Later(long)
				x.must(r.call.Ended(ctx, telecom.End{Code: telecom.Completed}))
				held -= r.held
				spent += min(r.held, r.price.Cost(long))
			}
			if got := x.spending(line.Account); got.Spent != spent || got.Held != held {
				rt.Fatalf("%s and %s, want %s and %s", got.Spent, got.Held, spent, held)
			}
		}
		for _, r := range open {
			x.must(r.call.Ended(ctx, telecom.End{Code: telecom.Cancelled}))
		}
		x.letters()
	})
}
