package sip_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// A page that lost its network has Grace to come back: then its call is over,
// the other side is told, and the record is closed.
func TestAFlowIsLostForGood(t *testing.T) {
	for _, who := range []string{"ann", "ben"} {
		t.Run(who, func(t *testing.T) {
			x := three(t, sip.Config{Grace: 20 * time.Millisecond})
			a, b := x.registered("ann"), x.registered("ben")
			from, to := talk(a, b)
			if who == "ann" {
				a.lose()
				if got := reason(to.bye()); !strings.Contains(got, "connection was lost") {
					t.Errorf("the other side is told %q", got)
				}
			} else {
				b.lose()
				from.bye()
			}
			x.kept("ann", telecom.Lost)
			x.kept("ben", telecom.Lost)
		})
	}
}

func TestAFlowComesBack(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from, to := talk(a, b)
	b.lose()
	from.reinvite("sendonly", "recvonly", 3) // meanwhile: it is told when it is back
	again := x.phone("ben")
	again.id, to.p = b.id, again
	again.register(600, 200)
	to.offered("sendonly")
	from.reinvite("sendrecv", "sendrecv", 4)
	to.offered("sendrecv")
	a.lose()
	back := x.phone("ann")
	back.id, from.p = a.id, back
	from.ask("INFO", 200, "application/dtmf", "1") // without a REGISTER: it is heard in its dialog
	to.ask("BYE", 200, "", "")
	from.bye()
	x.kept("ann", telecom.Completed)
}

// An offer of ours that its device never saw is made again where the device is
// now, whether the new flow comes before or after the end of the old.
func TestAnOfferIsLostWithItsFlow(t *testing.T) {
	for name, first := range map[string]bool{"the old flow ends first": true, "the new flow comes first": false} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{})
			a, b := x.registered("ann"), x.registered("ben")
			from, to := talk(a, b)
			from.reinvite("sendonly", "recvonly", 3)
			b.asked("INVITE")
			if first {
				b.lose()
			}
			again := x.phone("ben")
			again.id, to.p = b.id, again
			again.register(600, 200)
			if !first {
				b.lose()
			}
			to.offered("sendonly")
			to.ask("BYE", 200, "", "")
			from.bye()
			x.kept("ann", telecom.Completed)
		})
	}
}

// Another device of the same person does not take the call over by registering.
func TestAnotherDeviceComes(t *testing.T) {
	x := three(t, sip.Config{Grace: 20 * time.Millisecond})
	a, b := x.registered("ann"), x.registered("ben")
	from, _ := talk(a, b)
	other := x.registered("ben")
	b.lose()
	other.register(600, 200)
	from.bye()
	other.quiet()
	x.kept("ben", telecom.Lost)
}

func TestAFlowIsLostWhileItRings(t *testing.T) {
	x := three(t, sip.Config{})
	a, b1, b2 := x.registered("ann"), x.registered("ben"), x.registered("ben")
	from := a.call("1002")
	b1.rings()
	d2 := b2.rings()
	b1.lose()
	a.quiet() // the other device rings on
	b2.lose()
	from.refused(480)
	x.kept("ann", telecom.Unavailable)
	b1 = x.registered("ben")
	_ = d2
	from = a.call("1002")
	to := b1.rings()
	a.lose()
	to.cancelled()
	x.kept("ben", telecom.Cancelled)
	_ = from
}

// Whoever is no longer signed in has no calls: both sides are told, and then
// the flow ends.
func TestTheSessionEnds(t *testing.T) {
	for name, beat := range map[string]time.Duration{"at the next message": 0, "at the next beat": 10 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{Beat: beat})
			a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
			from, to := talk(a, b)
			ringing := c.call("1001")
			rings := a.rings()
			x.out.Store(true)
			if beat == 0 {
				a.write(a.outside("OPTIONS", 99, "", ""))
			}
			from.bye0()
			if why := a.ended(); why != websocket.StatusPolicyViolation {
				t.Errorf("the flow ended with %v", why)
			}
			if beat == 0 { // the others were not looked at yet
				x.out.Store(false)
				to.bye()
				ringing.refused(480)
			}
			_ = rings
			x.until("the calls are over", func() bool { return len(x.sip.Calls()) == 0 })
		})
	}
}

