package telecom_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// settings opens an exchange of the operator who declares settings, on both
// engines.
func settings(t *testing.T, fn func(*exchange)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) { fn(open(t, st, "invoco")) })
}

func (x *exchange) mine() vault.Access {
	x.t.Helper()
	r, err := telecom.SettingsRolesOf(x.InForce())
	x.must(err)
	return vault.Access{Actor: "customer", Purpose: r.Purpose, Surface: "softphone", Own: true}
}

// forForm is the access of somebody to what is theirs, for the purpose of a form.
func (x *exchange) forForm(id string) vault.Access {
	x.t.Helper()
	f, ok := x.InForce().Policy().FormByID(id)
	if !ok {
		x.t.Fatal("no form", id)
	}
	return vault.Access{Actor: "customer", Purpose: f.Purpose, Surface: "softphone", Own: true}
}

func (x *exchange) set(l telecom.Line, field, value string) error {
	return x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Set(ctx, tx, x.mine(), l, field, value) })
}

func (x *exchange) settingsOf(l telecom.Line) (s telecom.Settings) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
		s, err = x.desk.Settings(ctx, tx, l)
		return err
	}))
	return s
}

// holding is what the vault holds of somebody in categories whose id begins so.
func (x *exchange) holding(s keys.SubjectID, prefix string) (list []string) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) error {
		return x.Vault.Walk(ctx, tx, s, func(r vault.Record) error {
			if strings.HasPrefix(r.Category, prefix) {
				list = append(list, strings.ReplaceAll(string(r.Value()), "\n", "; "))
			}
			return nil
		})
	}))
	slices.Sort(list)
	return list
}

func (x *exchange) screen(c *telecom.Call) telecom.Code {
	x.t.Helper()
	code, err := c.Screen(ctx)
	x.must(err)
	return code
}

// R12, R24, L25: what is set is one record of the line's person, in words, with
// evidence of each change; the same again changes nothing; and it goes with the
// line.
func TestSettings(t *testing.T) {
	settings(t, func(x *exchange) {
		annS := x.customer("Ann")
		ann := x.line(annS, "1001")
		x.want("as given", x.settingsOf(ann).Withheld || x.settingsOf(ann).Refuse || x.settingsOf(ann).PlainBill, false)
		for _, c := range [][2]string{{"number", "withheld"}, {"anonymous", "refused"}, {"bill", "plain"}, {"quiet", "hour"}, {"quiet", "hour"}} {
			x.must(x.set(ann, c[0], c[1]))
		}
		for _, c := range [][2]string{{"number", "planted"}, {"planted", "on"}, {"", ""}, {"quiet", ""}} {
			x.want(fmt.Sprint(c), errors.Is(x.set(ann, c[0], c[1]), telecom.ErrSetting), true)
		}
		s := x.settingsOf(ann)
		quiet, open := s.Quiet(x.Now())
		x.want("set", []bool{s.Withheld, s.Refuse, s.PlainBill, quiet, open}, []bool{true, true, true, true, false})
		x.want("the record", len(x.holding(ann.Subject, "line.settings")), 1)
		if text := x.holding(ann.Subject, "line.settings")[0]; !strings.Contains(text, "Do not disturb: until ") || !strings.Contains(text, "Own number: withheld") || !strings.Contains(text, "Bill: without the calls") {
			x.t.Error(text)
		}
		x.Later(time.Hour + time.Second)
		quiet, _ = x.settingsOf(ann).Quiet(x.Now())
		x.want("an hour later", quiet, false)
		x.want("printed", fmt.Sprintf("%v %+v", s, s), "(settings of a line) (settings of a line)")
		x.update(func(tx *store.Tx) error { return x.desk.Take(ctx, tx, x.own(), annS.Account.ID) })
		x.want("after the line", x.holding(ann.Subject, "line."), "[]")
		x.want("rows", x.count("SELECT COUNT(*) FROM line_settings"), 0)
	})
}

