package sip_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// reinvite offers a new way for the sound, and wants the answer that fits.
func (d *dialog) reinvite(direction, answered string, version int) {
	d.p.t.Helper()
	sdp := way(offer(d.p.id, false), direction, version)
	if d.asked != nil { // who was called goes on with what they answered
		sdp = strings.Replace(way(answerTo(d.first(), d.p.id), direction, version), "a=setup:active", "a=setup:actpass", 1)
	}
	res := d.ask("INVITE", 200, "application/sdp", sdp)
	if got := goes(string(res.Body())); got != answered {
		d.p.t.Errorf("%s offered %s and was answered %s, want %s", d.p.name, direction, got, answered)
	}
	d.ack(int(res.CSeq().SeqNo))
}

// first is the first offer that a device got, with the sound both ways.
func (d *dialog) first() string { return string(d.asked.Body()) }

// offered waits for a re-INVITE that says what way the sound goes, and takes it.
func (d *dialog) offered(direction string, more ...string) {
	d.p.t.Helper()
	req := d.p.asked("INVITE")
	if req.CallID().Value() != d.callID {
		d.p.t.Errorf("%s was asked in another dialog", d.p.name)
	}
	if got := goes(string(req.Body())); got != direction {
		d.p.t.Errorf("%s was offered %s, want %s", d.p.name, got, direction)
	}
	d.replyTo(req, 200, answerTo(string(req.Body()), d.p.id), more...)
	d.p.asked("ACK")
}

func TestHoldAndResumeFromBothSides(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from, to := talk(a, b)
	from.reinvite("sendonly", "recvonly", 3)
	to.offered("sendonly")
	from.reinvite("sendrecv", "sendrecv", 4)
	to.offered("sendrecv")
	to.reinvite("sendonly", "recvonly", 3)
	from.offered("sendonly")
	to.reinvite("sendrecv", "sendrecv", 4)
	from.offered("sendrecv")
	from.reinvite("sendrecv", "sendrecv", 5) // no news: the other side is not asked
	b.quiet()
	to.ask("BYE", 200, "", "")
	from.bye()
	if e := x.kept("ann", telecom.Completed); !e.Made {
		t.Error("the caller did not make the call")
	}
}

// Two offers that cross: that of a page waits until ours is answered, whichever way
// that is; another is refused (RFC 3261 14.2).
func TestOffersCross(t *testing.T) {
	for _, status := range []int{200, 491} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			x := three(t, sip.Config{})
			a, b := x.registered("ann"), x.registered("ben")
			from, to := talk(a, b)
			from.reinvite("sendonly", "recvonly", 3)
			ours := b.asked("INVITE")
			crosses := to.inside("INVITE", "application/sdp", strings.Replace(way(answerTo(to.first(), b.id), "recvonly", 3), "a=setup:active", "a=setup:actpass", 1))
			b.write(crosses)
			to.refusedInside(491, "UPDATE")
			to.refusedInside(491, "INVITE")
			to.replyTo(ours, status, answerTo(string(ours.Body()), b.id))
			b.asked("ACK")
			if got := goes(string(b.answer("INVITE", crosses.seq, 200).Body())); got != "sendonly" {
				t.Errorf("the page's own offer is answered %s", got)
			}
			to.ack(crosses.seq)
			if status == 491 {
				to.offered("sendonly")
			}
			from.offered("recvonly")
			b.quiet()
		})
	}
}

// refusedInside makes an offer that is refused, and acknowledges that.
func (d *dialog) refusedInside(status int, method string) {
	d.p.t.Helper()
	m := d.inside(method, "application/sdp", offer(d.p.id, false))
	d.p.write(m)
	res := d.p.answer(method, m.seq, status)
	if method == "INVITE" {
		m.method, m.to, m.more, m.kind, m.body = "ACK", res.To().Value(), nil, "", ""
		d.p.write(m)
	}
}

