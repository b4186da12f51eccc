package media

import (
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"
)

// Reoffered takes the offer of a re-INVITE from this leg: hold, resume, a restart
// of ICE, a phone's other address or key, or none of them (RFC 3264 section 8). dir is what the leg offers for
// sound, to be passed to the other leg's Reoffer; Misses tells whether that one is
// to be asked for another reason. A browser may add a picture; other new sections are
// refused, and an offer of ours that waits for its answer is forgotten. It returns ErrSDP,
// ErrCodec (also for another fingerprint, or a call that is not encrypted any more: those
// are new calls), ErrState or
// ErrClosed; all of them leave the call as it was.
func (l *Leg) Reoffered(offer string) (answer string, dir Direction, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return "", Inactive, ErrClosed
	}
	if !l.settled {
		return "", Inactive, ErrState
	}
	d, err := read(offer)
	if err != nil {
		return "", Inactive, err
	}
	if len(d.sections) < len(l.sections) {
		return "", Inactive, malformed("fewer sections than before") // RFC 3264 section 8
	}
	if d.kind != l.kind {
		return "", Inactive, ErrCodec
	}
	before := l.sections
	if err := l.accordingTo(d); err != nil {
		return "", Inactive, err
	}
	if err := l.moved(d); err != nil {
		l.sections = before
		l.keep()
		return "", Inactive, err
	}
	l.offered, l.adding = nil, nil
	dir = d.of(audio).dir
	for i := range l.sections {
		if s := &l.sections[i]; s.taken {
			said, other := d.sections[i].dir, l.other(s.kind)
			l.state(s.kind, said, other.reverse())
			s.dir = said.reverse() & other
		}
	}
	l.changed()
	return l.describe(l.sections), dir, nil
}

// moved takes in where the leg says that it is now, and with which keys.
func (l *Leg) moved(d *description) error {
	switch {
	case l.kind == Phone:
		return l.line.tune(l.sections)
	case d.ufrag != l.remote.ufrag || d.pwd != l.remote.pwd:
		if err := l.restart(d.credentials); err != nil {
			return err
		}
	}
	return l.widen()
}

// other is what the other leg wants of a kind.
func (l *Leg) other(k kind) Direction {
	if r := l.route.Load(); r != nil {
		return r.to.ways[k].wants()
	}
	return SendRecv
}

// restart gives pion the leg's new credentials and takes its new ones (RFC 8839
// section 4.4.1.1.1). The keys of DTLS stay.
func (l *Leg) restart(c credentials) error {
	c.setup = "actpass"
	err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: l.ofLeg(c)})
	if err != nil {
		return fmt.Errorf("media: %w", err)
	}
	if err := l.answer(); err != nil {
		return err
	}
	l.remote.ufrag, l.remote.pwd = c.ufrag, c.pwd
	return nil
}

// Reoffer gives an offer for a re-INVITE towards this leg, with dir as the other
// leg offered it; Answered takes the answer. If the re-INVITE is refused nothing
// need be told: the next offer of either side replaces this one. It returns
// ErrState or ErrClosed.
func (l *Leg) Reoffer(dir Direction) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return "", ErrClosed
	}
	if !l.settled {
		return "", ErrState
	}
	for i := range l.sections {
		if s := &l.sections[i]; s.taken {
			s.dir = dir
			if s.kind != audio {
				s.dir &= l.other(s.kind)
				if r := l.route.Load(); r != nil && !r.to.Picture() || l.station.Load() != nil {
					s.dir = Inactive // there is none at the other end (any more)
				}
			}
		}
	}
	next := l.common()
	if l.adding = l.toAdd(len(next), dir); l.adding != nil {
		next = append(next, l.adding...)
	}
	return l.offerOf(next), nil
}

// common is what the leg and the one that it is bridged to can both do: after a
// bridge to another they may have less in common than was agreed before.
func (l *Leg) common() []section {
	next := slices.Clone(l.sections)
	r := l.route.Load()
	if r == nil {
		return next
	}
	for i := range next {
		s := &next[i]
		if !s.taken {
			continue
		}
		theirs := r.to.ways[s.kind].list()
		both := slices.DeleteFunc(slices.Clone(s.codecs), func(c codec) bool {
			return !slices.ContainsFunc(theirs, func(t codec) bool { return t.name == c.name })
		})
		if carries(both) {
			s.codecs = both
		}
	}
	return next
}

// Wants is the way in which the leg itself last said that sound is to go: what
// the other leg is to be offered (Reoffer) when the two are bridged.
func (l *Leg) Wants() Direction { return l.ways[audio].wants() }

// Picture reports whether a picture was agreed with the leg.
func (l *Leg) Picture() bool { return len(l.ways[video].list()) > 0 }