// A forward is refused to nobody, to oneself, in a circle and to an emergency
// service.
func TestForwardsThatCannotBe(t *testing.T) {
	settings(t, func(x *exchange) {
		ann, bob := x.two()
		cal := x.line(x.customer("Cal"), "1003")
		set := func(l telecom.Line, to string) error {
			return x.desk.SetForward(ctx, x.mine(), l, telecom.Always, to, 0)
		}
		for to, want := range map[string]error{
			"1001": telecom.ErrLoop, "999": telecom.ErrEmergencyForward, "141112": telecom.ErrEmergencyForward, "1999": &telecom.Refusal{Code: telecom.NoSuch},
			"": &telecom.Refusal{Code: telecom.Empty}, "later": &telecom.Refusal{Code: telecom.Unreadable}, "020 7946 0018": &telecom.Refusal{Code: telecom.NoWayOut},
		} {
			if err := set(ann, to); !errors.Is(err, want) {
				x.t.Errorf("%q: %v, want %v", to, err, want)
			}
		}
		x.must(set(ann, "1002"))
		x.must(set(bob, "1003"))
		x.want("a circle of three", errors.Is(set(cal, "1001"), telecom.ErrLoop), true)
		x.want("a way there is not", errors.Is(x.desk.SetForward(ctx, x.mine(), cal, "never", "1001", 0), telecom.ErrSetting), true)
		x.want("too long", errors.Is(x.desk.SetForward(ctx, x.mine(), cal, telecom.WhenUnanswered, "1001", time.Hour), telecom.ErrSetting), true)
		x.want("the record", x.holding(ann.Subject, "line.forward"), []string{"Forward to: 1002; When: always"})
		x.must(set(ann, "1003"))
		x.want("set anew", x.holding(ann.Subject, "line.forward"), []string{"Forward to: 1003; When: always"})
	})
}

// A call that is forwarded is one of whoever forwards it, decided on and kept;
// nobody who was erased meanwhile, and no restriction, is passed over.
func TestForwardedCalls(t *testing.T) {
	settings(t, func(x *exchange) {
		ann, bob := x.two()
		cal := x.line(x.customer("Cal"), "1003")
		x.must(x.desk.SetForward(ctx, x.mine(), bob, telecom.Always, "1003", 0))
		c := x.begin(ann, "1002")
		x.want("screened", x.screen(c), "")
		next, err := c.Next(ctx, telecom.Always)
		x.must(err)
		if next == nil {
			x.t.Fatal("it does not go on")
		}
		extension, _ := next.Shown()
		x.want("shown", []string{extension, next.Forwarder()}, []string{"1001", "1002"})
		x.want("further", x.screen(next), "")
		far, err := next.Next(ctx, telecom.Always)
		x.must(err)
		x.want("and no further", far == nil, true)
		x.must(c.Answered(ctx, telecom.Line{}))
		x.must(next.Answered(ctx, cal))
		x.Later(time.Minute)
		for _, call := range []*telecom.Call{c, next} {
			x.must(call.Ended(ctx, telecom.End{Code: telecom.Completed}))
		}
		x.want("the caller", x.words(ann), []string{"Call to 1002, answered, 1 minute long"})
		x.want("who took it", x.words(cal), []string{"Call from 1001, forwarded by 1002, answered, 1 minute long"})
		words := x.words(bob)
		slices.Sort(words)
		x.want("who forwards", words, []string{"Call from 1001, forwarded, 1 minute long", "Call to 1003, forwarded for 1001, answered, 1 minute long"})
		x.want("their evidence", x.count("SELECT COUNT(*) FROM calls WHERE origin <> 0"), 1)

		// After a crash the record still names who called.
		x.desk = x.newDesk()
		c = x.begin(ann, "1002")
		x.screen(c)
		_, err = c.Next(ctx, telecom.Always)
		x.must(err)
		x.desk = x.newDesk()
		x.must(x.desk.Resume(ctx))
		x.want("interrupted", x.words(cal)[0], "Call from 1001, forwarded by 1002, cut off because our service stopped")
	})
}

// L30, PECR 17: whoever calls are forwarded to sees by whom, unless that is
// withheld, and stops it; who forwards is told, and cannot set it again until
// they are let.
func TestStopOfForwarding(t *testing.T) {
	settings(t, func(x *exchange) {
		ann, bob := x.two()
		x.must(x.desk.SetForward(ctx, x.mine(), ann, telecom.Always, "1002", 0))
		x.must(x.desk.SetForward(ctx, x.mine(), ann, telecom.WhenBusy, "1002", 0))
		incoming := func() (list []telecom.Incoming) {
			x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
				list, err = x.desk.ForwardedTo(ctx, tx, bob)
				return err
			}))
			return list
		}
		in := incoming()
		x.want("seen", []any{len(in), in[0].From, in[0].Ways}, []any{1, "1001", []telecom.Way{telecom.Always, telecom.WhenBusy}})
		x.must(x.set(ann, "number", "withheld"))
		x.want("withheld", incoming()[0].From, "")
		stop := func(l telecom.Line, id int64) error {
			return x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.StopForwarded(ctx, tx, x.mine(), l, id) })
		}
		x.want("by somebody else", errors.Is(stop(ann, in[0].ID), telecom.ErrNotFound), true)
		x.must(stop(bob, in[0].ID))
		x.must(x.set(ann, "number", "shown"))
		in = incoming()
		x.want("stopped, and still withheld", []any{len(in), in[0].From, in[0].Stopped.IsZero()}, []any{1, "", false})
		x.want("told", []any{slices.Contains(x.About(ann.Subject), "forward.stopped by-them"), slices.Contains(x.About(bob.Subject), "forward.stopped by-me")}, []any{true, true})
		x.want("again", errors.Is(x.desk.SetForward(ctx, x.mine(), ann, telecom.Always, "1002", 0), telecom.ErrStopped), true)
		cal := x.line(x.customer("Cal"), "1003")
		c := x.begin(cal, "1001")
		x.screen(c)
		next, err := c.Next(ctx, telecom.Always)
		x.must(err)
		x.want("a call rings where it was for", next == nil, true)
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Cancelled}))
		x.update(func(tx *store.Tx) error { return x.desk.AllowForwarded(ctx, tx, x.mine(), bob, in[0].ID) })
		x.must(x.desk.SetForward(ctx, x.mine(), ann, telecom.Always, "1002", 0))
	})
}

