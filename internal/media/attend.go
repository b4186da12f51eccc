package media

import "math/rand/v2"

// AttendNow parts a leg that talks, or talked, from whoever it is bridged to, and
// gives it to a station of ours: what it hears from here on. The next Reoffer
// offers it what the station speaks; it returns ErrState before an offer and an
// answer were exchanged, ErrCodec or ErrClosed.
func (l *Leg) AttendNow() (*Station, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.isClosed():
		return nil, ErrClosed
	case !l.settled:
		return nil, ErrState
	}
	s := &Station{leg: l, digits: make(chan rune, maxDigits), source: rand.Uint32()}
	for i := range l.sections {
		n := &l.sections[i]
		if !n.taken || n.kind != audio {
			continue
		}
		first, list := attended(n.codecs, false)
		if first.name == "" {
			return nil, ErrCodec
		}
		s.codec, n.codecs = first, list
	}
	if s.codec.name == "" {
		return nil, ErrCodec
	}
	l.keep()
	part(l)
	l.ways[audio].out.skip()
	l.station.Store(s)
	return s, nil
}