// bye0 waits for BYE and answers nothing: the flow ends.
func (d *dialog) bye0() {
	d.p.t.Helper()
	for {
		if req := d.p.asked("BYE"); req.CallID().Value() == d.callID {
			return
		}
	}
}

// A 200 that is never acknowledged ends the call (RFC 3261 13.3.1.4).
func TestNoAck(t *testing.T) {
	x := three(t, sip.Config{Acked: 20 * time.Millisecond})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	to := b.rings()
	to.reply(200, answerTo(to.sdp, b.id))
	from.took(a.answer("INVITE", from.seq, 200))
	to.bye()
	from.bye()
	x.kept("ann", telecom.Lost)
}

// Closing says BYE to every side of every call, and closes each record.
func TestCloseEndsAll(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	from, to := talk(a, b)
	ringing := c.call("1002")
	rings := b.rings()
	c.answer("INVITE", ringing.seq, 180)
	x.close()
	for _, d := range []*dialog{from, to} {
		d.bye0()
	}
	b.asked("CANCEL")
	c.answer("INVITE", ringing.seq, 503)
	for _, p := range []*phone{a, b, c} {
		if why := p.ended(); why != websocket.StatusGoingAway {
			t.Errorf("the flow of %s ended with %v", p.name, why)
		}
	}
	_ = rings
	x.kept("ann", telecom.Interrupted)
	x.kept("cat", telecom.Interrupted)
	if err := x.sip.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// Closing waits no longer than it may; what it could not close is closed at the
// next start.
func TestCloseInAHurry(t *testing.T) {
	x := three(t, sip.Config{})
	talk(x.registered("ann"), x.registered("ben"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := x.sip.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("closing: %v", err)
	}
	x.close()
	if err := x.desk.Resume(context.Background()); err != nil {
		t.Fatal(err)
	}
	x.kept("ann", telecom.Interrupted)
}

// A browser that reads nothing holds up nobody, and its flow ends when too much
// waits for it.
func TestASilentClient(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	deaf := x.deaf("cat")
	x.until("the deaf one is registered", func() bool { return len(x.sip.Registrations()) == 3 })
	for i := range 2000 { // its answers fill the socket, and then what may wait for it
		if i%100 == 0 {
			x.Later(time.Second)
		}
		m := deaf.outside("OPTIONS", i, "", "")
		m.from, m.to, m.via = "\""+strings.Repeat("x", 3000)+"\" "+m.from, "\""+strings.Repeat("x", 3000)+"\" "+m.to, strings.Repeat("x", 200)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := deaf.sock.Write(ctx, websocket.MessageText, []byte(m.String()))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			t.Fatal("nothing is read of it any more")
		}
		if err != nil {
			break
		}
	}
	x.until("its flow has ended", func() bool { return len(x.sip.Registrations()) == 2 })
	from, to := talk(a, b)
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
	a.call("1003").refused(480)
}

// deaf opens a flow that registers and is never read from.
func (x *exchange) deaf(name string) *phone {
	x.t.Helper()
	// Before it connects: a window that shrinks afterwards makes the system drop
	// what was on its way, acknowledgements too, and nothing moves any more.
	small := func(_, _ string, c syscall.RawConn) error {
		var refused error
		err := c.Control(func(fd uintptr) {
			refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10)
		})
		return errors.Join(err, refused)
	}
	dial := (&net.Dialer{Control: small}).DialContext
	p := &phone{t: x.t, x: x, name: name, ext: x.lines[name].Extension, id: "deaf" + draw()}
	sock, _, err := websocket.Dial(context.Background(), x.web.URL+"/"+name, &websocket.DialOptions{
		Subprotocols: []string{"sip"}, HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dial}},
	})
	if err != nil {
		x.t.Fatal(err)
	}
	p.sock = sock
	x.t.Cleanup(func() { _ = sock.CloseNow() })
	m := p.outside("REGISTER", 1, "", "")
	m.more = append(m.more, "Contact: "+p.contact())
	p.write(m)
	return p
}