// L26: blocking who called from a withheld number tells nobody who it was: their
// other calls ring, and a block of their number beside it says nothing.
func TestBlockingTellsNothing(t *testing.T) {
	settings(t, func(x *exchange) {
		ann, bob := x.two()
		withheld := func() *telecom.Call {
			to, err := x.desk.Route(ctx, ann, "1411002")
			x.must(err)
			c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
			x.must(err)
			return c
		}
		end := func(c *telecom.Call, code telecom.Code) { x.must(c.Ended(ctx, telecom.End{Code: code})) }
		c := withheld()
		x.want("before", x.screen(c), "")
		end(c, telecom.Cancelled)
		block := func(l telecom.Line, call int64) error {
			return x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.BlockCaller(ctx, tx, x.mine(), l, call) })
		}
		x.want("by the caller", errors.Is(block(ann, c.ID()), telecom.ErrNotFound), true)
		x.must(block(bob, c.ID()))
		x.want("twice", errors.Is(block(bob, c.ID()), telecom.ErrBlocked), true)
		if text := x.holding(bob.Subject, "line.block"); len(text) != 1 || strings.Contains(text[0], "1001") {
			x.t.Error(text)
		}
		c = withheld()
		x.want("withheld again", x.screen(c), telecom.Blocked)
		end(c, telecom.Blocked)
		x.want("their list", x.words(bob)[0], "Call from a withheld number, blocked by you")
		x.want("the caller's", x.words(ann)[0], "Call to 1002, the line was busy, your number withheld")
		c = x.begin(ann, "1002")
		x.want("with the number", x.screen(c), "")
		end(c, telecom.Cancelled)

		// By the number: blocked also when it is withheld, and then in no list.
		cal := x.line(x.customer("Cal"), "1003")
		x.must(x.desk.Block(ctx, x.mine(), cal, "1001"))
		x.want("twice by number", errors.Is(x.desk.Block(ctx, x.mine(), cal, "1001"), telecom.ErrBlocked), true)
		to, err := x.desk.Route(ctx, ann, "1411003")
		x.must(err)
		c, err = x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
		x.must(err)
		x.want("hidden", x.screen(c), telecom.Blocked)
		end(c, telecom.Blocked)
		x.want("in no list", len(x.calls(cal.Subject)), 0)
		x.want("but the caller's", x.words(ann)[0], "Call to 1003, the line was busy, your number withheld")
	})
}

