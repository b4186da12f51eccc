package telecom_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// leads is what leads out of a house.
type leads struct {
	main  string
	taken string // numbers that begin so
}

func (l leads) Takes(t telecom.Target) bool {
	return t.Reach == telecom.ToEmergency || strings.HasPrefix(t.Number, l.taken)
}

func (l leads) Main() string { return l.main }

func (l leads) Services() []string { return []string{"emergency-services"} }

// outward is a house with a way out, and two people, of whom Ann has a number.
func outward(t *testing.T, st *store.Store, w leads) (x *exchange, ann, bob telecom.Line) {
	x = open(t, st, "invoco")
	ann, bob = x.two()
	x.number(ann, "01527 306001", "done")
	x.desk.Connect(w)
	return x, ann, bob
}

func (x *exchange) number(l telecom.Line, number, want string) {
	x.t.Helper()
	err := x.Store.Update(ctx, func(tx *store.Tx) error { _, err := x.desk.GiveNumber(ctx, tx, l.Account, number); return err })
	got := code(err)
	switch {
	case errors.Is(err, telecom.ErrNumber):
		got = "no number"
	case errors.Is(err, telecom.ErrNumberTaken):
		got = "number taken"
	}
	x.want("giving "+number, got, want)
}

// A line's number is a record of its person, is found by a mark, is nobody else's,
// and goes with the line, the person, or by itself.
func TestNumbersOfLines(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, bob := outward(t, st, leads{})
		for number, want := range map[string]string{
			"+441527306001": "number taken", "": "no number", "999": "no number", "118500": "no number", "1001": "no number", "+441632960001": "no number", "+449098790123": "no number",
			"+44152730600": "no number", "call me": "no number",
		} {
			x.number(bob, number, want)
		}
		x.number(telecom.Line{Account: 1}, "+441527306002", "no account")
		who := x.customer("Cal")
		x.number(telecom.Line{Account: who.Account.ID}, "+441527306002", "no line")
		reached := func(number string) string {
			to, err := x.desk.Reached(ctx, number)
			if err != nil {
				return code(err)
			}
			return to.Line.Extension + " " + to.Line.Name + to.Line.Number
		}
		x.want("by its number", reached("+441527306001"), "1001 +441527306001")
		x.want("as the country writes it", reached("01527306001"), "1001 +441527306001")
		x.want("another", reached("+441527306002"), "no-such")
		x.want("an extension", reached("1001"), "no-such")
		l, err := x.desk.LineOf(ctx, ann.Account)
		x.must(err)
		x.want("Ann's own number", l.Number, "+441527306001")
		x.want("the number in the table", x.count("SELECT COUNT(*) FROM line_numbers WHERE CAST(mark AS TEXT) LIKE '%1527306001%'"), 0)
		x.want("in Ann's copy", strings.Contains(strings.Join(x.exported(ann.Subject), "\n"), "+441527306001"), true)

		x.update(func(tx *store.Tx) error { return x.desk.TakeNumber(ctx, tx, x.own(), ann.Account, "+441527306001") })
		x.want("taken away", reached("+441527306001"), "no-such")
		x.want("held no more", strings.Contains(strings.Join(x.exported(ann.Subject), "\n"), "+441527306001"), false)
		x.number(ann, "+441527306001", "done")
		x.number(ann, "+441527306003", "done")
		x.update(func(tx *store.Tx) error { return x.desk.Take(ctx, tx, x.own(), ann.Account) })
		x.want("with the line", x.count("SELECT COUNT(*) FROM line_numbers"), 0)
		x.number(bob, "+441527306001", "done")
		x.erase(bob.Subject)
		x.want("with the person", x.count("SELECT COUNT(*) FROM line_numbers"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// A call to a number: decided on for the caller, shown as their number, kept in
// their part alone, told in their history with whom it was given to (R19, L24).
func TestACallToANumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, bob := outward(t, st, leads{taken: "+44"})
		_, err := x.desk.Route(ctx, ann, "+33140205317")
		x.want("where no trunk goes", code(err), "no-way-out")
		c := x.begin(ann, "141 020 7946 0018")
		id := c.Identity()
		x.want("what the trunk shows", []any{id.Number, id.Withheld, id.Address == nil}, []any{"+441527306001", true, true})
		x.want("to whom it may not go", code(c.Hand(ctx, "google")), "forbidden")
		x.must(c.Hand(ctx, "carriers"))
		x.must(c.Answered(ctx, telecom.Line{ID: -1}))
		x.want("noted as answered", x.count("SELECT COUNT(*) FROM calls WHERE answered_ms > 0 AND callee = 0"), 1)
		x.Later(time.Minute)
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed, ByCaller: true}))
		x.want("Ann's part", x.words(ann), []string{"Call to +442079460018, answered, 1 minute long, your number withheld"})
		x.want("the entry", x.calls(ann.Subject)[0].Far, "+442079460018")
		told := strings.Join(x.About(ann.Subject), ", ")
		x.want("Ann's history", []bool{strings.Contains(told, "record.disclosed carriers"), strings.Contains(told, "call.ended made"), strings.Contains(told, "google")}, []bool{true, true, false})
		x.want("who has no number", code(func() error {
			to, err := x.desk.Route(ctx, bob, "02079460018")
			x.must(err)
			_, err = x.desk.Begin(ctx, telecom.Start{From: bob, To: to})
			return err
		}()), "no-number")
		x.want("Ann forgets it", x.forget(ann.Subject, c.ID()), "done")
		x.want("rows", x.count("SELECT COUNT(*) FROM calls"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// L26: a call from outside is kept in the callee's part alone, and withheld is withheld.
func TestACallFromOutside(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, _ := outward(t, st, leads{})
		to, err := x.desk.Reached(ctx, "+441527306001")
		x.must(err)
		for _, o := range []telecom.Outside{{Number: "+442079460018"}, {Withheld: true}} {
			c, err := x.desk.Begin(ctx, telecom.Start{Outside: &o, To: to})
			x.must(err)
			number, name := c.Shown()
			x.want("shown", []string{number, name}, []string{o.Number, ""})
			x.must(c.Answered(ctx, ann))
			x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed, ByCaller: true}))
		}
		x.want("Ann's part", x.words(ann), []string{"Call from a withheld number, answered", "Call from +442079460018, answered"})
		told := x.told(ann.Subject)
		x.want("Ann's history", told[len(told)-1], "call.ended taken")
		_, err = x.desk.Begin(ctx, telecom.Start{Outside: &telecom.Outside{Number: "+442079460018"}, To: telecom.Target{Reach: telecom.ToNumber, Number: "+442079460019"}})
		x.want("from outside to outside", code(err), "no-way-out")
		x.must(x.Vault.Check(ctx))
	})
}

