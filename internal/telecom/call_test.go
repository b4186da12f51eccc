package telecom_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// R14, R28: the whole way of a call. It is decided on before anything rings, and
// is one record in two parts, each of which its own side alone has, with
// evidence for each.
func TestStoryOfACall(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		c := x.begin(ann, "1002")
		extension, _ := c.Shown()
		x.want("what Bob is shown", extension, "1001")
		x.want("rows, one open", x.count("SELECT COUNT(*) FROM calls WHERE ended_ms = 0"), 1)
		x.want("lists while it rings", len(x.calls(ann.Subject))+len(x.calls(bob.Subject)), 0)
		x.must(c.Answered(ctx, bob))
		x.must(c.Answered(ctx, ann)) // only the first counts
		x.Later(2*time.Minute + time.Second)
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed, ByCaller: true}))
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Failed})) // it is over

		x.want("Ann's part", x.words(ann), []string{"Call to 1002, answered, 2 minutes 1 second long"})
		x.want("Bob's part", x.words(bob), []string{"Call from 1001, answered, 2 minutes 1 second long"})
		for _, s := range []struct {
			l    telecom.Line
			made bool
			far  string
			told string
		}{{ann, true, "1002", "made"}, {bob, false, "1001", "taken"}} {
			e := x.calls(s.l.Subject)[0]
			x.want("the entry", []any{e.Call == c.ID(), e.Made, e.Far, e.Code, e.Talked(), e.Withheld, e.Video}, []any{true, s.made, s.far, telecom.Completed, 2*time.Minute + time.Second, false, false})
			x.want("its evidence", x.told(s.l.Subject), []string{"call.ended " + s.told})
		}
		x.want("open rows", x.count("SELECT COUNT(*) FROM calls WHERE ended_ms = 0"), 0)
		x.want("lines in the rows of what is over", x.count("SELECT COUNT(*) FROM calls WHERE caller_line <> 0 OR callee_line <> 0"), 0)
		x.must(x.Vault.Check(ctx))
	})
}

// The evidence of each side names the policy, purpose and category, and the
// record to its owner alone.
func TestEvidenceOfACall(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		x.talk(ann, "1002", time.Minute)
		r, err := telecom.RolesOf(x.InForce())
		x.must(err)
		last := func(s keys.SubjectID) (b evidence.Body) {
			x.must(x.Store.View(ctx, func(tx *store.Tx) error {
				entries, err := x.Log.About(ctx, tx, s, 0, 1)
				if err == nil {
					b = entries[0].Body
				}
				return err
			}))
			return b
		}
		for _, s := range []struct {
			of    telecom.Line
			actor string
			ref   bool
		}{{ann, "customer", true}, {bob, "system", false}} {
			b := last(s.of.Subject)
			x.want("evidence", []any{b.Kind, b.Actor, b.Purpose, b.Category, b.Surface, b.Policy, b.Ref != 0}, []any{evidence.CallEnded, s.actor, r.Purpose, r.Traffic, r.Surface, x.InForce().Policy().Version, s.ref})
		}
	})
}

// How a call ended is told to both, in words, with what only one of them knows.
func TestHowCallsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		for _, c := range []struct {
			end      telecom.End
			answered bool
			words    string
			evidence string
		}{
			{telecom.End{Code: telecom.Cancelled, ByCaller: true}, false, "given up before it was answered", "missed"},
			{telecom.End{Code: telecom.NoAnswer}, false, "not answered", "missed"},
			{telecom.End{Code: telecom.Busy}, false, "the line was busy", "missed"},
			{telecom.End{Code: telecom.Declined}, false, "declined", "missed"},
			{telecom.End{Code: telecom.Unavailable}, false, "could not be reached", "missed"},
			{telecom.End{Code: telecom.Failed}, false, "failed for a technical reason", "missed"},
			{telecom.End{Code: telecom.Lost}, true, "answered, then the connection was lost, 1 minute long", "taken"},
			{telecom.End{Code: telecom.Interrupted}, true, "cut off because our service stopped, 1 minute long", "taken"},
			{telecom.End{Code: telecom.Completed, ByCaller: true}, false, "given up before it was answered", "missed"}, // nobody answered
			{telecom.End{Code: telecom.Completed}, false, "could not be reached", "missed"},
			{telecom.End{Code: telecom.NoSuch}, false, "failed for a technical reason", "missed"}, // no end of a call
			{telecom.End{Code: "planted"}, false, "failed for a technical reason", "missed"},
		} {
			call := x.begin(ann, "1002")
			if c.answered {
				x.must(call.Answered(ctx, telecom.Line{}))
			}
			x.Later(time.Minute)
			x.must(call.Ended(ctx, c.end))
			x.want("for Ann", x.words(ann)[0], "Call to 1002, "+c.words)
			x.want("for Bob", x.words(bob)[0], "Call from 1001, "+c.words)
			told := x.told(bob.Subject)
			x.want("for Bob's history", told[len(told)-1], "call.ended "+c.evidence)
		}
	})
}