// A device that answers ours with 491 is asked again after a time that it does
// not choose too (RFC 3261 14.1).
func TestOurOfferIsTooEarly(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from, to := talk(a, b)
	from.reinvite("sendonly", "recvonly", 3)
	ours := b.asked("INVITE")
	to.replyTo(ours, 491, "")
	b.asked("ACK")
	from.reinvite("sendrecv", "sendrecv", 4) // before we ask again: there is no news any more
	from.reinvite("inactive", "inactive", 5)
	to.offered("inactive")
	from.ask("BYE", 200, "", "")
	to.bye()
}

// An offer of ours that is answered after the end is acknowledged, and no more.
func TestOurOfferIsAnsweredTooLate(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from, to := talk(a, b)
	from.reinvite("sendonly", "recvonly", 3)
	ours := b.asked("INVITE")
	to.replyTo(ours, 100, "")
	from.ask("BYE", 200, "", "")
	to.bye()
	to.replyTo(ours, 200, answerTo(string(ours.Body()), b.id))
	b.asked("ACK")
	x.kept("ben", telecom.Completed)
	b.quiet()
}

// What a side refuses is not asked again, and the call goes on.
func TestOurOfferIsRefused(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from, to := talk(a, b)
	from.reinvite("sendonly", "recvonly", 3)
	to.replyTo(b.asked("INVITE"), 488, "")
	b.asked("ACK")
	b.quiet()
	from.reinvite("sendrecv", "sendrecv", 4)
	to.offered("sendrecv")
	// A side for which there is no such call any more: it is over (12.2.1.2).
	from.reinvite("sendonly", "recvonly", 5)
	to.replyTo(b.asked("INVITE"), 481, "")
	b.asked("ACK")
	from.bye()
	to.bye()
	x.kept("ben", telecom.Lost)
}

func TestOffersWithinACallAreJudged(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from, to := talk(a, b)
	from.ask("INVITE", 400, "application/sdp", "hello")
	from.ask("INVITE", 488, "application/sdp", strings.ReplaceAll(way(offer(a.id, false), "sendonly", 3), "AA:BB", "AB:BB")) // other keys: RFC 8842
	from.ask("INVITE", 415, "text/plain", "hello")
	from.ask("UPDATE", 200, "", "")
	from.ask("UPDATE", 422, "", "", "Session-Expires: 10")
	from.ask("PRACK", 400, "", "")
	from.ask("NOTIFY", 405, "", "")
	from.ask("DANCE", 501, "", "")
	from.seq -= 5
	from.ask("INFO", 500, "", "") // out of order, RFC 3261 12.2.2
	from.seq += 5
	b.quiet()
	from.ask("BYE", 200, "", "")
	to.bye()
	a.quiet()
}

// INFO is a digit for the other side, and nothing else.
func TestDigits(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	to := b.rings()
	a.answer("INVITE", from.seq, 180)
	early := message{method: "INFO", uri: "sip:" + domain, via: a.id, branch: draw(), from: from.local, to: from.remote + ";tag=x", callID: from.callID, seq: from.seq + 1, kind: "application/dtmf-relay", body: "Signal=1"}
	a.write(early)
	a.answer("INFO", early.seq, 481)
	to.accept()
	from.connected()
	for body, status := range map[string]int{
		"Signal=5\r\nDuration=160\r\n":   200,
		"Signal= # \r\nDuration= 70\r\n": 200,
		"Signal=a":                       200,
		"Duration=160\r\nSignal=*":       200,
		"Signal=1\r\nDuration=999999999": 200,
		"Signal=":                        400,
		"Signal=12":                      400,
		"Signal=\u0665":                  400,
		"hello":                          400,
	} {
		from.ask("INFO", status, "application/dtmf-relay", body)
	}
	to.ask("INFO", 200, "application/dtmf", "9")
	to.ask("INFO", 200, "Application/DTMF;charset=utf-8", "9\r\n")
	to.ask("INFO", 200, "application/dtmf", "") // a sign of life
	to.ask("INFO", 400, "application/dtmf", "x")
	to.ask("INFO", 415, "application/dtm", "9")
	to.ask("INFO", 415, "text/html", "9")
	a.quiet()
	b.quiet()
}

