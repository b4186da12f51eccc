package sip_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// L26: what somebody set of their line holds for calls that leave the house, too;
// 1470 shows the number for one call all the same.
func TestALineThatWithholdsCallsOut(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	x.option("ann", telecom.NumberField, "withheld")
	a, far := x.registered("ann"), nets[0]
	for dialled, hidden := range map[string]bool{"02079460018": true, "147002079460018": false, "101": true, "999": false} {
		from := a.call(dialled)
		to := far.rings()
		f := to.asked.From()
		if anonymous := f.Address.User == "anonymous"; anonymous != hidden {
			t.Errorf("%s shows %s", dialled, f.Value())
		}
		from.cancel()
		to.cancelled()
		from.refused(487)
		x.idle()
	}
}

// L26: a caller from outside is blocked by their number, and hears a busy line.
func TestACallerFromOutsideIsBlocked(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	b, far := x.registered("ben"), nets[0]
	if err := x.house.desk.Block(context.Background(), x.access("ben"), x.lines["ben"], "020 7946 0018"); err != nil {
		t.Fatal(err)
	}
	far.invite(far.brings("01527306002", "02079460018")).refused(486)
	if e := x.kept("ben", telecom.Blocked); e.Far != "+442079460018" {
		t.Errorf("Ben's list has %q", e.Words)
	}
	in := far.invite(far.brings("01527306002", "02079460017"))
	b.rings().accept()
	in.connected()
	in.ask("BYE", 200, "", "")
	b.asked("BYE")
	x.idle()
}

// A call that comes in and is forwarded to a number goes out again, as a call of
// whoever forwards it: their number is shown, and they pay for it.
func TestACallIsForwardedOut(t *testing.T) {
	x, nets := outside(t, 2, sip.Config{}, nil)
	x.forward("ann", telecom.Always, "020 7946 0018", 0)
	from := x.registered("ben").call("1001")
	to := nets[0].rings()
	if to.asked.Recipient.User != farNumber || to.asked.From().Address.User != annsNumber {
		t.Errorf("the network is told\n%s", to.asked)
	}
	if regexp.MustCompile(`\b1002\b`).MatchString(to.asked.String()) {
		t.Error("the network is told who called first")
	}
	to.reply(200, spoken(nets[0].id))
	nets[0].asked("ACK")
	from.connected()
	from.ask("BYE", 200, "", "")
	nets[0].asked("BYE")
	made, came := x.kept("ann", telecom.Completed), x.calls(x.lines["ann"])[1]
	if !made.Made || made.Far != farNumber || came.Made || came.Code != telecom.Forwarded || came.Far != "1002" {
		t.Errorf("Ann's list has %q and %q", made.Words, came.Words)
	}
	if e := x.kept("ben", telecom.Completed); e.Far != "1001" {
		t.Errorf("Ben's list has %q", e.Words)
	}
}

// A call that costs ends when its account has spent what it may, and both sides
// are told; the caller before that too. Not a word of the account goes to the other.
func TestACallEndsAtItsLimit(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	x.exec("INSERT INTO call_caps (account, cap, chosen_ms) VALUES ($1, 4, 0)", x.lines["ann"].Account)
	a, far := x.registered("ann"), nets[0]
	from := a.call("08700123456") // 21p a minute: 4p last for 11 seconds
	to := far.rings()
	to.reply(200, spoken(far.id))
	far.asked("ACK")
	began := time.Now()
	from.connected()
	warning := a.asked("INFO")
	if s := string(warning.Body()); mediaOf(warning.GetHeader("Content-Type").Value()) != "application/vnd.candour.limit" || s != "10" && s != "9" {
		t.Errorf("the caller is told\n%s", warning)
	}
	if n := far.quietCount("INFO"); n != 0 {
		t.Error("the other side is told before the end")
	}
	from.bye()
	to.bye()
	if lasted := time.Since(began); lasted < 10*time.Second {
		t.Errorf("the call ended after %v", lasted)
	}
	x.kept("ann", telecom.Completed)
}
