package telecom_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

func (x *exchange) blocks(account int64) (list []telecom.Block) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = x.desk.Blocks(ctx, tx, account)
		return err
	}))
	return list
}

// pleading is the access of a person to what they say of a block.
func (x *exchange) pleading() vault.Access {
	x.t.Helper()
	r, err := telecom.ContestRolesOf(x.InForce())
	x.must(err)
	return vault.Access{Actor: "customer", Purpose: r.Purpose, Surface: r.Form.Surfaces[0], Own: true}
}

// reviewing is the access of staff.
func (x *exchange) reviewing() vault.Access {
	a := x.pleading()
	a.Actor, a.Surface, a.Own = "support", "console", false
	if x.InForce().Policy().Operator.ID == "fernhill" { // it has no such staff
		a.Actor = "system"
	}
	return a
}

func (x *exchange) contest(account int64, ref, words string) string {
	return limitCode(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Contest(ctx, tx, x.pleading(), account, ref, words) }))
}

func (x *exchange) review(ref string, lift bool, words string) string {
	return limitCode(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Review(ctx, tx, x.reviewing(), ref, lift, words) }))
}

func (x *exchange) about(s keys.SubjectID, prefixes ...string) (list []string) {
	for _, e := range x.About(s) {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(e, p) }) {
			list = append(list, e)
		}
	}
	return list
}

// atHour moves on to an hour of the next day, in winter, when London has the
// time of Greenwich.
func (x *exchange) atHour(hour int) {
	now := x.Now()
	to := time.Date(now.Year(), now.Month(), now.Day()+1, hour, 0, 0, 0, time.UTC)
	x.Later(to.Sub(now))
}

// L12: a block is decided by software alone. Its person is told which pattern,
// and what was seen, in numbers; says what is wrong with it; a person at the
// operator decides, with a reason; all of it is in their history. Only calls
// that cost are stopped.
func TestStoryOfABlock(t *testing.T) {
	each(t, func(x *exchange) {
		s := x.customer("Ann")
		bob := x.line(x.customer("Bob"), "1002")
		ann := x.line(s, "1001")
		for range 10 {
			x.spoken(ann, abroad, 5*time.Second)
		}
		x.want("the eleventh", x.outside(ann, abroad), "fraud")
		x.want("any that costs", x.outside(ann, landline) == "done", x.InForce().Policy().Operator.ID == "fernhill") // landlines are free there
		x.want("what is free", x.outside(ann, free), "done")
		x.talk(ann, "1002", time.Minute)
		x.talk(bob, "1001", time.Minute)
		x.want("nobody else", x.outside(bob, abroad), "done")
		list := x.blocks(ann.Account)
		x.want("blocks", len(list), 1)
		b := list[0]
		x.want("what was seen", []any{b.Pattern, b.Seen, b.State, b.Owed(), b.Stands()}, "[short-calls 10 standing false true]")
		saw, rule := telecom.Seen(x.InForce().Policy(), &b)
		if !strings.Contains(saw, "10 such calls") || !strings.Contains(rule, "within 10 minutes, each shorter than 30 seconds") {
			t.Errorf("%q %q", saw, rule)
		}
		x.Work()
		letters := x.Office.Take()
		if len(letters) != 1 || letters[0].Kind != mail.CallsBlocked || !strings.Contains(letters[0].Raw, b.Reference) || !strings.Contains(letters[0].Raw, "10 such calls") || !strings.Contains(letters[0].Raw, "3 days") {
			t.Fatalf("%d letters", len(letters))
		}
		x.want("told", x.about(ann.Subject, "block."), "[block.made short-calls]")

		x.want("somebody else's", x.contest(bob.Account, b.Reference, "Let her call."), "no block")
		x.want("nobody's", x.contest(ann.Account, "0000-0000", "Let me call."), "no block")
		x.want("nothing said", x.contest(ann.Account, b.Reference, " \n"), "nothing said")
		x.want("contested", x.contest(ann.Account, b.Reference, "I rang my planted aunt."), "done")
		x.want("twice", x.contest(ann.Account, b.Reference, "And my uncle."), "waits")
		x.want("told that somebody looks", x.letters(), []mail.Kind{mail.CallsContested})
		b = x.blocks(ann.Account)[0]
		x.want("answered by", b.Due.Sub(b.Contested), 72*time.Hour)
		x.want("still stopped", x.outside(ann, abroad), "fraud")

		x.want("no reason", x.review(b.Reference, true, ""), "nothing said")
		x.want("kept", x.review(b.Reference, false, "We could not reach you."), "done")
		x.want("told", x.letters(), []mail.Kind{mail.CallsDecided})
		x.want("said again", x.contest(ann.Account, b.Reference, "I am here now."), "done")
		x.letters()
		x.want("lifted", x.review(b.Reference, true, "We rang you, and it was you."), "done")
		x.want("told", x.letters(), []mail.Kind{mail.CallsDecided})
		x.want("decided twice", x.review(b.Reference, false, "No."), "waits")
		x.want("nothing left to contest", x.contest(ann.Account, b.Reference, "Thanks."), "waits")
		x.want("what a person looked at is not held against it again", x.outside(ann, abroad), "done")
		x.want("history", x.about(ann.Subject, "block."), "[block.made short-calls block.contested block.decided confirmed block.contested block.decided lifted]")
		x.must(x.Store.View(ctx, func(tx *store.Tx) error {
			b, err := x.desk.BlockBy(ctx, tx, strings.ToLower(b.Reference))
			x.must(err)
			said, why, err := x.desk.Said(ctx, tx, &b)
			x.want("what both said", []any{said, why, err}, "[I am here now. We rang you, and it was you. <nil>]")
			return nil
		}))
		if printed := fmt.Sprintf("%v %+v", b, b); strings.Contains(printed, b.Reference) {
			t.Error(printed)
		}
	})
}

