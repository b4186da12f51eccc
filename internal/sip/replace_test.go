package sip_test

import (
	"strings"
	"testing"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// takeOver asks for a call of another device of the same person.
func (p *phone) takeOver(d *dialog, more ...string) *dialog {
	p.t.Helper()
	tag := func(s string) string { _, t, _ := strings.Cut(s, "tag="); return t }
	return p.call("1009", append(more, "Require: replaces", "Replaces: "+d.callID+";to-tag="+tag(d.remote)+";from-tag="+tag(d.local))...)
}

// A call moves from one device to another of the same person, on either side.
func TestTakeACallOver(t *testing.T) {
	for name, called := range map[string]bool{"of who called": false, "of who was called": true} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{})
			a, b := x.registered("ann"), x.registered("ben")
			var mine, theirs *dialog
			if called {
				theirs, mine = talk(b, a)
			} else {
				mine, theirs = talk(a, b)
			}
			mine.reinvite("sendonly", "recvonly", 3)
			theirs.offered("sendonly")
			a2 := x.registered("ann")
			second := a2.takeOver(mine).connected()
			if got := reason(mine.bye()); !strings.Contains(got, "elsewhere") {
				t.Errorf("the first device is told %q", got)
			}
			theirs.offered("sendrecv")
			second.reinvite("sendonly", "recvonly", 3)
			theirs.offered("sendonly")
			mine.ask("INFO", 481, "application/dtmf", "1")
			second.ask("INFO", 200, "application/dtmf", "1")
			third := a.takeOver(second).connected() // and back
			second.bye()
			theirs.offered("sendrecv")
			third.ask("BYE", 200, "", "")
			theirs.bye()
			x.kept("ann", telecom.Completed)
			if n := len(x.calls(x.lines["ann"])); n != 1 {
				t.Errorf("there are %d calls in the list", n)
			}
			for _, p := range []*phone{a, a2, b} {
				p.quiet()
			}
		})
	}
}

func TestTakeOnlyOnesOwnCallsOver(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	from, to := talk(a, b)
	c.takeOver(from).refused(481)
	c.takeOver(to).refused(481)
	a.call("1002", "Replaces: nothing").refused(400)
	a.call("1002", "Replaces: "+from.callID+";to-tag=a;from-tag=b").refused(481)
	tag := func(s string) string { _, t, _ := strings.Cut(s, "tag="); return t }
	a.call("1002", "Replaces: "+from.callID+";to-tag="+tag(from.remote)+";from-tag="+tag(from.local)+";early-only").refused(486)
	ringing := a.call("1003")
	other := c.rings()
	res := a.answer("INVITE", ringing.seq, 180)
	ringing.remote = res.To().Value()
	a.takeOver(ringing).refused(481)
	ringing.remote = ringing.invite.to
	ringing.cancel()
	ringing.refused(487)
	other.cancelled()
	b.quiet()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Cancelled)
	a.takeOver(from).refused(481)
}

// A device that takes a call over may leave the offer to us: until its ACK brings
// the answer nobody is offered anything, and without one there is no call.
func TestTakeACallOverWithoutAnOffer(t *testing.T) {
	for name, answers := range map[string]bool{"it answers": true, "it forgot the answer": false} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{})
			a, b := x.registered("ann"), x.registered("ben")
			mine, theirs := talk(a, b)
			a2 := x.registered("ann")
			tag := func(s string) string { _, t, _ := strings.Cut(s, "tag="); return t }
			second := a2.withoutOffer("1009", "Require: replaces", "Replaces: "+mine.callID+";to-tag="+tag(mine.remote)+";from-tag="+tag(mine.local))
			second.took(a2.answer("INVITE", second.seq, 200))
			if goes(second.sdp) != "sendrecv" || !strings.Contains(second.sdp, "a=setup:actpass") {
				t.Fatalf("the 200 has %q", second.sdp)
			}
			mine.bye()
			if !answers {
				second.ackWith(second.seq, "")
				second.bye()
				theirs.bye()
				x.kept("ann", telecom.Failed)
				return
			}
			b.quiet()
			second.ackWith(second.seq, answerTo(second.sdp, a2.id))
			theirs.offered("sendrecv")
			second.ask("INFO", 200, "application/dtmf", "1")
			second.reinvite("sendonly", "recvonly", 3)
			theirs.offered("sendonly")
			theirs.ask("BYE", 200, "", "")
			second.bye()
			x.kept("ann", telecom.Completed)
			for _, p := range []*phone{a, a2, b} {
				p.quiet()
			}
		})
	}
}
