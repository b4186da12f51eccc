package media

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"candour/internal/udp"
)

// maxPacket is the longest packet that passes: as much as pion's port takes.
const maxPacket = 8192

// port is what one section of a phone's leg comes and goes through: a socket for
// RTP, and one for RTCP unless that comes to the same. Its fields stand in the order
// in which a packet needs them: of the time that plain sound takes here, most is
// that of memory that is not in the processor's cache.
type port struct {
	leg       *Leg
	kind      kind
	feedback  bool
	repeater  *repeater // nil: of sound, or the phone repeats nothing
	rtp, rtcp *udp.Socket
	heard     atomic.Int64 // when the last packet came, in nanoseconds of Unix time

	// Of what reads RTP, which is one goroutine.
	now     uint32              // the source whose packets come
	named   bool                // there is one
	sources map[uint32]struct{} // that the phone named
	clear   []byte              // the packet decrypted; it grows as needed, as plain and crypt do

	// mu guards what is known of the phone.
	mu     sync.Mutex
	in     *srtp.Context // nil: in the clear
	before *srtp.Context // with the key before that, until the new one is used
	way    latch
	came   reception
	since  time.Time      // when something was first sent to where it only stated to be
	back   netip.AddrPort // where its RTCP comes from; not valid: not known
	stated netip.AddrPort // where it wants RTCP
	mux    bool
	theirs crypto // its key
	own    crypto // ours, for the same suite

	// send is held while something leaves.
	send   sync.Mutex
	out    *srtp.Context
	plain  []byte
	crypt  []byte
	source uint32 // ours
}

// newPort opens the sockets of a section.
func newPort(n *line, s *section) (*port, error) {
	mux := s.far.mux && !n.leg.asked
	a, b, err := n.leg.relay.pair(mux)
	if err != nil {
		return nil, err
	}
	p := &port{
		leg: n.leg, kind: s.kind, rtp: a, rtcp: b, source: rand.Uint32(), feedback: s.far.feedback,
		sources: map[uint32]struct{}{},
	}
	p.way.near = n.leg.near
	if s.kind == audio { // a picture may come in packets as long as a network takes, and leave longer by its cipher
		p.rtp.Whole()
	}
	if s.kind == video && p.feedback {
		if p.repeater, err = newRepeater(p, s.codecs[0].clock); err != nil {
			p.shut()
			return nil, err
		}
	}
	return p, nil
}

// begin has the sockets read, and lets the leg's stream leave.
func (p *port) begin() error {
	l := p.leg
	if p.repeater != nil {
		p.repeater.begin(p)
	}
	l.ways[p.kind].out.attach(p, p.source)
	if err := p.read(p.rtp, p.arrives); err != nil {
		return err
	}
	if p.rtcp != nil {
		return p.read(p.rtcp, p.told)
	}
	return nil
}

// read takes what comes to a socket until that is closed.
func (p *port) read(conn *udp.Socket, take func([]byte, netip.AddrPort, time.Time)) error {
	l := p.leg
	return conn.Receive(func(b []byte, from netip.AddrPort) {
		defer l.unforeseen()
		from = netip.AddrPortFrom(from.Addr().WithZone(""), from.Port())
		if l.relay.own.has(from) {
			l.dropped.Add(1)
			return
		}
		take(b, from, time.Now())
	})
}

// arrives takes what came to the port of RTP (RFC 5761 section 4).
func (p *port) arrives(b []byte, from netip.AddrPort, now time.Time) {
	l := p.leg
	if len(b) > 1 && b[1] >= 192 && b[1] <= 223 {
		p.told(b, from, now)
		return
	}
	first, h, ok := p.accept(b, from, now)
	if !ok {
		l.dropped.Add(1)
		return
	}
	p.heard.Store(now.UnixNano())
	if first {
		l.reached()
	}
	l.carry(p.kind, h, now)
}

// accept tells whether a packet is the phone's, decrypts it, and counts it for
// reports; first is true when the phone is found.
func (p *port) accept(b []byte, from netip.AddrPort, now time.Time) (first bool, h packet, ok bool) {
	b, h, clock, first, ok := p.known(b, from, now)
	if !ok || !p.follow(h.source, clock) {
		return false, packet{}, false
	}
	if p.repeater != nil {
		p.repeater.take(b)
	}
	return first, h, true
}

