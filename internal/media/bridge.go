package media

import (
	"errors"
	"io"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// route is the way from one leg to another; it is replaced whole.
type route struct {
	to    *Leg
	early bool // nothing comes back: the call is not answered yet
	hops  [kinds][]hop
}

// hop is what a payload type becomes.
type hop struct {
	from  uint8 // the payload type of what arrives
	event bool
	to    uint8
	clock uint32
	name  string // of the codec
}

// hop finds that of a payload type; nil: what has it is dropped.
func (r *route) hop(k kind, format uint8) *hop {
	for i := range r.hops[k] {
		if h := &r.hops[k][i]; h.from == format {
			return h
		}
	}
	return nil
}

// Bridge lets packets pass between both from here on: call it when the callee has
// answered for good (the 200), so that no microphone is heard before. Legs that
// were bridged to others are parted from them. It returns ErrState if one of them
// has not exchanged its offer and answer yet, ErrCodec without a codec for sound
// in common, or ErrClosed.
func Bridge(caller, callee *Leg) error { return bind(caller, callee, false) }

// Early lets the caller hear the callee before the call is answered: what a
// network says of a call that it rings (a 183 with a description), and nothing the
// other way. Bridge follows it when the call is answered. Its errors are those of
// Bridge.
func Early(caller, callee *Leg) error { return bind(caller, callee, true) }

func bind(caller, callee *Leg, early bool) error {
	for _, l := range []*Leg{caller, callee} {
		l.mu.Lock()
		settled := l.settled
		l.mu.Unlock()
		if l.isClosed() {
			return ErrClosed
		}
		if !settled {
			return ErrState
		}
	}
	if caller == callee || caller.relay != callee.relay {
		return ErrState
	}
	if !carries(agreed(caller.ways[audio].list(), callee.ways[audio].list())) {
		return ErrCodec
	}
	links := &caller.relay.links
	links.Lock()
	defer links.Unlock()
	if caller.isClosed() || callee.isClosed() { // Close parts under links after it is closed
		return ErrClosed
	}
	unlink(caller, callee)
	unlink(callee, caller)
	for k := range kinds {
		caller.ways[k].out.skip()
		callee.ways[k].out.skip()
	}
	if early {
		listen(caller, callee)
		return nil
	}
	link(caller, callee)
	refresh(caller, callee)
	return nil
}

// listen lets the caller hear and not be heard.
func listen(caller, callee *Leg) {
	r := between(callee, caller)
	r.early = true
	callee.route.Store(r)
	caller.route.Store(nil)
}

func link(a, b *Leg) {
	a.route.Store(between(a, b))
	b.route.Store(between(b, a))
}

// unlink frees the leg that l was bridged to, unless that is keep.
func unlink(l, keep *Leg) {
	if r := l.route.Load(); r != nil && r.to != keep {
		if !r.early {
			r.to.route.Store(nil)
		}
		l.route.Store(nil)
	}
}

// part ends the bridge of l.
func part(l *Leg) {
	l.relay.links.Lock()
	defer l.relay.links.Unlock()
	unlink(l, nil)
}

// changed takes in what was agreed anew.
func (l *Leg) changed() {
	l.relay.links.Lock()
	defer l.relay.links.Unlock()
	switch r := l.route.Load(); {
	case r == nil:
	case r.early:
		listen(r.to, l)
	default:
		link(l, r.to)
		refresh(l, r.to)
	}
}

// refresh asks both for a whole picture: without one, a leg that comes late sees
// nothing until the next, which may never come.
func refresh(a, b *Leg) {
	for _, l := range []*Leg{a, b} {
		l.run(l.picture)
	}
}

func between(from, to *Leg) *route {
	r := &route{to: to}
	for k := range kinds {
		for _, c := range agreed(from.ways[k].list(), to.ways[k].list()) {
			r.hops[k] = append(r.hops[k], hop{from: c.from, event: c.event(), to: c.to, clock: c.clock, name: c.name})
		}
	}
	return r
}

// arrived is called by pion for each source that the leg sends.
func (l *Leg) arrived(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	k := audio
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		k = video
	}
	w := &l.ways[k]
	if w.tracks.Add(1) > maxTracks {
		return // what it sends stays unread
	}
	w.source.Store(uint32(track.SSRC()))
	l.run(func() { l.each(track.Read, func(b []byte) { l.pass(k, b, time.Now()) }) })
	l.run(func() { l.each(receiver.Read, func([]byte) {}) }) // the interceptors see its reports on the way
	if k == video {
		l.run(l.picture)
	}
}

// maxTracks is how often a leg may change its source of one kind; each costs
// memory until the leg is closed.
const maxTracks = 16

// maxFaults is how many packets one after the other may be unreadable. It is a
// guard against turning in circles: what is read no more ends with an error that
// each knows.
const maxFaults = 1000

