package sip

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
	"github.com/pion/stun/v4"
)

// The limits of what phones connect to.
const (
	maxPeers     = 200_000 // addresses that messages with a password came from, over UDP
	maxConns     = 4_096   // connections over TCP
	maxConnsFrom = 128     // of them from one address
	maxUDP       = 65_535
	atOnce       = 32      // datagrams that are read at once
	udpBuffer    = 4 << 20 // bytes: a house of phones after a power cut
	sameTries    = 20      // ports that are tried to find one that is free for both
)

// ErrClosed says that the server was closed.
var ErrClosed = errors.New("sip: the server is closed")

// phones is where phones are listened for: one address, UDP and TCP, or TLS.
type phones struct {
	s       *Server
	udp     *net.UDPConn // nil with TLS
	tcp     net.Listener
	network string // of tcp
	host    string // what phones reach us as; "" for the address that each came to
	work    sync.WaitGroup
	stop    chan struct{}

	mu    sync.Mutex
	over  bool
	peers map[netip.AddrPort]*peer // over UDP
	conns map[*stream]struct{}
	from  map[netip.Prefix]int // of them, by where they come from
}

// ListenPhones listens for ordinary SIP phones on an address, over UDP and over
// TCP, until the server is closed. Phones sign in with a digest (RFC 8760) as
// devices of package telecom. It returns the address, whose port is the one
// found if none was given.
func (s *Server) ListenPhones(ctx context.Context, addr string) (net.Addr, error) {
	tcp, udp, err := listenBoth(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	l := &phones{
		s: s, udp: udp, tcp: tcp, network: OverTCP, host: s.PhoneHost, stop: make(chan struct{}),
		peers: map[netip.AddrPort]*peer{}, conns: map[*stream]struct{}{}, from: map[netip.Prefix]int{},
	}
	if err := l.open(); err != nil {
		return nil, errors.Join(err, tcp.Close(), udp.Close())
	}
	l.work.Go(l.datagrams)
	l.work.Go(l.connections)
	l.work.Go(l.beat)
	return tcp.Addr(), nil
}

func listenBoth(ctx context.Context, addr string) (net.Listener, *net.UDPConn, error) {
	var conf net.ListenConfig
	for try := 1; ; try++ {
		tcp, err := conf.Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, nil, err
		}
		udp, err := conf.ListenPacket(ctx, "udp", tcp.Addr().String())
		if err == nil {
			_ = udp.(*net.UDPConn).SetReadBuffer(udpBuffer) // the system may give less
			return tcp, udp.(*net.UDPConn), nil
		}
		_ = tcp.Close()
		if _, port, _ := net.SplitHostPort(addr); port != "0" || try == sameTries {
			return nil, nil, err
		}
	}
}

// close lets nothing more in and waits until nothing is left, or ctx ends.
func (l *phones) close(ctx context.Context) error {
	l.mu.Lock()
	over := l.over
	l.over = true
	var ends []func()
	for _, p := range l.peers {
		ends = append(ends, func() { p.do(p.end) })
	}
	for c := range l.conns {
		ends = append(ends, c.shut)
	}
	l.mu.Unlock()
	if over {
		return nil
	}
	close(l.stop)
	for _, end := range ends {
		end()
	}
	err := l.tcp.Close()
	if l.udp != nil {
		err = errors.Join(err, l.udp.Close())
	}
	gone := make(chan struct{})
	go func() {
		l.work.Wait()
		close(gone)
	}()
	return errors.Join(err, await(ctx, []<-chan struct{}{gone}))
}

// beat looks at every peer at intervals.
func (l *phones) beat() {
	tick := time.NewTicker(l.s.Beat)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		l.mu.Lock()
		var all []*peer
		for _, p := range l.peers {
			all = append(all, p)
		}
		for c := range l.conns {
			all = append(all, c.peer)
		}
		l.mu.Unlock()
		for _, p := range all {
			p.do(p.look)
		}
	}
}

// address is what the other end reaches us as: what the operator says, or the
// address it came to.
func (l *phones) address(local net.Addr) (host string, port int) {
	a, _ := netip.ParseAddrPort(local.String())
	if host = l.host; host == "" {
		host = a.Addr().Unmap().WithZone("").String()
		if a.Addr().Unmap().Is6() {
			host = "[" + host + "]"
		}
	}
	return host, int(a.Port())
}

// toward is our address on the way to another, where we listen on all.
func toward(local net.Addr, to netip.AddrPort) net.Addr {
	own, ok := local.(*net.UDPAddr)
	if !ok || !own.IP.IsUnspecified() {
		return local
	}
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to)) // which sends nothing
	if err != nil {
		return local
	}
	defer func() { _ = c.Close() }()
	return &net.UDPAddr{IP: c.LocalAddr().(*net.UDPAddr).IP, Port: own.Port}
}

func portText(port uint16) string { return strconv.Itoa(int(port)) }

// datagram is the wire of a peer over UDP. A message that is larger than a
// packet is sent in fragments: a phone that registered over UDP need not listen
// on TCP (RFC 3261 18.1.1 would have us try).
type datagram struct {
	udp *net.UDPConn
	to  netip.AddrPort
}

func (d *datagram) send(b []byte) error {
	_, err := d.udp.WriteToUDPAddrPort(b, d.to)
	return err
}

// datagrams reads what comes over UDP. Whoever has not shown that they were
// given a nonce by us is answered here, and nothing of them is kept.
func (l *phones) datagrams() {
	var scratch []byte
	l.s.datagrams(l.udp, func(b []byte, from netip.AddrPort, answer func([]byte)) {
		l.mu.Lock()
		p, over := l.peers[from], l.over
		l.mu.Unlock()
		if !over && (p == nil || !l.keptAlive(p, b)) {
			l.datagram(p, from, b, &scratch, answer)
		}
	})
}