// L24: what a crash leaves open is closed with what was known of it: both ways,
// and to whom, also where another line answered, or forwards the call.
func TestCallsOutsideAreResumed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, bob := outward(t, st, leads{taken: "+"})
		cal := x.line(x.customer("Cal"), "1003")
		to, err := x.desk.Reached(ctx, "+441527306001")
		x.must(err)
		from := func(number string) *telecom.Call {
			c, err := x.desk.Begin(ctx, telecom.Start{Outside: &telecom.Outside{Number: number, Withheld: number == ""}, To: to})
			x.must(err)
			return c
		}
		c := x.begin(ann, "141 02079460018")
		x.want("while it is under way", x.exportedOf(ann.Subject, "02079460018"[1:]), []string{"Call to +442079460018, under way, your number withheld"})
		x.want("in her list", len(x.calls(ann.Subject)), 0)
		x.must(c.Answered(ctx, telecom.Line{}))
		x.must(from("+442079460019").Answered(ctx, ann))
		x.must(from("").Answered(ctx, ann))
		x.must(from("+442079460020").Answered(ctx, bob))
		x.want("who did not answer", x.exportedOf(ann.Subject, "442079460020"), []string(nil))
		first := from("+442079460021")
		_, err = x.desk.Begin(ctx, telecom.Start{From: ann, To: telecom.Target{Reach: telecom.ToLine, Line: cal}, Forwarded: first})
		x.must(err)
		x.begin(ann, "999")
		x.Later(time.Hour)
		x.desk = x.newDesk()
		x.must(x.desk.Resume(ctx))
		const cut = ", cut off because our service stopped"
		x.want("Ann's part", x.words(ann), []string{
			"Call to 999" + cut, "Call to 1003, forwarded for +442079460021" + cut, "Call from +442079460021" + cut,
			"Call from a withheld number" + cut, "Call from +442079460019" + cut, "Call to +442079460018" + cut + ", your number withheld",
		})
		x.want("Bob's part", x.words(bob), []string{"Call from +442079460020" + cut})
		x.want("Cal's part", x.words(cal), []string{"Call from +442079460021, forwarded by 1001" + cut})
		x.want("records of calls", x.count("SELECT COUNT(*) FROM calls WHERE record = 0 OR ended_ms = 0"), 0)
		x.want("kept once each", len(x.exportedOf(ann.Subject, "Call ")), 6)
		x.must(x.Vault.Check(ctx))
	})
}