// known is the part of accept that asks what is known of the phone.
func (p *port) known(b []byte, from netip.AddrPort, now time.Time) (plain []byte, h packet, clock uint32, first, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	proven := p.in != nil
	if proven {
		if b, ok = p.decrypt(b); !ok {
			return nil, h, 0, false, false
		}
	}
	if h, ok = readPacket(b); !ok {
		return nil, h, 0, false, false
	}
	c := p.codec(h.format)
	if c == nil {
		return nil, h, 0, false, false
	}
	h.format = c.from
	first = !p.way.known.IsValid()
	if ok = p.way.takes(from, h, proven, now); ok {
		p.came.take(h, c.clock, now)
	}
	return b, h, c.clock, first, ok
}

// codec finds the one that the phone sends under a number: that which we gave, or
// that which it gave itself, which some use both ways (RFC 3264 section 5.1); nil
// if it is neither.
func (p *port) codec(format uint8) *codec {
	list := p.leg.ways[p.kind].list()
	for i := range list {
		if list[i].from == format {
			return &list[i]
		}
	}
	for i := range list {
		if list[i].to == format {
			return &list[i]
		}
	}
	return nil
}

// decrypt uses the newest key, or the one before it as long as only that is used.
func (p *port) decrypt(b []byte) ([]byte, bool) {
	p.clear = slices.Grow(p.clear[:0], len(b))
	if plain, err := p.in.DecryptRTP(p.clear[:0], b, nil); err == nil {
		p.before = nil
		return plain, true
	}
	if p.before != nil {
		if plain, err := p.before.DecryptRTP(p.clear[:0], b, nil); err == nil {
			return plain, true
		}
	}
	return nil, false
}

// follow makes source the one whose packets are counted. A phone that names ever
// more of them loses its leg: what is kept of each is kept until the end.
func (p *port) follow(source, clock uint32) bool {
	if p.named && p.now == source {
		return true
	}
	l := p.leg
	p.sources[source] = struct{}{}
	if len(p.sources) > maxBuffers {
		if len(p.sources) == maxBuffers+1 {
			l.relay.log.Warn("media: a leg names too many sources")
			l.run(l.drop)
		}
		delete(p.sources, source)
		return false
	}
	p.now, p.named = source, true
	if p.repeater != nil {
		p.repeater.follow(source, clock)
	}
	l.ways[p.kind].source.Store(source)
	if p.kind == video {
		l.run(l.picture)
	}
	return true
}

// told takes RTCP.
func (p *port) told(b []byte, from netip.AddrPort, now time.Time) {
	b, ok := p.believe(b, from)
	if !ok {
		p.leg.dropped.Add(1)
		return
	}
	p.heard.Store(now.UnixNano())
	if p.repeater != nil {
		_, _, _ = p.repeater.rtcp.Read(b, nil)
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return
	}
	p.note(packets, now)
	if p.kind == video {
		p.leg.heed(packets)
	}
}

// note reads the report of the phone on what it sends, which ours refers to.
func (p *port) note(packets []rtcp.Packet, now time.Time) {
	for _, r := range packets {
		if s, ok := r.(*rtcp.SenderReport); ok {
			p.mu.Lock()
			p.came.heard(s, now)
			p.mu.Unlock()
		}
	}
}

// believe tells whether a report is the phone's: from where its RTP comes, or
// where it said that it would be, or proven by its key.
func (p *port) believe(b []byte, from netip.AddrPort) ([]byte, bool) {
	if len(b) < 8 || b[0]>>6 != 2 || b[1] < 192 || b[1] > 223 {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.in != nil {
		plain, err := p.in.DecryptRTCP(nil, b, nil)
		if err != nil && p.before != nil {
			plain, err = p.before.DecryptRTCP(nil, b, nil)
		}
		if err != nil {
			return nil, false
		}
		b = plain
	} else if from != p.stated && from.Addr() != p.way.known.Addr() {
		return nil, false
	}
	p.back = from
	return b, true
}

// WriteRTP is called by the leg's stream.
func (p *port) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	if p.repeater != nil {
		return p.repeater.writer.Write(h, payload, nil)
	}
	return p.leave(h, payload, nil)
}

// Write is not used by the leg's stream, which knows its headers.
func (p *port) Write([]byte) (int, error) { return 0, ErrState }

// where gives where packets go. An address that the phone only stated is sent to
// for as long as a call may be silent: it could be that of somebody else, who never
// asked for it (compare RFC 7675).
func (p *port) where() netip.AddrPort {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.way.known.IsValid() || p.back.IsValid() {
		return p.way.to()
	}
	now := time.Now()
	if p.since.IsZero() {
		p.since = now
	}
	if now.Sub(p.since) >= p.leg.relay.quiet {
		return netip.AddrPort{}
	}
	return p.way.to()
}

