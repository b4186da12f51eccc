package telecom_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/telecom"
)

// Numbers of each class in both tariffs; those of Ofcom's for drama where there
// are any.
const (
	landline = "+441632960123"
	mobile   = "+447700900123"
	free     = "+448081570123"
	premium  = "+449098790123"
	abroad   = "+33123456789"
	risky    = "+24765123"
)

// outside is what a call to a number comes to.
func (x *exchange) outside(from telecom.Line, number string) string {
	c, err := x.desk.Outside(ctx, from, number)
	if err == nil {
		x.must(c.Ended(ctx, telecom.End{Code: telecom.NoAnswer}))
	}
	return code(err)
}

// spoken is a call to a number that was answered and lasted a while.
func (x *exchange) spoken(from telecom.Line, number string, long time.Duration) {
	x.t.Helper()
	c, err := x.desk.Outside(ctx, from, number)
	x.must(err)
	x.must(c.Answered(ctx, telecom.Line{}))
	x.Later(long)
	x.must(c.Ended(ctx, telecom.End{Code: telecom.Completed}))
}

func (x *exchange) spending(account int64) (s telecom.Spending) {
	x.t.Helper()
	x.must(x.Store.View(ctx, func(tx *store.Tx) (err error) {
		s, err = x.desk.Spending(ctx, tx, account)
		return err
	}))
	return s
}

func (x *exchange) setCap(by, of *identity.Session, pence int) string {
	return limitCode(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.SetCap(ctx, tx, x.own(), by.Account, of.Account, pence) }))
}

func (x *exchange) setClass(by, of *identity.Session, class string, open bool) string {
	return limitCode(x.Store.Update(ctx, func(tx *store.Tx) error {
		return x.desk.SetClass(ctx, tx, x.own(), by.Account, of.Account, class, open)
	}))
}

func limitCode(err error) string {
	for word, known := range map[string]error{
		"not theirs": telecom.ErrNotYours, "no limit": telecom.ErrLimit, "no block": telecom.ErrNoBlock, "waits": telecom.ErrContested, "nothing said": telecom.ErrNothingSaid,
	} {
		if errors.Is(err, known) {
			return word
		}
	}
	return code(err)
}

// letters are the kinds of those that came since.
func (x *exchange) letters() (kinds []mail.Kind) {
	x.t.Helper()
	x.Work()
	for _, l := range x.Office.Take() {
		kinds = append(kinds, l.Kind)
	}
	return kinds
}

// Each refusal has a reason of its own, and words that say what to do next.
func TestRefusalsOfCallsThatCost(t *testing.T) {
	seen := map[string]telecom.Code{}
	for _, c := range []telecom.Code{telecom.NoPrice, telecom.NotAllowed, telecom.SpendCap, telecom.TooManyCalls, telecom.Fraud} {
		r := &telecom.Refusal{Code: c}
		if r.Words() == "" || r.SIP() < 400 || seen[r.Words()] != "" || strings.ContainsAny(r.Words(), "0123456789") {
			t.Errorf("%s: %q, %d", c, r.Words(), r.SIP())
		}
		seen[r.Words()] = c
	}
}