// L28, PECR 15: a report keeps who called although they withheld it, for staff
// alone; each look stands in the history of who reported it; it goes at its
// time.
func TestNuisanceTrace(t *testing.T) {
	settings(t, func(x *exchange) {
		ann, bob := x.two()
		to, err := x.desk.Route(ctx, ann, "1411002")
		x.must(err)
		c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
		x.must(err)
		x.must(c.Ended(ctx, telecom.End{Code: telecom.NoAnswer}))
		report := func(l telecom.Line, kind string) error {
			return x.Store.Update(ctx, func(tx *store.Tx) error {
				return x.desk.ReportCall(ctx, tx, x.forForm(telecom.ReportFormID), l.Subject, c.ID(), kind, "They breathed.\nOwn number: 1001")
			})
		}
		x.want("a kind there is not", errors.Is(report(bob, "planted"), telecom.ErrSetting), true)
		x.want("by the caller", errors.Is(report(ann, "threat"), telecom.ErrNotFound), true)
		x.must(report(bob, "threat"))
		x.want("twice", errors.Is(report(bob, "threat"), telecom.ErrReported), true)
		for _, text := range x.holding(bob.Subject, "call.report") {
			if strings.Contains(text, "Traced") || !strings.Contains(text, "They breathed. Own number: 1001") {
				x.t.Error("who reported it is told:", text)
			}
		}
		x.want("forgotten by the caller", x.forget(ann.Subject, c.ID()), "done")
		var list []telecom.Report
		x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
			list, err = x.desk.Reports(ctx, tx, 0, 10)
			return err
		}))
		x.want("open", []any{len(list), list[0].Kind, list[0].Withheld, list[0].Traced}, []any{1, "threat", true, true})
		trace := func(actor string) (tr telecom.Trace, err error) {
			f, _ := x.InForce().Policy().FormByID(telecom.ReportFormID)
			err = x.Store.Update(ctx, func(tx *store.Tx) (err error) {
				tr, err = x.desk.TraceCall(ctx, tx, vault.Access{Actor: actor, Purpose: f.Purpose, Surface: "console"}, list[0].ID)
				return err
			})
			return tr, err
		}
		_, err = trace("marketing")
		x.want("by others", errors.Is(err, vault.ErrPurpose), true)
		tr, err := trace("support")
		x.must(err)
		x.want("traced", []string{tr.Caller, tr.Happened}, []string{"1001", "They breathed. Own number: 1001"})
		x.want("in the history", slices.ContainsFunc(x.About(bob.Subject), func(s string) bool { return strings.HasPrefix(s, "record.used") }), true)
		x.want("not in the caller's", slices.ContainsFunc(x.About(ann.Subject), func(s string) bool {
			return strings.HasPrefix(s, "record.used") || strings.HasPrefix(s, "call.reported")
		}), false)
		x.update(func(tx *store.Tx) error {
			return x.desk.CloseReport(ctx, tx, vault.Access{Actor: "support", Purpose: x.forForm(telecom.ReportFormID).Purpose, Surface: "console"}, list[0].ID)
		})
		x.Later(366 * 24 * time.Hour)
		x.must(x.desk.Sweep(ctx))
		x.want("rows after its time", x.count("SELECT COUNT(*) FROM call_reports"), 0)
	})
}

// L28, L8: who made a call that was reported stays in the report although they are
// erased, since it is another's; it goes with the report's day, or with whoever
// reported it.
func TestTraceOutlastsTheCaller(t *testing.T) {
	settings(t, func(x *exchange) {
		f := x.forForm(telecom.ReportFormID)
		call := func(from, to telecom.Line) (id int64) {
			c := x.begin(from, "141"+to.Extension)
			x.must(c.Ended(ctx, telecom.End{Code: telecom.NoAnswer}))
			x.update(func(tx *store.Tx) error {
				return x.desk.ReportCall(ctx, tx, f, to.Subject, c.ID(), "threat", "They breathed.")
			})
			x.must(x.Store.View(ctx, func(tx *store.Tx) error {
				list, err := x.desk.Reports(ctx, tx, 0, 10)
				id = list[len(list)-1].ID
				return err
			}))
			return id
		}
		trace := func(id int64) (tr telecom.Trace) {
			x.update(func(tx *store.Tx) (err error) {
				tr, err = x.desk.TraceCall(ctx, tx, vault.Access{Actor: "support", Purpose: f.Purpose, Surface: "console"}, id)
				return err
			})
			return tr
		}
		ann, bob := x.two()
		cal := x.line(x.customer("Cal"), "1003")
		first, second := call(ann, bob), call(ann, cal)
		x.want("their own report of another", trace(call(bob, ann)).Caller, "1002")
		before := trace(first)
		x.want("traced", before.Caller, "1001")
		x.erase(ann.Subject)
		after := trace(first)
		x.want("traced after they are erased", []string{after.Caller, after.Name, after.Happened}, []string{"1001", before.Name, before.Happened})
		x.want("what else is held of them", x.count("SELECT COUNT(*) FROM records WHERE subject = $1", int64(ann.Subject)), 2)
		x.want("their own report", x.count("SELECT COUNT(*) FROM call_reports WHERE subject = $1", int64(ann.Subject)), 0)
		x.must(x.Vault.Check(ctx))

		x.erase(cal.Subject) // who reported the second
		x.want("reports", x.count("SELECT COUNT(*) FROM call_reports WHERE id = $1", second), 0)
		x.want("what is held of who called", x.count("SELECT COUNT(*) FROM records WHERE subject = $1", int64(ann.Subject)), 1)
		x.want("the other report", trace(first).Caller, "1001")
		x.must(x.Vault.Check(ctx))

		x.Later(366 * 24 * time.Hour)
		_, err := x.Vault.Sweep(ctx, x.Now())
		x.must(err)
		x.must(x.desk.Sweep(ctx))
		x.want("after its day", []int{x.count("SELECT COUNT(*) FROM call_reports"), x.count("SELECT COUNT(*) FROM records WHERE subject = $1", int64(ann.Subject)),
			x.count("SELECT COUNT(*) FROM subjects WHERE subject = $1", int64(ann.Subject))}, []int{0, 0, 0})
		x.must(x.Vault.Check(ctx))
	})
}

