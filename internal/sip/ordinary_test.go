package sip_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
)

var networks = []string{"UDP", "TCP"}

// An ordinary phone calls a page, is called by it, and calls another phone, over
// each transport; both sides can hold, send digits and hang up.
func TestStoryOfAPhone(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			x := three(t, sip.Config{})
			a, b, c := x.registered("ann"), x.here("ben", network), x.here("cat", network)
			if n := len(x.sip.Registrations()); n != 3 {
				t.Fatalf("%d registrations", n)
			}

			from := b.dials("1001")
			to := a.rings()
			b.answer("INVITE", from.seq, 180)
			if !strings.Contains(to.sdp, "UDP/TLS/RTP/SAVPF") || strings.Contains(from.invite.String(), "SAVPF") {
				t.Error("the page was not offered what pages take")
			}
			to.accept()
			from.connected()
			if !strings.Contains(from.sdp, " RTP/AVP ") {
				t.Errorf("the phone was answered\n%s", from.sdp)
			}
			from.ask("INFO", 200, "application/dtmf-relay", "Signal=5\r\nDuration=160")
			res := from.ask("INVITE", 200, "application/sdp", way(spoken(b.id), "sendonly", 3))
			from.ack(from.seq)
			if got := goes(string(res.Body())); got != "recvonly" {
				t.Errorf("the holder was told %s", got)
			}
			held := a.asked("INVITE")
			to.replyTo(held, 200, answerTo(string(held.Body()), a.id))
			a.asked("ACK")
			from.ask("BYE", 200, "", "")
			to.bye()
			x.kept("ann", telecom.Completed)

			back := a.call("1002")
			ring := b.rings()
			if !strings.Contains(ring.sdp, " RTP/AVP ") || strings.Contains(ring.sdp, "ice-ufrag") {
				t.Errorf("the phone was offered\n%s", ring.sdp)
			}
			a.answer("INVITE", back.seq, 180)
			ring.accept()
			back.connected()
			ring.ask("BYE", 200, "", "")
			back.bye()
			x.kept("ben", telecom.Completed)

			one := b.dials("1003")
			two := c.rings()
			b.answer("INVITE", one.seq, 180)
			two.accept()
			one.connected()
			two.ask("BYE", 200, "", "")
			one.bye()
			if e := x.kept("cat", telecom.Completed); e.Far != "1002" {
				t.Error("the callee's list has another caller")
			}

			one = b.dials("1003")
			two = c.rings()
			one.cancel()
			one.refused(487)
			two.cancelled()
			x.kept("ben", telecom.Cancelled)
			one = b.dials("1003")
			two = c.rings()
			two.reply(486, "")
			c.asked("ACK")
			one.refused(486)
			x.kept("ben", telecom.Busy)

			b.signIn(0, 200)
			a.call("1002").refused(480)
		})
	}
}

// L26: nothing of one side is in what the other is sent.
func TestNothingOfAPhoneReachesTheOther(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.here("ben", "UDP"), x.here("cat", "TCP")
	for _, to := range []*phone{a, c} {
		from := b.dials(to.ext)
		d := to.rings()
		d.accept()
		from.connected()
		from.ask("BYE", 200, "", "")
		d.bye()
	}
	for _, p := range []*phone{a, b, c} {
		p.quiet("ACK", "BYE")
		if p.conn != nil {
			_ = p.conn.Close()
		} else {
			_ = p.sock.CloseNow()
		}
		<-p.gone
	}
	for _, p := range []*phone{a, b, c} {
		for _, other := range []*phone{a, b, c} {
			for _, word := range []string{other.id, other.user} {
				if p != other && word != "" && strings.Contains(p.all.String(), word) {
					t.Errorf("%s was sent %q of %s", p.name, word, other.name)
				}
			}
			if p != other && other.conn != nil && strings.Contains(p.all.String(), other.conn.LocalAddr().String()) {
				t.Errorf("%s was sent the address of %s", p.name, other.name)
			}
		}
	}
}