// L26: whoever withholds their number, for one call or in the call itself, is
// in the other side's part, entry and evidence by no number, and is told so.
func TestWithheld(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		for _, dialled := range []string{"1411002", "141 1002"} {
			c := x.begin(ann, dialled)
			if extension, name := c.Shown(); extension != "" || name != "" {
				x.t.Errorf("%s: Bob is shown who calls", dialled)
			}
			x.must(c.Answered(ctx, bob))
			x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		}
		to, err := x.desk.Route(ctx, ann, "1002")
		x.must(err)
		c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to, Withheld: true, Video: true})
		x.must(err)
		if extension, name := c.Shown(); extension != "" || name != "" {
			x.t.Error("Bob is shown who calls")
		}
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Cancelled}))
		x.want("Ann's", x.words(ann), []string{
			"Video call to 1002, given up before it was answered, your number withheld", "Call to 1002, answered, your number withheld", "Call to 1002, answered, your number withheld",
		})
		x.want("Bob's", x.words(bob), []string{"Video call from a withheld number, given up before it was answered", "Call from a withheld number, answered", "Call from a withheld number, answered"})
		for _, e := range x.calls(bob.Subject) {
			x.want("Bob's entry", []any{e.Far, e.Withheld}, []any{"", true})
		}
		for _, e := range x.calls(ann.Subject) {
			x.want("Ann's entry", []any{e.Far, e.Withheld}, []any{"1002", true})
		}
		x.want("everything of Bob that has Ann's number", len(slices.DeleteFunc(x.exported(bob.Subject), func(v string) bool { return !strings.Contains(v, "1001") })), 0)
	})
}

// exported is everything that a copy of a person's data is made of.
func (x *exchange) exported(s keys.SubjectID) (list []string) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) error {
		return x.Vault.Walk(ctx, tx, s, func(r vault.Record) error {
			for _, p := range r.Parts {
				list = append(list, string(p.Value))
			}
			return nil
		})
	}))
	slices.Sort(list)
	return list
}

// L26: a line that stands in for another has the call in its list; the caller is told
// whom they dialled.
func TestAnsweredByAnother(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		cal := x.line(x.customer("Cal"), "1003")
		for range 2 {
			c := x.begin(ann, "1002")
			x.must(c.Answered(ctx, cal))
			x.want("while they talk", x.count("SELECT COUNT(*) FROM calls WHERE ended_ms = 0 AND callee = $1", int64(cal.Subject)), 1)
			x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		}
		x.want("Ann's list", x.words(ann)[0], "Call to 1002, answered")
		x.want("Cal's list", x.words(cal)[0], "Call from 1001, answered")
		x.want("Bob's list", len(x.words(bob)), 0)
	})
}