// L38: where a line is, is told in the parts of a civic address, with a postcode
// that can be; that the warning was read is kept with its day; and an erasure
// takes it with the line.
func TestAddressOfALine(t *testing.T) {
	settings(t, func(x *exchange) {
		ann := x.line(x.customer("Ann"), "1001")
		put := func(a telecom.Address) error {
			return x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.SetAddress(ctx, tx, x.forForm(telecom.AddressFormID), ann, a) })
		}
		get := func() (a telecom.Address, known bool) {
			x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
				a, known, err = x.desk.AddressOf(ctx, tx, ann)
				return err
			}))
			return a, known
		}
		_, known := get()
		x.want("before", known, false)
		good := telecom.Address{House: " 7 ", Street: "High  Street", Town: "Bromsgrove", Postcode: "b603dj", Unit: "Flat 2\nOwn number: withheld"}
		for bad, want := range map[string]error{"": telecom.ErrPostcode, "12345": telecom.ErrPostcode, "B60 3C": telecom.ErrPostcode, "SW1A 1CI": telecom.ErrPostcode} {
			a := good
			a.Postcode = bad
			x.want("postcode "+bad, errors.Is(put(a), want), true)
		}
		x.want("no street", errors.Is(put(telecom.Address{House: "7", Town: "X", Postcode: "B60 3DJ"}), telecom.ErrAddress), true)
		x.must(put(good))
		a, known := get()
		x.want("known", []any{known, a.Lines(), a.Country, a.Warned.IsZero()}, []any{true, []string{"Flat 2 Own number: withheld", "7 High Street", "Bromsgrove", "B60 3DJ"}, "GB", true})
		x.update(func(tx *store.Tx) error { return x.desk.Warned(ctx, tx, x.forForm(telecom.AddressFormID), ann) })
		a, _ = get()
		x.want("the day is kept", a.Warned.Equal(x.Now().Truncate(time.Millisecond)), true)
		x.want("printed", fmt.Sprintf("%v", a), "(address of a line)")
		x.must(put(telecom.Address{House: "The Mill", Street: "Mill Lane", Town: "Bromsgrove", Postcode: "B61 8JY"}))
		x.want("held once", len(x.holding(ann.Subject, "address.installation")), 1)
		x.erase(ann.Subject)
		x.want("rows", x.count("SELECT COUNT(*) FROM line_settings"), 0)
	})
}

// L29, PECR 16: for an hour after an emergency call nothing turns a call away.
func TestEverybodyGetsThroughAfterAnEmergency(t *testing.T) {
	settings(t, func(x *exchange) {
		ann, bob := x.two()
		x.must(x.set(bob, "quiet", "on"))
		x.must(x.desk.SetForward(ctx, x.mine(), bob, telecom.Always, "1001", 0))
		x.must(x.desk.Block(ctx, x.mine(), bob, "1001"))
		x.update(func(tx *store.Tx) error { return x.desk.CalledForHelp(ctx, tx, bob) })
		c := x.begin(ann, "1002")
		x.want("at once", x.screen(c), "")
		next, err := c.Next(ctx, telecom.Always)
		x.must(err)
		x.want("not sent elsewhere", next == nil, true)
		x.Later(time.Hour + time.Second)
		x.want("an hour later", x.screen(c), telecom.Blocked)
	})
}

// An operator who declares no settings has lines as they are given.
func TestWithoutSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "fernhill")
		ann, _ := x.two()
		x.want("settings", x.settingsOf(ann), telecom.Settings{})
		x.want("screened", x.screen(x.begin(ann, "1002")), "")
		undeclared := &telecom.Refusal{Code: telecom.Undeclared}
		x.want("set", errors.Is(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Set(ctx, tx, x.own(), ann, "quiet", "on") }), undeclared), true)
		x.want("forward", errors.Is(x.desk.SetForward(ctx, x.own(), ann, telecom.Always, "1002", 0), undeclared), true)
		x.want("block", errors.Is(x.desk.Block(ctx, x.own(), ann, "1002"), undeclared), true)
	})
}