// Each declared pattern is found when it is whole, and not a call earlier.
func TestPatternsOfFraud(t *testing.T) {
	open := func(x *exchange, s *identity.Session) telecom.Line {
		l := x.line(s, "1001")
		for _, class := range []string{"premium", "high-risk"} {
			x.want("opened", x.setClass(s, s, class, true), "done")
		}
		x.want("as much as anybody may", x.setCap(s, s, 25000), "done")
		return l
	}
	for pattern, calls := range map[string]func(*exchange, telecom.Line) string{
		"at-once": func(x *exchange, l telecom.Line) string {
			for range 3 {
				if _, err := x.desk.Outside(ctx, l, abroad); err != nil {
					return code(err) + " early"
				}
			}
			x.want("elsewhere", x.outside(l, "+493012345678"), "done")
			return x.outside(l, "+33123456780")
		},
		"at-night": func(x *exchange, l telecom.Line) string {
			x.atHour(1)
			for range 2 {
				x.want("by night", x.outside(l, premium), "done")
			}
			x.want("a landline", x.outside(l, landline), "done")
			return x.outside(l, premium)
		},
		"sudden-spend": func(x *exchange, l telecom.Line) string {
			for range 30 { // a week of little
				x.spoken(l, mobile, time.Minute)
				x.Later(6 * time.Hour)
			}
			x.atHour(12)
			x.want("the usual", x.outside(l, mobile), "done")
			x.spoken(l, premium, 11*time.Minute)
			return x.outside(l, mobile)
		},
		"short-calls": func(x *exchange, l telecom.Line) string {
			for range 9 {
				x.spoken(l, abroad, 5*time.Second)
			}
			x.spoken(l, abroad, time.Minute) // long
			x.want("not yet", x.outside(l, abroad), "done")
			x.spoken(l, abroad, 5*time.Second)
			x.want("of no such class", x.outside(l, mobile), "done")
			return x.outside(l, abroad)
		},
	} {
		t.Run(pattern, func(t *testing.T) {
			x := openAs(t, "invoco")
			s := x.customer("Ann")
			l := open(x, s)
			x.want("it comes to", calls(x, l), "fraud")
			list := x.blocks(l.Account)
			if len(list) != 1 || list[0].Pattern != pattern {
				t.Fatalf("%d blocks", len(list))
			}
			decision, _ := x.InForce().Policy().DecisionByID(telecom.DecisionID)
			declared, _ := decision.PatternByID(pattern)
			if saw, rule := telecom.Seen(x.InForce().Policy(), &list[0]); saw == "" || !strings.Contains(rule, declared.Words()) || !strings.Contains(rule, declared.Reason) {
				t.Errorf("%q %q", saw, rule)
			}
		})
	}
	t.Run("by day", func(t *testing.T) {
		x := openAs(t, "invoco")
		l := open(x, x.customer("Ann"))
		x.atHour(12)
		for range 5 {
			x.want("by day", x.outside(l, premium), "done")
		}
	})
}

func openAs(t *testing.T, operator string) *exchange { return open(t, newStore(t), operator) }

// L12, L24, R24: what led to a block, and what both sides said of it, are in a
// copy of the person's data; the block goes when its time is over, and with its
// person.
func TestABlockInACopyAndItsEnd(t *testing.T) {
	each(t, func(x *exchange) {
		s := x.customer("Ann")
		ann := x.line(s, "1001")
		for range 10 {
			x.spoken(ann, abroad, 5*time.Second)
		}
		x.want("stopped", x.outside(ann, abroad), "fraud")
		ref := x.blocks(ann.Account)[0].Reference
		x.want("contested", x.contest(ann.Account, ref, "I rang my planted aunt."), "done")
		var facts, words []string
		x.must(x.Store.View(ctx, func(tx *store.Tx) error {
			x.must(x.desk.Facts(ctx, tx, ann.Subject, func(f rights.Fact) error { facts = append(facts, f.Code); return nil }))
			roles, err := telecom.ContestRolesOf(x.InForce())
			x.must(err)
			decision, _ := x.InForce().Policy().DecisionByID(telecom.DecisionID)
			list, err := x.Vault.Own(ctx, tx, ann.Subject, append(slices.Clone(decision.Categories), roles.Words)...)
			for _, r := range list {
				words = append(words, string(r.Value()))
			}
			return err
		}))
		x.want("facts", facts, "[line call block call block contested]")
		for _, want := range []string{"I rang my planted aunt.", "10 such calls were made."} {
			if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, want) }) {
				t.Errorf("a copy lacks %q", want)
			}
		}
		x.want("lifted", x.review(ref, true, "It was you."), "done")
		x.Later(3 * 365 * 24 * time.Hour)
		x.must(x.desk.Sweep(ctx))
		x.want("past its time", x.count("SELECT COUNT(*) FROM call_blocks"), 0)
	})
}

// Without what the policy must declare, nobody is decided about by software, and
// nothing is contested.
func TestBlocksThatAreNotDeclared(t *testing.T) {
	x := openAs(t, "invoco")
	p := *x.InForce().Policy()
	p.Decisions, p.Forms = nil, slices.DeleteFunc(slices.Clone(p.Forms), func(f policy.Form) bool { return f.ID == telecom.ContestFormID })
	x.Policy = policy.Compile(&p)
	ann := x.line(x.customer("Ann"), "1001")
	for range 12 {
		x.spoken(ann, abroad, 5*time.Second)
	}
	x.want("let through", x.outside(ann, abroad), "done")
	if _, err := telecom.ContestRolesOf(x.InForce()); code(err) != "undeclared" {
		t.Error(err)
	}
}