// R18: a phone whose credentials are taken away is called no more, its call is over,
// and it does not get in again.
func TestRevokedPhone(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			x := three(t, sip.Config{Slow: time.Nanosecond})
			a := x.registered("ann")
			d, c := x.device(x.lines["ben"])
			b := x.handsetWith("ben", network, c)
			b.signIn(600, 200)
			other := x.here("ben", network)
			from := b.dials("1001")
			to := a.rings()
			to.accept()
			from.connected()
			m := b.signed(b.registration(600)) // made while it still could
			err := x.Store.Update(context.Background(), func(tx *store.Tx) error {
				return x.desk.RevokeDevice(context.Background(), tx, x.ownUse(), x.lines["ben"].Account, d.ID)
			})
			if err != nil {
				t.Fatal(err)
			}
			from.bye()
			to.bye()
			x.kept("ann", telecom.Lost)
			x.until("one phone of theirs is left", func() bool { return len(x.sip.Registrations()) == 2 })
			if network == "UDP" { // over TCP it has to connect again
				b.write(m)
				b.answer("REGISTER", m.seq, 403)
			}
			a.call("1002")
			other.rings()
			for _, line := range b.heard() {
				if strings.HasPrefix(line, "INVITE") {
					t.Error("it rings at the phone that was removed")
				}
			}
		})
	}
}

// Who does not sign in is not waited for, and who took its registration back is
// forgotten after a while; who is registered stays.
func TestIdleConnectionsEnd(t *testing.T) {
	x := three(t, sip.Config{Beat: 5 * time.Millisecond})
	nobody, gone, here := x.handset("ben", "TCP"), x.handset("ben", "TCP"), x.here("cat", "TCP")
	gone.signIn(600, 200)
	gone.signIn(0, 200)
	x.Later(33 * time.Second)
	for _, p := range []*phone{nobody, gone} {
		select {
		case <-p.gone:
		case <-time.After(patience):
			t.Fatal("a connection that is idle stays open")
		}
	}
	here.signIn(600, 200)
}

// A phone that its network gives another port at each turn has one registration:
// it is known by its Call-ID, or by its address, or by its instance.
func TestPhoneMoves(t *testing.T) {
	x := three(t, sip.Config{})
	_, c := x.device(x.lines["ben"])
	b := x.handsetWith("ben", "UDP", c)
	m := b.registration(600)
	m = b.signed(m)
	b.write(m)
	b.answer("REGISTER", m.seq, 200)
	for _, same := range []string{"Call-ID", "Contact", "instance"} {
		moved := x.handsetWith("ben", "UDP", c)
		next := moved.registration(600)
		switch same {
		case "Call-ID":
			next.callID = m.callID
		case "Contact":
			next.more = m.more[:len(m.more)-1]
		case "instance":
			next.more[len(next.more)-1] += `;+sip.instance="<urn:uuid:1>";reg-id=1`
			before := x.handsetWith("ben", "UDP", c)
			earlier := before.registration(600)
			earlier.callID, earlier.more = m.callID, next.more
			earlier = before.signed(earlier)
			before.write(earlier)
			before.answer("REGISTER", earlier.seq, 200)
		}
		next = moved.signed(next)
		moved.write(next)
		moved.answer("REGISTER", next.seq, 200)
		if n := len(x.sip.Registrations()); n != 1 {
			t.Fatalf("by its %s: %d registrations", same, n)
		}
		m = next
	}
	other := x.here("ben", "UDP") // another phone
	if n := len(x.sip.Registrations()); n != 2 {
		t.Errorf("%d registrations of two phones", n)
	}
	w := other.registration(0)
	w.more[len(w.more)-1] = "Contact: *"
	w.more = append(w.more, "Expires: 0")
	w = other.signed(w)
	other.write(w)
	other.answer("REGISTER", w.seq, 200)
	if n := len(x.sip.Registrations()); n != 1 {
		t.Errorf("%d registrations after one phone took back all of its own", n)
	}
}

// A phone that lost its connection comes back within the grace, and its call
// goes on, though it has no instance to be known by.
func TestPhoneComesBack(t *testing.T) {
	x := three(t, sip.Config{})
	a := x.registered("ann")
	_, c := x.device(x.lines["ben"])
	b := x.handsetWith("ben", "TCP", c)
	b.signIn(600, 200)
	from := b.dials("1001")
	to := a.rings()
	to.accept()
	from.connected()
	_ = b.conn.Close()
	<-b.gone
	x.until("it is unregistered", func() bool { return len(x.sip.Registrations()) == 1 })
	again := x.handsetWith("ben", "TCP", c)
	again.signIn(600, 200)
	to.ask("BYE", 200, "", "")
	from.p = again
	from.bye()
	x.kept("ben", telecom.Completed)
}