// each takes what is read until the leg is closed. A packet that pion or its
// interceptors cannot read is dropped, and the next is read: any side can send
// one, and reports of a kind that pion does not know are none.
func (l *Leg) each(read func([]byte) (int, interceptor.Attributes, error), take func([]byte)) {
	buf := make([]byte, 8192) // as much as pion's port takes
	for faults := 0; faults < maxFaults; {
		n, _, err := read(buf)
		switch {
		case n > 0: // with an error: the payload type is not known to pion
			faults = 0
			l.guard(func() { take(buf[:n]) })
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || l.isClosed():
			return
		default:
			faults++
		}
	}
}

// guard keeps what one packet could do to this call: no packet ends the program.
func (l *Leg) guard(f func()) {
	defer l.unforeseen()
	f()
}

// unforeseen is deferred by what takes a packet.
func (l *Leg) unforeseen() {
	if e := recover(); e != nil {
		l.dropped.Add(1)
		l.relay.log.Error("media: a packet was not foreseen")
	}
}

// pass takes one packet of the leg.
func (l *Leg) pass(k kind, b []byte, now time.Time) {
	if p, ok := readPacket(b); ok {
		l.carry(k, p, now)
	} else {
		l.dropped.Add(1)
	}
}

// carry takes one packet of the leg that was read.
func (l *Leg) carry(k kind, p packet, now time.Time) {
	w := &l.ways[k]
	w.in.add(len(p.payload))
	w.format.Store(uint32(p.format) + 1)
	r := l.route.Load()
	if r == nil {
		if s := l.station.Load(); s != nil && k == audio {
			s.hear(p, now)
			return
		}
		l.early.Add(1)
		return
	}
	h := r.hop(k, p.format)
	if h != nil && h.event {
		l.digit(p)
		if len(p.payload) < 4 { // RFC 4733 section 2.3; browsers send empty ones after a digit
			h = nil
		}
	}
	if h == nil {
		l.dropped.Add(1)
		return
	}
	to := &r.to.ways[k]
	if !w.wants().Sends() || !to.wants().Receives() {
		l.held.Add(1)
		to.out.skip()
		return
	}
	if t := l.tap.Load(); t != nil && k == audio {
		t.take(h.name, p, now)
	}
	if !to.out.write(p, h.to, h.clock, now) {
		l.dropped.Add(1)
	}
}

// digit tells who wants to know of digits.
func (l *Leg) digit(p packet) {
	l.events.Add(1)
	if k := l.keys.Load(); k != nil {
		if r, ok := k.take(p); ok {
			k.press(r)
		}
	}
}

// feedback heeds RTCP of a browser; its reports are read by the interceptors on
// the way.
func (l *Leg) feedback(b []byte) {
	if packets, err := rtcp.Unmarshal(b); err == nil {
		l.heed(packets)
	}
}

// heed passes requests for a whole picture to the other leg, and how much of it
// this leg can take.
func (l *Leg) heed(packets []rtcp.Packet) {
	r := l.route.Load()
	if r == nil {
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			r.to.picture()
		case *rtcp.ReceiverEstimatedMaximumBitrate:
			r.to.limit(p.Bitrate)
		}
	}
}

// limit tells the leg how many bits a second the other can take: without that it
// would send a slow network more than it carries, and sound would suffer too
// (draft-alvestrand-rmcat-remb).
func (l *Leg) limit(rate float32) {
	source := l.ways[video].source.Load()
	if source == 0 || l.isClosed() {
		return
	}
	l.report(&rtcp.ReceiverEstimatedMaximumBitrate{
		SenderSSRC: l.ways[video].out.own(), Bitrate: rate, SSRCs: []uint32{source},
	})
}

// picture asks the leg for a whole picture (RFC 4585 section 6.3.1).
func (l *Leg) picture() {
	source := l.ways[video].source.Load()
	if source == 0 || l.isClosed() {
		return
	}
	l.report(&rtcp.PictureLossIndication{
		SenderSSRC: l.ways[video].out.own(), MediaSSRC: source,
	})
}

// report tells the leg something of the picture that it sends.
func (l *Leg) report(p rtcp.Packet) {
	if l.kind == Phone {
		l.line.report(p)
		return
	}
	_ = l.pc.WriteRTCP([]rtcp.Packet{p})
}

// became is called by pion when the way opens or is lost.
func (l *Leg) became(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		l.reached()
	case webrtc.PeerConnectionStateDisconnected:
		l.connected.Store(false)
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		l.connected.Store(false)
		l.lost.Do(func() { close(l.done) })
	}
}

// reached notes that the way to the leg is open.
func (l *Leg) reached() {
	l.connected.Store(true)
	l.relay.links.Lock()
	defer l.relay.links.Unlock()
	if r := l.route.Load(); r != nil {
		refresh(l, r.to)
	}
}