// exportedOf is what of a copy of a person's data has some text.
func (x *exchange) exportedOf(s keys.SubjectID, text string) (found []string) {
	x.t.Helper()
	for _, v := range x.exported(s) {
		if strings.Contains(v, text) {
			found = append(found, v)
		}
	}
	return found
}

// A call that was cut off by a crash is charged for as long as it was known to be
// under way, once, and its person's part says how long that was. One whose number may
// no longer be kept is closed without it.
func TestChargeOfACallThatWasCutOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, _ := outward(t, st, leads{taken: "+"})
		const reached = "+447911123456"
		x.must(x.desk.Note(ctx)) // nothing is under way
		c := x.begin(ann, reached)
		x.must(x.desk.Note(ctx))
		x.must(c.Answered(ctx, telecom.Line{}))
		x.Later(2 * time.Minute)
		x.must(x.desk.Note(ctx))
		x.Later(time.Hour)
		dead := x.newDesk()
		x.must(dead.Note(ctx)) // of another process, which knows nothing of it
		x.desk = dead
		x.must(x.desk.Resume(ctx))
		x.want("Ann's part", x.words(ann), []string{"Call to " + reached + ", cut off because our service stopped, 2 minutes long"})
		e := x.calls(ann.Subject)[0]
		x.want("the entry", []any{e.Made, e.Far, e.Talked(), e.Code}, []any{true, reached, 2 * time.Minute, telecom.Interrupted})
		price, ok, err := x.desk.PriceOf(reached)
		x.must(err)
		x.want("the price is known", ok, true)
		s := x.spending(ann.Account)
		x.want("charged", []any{s.Spent, s.Held}, []any{price.Cost(2 * time.Minute), telecom.Money(0)})
		x.want("seconds charged", x.count("SELECT seconds FROM call_charges"), 120)
		x.must(x.desk.Sweep(ctx))
		x.want("charged once", x.spending(ann.Account).Spent, s.Spent)

		x.desk.Connect(leads{taken: "+"})
		c = x.begin(ann, reached)
		x.must(c.Answered(ctx, telecom.Line{}))
		x.erase(ann.Subject)
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		x.want("rows of whoever is erased", x.count("SELECT COUNT(*) FROM calls"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// L29: an emergency call begins whoever dials it and however; its evidence holds
// neither number nor place; without a way out the words are those for it.
func TestEmergencyCallsBegin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, bob := outward(t, st, leads{main: "+441527306000"})
		for dialled, want := range map[string]struct {
			withheld, located bool
		}{"999": {}, "141999": {false, true}, "112": {}, "141112": {false, true}, "14118000": {false, true}, "141101": {true, false}, "141111": {true, false}, "141105": {true, false}} {
			to, err := x.desk.Route(ctx, ann, dialled)
			x.must(err)
			c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to, Withheld: strings.HasPrefix(dialled, "141")})
			x.must(err)
			id := c.Identity()
			x.want(dialled, []any{id.Number, id.Withheld}, []any{"+441527306001", want.withheld})
			x.want(dialled+" may be told the place", c.Tell(ctx, "emergency-services", telecom.Told{Address: true}).Address, to.Located())
			if strings.HasPrefix(dialled, "141") {
				x.want(dialled, to.Located(), want.located)
			}
			x.must(c.Hand(ctx, "nobody")) // the policy refuses nothing here
			x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed, ByCaller: true}))
		}
		c := x.begin(bob, "999")
		x.want("the operator's number where there is none", c.Identity().Number, "+441527306000")
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Cancelled, ByCaller: true}))
		x.want("Bob's part", x.words(bob), []string{"Call to 999, given up before it was answered"})
		x.must(x.Store.View(ctx, func(tx *store.Tx) error {
			entries, err := x.Log.About(ctx, tx, bob.Subject, 0, 100)
			n := 0
			for _, e := range entries {
				if b := e.Body; b.Kind == evidence.CallEmergency {
					n++
					x.want("the code", b.Code, "without-address")
				}
			}
			x.want("entries of an emergency call", n, 1)
			return err
		}))
		// By an actor who makes no calls, and by somebody who is gone.
		staff, gone := ann, ann
		staff.Role = identity.Role("dpo")
		gone.Subject = 4711
		for _, l := range []telecom.Line{staff, gone} {
			c, err := x.desk.Begin(ctx, telecom.Start{From: l, To: telecom.Target{Reach: telecom.ToEmergency, Number: "999"}})
			x.must(err)
			x.must(c.Answered(ctx, telecom.Line{}))
			x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		}
		x.want("open rows", x.count("SELECT COUNT(*) FROM calls WHERE ended_ms = 0"), 0)
	})
}

