package media

import (
	"net/netip"
	"time"
)

// Limits of what is believed of where packets come from.
const (
	// maxDropout is how far numbers may have gone on while nothing was heard
	// (RFC 3550 appendix A.1): a minute of sound.
	maxDropout = 3000
	// latchQuiet is how long a phone is silent before its numbers may go on from
	// elsewhere. Its router forgets a way, or the phone changes its network, and
	// either is silent for that long.
	latchQuiet = 2 * time.Second
)

// latch knows where a phone's packets come from, which is where its own must go:
// what its description states is often an address behind a router that nobody
// else can reach (RFC 4961, RFC 7362). An address is learned
//
//   - at once, if the packet was proven by the phone's key, and is newer than all
//     that came before, or comes from the very address that the phone stated;
//   - for the first time, by two packets in a row of one source (RFC 3550
//     appendix A.1);
//   - anew, by two in a row that go on with the known source and its numbers, once
//     the known address was silent for a while; or, after the phone stated another
//     address, as for the first time.
//
// All else is a stranger's, and dropped: whoever guesses a port must not be sent a
// call (RFC 7362 section 5). The zero value knows nothing. The owner locks.
type latch struct {
	stated netip.AddrPort // in the phone's last description; not valid: not told
	near   netip.Addr     // where its signalling comes from; not valid: anywhere
	known  netip.AddrPort // learned
	source uint32         // of the last packet from known
	seq    uint16
	heard  time.Time
	moved  time.Time // when the phone stated another address, until it is seen where it is; zero: it is

	candidate       netip.AddrPort // who sent the last packet that was not taken
	candidateSource uint32
	candidateSeq    uint16
}

// state takes what the phone's description states. One that states nothing (hold
// in the manner of RFC 2543) leaves what is known. A phone that was not where it
// stated will not be this time either, and is sent to as before until it is seen
// elsewhere; it may only listen.
func (a *latch) state(stated netip.AddrPort, now time.Time) {
	if !stated.IsValid() || stated == a.stated {
		return
	}
	if a.known == a.stated {
		a.known = netip.AddrPort{}
	}
	a.stated, a.moved, a.candidate = stated, now, netip.AddrPort{}
}

// takes tells whether a packet is the phone's, and learns.
func (a *latch) takes(from netip.AddrPort, p packet, proven bool, now time.Time) bool {
	switch {
	case proven || from == a.known || from == a.stated:
	case !a.mayCome(from):
		return false
	case !a.follows(from, p, now):
		a.candidate, a.candidateSource, a.candidateSeq = from, p.source, p.seq
		return false
	}
	if from == a.known {
		a.heard = now
	}
	if late := p.source == a.source && int16(p.seq-a.seq) <= 0; a.known.IsValid() && late {
		return true // it passes, and moves nothing
	}
	if from != a.known || now.Sub(a.moved) >= latchQuiet {
		a.moved = time.Time{}
	}
	a.known, a.source, a.seq, a.heard = from, p.source, p.seq, now
	a.candidate = netip.AddrPort{}
	return true
}

// mayCome tells whether an address may be learned without proof.
func (a *latch) mayCome(from netip.AddrPort) bool {
	return !a.near.IsValid() || from.Addr() == a.near || from.Addr() == a.stated.Addr()
}

// follows tells whether a packet is the second in a row.
func (a *latch) follows(from netip.AddrPort, p packet, now time.Time) bool {
	if from != a.candidate || p.source != a.candidateSource || p.seq != a.candidateSeq+1 {
		return false
	}
	if !a.known.IsValid() || !a.moved.IsZero() {
		return true
	}
	return now.Sub(a.heard) >= latchQuiet && p.source == a.source && p.seq-a.seq <= maxDropout
}

// to is where packets for the phone go; not valid: nowhere yet.
func (a *latch) to() netip.AddrPort {
	if a.known.IsValid() {
		return a.known
	}
	return a.stated
}
