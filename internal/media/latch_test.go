package media

import (
	"net/netip"
	"testing"
	"time"
)

// What is believed of where a phone is, told as stories: each line is a packet or
// a description, and whether the packet is taken.
func TestWherePhonesAre(t *testing.T) {
	stated, home, moved, stranger := netip.MustParseAddrPort("10.0.0.5:4000"), netip.MustParseAddrPort("198.51.100.1:700"),
		netip.MustParseAddrPort("203.0.113.4:900"), netip.MustParseAddrPort("192.0.2.66:1")
	type line struct {
		state  netip.AddrPort // a description
		from   netip.AddrPort
		source uint32
		seq    uint16
		proven bool
		after  time.Duration
		takes  bool
		known  netip.AddrPort // afterwards
	}
	two := []line{{from: home, seq: 7}, {from: home, seq: 8, takes: true, known: home}}
	for name, story := range map[string][]line{
		"stated, and there": {{from: stated, seq: 7, takes: true, known: stated}},
		"behind a router":   two,
		"two that are no row": {
			{from: home, seq: 7}, {from: home, seq: 9}, {from: home, seq: 9}, {from: home, seq: 8},
		},
		"two of two sources":   {{from: home, seq: 7}, {from: home, source: 1, seq: 8}},
		"two of two addresses": {{from: home, seq: 7}, {from: moved, seq: 8}, {from: moved, seq: 9, takes: true, known: moved}},
		"a stranger during the call": append(two[:2:2],
			line{from: stranger, seq: 9, known: home}, line{from: stranger, seq: 10, known: home},
			line{from: home, seq: 9, takes: true, known: home}),
		"a stranger while the phone is silent": append(two[:2:2],
			line{from: stranger, source: 5, seq: 100, after: latchQuiet, known: home}, line{from: stranger, source: 5, seq: 101, known: home},
			line{from: stranger, seq: 4000, known: home}, line{from: stranger, seq: 4001, known: home}, // its source, and numbers from nowhere
			line{from: stranger, seq: 5, known: home}, line{from: stranger, seq: 6, known: home}),
		"the router forgets": append(two[:2:2],
			line{from: moved, seq: 20, after: latchQuiet, known: home}, line{from: moved, seq: 21, takes: true, known: moved}),
		"the router forgets, too soon to tell": append(two[:2:2],
			line{from: moved, seq: 20, after: latchQuiet - 1, known: home}, line{from: moved, seq: 21, known: home}),
		"a key proves it at once": append(two[:2:2],
			line{from: moved, source: 9, seq: 50000, proven: true, takes: true, known: moved}),
		"what is late moves nothing": append(two[:2:2],
			line{from: moved, seq: 9, proven: true, takes: true, known: moved}, line{from: home, seq: 8, proven: true, takes: true, known: moved},
			line{from: moved, seq: 10, proven: true, takes: true, known: moved}),
		"the phone itself after a stranger": {
			{from: stranger, source: 5, seq: 1}, {from: stranger, source: 5, seq: 2, takes: true, known: stranger},
			{from: stated, seq: 7, takes: true, known: stated}, {from: stranger, source: 5, seq: 3, known: stated},
		},
		"a new address is stated": {
			{from: stated, seq: 7, takes: true, known: stated}, {state: moved}, {from: moved, seq: 8, takes: true, known: moved},
		},
		"a new address is stated behind a router": append(two[:2:2],
			line{state: moved, known: home}, line{from: home, seq: 9, takes: true, known: home},
			line{from: stranger, source: 3, seq: 1, known: home}, line{from: stranger, source: 3, seq: 2, takes: true, known: stranger}),
		"it was seen again where it is": append(two[:2:2],
			line{state: moved, known: home}, line{from: home, seq: 9, after: latchQuiet, takes: true, known: home},
			line{from: stranger, source: 3, seq: 1, known: home}, line{from: stranger, source: 3, seq: 2, known: home}),
		"hold without an address": append(two[:2:2],
			line{state: netip.AddrPort{}, known: home}, line{from: home, seq: 9, takes: true, known: home}),
	} {
		a := latch{}
		now := time.Now()
		a.state(stated, now.Add(-time.Hour))
		for i, l := range story {
			now = now.Add(l.after)
			if !l.from.IsValid() {
				a.state(l.state, now)
			} else if got := a.takes(l.from, packet{source: l.source, seq: l.seq}, l.proven, now); got != l.takes {
				t.Errorf("%s: line %d: taken: %t", name, i, got)
			}
			if a.known != l.known {
				t.Errorf("%s: line %d: known at %s", name, i, a.known)
			}
		}
	}
}

// Whoever signals from one address does not speak from any other.
func TestPhonesAreNearTheirSignalling(t *testing.T) {
	stated, stranger := netip.MustParseAddrPort("10.0.0.5:4000"), netip.MustParseAddrPort("192.0.2.66:1")
	home := netip.MustParseAddrPort("198.51.100.1:700")
	a := latch{near: home.Addr()}
	now := time.Now()
	a.state(stated, now)
	for i, l := range []struct {
		from  netip.AddrPort
		seq   uint16
		takes bool
	}{
		{stranger, 1, false}, {home, 7, false}, {stranger, 2, false}, {home, 8, true}, {stranger, 3, false},
	} {
		if got := a.takes(l.from, packet{seq: l.seq}, false, now); got != l.takes {
			t.Errorf("packet %d: taken: %t", i, got)
		}
	}
	if !a.takes(stranger, packet{seq: 9}, true, now) {
		t.Error("a key proves it from anywhere")
	}
}

// Nobody makes us send to what listens on our own machine, or to many.
func TestAddressesThatAreNotSentTo(t *testing.T) {
	for text, sent := range map[string]bool{
		"192.0.2.1:4000": true, "10.0.0.5:4000": true, "[2001:db8::1]:4000": true, "192.0.2.1:0": false, "127.0.0.1:53": false, "[::1]:53": false,
		"224.0.0.1:4000": false, "[ff02::1]:4000": false, "255.255.255.255:4000": false, "0.0.0.0:4000": false, "169.254.169.254:80": false,
	} {
		if got := reachable(netip.MustParseAddrPort(text), false); got.IsValid() != sent {
			t.Errorf("%s is sent to: %t", text, got.IsValid())
		}
	}
	if !reachable(netip.MustParseAddrPort("127.0.0.1:4000"), true).IsValid() {
		t.Error("who is only on this machine reaches nobody")
	}
}
