package media

import (
	"context"
	"slices"
)

// A caller may leave the first offer to us (RFC 3261 section 13.2.1): then the
// callee is asked first, and the caller is offered what the callee took.

// Offerless makes a leg for a caller that made no offer. Callees are invited with
// all that this package carries of sound; Offer comes in the place of Answer, and
// then Answered. It returns ErrClosed.
func (r *Relay) Offerless(k Kind) (*Leg, error) {
	l := r.leg(k, true)
	s := section{media: "audio", proto: "UDP/TLS/RTP/SAVPF", format: "0", mid: "0", taken: true, kind: audio, of: k, dir: SendRecv}
	if k == Phone {
		s.proto = "RTP/AVP"
	}
	for _, name := range []string{"opus/48000/2", "PCMU/8000", "PCMA/8000", "telephone-event/48000", "telephone-event/8000"} {
		c, _ := known(audio, name, "", 0)
		s.codecs = append(s.codecs, c)
	}
	s.codecs = renumbered(s.codecs)
	l.sections = []section{s}
	l.keep()
	if err := r.add(l); err != nil {
		return nil, err
	}
	return l, nil
}

// Offer is the first offer to a leg of Offerless: what the callee took that
// answered. It returns ErrState out of its order, ErrCodec, ErrPorts or ErrClosed.
func (l *Leg) Offer(ctx context.Context, callee *Leg) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.isClosed():
		return "", ErrClosed
	case !l.asked || l.from != nil || l.settled || l.offered != nil:
		return "", ErrState
	}
	theirs := callee.ways[audio].list()
	s := &l.sections[0]
	s.codecs = slices.DeleteFunc(slices.Clone(s.codecs), func(c codec) bool {
		return !slices.ContainsFunc(theirs, func(t codec) bool { return t.name == c.name })
	})
	if !carries(s.codecs) {
		return "", ErrCodec
	}
	s.dir = callee.ways[audio].wants()
	l.keep()
	return l.firstOffer(ctx)
}
