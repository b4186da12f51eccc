package media

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// A provider's machine listens on one address, or on every one and is reached
// under a few; IPv6 is as good as IPv4.
func TestAddressesOfARelay(t *testing.T) {
	four, six, far := net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.ParseIP("203.0.113.9")
	for _, c := range []struct {
		addr     string
		public   []net.IP
		from, to browser
	}{
		{"[::1]:0", nil, browser{ip6: true}, browser{ip6: true, shift: 1}},
		{"0.0.0.0:0", []net.IP{four, far}, browser{}, browser{shift: 1}},
		{"[::]:0", []net.IP{six, four, far}, browser{ip6: true}, browser{shift: 1}},
		{"127.0.0.1:0", []net.IP{four, far}, browser{}, browser{shift: 1}},
	} {
		t.Run(c.addr, func(t *testing.T) {
			quiet(t)
			r, err := New(Config{Addr: c.addr, Public: c.public})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			})
			call := talk(t, r, c.from, c.to)
			bytesPass(t, call.caller, call.callee, audio, mimeOpus)
			bytesPass(t, call.callee, call.caller, audio, mimeOpus)
			for _, ip := range c.public {
				if !strings.Contains(call.a.sent, fmt.Sprintf(" %s %d typ host", ip, portOf(r.Addr()))) {
					t.Errorf("not reached at %s:\n%s", ip, call.a.sent)
				}
			}
		})
	}
}

func TestARelayThatCannotBegin(t *testing.T) {
	quiet(t)
	if r, err := New(Config{Addr: "0.0.0.0:0"}); err == nil {
		_ = r.Close()
		t.Error("nobody knows where it is reached")
	}
	if _, err := New(Config{Addr: "nowhere"}); err == nil {
		t.Error("it listens nowhere")
	}
	taken := newRelay(t)
	if _, err := New(Config{Addr: taken.Addr().String()}); err == nil {
		t.Error("two relays share a port")
	}
}

// The certificate is renewed long before it runs out; calls that have the old
// one go on.
func TestTheCertificateIsRenewed(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	now := time.Now()
	r.now = func() time.Time { return now }
	old := talk(t, r, browser{}, browser{shift: 1})
	now = now.Add(certificateAge - time.Second)
	same := talk(t, r, browser{}, browser{shift: 1})
	now = now.Add(time.Second)
	next := talk(t, r, browser{}, browser{shift: 1})
	if old.a.local.fingerprint != same.a.local.fingerprint || old.a.local.fingerprint == next.a.local.fingerprint {
		t.Error("a certificate lasts for a day")
	}
	if left := r.cert.Expires().Sub(now); left < 2*certificateAge {
		t.Errorf("a certificate runs out after %s", left)
	}
	for _, c := range []*call{old, same, next} {
		bytesPass(t, c.caller, c.callee, audio, mimeOpus)
	}
}

// Many calls share the port, and none hears another.
func TestCallsShareThePort(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	var calls []*call
	for range 5 {
		calls = append(calls, talk(t, r, browser{}, browser{shift: 1}))
	}
	for i, c := range calls {
		word := []byte{byte(i + 1)}
		until(t, "a word of each call", func() bool {
			c.caller.say(audio, mimeOpus, word)
			return c.callee.count(audio) > 0
		})
	}
	for i, c := range calls {
		bytesPass(t, c.callee, c.caller, audio, mimeOpus)
		c.callee.mu.Lock()
		for _, h := range c.callee.heard[audio] {
			if h.Payload[0] != byte(i+1) {
				t.Errorf("call %d hears call %d", i, h.Payload[0]-1)
			}
		}
		c.callee.mu.Unlock()
	}
}

// Who is bridged to another is parted from the first, who is heard by nobody any
// more; numbers go on.
func TestABridgeToAnother(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := talk(t, r, browser{}, browser{shift: 1})
	bytesPass(t, c.callee, c.caller, audio, mimeOpus)
	third := talk(t, r, browser{}, browser{shift: 2})
	if err := Bridge(c.a, third.b); err != nil {
		t.Fatal(err)
	}
	bytesPass(t, third.callee, c.caller, audio, mimeOpus)
	bytesPass(t, c.caller, third.callee, audio, mimeOpus)
	n := c.caller.count(audio)
	for _, s := range []side{{p: c.callee, l: c.b}, {p: third.caller, l: third.a}} {
		early := s.l.Stats().Early
		until(t, "a parted side that speaks to nobody", func() bool {
			s.p.say(audio, mimeOpus, []byte("are you there?"))
			return s.l.Stats().Early > early
		})
	}
	if c.caller.count(audio) != n {
		t.Error("a parted side was heard")
	}
	c.noGaps(t, c.caller)
	if err := Bridge(c.a, c.b); err != nil { // and back
		t.Fatal(err)
	}
	bytesPass(t, c.callee, c.caller, audio, mimeOpus)
	c.noGaps(t, c.caller)
}

// What is said before the way to a leg is open is not counted as sent.
func TestWhatCannotLeaveIsNotCounted(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := &call{t: t, relay: r, caller: newPeer(t, browser{}), callee: newPeer(t, browser{shift: 1})}
	var offer string
	c.a, c.b, offer = dial(t, r, c.caller)
	if err := c.b.Answered(c.callee.answer(offer)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.a.Answer(); err != nil { // which the caller does not get yet
		t.Fatal(err)
	}
	if err := Bridge(c.a, c.b); err != nil {
		t.Fatal(err)
	}
	until(t, "a word that goes nowhere", func() bool {
		c.callee.say(audio, mimeOpus, []byte("hello?"))
		return c.b.Stats().Dropped > 0
	})
	if n := c.a.Stats().AudioOut.Packets; n != 0 {
		t.Errorf("%d packets were sent without a way", n)
	}
	c.caller.take(c.a.sent)
	c.connected()
	bytesPass(t, c.callee, c.caller, audio, mimeOpus)
	if err := c.b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Invite(context.Background(), c.a); err != nil {
		t.Errorf("another is called: %v", err)
	}
}
