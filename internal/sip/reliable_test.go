package sip_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// sure reads what an answer before the answer is to be acknowledged with.
func sure(t *testing.T, res *sipgo.Response) (rack string) {
	t.Helper()
	seq, require := res.GetHeader("RSeq"), res.GetHeader("Require")
	if seq == nil || require == nil || require.Value() != "100rel" || res.Contact() == nil {
		t.Fatalf("it is not said reliably:\n%s", res)
	}
	return fmt.Sprintf("RAck: %s %d INVITE", seq.Value(), res.CSeq().SeqNo)
}

// A caller that requires it is told reliably that it rings: again until it
// acknowledges that, and then no more (RFC 3262).
func TestACallerWantsToBeSure(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002", "Require: 100rel")
	to := b.rings()
	first := a.answer("INVITE", from.seq, 180)
	again := a.answer("INVITE", from.seq, 180)
	if first.String() != again.String() {
		t.Error("it comes again as another")
	}
	rack := sure(t, first)
	from.remote, from.target = first.To().Value(), first.Contact().Address.String()
	invite := from.seq
	from.ask("PRACK", 400, "", "")
	from.ask("PRACK", 400, "", "", "RAck: one 2 INVITE")
	from.ask("PRACK", 400, "", "", "RAck: 1 2 BYE")
	from.ask("PRACK", 481, "", "", "RAck: 0 0 INVITE")
	from.ask("PRACK", 481, "", "", strings.Replace(rack, " INVITE", "9 INVITE", 1))
	from.ask("PRACK", 200, "", "", rack)
	from.ask("PRACK", 481, "", "", rack)
	from.ask("UPDATE", 200, "", "") // a sign of life
	if h := from.ask("UPDATE", 500, "application/sdp", offer(a.id, false)).GetHeader("Retry-After"); h == nil || len(h.Value()) > 2 {
		t.Errorf("an offer before the answer to the first is refused with %v", h)
	}
	to.accept()
	from.took(a.answer("INVITE", invite, 200))
	from.ack(invite)
	from.ask("PRACK", 481, "", "", rack)
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
	if n := strings.Count(a.all.String(), "RSeq: "); n < 2 || n > 4 {
		t.Errorf("it was said %d times", n)
	}
	// One that is answered meanwhile, or gives up, has no use for it any more.
	from = a.call("1002", "Require: 100rel")
	to = b.rings()
	a.answer("INVITE", from.seq, 180)
	from.cancel()
	from.refused(487)
	to.cancelled()
	from = a.call("1002", "Require: 100rel")
	b.rings().accept()
	rack = sure(t, a.answer("INVITE", from.seq, 180))
	from.connected().ask("PRACK", 200, "", "", rack) // late, and no harm
	from.ask("BYE", 200, "", "")
	// Who makes no offer is told nothing before ours.
	from = a.withoutOffer("1002", "Require: 100rel")
	to = b.rings()
	to.reply(200, answerTo(to.sdp, b.id))
	from.took(a.answer("INVITE", from.seq, 200))
	from.ackWith(from.seq, answerTo(from.sdp, a.id))
	from.ask("BYE", 200, "", "")
	x.idle()
	for _, m := range a.seen {
		if res, ok := m.(*sipgo.Response); ok && res.CSeq().SeqNo == uint32(from.invite.seq) && res.StatusCode == 180 {
			t.Errorf("who made no offer was told\n%s", res)
		}
	}
}

// Who acknowledges nothing for 64*T1 is given up.
func TestACallerIsNotSure(t *testing.T) {
	x := three(t, sip.Config{Acked: time.Second})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002", "Require: 100rel")
	to := b.rings()
	from.refused(504)
	to.cancelled()
	x.kept("ann", telecom.Lost)
}