// An emergency call does not wait for a store that hangs or fails.
func TestEmergencyCallsDoNotWait(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x, ann, _ := outward(t, st, leads{})
		g := hold(x.desk)
		c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: telecom.Target{Reach: telecom.ToEmergency, Number: "999"}})
		x.must(err)
		close(g.open)
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		x.want("it is kept once the store is back", x.words(ann), []string{"Call to 999, could not be reached"})
		g.fail = func(int) error { return telecom.ErrClosed }
		_, err = x.desk.Begin(ctx, telecom.Start{From: ann, To: telecom.Target{Reach: telecom.ToEmergency, Number: "112"}})
		x.must(err)
	})
}

// L38: who may be shown as the caller from outside.
func TestIdentify(t *testing.T) {
	x := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	for _, c := range []struct {
		what string
		p    telecom.Presented
		want string
	}{
		{"vouched for", telecom.Presented{Network: "+442079460018", Shown: "+448001111111"}, "+442079460018"},
		{"shown", telecom.Presented{Shown: "+442079460018"}, "+442079460018"},
		{"of abroad", telecom.Presented{Shown: "+33140205317", Abroad: true}, "+33140205317"},
		{"withheld", telecom.Presented{Network: "+442079460018", Withheld: true}, "withheld"},
		{"withheld, with nothing", telecom.Presented{Withheld: true}, "withheld"},
		{"nothing", telecom.Presented{}, "no-identity"},
		{"a word", telecom.Presented{Shown: "unavailable"}, "no-identity"},
		{"not valid", telecom.Presented{Shown: "+441632960001"}, "bad-identity"},
		{"vouched for and not valid", telecom.Presented{Network: "+4499", Shown: "+442079460018"}, "bad-identity"},
		{"withheld and not valid", telecom.Presented{Network: "+4499", Withheld: true}, "bad-identity"},
		{"revenue share", telecom.Presented{Shown: "+448712345678"}, "bad-identity"},
		{"premium", telecom.Presented{Network: "+449098790123"}, "bad-identity"},
		{"from abroad, of here", telecom.Presented{Shown: "+442079460018", Abroad: true}, "bad-identity"},
		{"from abroad, of here, vouched for", telecom.Presented{Network: "+442079460018", Shown: "+442079460018", Abroad: true}, "bad-identity"},
		{"vouched for by a network abroad", telecom.Presented{Network: "+33140205317", Shown: "+442079460018"}, "bad-identity"},
		{"the same, a mobile", telecom.Presented{Network: "+33140205317", Shown: "+447911123456"}, "bad-identity"},
		{"a mobile that travels", telecom.Presented{Network: "+447911123456", Shown: "+447911123456", Abroad: true}, "+447911123456"},
		{"abroad and withheld", telecom.Presented{Withheld: true, Abroad: true}, "withheld"},
	} {
		o, err := x.desk.Identify(c.p)
		got := o.Number
		switch {
		case err != nil:
			got = code(err)
		case o.Withheld:
			got = "withheld" + o.Number
		}
		x.want(c.what, got, c.want)
	}
}