// leave sends a packet, if it is known where to. A length of 0 without an error
// means that it is not.
func (p *port) leave(h *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
	to := p.where()
	size := h.MarshalSize()
	if !to.IsValid() || size+len(payload) > maxPacket {
		return 0, nil
	}
	p.send.Lock()
	defer p.send.Unlock()
	p.plain = slices.Grow(p.plain[:0], size+len(payload))
	b := p.plain[:size]
	if _, err := h.MarshalTo(b); err != nil {
		return 0, err
	}
	b = append(b, payload...)
	if p.out != nil {
		var err error
		if b, err = p.out.EncryptRTP(p.crypt[:0], b, nil); err != nil {
			return 0, err
		}
		p.crypt = b
	}
	return p.rtp.WriteToUDPAddrPort(b, to)
}

// report tells the phone what came of its stream, and what was sent of ours.
func (p *port) report(now time.Time) {
	p.mu.Lock()
	of := p.came.report(now)
	p.mu.Unlock()
	_, _ = p.tell([]rtcp.Packet{p.leg.ways[p.kind].out.report(of, now)}, nil)
}

// tell sends RTCP as ordinary phones want it (RFC 4585 section 3.1): a report
// first, then the name of our source, which is random, then requests.
func (p *port) tell(packets []rtcp.Packet, _ interceptor.Attributes) (int, error) {
	conn, to := p.forReports()
	if !to.IsValid() {
		return 0, nil
	}
	name := &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: p.source, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: p.leg.local.cname}},
	}}}
	var all []rtcp.Packet
	switch r := packets[0].(type) {
	case *rtcp.SenderReport:
		all = append(all, r, name)
	case *rtcp.ReceiverReport:
		all = append(all, r, name)
	default:
		all = append(all, &rtcp.ReceiverReport{SSRC: p.source}, name, r)
	}
	all = append(all, packets[1:]...)
	b, err := rtcp.Marshal(all)
	if err != nil {
		return 0, err
	}
	p.send.Lock()
	defer p.send.Unlock()
	if p.out != nil {
		if b, err = p.out.EncryptRTCP(nil, b, nil); err != nil {
			return 0, err
		}
	}
	return conn.WriteToUDPAddrPort(b, to)
}

// forReports tells where reports go, and through which socket.
func (p *port) forReports() (*udp.Socket, netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.mux:
		return p.rtp, p.way.to()
	case p.rtcp == nil:
		return p.rtp, p.stated
	case p.back.IsValid():
		return p.rtcp, p.back
	}
	return p.rtcp, p.stated
}

// tune takes in where the phone says that it is, and with which key.
func (p *port) tune(f far) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.crypto.valid() && f.crypto.key != p.theirs.key {
		if err := p.rekey(f.crypto); err != nil {
			return err
		}
	}
	p.theirs, p.own.tag = f.crypto, f.crypto.tag
	p.mux = f.mux
	loopback := p.leg.relay.loopback()
	if stated := reachable(f.rtp, loopback); stated.IsValid() && stated != p.way.stated {
		p.way.state(stated, time.Now())
		p.since = time.Time{}
	}
	if next := reachable(f.rtcp, loopback); next.IsValid() && next != p.stated {
		p.stated, p.back = next, netip.AddrPort{}
	}
	return nil
}

// rekey takes a key of the phone. Ours stays as long as the suite does.
func (p *port) rekey(theirs crypto) error {
	in, err := theirs.context()
	if err != nil {
		return err
	}
	if theirs.suite != p.own.suite {
		own := newCrypto(theirs)
		out, err := own.context()
		if err != nil {
			return err
		}
		p.own = own
		p.send.Lock()
		p.out = out
		p.send.Unlock()
	}
	p.in, p.before = in, p.in
	return nil
}

func (p *port) nearTo(ip netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.way.near = ip
}

// shut closes the sockets; what waits for them returns.
func (p *port) shut() {
	p.leg.relay.own.forget(p.rtp, p.rtcp)
	_ = p.rtp.Close()
	if p.rtcp != nil {
		_ = p.rtcp.Close()
	}
}

// reachable gives a stated address if it is one of a single machine, and not of
// this one unless we are only there: nobody makes us talk to what listens here.
func reachable(a netip.AddrPort, loopback bool) netip.AddrPort {
	ip := a.Addr()
	if !a.IsValid() || a.Port() == 0 || ip.IsMulticast() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() ||
		ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || (ip.IsLoopback() && !loopback) {
		return netip.AddrPort{}
	}
	return a
}

// loopback tells whether the relay is only reached from its own machine.
func (r *Relay) loopback() bool {
	own, ok := r.conn.LocalAddr().(*net.UDPAddr)
	return ok && own.IP.IsLoopback()
}
