package sip_test

import (
	"strings"
	"testing"

	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// A phone that is asked whether it is there, and has no such call or says nothing
// of it, is gone: the call is over for the other side too, and has its record. One
// that takes no UPDATE is offered its session anew, unchanged.
func TestAPhoneIsAskedWhetherItIsThere(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.here("ben", "TCP")
	from := a.call("1002")
	to := b.rings()
	to.accept("Allow: INVITE, ACK, BYE, CANCEL")
	from.connected()
	x.sip.Refresh()
	again := b.asked("INVITE")
	if goes(string(again.Body())) != "sendrecv" || again.CallID().Value() != to.callID || again.GetHeader("Session-Expires").Value() != "1800;refresher=uac" {
		t.Errorf("a phone is asked with\n%s", again)
	}
	to.replyTo(again, 200, answerTo(string(again.Body()), b.id), "Session-Expires: 1800;refresher=uac", "Require: timer")
	b.asked("ACK")
	from.ask("INFO", 200, "application/dtmf", "1")
	x.sip.Refresh()
	to.replyTo(b.asked("INVITE"), 481, "")
	b.asked("ACK")
	if got := reason(from.bye()); !strings.Contains(got, "connection was lost") {
		t.Errorf("the other side is told %q", got)
	}
	x.kept("ann", telecom.Lost)
	x.kept("ben", telecom.Lost)

	from = a.call("1002")
	to = b.rings()
	to.accept("Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
	from.connected()
	x.sip.Refresh()
	to.replyTo(b.asked("UPDATE"), 200, "")
	from.ask("INFO", 200, "application/dtmf", "1")
	x.sip.Refresh()
	to.replyTo(b.asked("UPDATE"), 408, "")
	from.bye()
	to.bye()
	x.kept("ann", telecom.Lost)
	a.quiet()
}

// A phone that wants a longer session than it was offered is called again for
// that, once.
func TestAPhoneWantsALongerSession(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.here("ben", "TCP")
	from := a.call("1002")
	to := b.rings()
	if h := to.asked.GetHeader("Session-Expires"); h == nil || h.Value() != "1800" || to.asked.GetHeader("Supported") == nil {
		t.Errorf("a phone is called with\n%s", to.asked)
	}
	to.reply(422, "", "Min-SE: 4000")
	b.asked("ACK")
	to = b.rings()
	if h := to.asked.GetHeader("Session-Expires"); h.Value() != "4000" || to.asked.GetHeader("Min-SE").Value() != "4000" || len(to.asked.GetHeaders("Supported")) != 1 {
		t.Errorf("a phone is called again with\n%s", to.asked)
	}
	to.accept("Session-Expires: 4000;refresher=uac", "Require: timer")
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ben", telecom.Completed)
	// Once, and no more.
	from = a.call("1002")
	for range 2 {
		to = b.rings()
		to.reply(422, "", "Min-SE: 5000")
		b.asked("ACK")
	}
	from.refused(480)
	b.quiet()
}

// A network does the same, and its calls to us are refused for a session that is
// too short.
func TestATrunkWantsALongerSession(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, func(_ int, _ *trunk.File, one *trunk.Trunk) {})
	a, b, far := x.registered("ann"), x.registered("ben"), nets[0]
	from := a.call("02079460018")
	req := far.asked("INVITE")
	d := &dialog{p: far, asked: req, callID: req.CallID().Value(), remote: req.From().Value(), local: req.To().Value() + ";tag=" + draw(), target: req.Contact().Address.String(), seq: -1}
	d.reply(422, "", "Min-SE: 3600")
	far.asked("ACK")
	req = far.asked("INVITE")
	if req.GetHeader("Session-Expires").Value() != "3600" || req.GetHeader("Min-SE").Value() != "3600" || req.CSeq().SeqNo != 2 {
		t.Errorf("%s", req)
	}
	d.asked, d.sdp = req, string(req.Body())
	d.reply(200, spoken(far.id), "Session-Expires: 3600;refresher=uas", "Require: timer")
	far.asked("ACK")
	from.connected()
	from.ask("BYE", 200, "", "")
	d.bye()
	in := far.invite(far.brings(bensNumber, "02079460018", "Session-Expires: 30", "Supported: timer"))
	if res := in.refused(422); !strings.Contains(res.String(), "Min-SE: 90") {
		t.Errorf("%s", res)
	}
	b.quiet()
}