// A session that its caller said to refresh and did not is over; what either
// side asks, or answers to us, begins its time anew (RFC 4028).
func TestSessionTimers(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	a.n++
	m := a.invitation("1002", "Session-Expires: 90", "Min-SE: 90")
	from := a.invite(m)
	to := b.rings()
	to.accept("Session-Expires: 90;refresher=uas", "Require: timer")
	res := a.answer("INVITE", from.seq, 200)
	from.took(res)
	from.ack(from.seq)
	if got := fmt.Sprint(res.GetHeader("Session-Expires"), res.GetHeader("Require")); !strings.Contains(got, "90;refresher=uac") || !strings.Contains(got, "timer") {
		t.Errorf("the timer is answered with %q", got)
	}
	res = from.ask("UPDATE", 200, "", "", "Session-Expires: 1800;refresher=uac", "Supported: timer")
	if got := res.GetHeader("Session-Expires"); got == nil || got.Value() != "1800;refresher=uac" {
		t.Errorf("a refresh is answered with %v", got)
	}
	res = from.ask("UPDATE", 200, "", "", "Session-Expires: 1800;refresher=uas")
	if got := res.GetHeader("Session-Expires"); got == nil || got.Value() != "1800;refresher=uas" {
		t.Errorf("who asks us to refresh is answered with %v", got)
	}
	// A page that says nothing of a timer has none.
	if got := from.ask("UPDATE", 200, "", "").GetHeader("Session-Expires"); got != nil {
		t.Errorf("a timer is set that nobody asked for: %v", got)
	}
}

func TestUnknownDialogs(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	from, to := talk(a, b)
	for name, change := range map[string]func(*message){
		"another Call-ID": func(m *message) { m.callID = "nothing" },
		"another tag":     func(m *message) { m.from = "<" + a.aor() + ">;tag=other" },
		"another to tag":  func(m *message) { m.to = "<sip:1002@" + domain + ">;tag=other" },
	} {
		for _, method := range []string{"BYE", "INFO", "INVITE", "UPDATE"} {
			t.Run(name+" "+method, func(t *testing.T) {
				m := from.inside(method, "", "")
				change(&m)
				a.write(m)
				a.answer(method, m.seq, 481)
				m.method = "ACK" // has no answer
				a.write(m)
			})
		}
	}
	// Somebody who knows all of a call of others' still has no part in it.
	for _, d := range []*dialog{from, to} {
		spy := *d
		spy.p = c
		spy.ask("BYE", 481, "", "")
		spy.ask("INFO", 481, "application/dtmf", "1")
		spy.ask("INVITE", 481, "application/sdp", offer(c.id, false))
	}
	a.quiet()
	b.quiet()
	c.quiet()
	if n := len(x.sip.Calls()); n != 1 {
		t.Errorf("%d calls go on", n)
	}
}

// The same INVITE again has the same answer; its Call-ID for another is a loop.
func TestInviteTwice(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	a.n++
	m := a.invitation("1002")
	from := a.invite(m)
	b.rings()
	a.answer("INVITE", from.seq, 180)
	a.write(m)
	a.answer("INVITE", from.seq, 180)
	m.branch, m.seq = draw(), m.seq+1
	a.write(m)
	a.answer("INVITE", m.seq, 482)
	b.quiet()
	from.cancel()
	from.refused(487)
}

// Messages of a call that come together are acted on in their order.
func TestOrderOfACall(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	for range 20 {
		from := a.call("1002")
		to := b.rings()
		to.reply(200, answerTo(to.sdp, b.id))
		from.took(a.answer("INVITE", from.seq, 200))
		ack, info, bye := from.inside("ACK", "", ""), from.inside("INFO", "application/dtmf", "1"), from.inside("BYE", "", "")
		ack.seq, info.seq, bye.seq = from.invite.seq, from.invite.seq+1, from.invite.seq+2
		for _, m := range []message{ack, info, bye} {
			a.write(m)
		}
		a.answer("INFO", info.seq, 200)
		a.answer("BYE", bye.seq, 200)
		to.bye()
		x.Later(time.Second) // the rate of a flow is by the second
	}
	x.kept("ann", telecom.Completed)
}
