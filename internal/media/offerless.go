package media

import (
	"context"
	"math/rand/v2"
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
	theirs := callee.ways[audio].list()
	return l.offerFirst(ctx, callee.ways[audio].wants(), func(c codec) bool {
		return slices.ContainsFunc(theirs, func(t codec) bool { return t.name == c.name })
	})
}

// AttendOffer is Attend for a leg of Offerless: the first offer to it, of a station
// that speaks A-law, as the networks of this country do and every phone can, and
// hears digits. Answered takes the answer. Its errors are those of Offer.
func (l *Leg) AttendOffer(ctx context.Context) (offer string, s *Station, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	offer, err = l.offerFirst(ctx, SendRecv, func(c codec) bool { return c.name == alaw.name || c.name == "telephone-event/8000" })
	if err != nil {
		return "", nil, err
	}
	s = &Station{leg: l, codec: l.sections[0].codecs[0], digits: make(chan rune, maxDigits), source: rand.Uint32()}
	l.station.Store(s)
	return offer, s, nil
}

// offerFirst offers the codecs that fit. The caller holds mu.
func (l *Leg) offerFirst(ctx context.Context, dir Direction, fits func(codec) bool) (string, error) {
	switch {
	case l.isClosed():
		return "", ErrClosed
	case !l.asked || l.from != nil || l.settled || l.offered != nil:
		return "", ErrState
	}
	s := &l.sections[0]
	s.codecs = slices.DeleteFunc(slices.Clone(s.codecs), func(c codec) bool { return !fits(c) })
	if !carries(s.codecs) {
		return "", ErrCodec
	}
	s.dir = dir
	l.keep()
	return l.firstOffer(ctx)
}
