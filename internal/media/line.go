package media

import (
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// phoneQuiet is how long a phone that should be heard may be silent, in RTP and
// RTCP, before it counts as lost. A phone that sends no silence still reports
// every 5 s (RFC 3550 section 6.2).
const phoneQuiet = 60 * time.Second

// line is what ends a leg of a phone here: a port for its sound, and one for its
// picture.
type line struct {
	leg   *Leg
	ports [kinds]*port // nil: not agreed. None is added or taken away
	since atomic.Int64 // until when the phone need not have been heard, in nanoseconds of Unix time
}

// heard is when the last packet came, or need not have come, in nanoseconds of
// Unix time.
func (n *line) heard() int64 {
	last := n.since.Load()
	for _, p := range n.ports {
		if p != nil {
			last = max(last, p.heard.Load())
		}
	}
	return last
}

// phoneOffer opens the leg of a callee that is a phone.
func (l *Leg) phoneOffer() (string, error) {
	if err := l.openLine(l.sections); err != nil {
		return "", err
	}
	return l.offer(), nil
}

// phoneAnswer opens the leg of a caller that is a phone.
func (l *Leg) phoneAnswer() (string, error) {
	if err := l.openLine(l.sections); err != nil {
		return "", err
	}
	if err := l.line.tune(l.sections); err != nil {
		return "", err
	}
	return l.describe(l.sections), nil
}

// openLine opens the ports of sections, begins to read them and to look for
// silence. Callers hold mu.
func (l *Leg) openLine(sections []section) error {
	switch {
	case l.isClosed():
		return ErrClosed
	case l.line != nil: // it was tried, and failed
		return ErrState
	}
	n := &line{leg: l}
	n.since.Store(time.Now().UnixNano())
	l.local.addrs = l.relay.reachedFrom(taken(sections, audio).far.rtp)
	for k := range kinds {
		s := taken(sections, kind(k))
		if s == nil {
			continue
		}
		p, err := newPort(n, s)
		if err != nil {
			_ = n.close()
			return err
		}
		n.ports[k], l.local.ports[k] = p, portOf(p.rtp.LocalAddr())
	}
	l.line = n
	for _, p := range n.ports {
		if p == nil {
			continue
		}
		if err := p.begin(); err != nil {
			return fmt.Errorf("media: %w", err)
		}
	}
	l.run(n.listen)
	l.run(n.reports)
	return nil
}

// reachedFrom gives the address of ours for somebody at far: one of its family.
func (r *Relay) reachedFrom(far netip.AddrPort) []net.IP {
	for _, ip := range r.public {
		if far.IsValid() && (ip.To4() != nil) == far.Addr().Is4() {
			return []net.IP{ip}
		}
	}
	return r.public[:1]
}

// tune takes in what the phone said of each section last.
func (n *line) tune(sections []section) error {
	for k, p := range n.ports {
		s := taken(sections, kind(k))
		switch {
		case p == nil:
		case s == nil:
			p.shut()
		default:
			if err := p.tune(s.far); err != nil {
				return err
			}
			n.leg.local.keys[k] = p.own
		}
	}
	return nil
}

// report tells the phone something of the picture that it sends.
func (n *line) report(r rtcp.Packet) {
	if p := n.ports[video]; p != nil && p.feedback {
		_, _ = p.tell([]rtcp.Packet{r}, nil)
	}
}

// listen ends the leg when nothing is heard of a phone that should be.
func (n *line) listen() {
	l := n.leg
	quiet := l.relay.quiet
	beat := time.NewTicker(quiet / 8)
	defer beat.Stop()
	for l.wait(beat.C) {
		now := time.Now()
		if !l.shouldBeHeard() {
			n.since.Store(now.UnixNano())
		} else if now.Sub(time.Unix(0, n.heard())) >= quiet {
			l.connected.Store(false)
			l.lost.Do(func() { close(l.done) })
			return
		}
	}
}

// shouldBeHeard tells whether the leg is in a call in which neither side holds.
func (l *Leg) shouldBeHeard() bool {
	r := l.route.Load()
	if r == nil && l.station.Load() != nil {
		return l.ways[audio].wants().Sends()
	}
	return r != nil && l.ways[audio].wants().Sends() && r.to.ways[audio].wants().Receives()
}

// shut closes the ports.
func (n *line) shut() {
	for _, p := range n.ports {
		if p != nil {
			p.shut()
		}
	}
}

// close closes the ports, and ends the requests for what was lost.
func (n *line) close() (err error) {
	n.shut()
	for _, p := range n.ports {
		if p != nil && p.repeater != nil {
			if e := p.repeater.chain.Close(); e != nil {
				err = e
			}
		}
	}
	return err
}

// Near says where the signalling of a phone comes from. Its packets are then not
// learned from anywhere but there and the address that it states, unless its key
// proves them (RFC 7362 section 4); say so before Bridge. It is of no meaning for
// browsers.
func (l *Leg) Near(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.near = addr.Unmap().WithZone("")
	if l.line != nil {
		for _, p := range l.line.ports {
			if p != nil {
				p.nearTo(l.near)
			}
		}
	}
}