// A refusal writes nothing, has its code, and is counted for everybody to see;
// an emergency call that cannot be made is refused as such (L29).
func TestRefusals(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		for dialled, want := range map[string]string{
			"": "empty", "ring me": "unreadable", "020 7946": "incomplete", "1009": "no-such", "1001": "self", "020 7946 0958": "no-way-out", "999": "no-emergency", "1470 112": "no-emergency",
		} {
			to, err := x.desk.Route(ctx, ann, dialled)
			x.want(dialled, code(err), want)
			if want == "no-emergency" {
				x.want("it is known as such", to.Reach, telecom.ToEmergency)
			}
			if want == "no-way-out" {
				x.want("it is known as such", []any{to.Reach, to.Number}, []any{telecom.ToNumber, "+442079460958"})
			}
		}
		for want, start := range map[string]telecom.Start{
			"no-emergency": {From: ann, To: telecom.Target{Reach: telecom.ToEmergency}}, "no-way-out": {From: ann, To: telecom.Target{Reach: telecom.ToNumber}},
			"self": {From: ann, To: telecom.Target{Reach: telecom.ToLine, Line: ann}},
		} {
			_, err := x.desk.Begin(ctx, start)
			x.want("beginning", code(err), want)
		}
		_, err := x.desk.Begin(ctx, telecom.Start{From: ann})
		x.want("to nowhere", code(err), "no-way-out")
		staff := ann
		staff.Role = "dpo" // an actor who makes no calls
		_, err = x.desk.Begin(ctx, telecom.Start{From: staff, To: telecom.Target{Reach: telecom.ToLine, Line: bob}})
		x.want("by an actor that may not", code(err), "forbidden")
		gone := bob
		gone.Subject = keys.NewSubjectID()
		_, err = x.desk.Begin(ctx, telecom.Start{From: ann, To: telecom.Target{Reach: telecom.ToLine, Line: gone}})
		x.want("to somebody who is gone", code(err), "no-such")
		_, err = x.desk.Begin(ctx, telecom.Start{From: gone, To: telecom.Target{Reach: telecom.ToLine, Line: ann}})
		x.want("by somebody who is gone", code(err), "forbidden")
		x.want("rows", x.count("SELECT COUNT(*) FROM calls"), 0)

		x.must(x.counter.Flush(ctx))
		counted := map[string]int64{}
		rows, err := x.Store.DB().Query("SELECT body FROM evidence")
		x.must(err)
		defer rows.Close()
		for rows.Next() {
			var stored []byte
			x.must(rows.Scan(&stored))
			var b struct {
				Kind evidence.Kind `json:"kind"`
				Code string        `json:"code"`
				N    int64         `json:"count"`
			}
			const head = 1 + 32 // how it is stored, and the salt (docs/evidence.md)
			if stored[0] == 0 && json.Unmarshal(stored[head:], &b) == nil && b.Kind == evidence.CallRefused {
				counted[b.Code] += b.N
			}
		}
		x.must(rows.Err())
		x.want("counted", counted, map[string]int64{
			"empty": 1, "unreadable": 1, "incomplete": 1, "no-such": 2, "self": 2, "no-way-out": 3, "no-emergency": 3, "forbidden": 2,
		})
	})
}

// L9: a restriction cuts nobody's line off: they call and are called, and have
// both in their list; nobody else uses what is kept of it.
func TestRestrictedPersonCalls(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		x.update(func(tx *store.Tx) error { return x.Vault.Restrict(ctx, tx, x.own(), ann.Subject) })
		x.talk(ann, "1002", time.Minute)
		x.talk(bob, "1001", time.Minute)
		x.want("Ann's list", x.words(ann), []string{"Call from 1002, answered, 1 minute long", "Call to 1002, answered, 1 minute long"})
		staff := x.own()
		staff.Actor, staff.Own = "support", false
		r, err := telecom.RolesOf(x.InForce())
		x.must(err)
		err = x.Store.View(ctx, func(tx *store.Tx) error {
			list, err := x.Vault.ReadSubject(ctx, tx, staff, ann.Subject, r.Traffic)
			if err == nil && len(list) > 0 {
				x.t.Errorf("staff read %d restricted calls", len(list))
			}
			return err
		})
		x.want("staff", vaultWord(err), "restricted")
		x.want("Bob's list", len(x.words(bob)), 2)
	})
}

func vaultWord(err error) string {
	if err != nil && strings.Contains(err.Error(), vault.ErrRestricted.Error()) {
		return "restricted"
	}
	return code(err)
}

// What the policy no longer declares is no longer kept: a call that was under
// way when its category went is closed without a record (R7).
func TestPolicyChangesDuringACall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		c := x.begin(ann, "1002")
		p := *x.InForce().Policy()
		p.Forms = slices.DeleteFunc(slices.Clone(p.Forms), func(f policy.Form) bool { return f.ID == "dial" })
		x.Policy = policy.Compile(&p)
		x.must(c.Answered(ctx, bob))
		x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
		x.want("rows", x.count("SELECT COUNT(*) FROM calls"), 0)
		x.want("lists", len(x.calls(ann.Subject))+len(x.calls(bob.Subject)), 0)
	})
}