// What an account may call is as the policy declares until its owner says
// otherwise; staff bar a class against that. A number without a price is not
// called at all.
func TestWhomAnAccountMayCall(t *testing.T) {
	each(t, func(x *exchange) {
		boss := x.customer("Ann")
		user := x.colleague(boss, "Bob")
		other := x.customer("Cid")
		ann, bob := x.line(boss, "1001"), x.line(user, "1002")
		for number, want := range map[string]string{landline: "done", free: "done", abroad: "done", premium: "not-allowed", risky: "not-allowed", "+99912345678": "no-price", "999": "no-price"} {
			x.want(number, x.outside(ann, number), want)
		}
		x.want("who uses a firm's services opens nothing", x.setClass(user, user, "premium", true), "not theirs")
		x.want("nor does a stranger", x.setClass(other, user, "premium", true), "not theirs")
		x.want("no such class", x.setClass(boss, user, "cheap", true), "no limit")
		x.want("their administrator does", x.setClass(boss, user, "premium", true), "done")
		x.want("for the one", x.outside(bob, premium), "done")
		x.want("and for no other", x.outside(ann, premium), "not-allowed")
		x.want("closed again", x.setClass(boss, user, "premium", false), "done")
		x.want("it is", x.outside(bob, premium), "not-allowed")
		x.update(func(tx *store.Tx) error { return x.desk.Bar(ctx, tx, x.own(), user.Account, "international", true) })
		x.want("what staff bar", x.outside(bob, abroad), "not-allowed")
		x.want("no owner opens", x.setClass(boss, user, "international", true), "not theirs")
		x.update(func(tx *store.Tx) error { return x.desk.Bar(ctx, tx, x.own(), user.Account, "international", false) })
		x.want("until they end it", x.setClass(boss, user, "international", true), "done")
		x.want("open", x.outside(bob, abroad), "done")
		var told []string
		for _, e := range x.About(user.Account.Subject) {
			if strings.HasPrefix(e, string(evidence.LimitChanged)) {
				told = append(told, strings.TrimPrefix(e, string(evidence.LimitChanged)+" "))
			}
		}
		x.want("their history", told, "[open.premium closed.premium barred.international closed.international open.international]")
	})
}

// An account begins so many calls in an hour and no more; the next hour is new.
func TestTooManyCallsInAnHour(t *testing.T) {
	each(t, func(x *exchange) {
		ann := x.line(x.customer("Ann"), "1001")
		for range x.InForce().Policy().Calling.Hourly {
			x.want("a call", x.outside(ann, free), "done")
		}
		x.want("one more", x.outside(ann, free), "too-many-calls")
		x.Later(time.Hour + time.Minute)
		x.want("an hour later", x.outside(ann, free), "done")
	})
}

// L29: whoever rings for help is asked nothing: not what they spent, nor
// whether their calls are blocked.
func TestEmergencyCallsAreNotAsked(t *testing.T) {
	each(t, func(x *exchange) {
		s := x.customer("Ann")
		ann := x.line(s, "1001")
		x.want("no limit left", x.setCap(s, s, 0), "done")
		before := x.count("SELECT COUNT(*) FROM call_charges") + x.count("SELECT COUNT(*) FROM call_spending")
		for _, dialled := range []string{"999", "112", "141999", "18000"} {
			to, _ := x.desk.Route(ctx, ann, dialled)
			x.want(dialled, to.Reach, telecom.ToEmergency)
			_, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
			for _, c := range []telecom.Code{telecom.NoPrice, telecom.NotAllowed, telecom.SpendCap, telecom.TooManyCalls, telecom.Fraud} {
				if code(err) == string(c) {
					t.Errorf("%s is refused as %s", dialled, c)
				}
			}
		}
		x.want("nothing was asked", x.count("SELECT COUNT(*) FROM call_charges")+x.count("SELECT COUNT(*) FROM call_spending"), before)
		p, ok, err := x.desk.PriceOf("999")
		x.want("and it costs nothing", []any{p.Free(), ok, err}, "[true true <nil>]")
	})
}

// What a call costs is looked up as it would be dialled.
func TestPriceOfANumber(t *testing.T) {
	x := open(t, newStore(t), "invoco")
	for dialled, want := range map[string]string{
		"020 7946 0123": "United Kingdom landline", "+33 1 23 45 67 89": "France", "1002": "Extension of this service", "0808 157 0123": "Freephone", "141 020 7946 0123": "United Kingdom landline",
		"118 500": "Directory enquiries",
	} {
		p, ok, err := x.desk.PriceOf(dialled)
		if err != nil || !ok || p.Name != want {
			t.Errorf("%s: %+v, %v, %v", dialled, p, ok, err)
		}
	}
	for _, dialled := range []string{"", "abc", "0", strings.Repeat("1", 500)} {
		if _, ok, err := x.desk.PriceOf(dialled); ok || err == nil {
			t.Errorf("%q has a price", dialled)
		}
	}
}