// keptAlive answers what phones keep their way open with (RFC 5626 3.5), and
// reports whether it is that.
func (l *phones) keptAlive(p *peer, b []byte) bool {
	if alive, ping := keepAlive(b); alive {
		if ping {
			_ = p.wire.send(crlf)
		}
		return true
	}
	if !stun.IsMessage(b) {
		return false
	}
	m := &stun.Message{Raw: bytes.Clone(b)}
	if m.Decode() == nil && m.Type == stun.BindingRequest {
		res, err := stun.Build(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: p.from.Addr().AsSlice(), Port: int(p.from.Port())})
		if err == nil {
			_ = p.wire.send(res.Raw)
		}
	}
	return true
}

func (l *phones) datagram(p *peer, from netip.AddrPort, b []byte, scratch *[]byte, answer func([]byte)) {
	if p != nil && p.fast() {
		l.s.unheard(refusedFlood)
		return
	}
	if p != nil && p.enter() {
		did := p.again(b, scratch, answer)
		if p.leave(); did {
			return
		}
	}
	b = bytes.Clone(b)
	if p != nil {
		p.do(func() { p.datagram(b) })
		return
	}
	msg, why, err := readDatagram(b)
	if err != nil {
		l.s.dropped.Add(1)
		return
	}
	p = l.newPeer(from)
	if !l.presents(msg, why) {
		p.take(msg, why, b)
		return
	}
	if !l.keep(p) {
		l.s.unheard(refusedFlood)
		return
	}
	p.do(func() { p.take(msg, why, b) })
}

func (l *phones) newPeer(from netip.AddrPort) *peer {
	p := &peer{s: l.s, wire: &datagram{l.udp, from}, network: OverUDP, from: from}
	p.forget = func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.peers, from)
	}
	p.heard = l.s.Now()
	p.looked = p.heard
	p.host, p.port = l.address(toward(l.udp.LocalAddr(), from))
	return p
}

func (l *phones) keep(p *peer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || len(l.peers) >= maxPeers {
		return false
	}
	l.peers[p.from] = p
	return true
}

// presents reports whether a message answers a challenge of ours.
func (l *phones) presents(msg sipgo.Message, why *fault) bool {
	req, ok := msg.(*sipgo.Request)
	if !ok || why != nil {
		return false
	}
	c, ok := presented(req, l.s.Domain)
	if !ok {
		return false
	}
	_, _, is := l.s.nonces.judge(c.nonce, l.s.Now())
	return is == good
}

// stream is the wire of a peer over TCP.
type stream struct {
	connection
	peer *peer
}

// connections takes what connects over TCP.
func (l *phones) connections() {
	connections(l.tcp, l.stop, func(conn net.Conn) {
		ctx, cancel := context.WithCancel(l.s.base)
		c := &stream{connection: connection{outbox: newOutbox(cancel), conn: conn}}
		c.peer = &peer{s: l.s, wire: c, network: l.network, from: remote(conn), forget: c.shut, heard: l.s.Now(), looked: l.s.Now()}
		c.peer.host, c.peer.port = l.address(conn.LocalAddr())
		if !l.connected(c) {
			cancel()
			_ = conn.Close()
			l.s.unheard(refusedFlood)
			return
		}
		l.work.Go(func() { l.serve(ctx, c) })
	})
}

func (l *phones) connected(c *stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := source(c.peer.from.Addr())
	if l.over || len(l.conns) >= maxConns || l.from[at] >= maxConnsFrom {
		return false
	}
	l.conns[c] = struct{}{}
	l.from[at]++
	return true
}

func (l *phones) left(c *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	at := source(c.peer.from.Addr())
	if l.from[at]--; l.from[at] == 0 {
		delete(l.from, at)
	}
}

func (l *phones) serve(ctx context.Context, c *stream) {
	take := func(msg sipgo.Message, why *fault) { c.peer.do(func() { c.peer.take(msg, why, nil) }) }
	c.connection.serve(ctx, l.s, c.peer.fast, take, func() {
		ended := make(chan struct{})
		c.peer.do(func() { c.peer.end(); close(ended) })
		<-ended
	})
	l.left(c)
}

// readFrame reads one message from a stream (RFC 3261 18.3), or the line ends
// between two that want an answer (RFC 5626 3.5.1). errUnreadable says that
// nobody can tell where the next one would begin.
func readFrame(r *bufio.Reader) (b []byte, ping bool, err error) {
	for ends := 0; ; {
		two, err := r.Peek(2)
		if err != nil {
			return nil, false, err
		}
		if !bytes.Equal(two, crlf) {
			break
		}
		_, _ = r.Discard(2)
		if ends++; ends == 2 {
			return nil, true, nil
		}
	}
	for !bytes.HasSuffix(b, []byte("\r\n\r\n")) {
		line, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, false, err
		}
		if b = append(b, line...); len(b) > maxHead+4 {
			return nil, false, errUnreadable
		}
	}
	n, ok := contentLength(b)
	if !ok || len(b)+n > maxFrame {
		return nil, false, errUnreadable
	}
	b = append(b, make([]byte, n)...)
	_, err = io.ReadFull(r, b[len(b)-n:])
	return b, false, err
}

// contentLength is what a head says of its body. It is needed on a stream, and
// only once: of two lengths the next message would begin at either.
func contentLength(head []byte) (n int, ok bool) {
	for line := range bytes.SplitSeq(head, crlf) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if longName(string(bytes.TrimSpace(name))) != "content-length" {
			continue
		}
		m, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 16)
		if err != nil || ok {
			return 0, false
		}
		n, ok = int(m), true
	}
	return n, ok
}
