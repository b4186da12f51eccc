package media

import "time"

// numbering gives what leaves on one of our sources its sequence numbers and
// times (RFC 3550 section 5.1). Whatever arrives, and whoever it is from, two
// different packets never leave with one number: SRTP would encrypt both with one
// nonce, and AES-GCM does not survive that (RFC 7714 section 8.1).
//
// Packets of one source keep their distances, so that what was lost on the way to
// us is seen as lost. After a digit of ours, or with another source, numbers go on
// from the last one, and what comes from before that change is dropped.
type numbering struct {
	clock  uint32    // ticks a second
	last   uint16    // highest number that left
	tick   uint32    // its time
	at     time.Time // when it left; zero: nothing has
	begun  bool
	cut    bool   // the next packet begins anew
	source uint32 // whose packets pass
	high   uint16 // highest number of the source
	since  uint16 // how far high has come since the change, up to replayWindow
	seqOff uint16
	ticks  uint32 // offset of the time
}

// pass maps a packet of a source; false means that it comes too late.
func (n *numbering) pass(source uint32, seq uint16, tick uint32, now time.Time) (uint16, uint32, bool) {
	switch {
	case !n.begun || n.cut || source != n.source:
		if !n.begun || source != n.source {
			n.ticks = n.now(now) - tick
		}
		n.begun, n.cut, n.source = true, false, source
		n.seqOff, n.high, n.since = n.last+1-seq, seq, 0
	default:
		ahead := int16(seq - n.high)
		if ahead <= 0 && uint16(-ahead) > n.since {
			return 0, 0, false
		}
		if ahead > 0 {
			n.high = seq
			n.since = min(n.since+min(uint16(ahead), replayWindow), replayWindow)
		}
	}
	out, at := seq+n.seqOff, tick+n.ticks
	if int16(out-n.last) > 0 {
		n.last, n.tick, n.at = out, at, now
	}
	return out, at, true
}

// insert gives the number of a packet of ours, and makes what passes next go on
// after it.
func (n *numbering) insert(now time.Time) uint16 {
	n.last++
	n.tick, n.at = n.now(now), now
	n.cut = true
	return n.last
}

// now is the time that a packet made now would have.
func (n *numbering) now(now time.Time) uint32 {
	if n.at.IsZero() {
		return n.tick
	}
	return n.tick + uint32(now.Sub(n.at).Milliseconds()*int64(n.clock)/1000)
}