// Sound before the answer is the answer to a caller's offer: the 200 waits until
// it has arrived, and after that either side may make another offer (RFC 3311).
func TestAnOfferBeforeTheAnswer(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, far := x.registered("ann"), nets[0]
	a.n++
	from := a.invite(a.invitation("02079460018", "Require: 100rel"))
	to := far.rings()
	first := a.answer("INVITE", from.seq, 180)
	from.remote, from.target = first.To().Value(), first.Contact().Address.String()
	invite := from.seq
	d := to.inside("UPDATE", "application/sdp", spoken(far.id))
	far.write(d)
	far.answer("UPDATE", d.seq, 491) // it has not answered ours
	to.reply(183, spoken(far.id), "Require: 100rel", "RSeq: 7")
	prack := far.asked("PRACK")
	to.replyTo(prack, 200, "")
	from.ask("PRACK", 200, "", "", sure(t, first))
	early := a.answer("INVITE", invite, 183)
	from.sdp = string(early.Body())
	to.reply(200, spoken(far.id))
	far.asked("ACK")
	// The 200 is there and waits for this.
	changed := strings.Replace(way(offer(a.id, false), "sendonly", 3), "o=- ", "o=- ", 1)
	res := from.ask("PRACK", 200, "application/sdp", changed, sure(t, early))
	if goes(string(res.Body())) != "recvonly" {
		t.Errorf("the offer is answered with\n%s", res)
	}
	from.took(a.answer("INVITE", invite, 200))
	from.ack(invite)
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
	if !strings.Contains(prack.String(), "RAck: 7 1 INVITE") || prack.CSeq().SeqNo != 2 {
		t.Errorf("the network's word is acknowledged with\n%s", prack)
	}
}

// A caller who gives up while the 200 waits for what came before gets no 200.
func TestGivenUpWhileTheAnswerWaits(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, far := x.registered("ann"), nets[0]
	for name, end := range map[string]func(from, to *dialog){
		"by the caller": func(from, to *dialog) { from.cancel(); from.refused(487); to.bye() },
		"by the callee": func(from, to *dialog) { to.ask("BYE", 200, "", ""); from.refused(487) },
	} {
		from := a.call("02079460018", "Require: 100rel")
		to := far.outgoing()
		to.reply(183, spoken(far.id))
		a.answer("INVITE", from.seq, 183)
		to.reply(200, spoken(far.id))
		far.asked("ACK")
		end(from, to)
		x.idle()
		for _, m := range a.seen {
			if res, ok := m.(*sipgo.Response); ok && res.CSeq().MethodName == sipgo.INVITE && res.IsSuccess() {
				t.Errorf("%s: there was a 200", name)
			}
		}
	}
}

// outgoing waits for an INVITE, and says nothing to it.
func (p *phone) outgoing() *dialog {
	p.t.Helper()
	req := p.asked("INVITE")
	return &dialog{p: p, callID: req.CallID().Value(), asked: req, remote: req.From().Value(), local: req.To().Value() + ";tag=" + draw(), target: req.Contact().Address.String(), seq: -1, sdp: string(req.Body())}
}

// What a phone says reliably before it answers is acknowledged once and in order;
// an answer that came with it holds, and may be changed before the call is.
func TestAPhoneWantsToBeSure(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.here("ben", "TCP")
	from := a.call("1002")
	to := b.outgoing()
	if h := to.asked.GetHeader("Supported"); h == nil || !strings.Contains(h.Value(), "100rel") {
		t.Errorf("a phone is called with\n%s", to.asked)
	}
	said := func(status, seq int, sdp string) { to.reply(status, sdp, "Require: 100rel", fmt.Sprint("RSeq: ", seq)) }
	acked := func(seq int) {
		t.Helper()
		req := b.asked("PRACK")
		if got := req.GetHeader("RAck").Value(); got != fmt.Sprintf("%d 1 INVITE", seq) || !req.To().Params.Has("tag") {
			t.Errorf("%d is acknowledged with\n%s", seq, req)
		}
		to.replyTo(req, 200, "")
	}
	said(180, 5, "")
	acked(5)
	said(180, 5, "") // again
	said(183, 7, "") // too soon
	said(183, 6, answerTo(to.sdp, b.id))
	acked(6)
	said(183, 7, "")
	acked(7)
	a.answer("INVITE", from.seq, 180)
	res := to.ask("UPDATE", 200, "application/sdp", way(answerTo(to.sdp, b.id), "sendonly", 3))
	if goes(string(res.Body())) != "recvonly" {
		t.Errorf("an offer before the answer is answered with\n%s", res)
	}
	to.refusedInside(491, "INVITE")
	to.reply(200, "")
	b.asked("ACK")
	if from.connected(); goes(from.sdp) != "sendonly" {
		t.Errorf("the caller is answered with\n%s", from.sdp)
	}
	to.reinvite("sendrecv", "sendrecv", 4)
	from.offered("sendrecv")
	from.ask("INFO", 200, "application/dtmf", "1")
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ben", telecom.Completed)
	b.quiet()
}
