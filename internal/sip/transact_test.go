package sip

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
)

// written is a request as a phone writes it.
func written(t *testing.T, method sipgo.RequestMethod, branch string) *sipgo.Request {
	t.Helper()
	msg, err := sipgo.ParseMessage(fmt.Appendf(nil, "%s sip:1002@d.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%s\r\nFrom: <sip:1001@d.test>;tag=a\r\n"+
		"To: <sip:1002@d.test>;tag=b\r\nCall-ID: one\r\nCSeq: 7 %s\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", method, branch, method))
	if err != nil {
		t.Fatal(err)
	}
	msg.SetTransport(OverUDP)
	return msg.(*sipgo.Request)
}

// overUDP is a side of a call whose messages may be lost.
func overUDP() *leg {
	l := joined().b
	l.flow.network = OverUDP
	return l
}

// Of a request that is answered over UDP stays, for 64*T1, what tells it from
// another and what is said again: nothing of an INVITE's, whose 200 its call says
// again (RFC 6026 7.1), the answer of any other (RFC 3261 17.2.2).
func TestAnAnsweredRequestIsKnownAgain(t *testing.T) {
	for _, method := range []sipgo.RequestMethod{sipgo.INVITE, sipgo.BYE} {
		synctest.Test(t, func(t *testing.T) {
			l := overUDP()
			f, req := l.flow, written(t, method, "x")
			in := &incoming{Request: req, flow: f, came: f.open(serverKey(req), req)}
			in.answer(sipgo.StatusOK, nil)
			if n := len(told(l)); n != 1 || in.came.tx != nil {
				t.Fatalf("%s: %d answers, and the machine is %v", method, n, in.came.tx)
			}
			first := <-told(l)
			f.request(written(t, method, "x"))
			switch n := len(told(l)); {
			case method == sipgo.INVITE && n != 0:
				t.Errorf("%s is answered anew: %q", method, <-told(l))
			case method == sipgo.BYE && (n != 1 || string(<-told(l)) != string(first)):
				t.Errorf("%s has %d answers, or another", method, n)
			}
			if pass(sipgo.Timer_J - time.Second); f.idle() {
				t.Errorf("%s is forgotten before its sender gives up", method)
			}
			if pass(2 * time.Second); !f.idle() {
				t.Errorf("%s is not forgotten", method)
			}
		})
	}
}

// A refused INVITE keeps its machine, which says so again until that is
// acknowledged (RFC 3261 17.2.1).
func TestARefusalWaitsForItsAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := overUDP()
		f, req := l.flow, written(t, sipgo.INVITE, "x")
		in := &incoming{Request: req, flow: f, came: f.open(serverKey(req), req)}
		in.answer(sipgo.StatusBusyHere, nil)
		if pass(sipgo.T1 + sipgo.T1/2); len(told(l)) != 2 {
			t.Errorf("it was said %d times", len(told(l)))
		}
		f.request(written(t, sipgo.ACK, "x"))
		if pass(time.Minute); len(told(l)) != 2 || !f.idle() {
			t.Errorf("after the ACK it was said %d times, and is kept: %v", len(told(l)), !f.idle())
		}
	})
}

// Of an INVITE of ours that was answered over UDP stays the ACK, to be said again
// to an answer that comes again (RFC 3261 13.2.2.4); of another request nothing.
func TestAnAnswerThatComesAgainIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := overUDP()
		f := l.flow
		req := l.request(sipgo.INVITE)
		heard := 0
		f.ask(req, func(res *sipgo.Response) {
			if heard++; res.IsSuccess() {
				l.ack(req.CSeq().SeqNo)
			}
		})
		ok := func() *sipgo.Response { return reply(req, sipgo.StatusOK, "OK") }
		for range 2 {
			if !f.response(ok()) {
				t.Error("the answer is nobody's")
			}
		}
		<-told(l) // the INVITE
		if n := len(told(l)); n != 2 || heard != 1 {
			t.Fatalf("%d messages after the INVITE, want the ACK twice; the call heard %d answers, want 1", n, heard)
		}
		if first, again := <-told(l), <-told(l); string(first) != string(again) {
			t.Error("the ACK comes again as another")
		}
		bye := l.request(sipgo.BYE)
		f.ask(bye, func(*sipgo.Response) {})
		if !f.response(reply(bye, sipgo.StatusOK, "OK")) || f.waits() != 1 {
			t.Errorf("%d requests are kept, want the INVITE alone", f.waits())
		}
		if pass(sipgo.Timer_M + time.Second); !f.idle() || f.response(ok()) {
			t.Error("the INVITE is not forgotten")
		}
	})
}
