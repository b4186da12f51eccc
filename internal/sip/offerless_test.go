package sip_test

import (
	"strings"
	"testing"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// ackWith acknowledges with the answer to an offer that came in a 200.
func (d *dialog) ackWith(seq int, sdp string) {
	d.p.t.Helper()
	m := d.inside("ACK", "application/sdp", sdp)
	d.seq--
	m.seq = seq
	if sdp == "" {
		m.kind = ""
	}
	d.p.write(m)
}

// withoutOffer calls and makes no offer.
func (p *phone) withoutOffer(number string, headers ...string) *dialog {
	p.t.Helper()
	p.n++
	m := p.invitation(number, headers...)
	m.kind, m.body = "", ""
	return p.invite(m)
}

// offeredBy has a phone answer the call, and whoever called without an offer get one.
func (d *dialog) offeredBy(b *phone) *dialog {
	d.p.t.Helper()
	to := b.rings()
	to.reply(200, answerTo(to.sdp, b.id))
	b.asked("ACK")
	d.took(d.p.answer("INVITE", d.seq, 200))
	return to
}

// A caller that makes no offer is made one in the 200, and answers in the ACK.
func TestCallWithoutAnOffer(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.withoutOffer("1002")
	to := from.offeredBy(b)
	if goes(from.sdp) != "sendrecv" || !strings.Contains(from.sdp, "a=setup:actpass") {
		t.Fatalf("the 200 has %q", from.sdp)
	}
	from.ackWith(from.seq, answerTo(from.sdp, a.id))
	to.offered("sendrecv") // what the caller took
	to.reinvite("sendonly", "recvonly", 3)
	from.offered("sendonly")
	to.reinvite("sendrecv", "sendrecv", 4)
	from.offered("sendrecv")
	// And within the call.
	res := from.ask("INVITE", 200, "", "")
	if goes(string(res.Body())) != "sendrecv" {
		t.Errorf("a re-INVITE without an offer is answered with %q", res.Body())
	}
	from.ackWith(int(res.CSeq().SeqNo), way(answerTo(string(res.Body()), a.id), "sendonly", 9))
	to.offered("sendonly")
	res = from.ask("INVITE", 200, "", "")
	from.ackWith(int(res.CSeq().SeqNo), "") // it forgot the answer
	from.ask("INFO", 200, "application/dtmf", "")
	to.ask("BYE", 200, "", "")
	from.bye()
	x.kept("ann", telecom.Completed)
	a.quiet()
	b.quiet()
}

// A network may leave the offer to us too.
func TestACallComesInWithoutAnOffer(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	b, far := x.registered("ben"), nets[0]
	m := far.brings("01527306002", "02079460018")
	m.kind, m.body = "", ""
	in := far.invite(m)
	to := in.offeredBy(b)
	if goes(in.sdp) != "sendrecv" || !strings.Contains(in.sdp, "RTP/AVP") || strings.Contains(in.sdp, b.id) {
		t.Fatalf("the 200 has %q", in.sdp)
	}
	in.ackWith(in.seq, spoken(far.id))
	to.offered("sendrecv")
	to.ask("BYE", 200, "", "")
	in.bye()
	x.kept("ben", telecom.Completed)
}

// Without the answer there is no call.
func TestCallWithoutAnAnswer(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	for _, sdp := range []string{"", "hello"} {
		from := a.withoutOffer("1002")
		to := from.offeredBy(b)
		from.ackWith(from.seq, sdp)
		from.bye()
		to.bye()
		x.kept("ann", telecom.Failed)
	}
	a.quiet()
	b.quiet()
}
