package sip

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/trunk"
)

// Why a message at the door of the trunks was not acted on.
const refusedStranger = "stranger" // it comes from no trunk

// gateway is where trunks are listened for: one address, UDP and TCP, and nobody
// else is answered there.
type gateway struct {
	s        *Server
	udp      *net.UDPConn
	tcp      net.Listener
	host     string // what trunks reach us as; "" for the address that each came to
	carriers []*carrier
	work     sync.WaitGroup
	stop     chan struct{}

	mu    sync.Mutex
	over  bool
	conns map[*trunkStream]struct{}
}

// listenTrunks opens the door, and adds its trunks.
func (s *Server) listenTrunks(ctx context.Context, f trunk.File) (*gateway, error) {
	tcp, udp, err := listenBoth(ctx, f.Listen)
	if err != nil {
		return nil, fmt.Errorf("sip: %w", err)
	}
	g := &gateway{s: s, udp: udp, tcp: tcp, host: f.Public, stop: make(chan struct{}), conns: map[*trunkStream]struct{}{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.add(g, f.Trunks)
	if s.closing {
		err = ErrClosed
	}
	if err != nil {
		return nil, errors.Join(err, tcp.Close(), udp.Close())
	}
	s.gateways = append(s.gateways, g)
	return g, nil
}

// begin takes what comes, and keeps each trunk known to us and us to it.
func (g *gateway) begin() {
	g.work.Go(g.datagrams)
	g.work.Go(g.connections)
	for _, t := range g.carriers {
		g.work.Go(t.look)
		if t.Register != nil {
			g.work.Go(t.keepRegistered)
		}
	}
}

func (g *gateway) close(ctx context.Context) error {
	g.mu.Lock()
	over := g.over
	g.over = true
	var conns []*trunkStream
	for c := range g.conns {
		conns = append(conns, c)
	}
	g.mu.Unlock()
	if over {
		return nil
	}
	close(g.stop)
	for _, t := range g.carriers {
		t.mu.Lock()
		for _, f := range t.flows {
			defer f.end()
		}
		t.mu.Unlock()
	}
	for _, c := range conns {
		c.shut()
	}
	err := errors.Join(g.tcp.Close(), g.udp.Close())
	gone := make(chan struct{})
	go func() {
		g.work.Wait()
		close(gone)
	}()
	return errors.Join(err, await(ctx, []<-chan struct{}{gone}))
}

func (g *gateway) address(local net.Addr) (host string, port int) {
	return (&phones{host: g.host}).address(local)
}

// from returns the trunks whose address something comes from.
func (g *gateway) from(a netip.AddrPort) (all []*carrier) {
	for _, t := range g.carriers {
		if t.knows(a.Addr()) {
			all = append(all, t)
		}
	}
	return all
}

// knows reports whether an address is one of the trunk's. One that is reached over
// TLS calls over that too, unless the operator lists where else it does.
func (t *carrier) knows(a netip.Addr) bool {
	for _, p := range t.From {
		if p.Contains(a) {
			return true
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Transport != trunk.TLS && slices.ContainsFunc(t.places, func(p place) bool { return p.at.Addr() == a })
}

// pick finds whose a message is among trunks at one address: that which stands at
// the very port, whose registration or whose number it is for.
func pick(all []*carrier, from netip.AddrPort, msg sipgo.Message) *carrier {
	if len(all) == 1 {
		return all[0]
	}
	to := ""
	if req, ok := msg.(*sipgo.Request); ok {
		to = req.Recipient.User
	}
	for _, fits := range []func(*carrier) bool{
		func(t *carrier) bool { return to != "" && to == t.user },
		func(t *carrier) bool { return t.stands(from) },
		func(t *carrier) bool { return t.Brings(numberOf(to)) },
	} {
		for _, t := range all {
			if fits(t) {
				return t
			}
		}
	}
	return all[0]
}

// stands reports whether the trunk is at an address and port.
func (t *carrier) stands(at netip.AddrPort) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.placed(at)
}

// datagrams reads what comes over UDP.
func (g *gateway) datagrams() {
	g.s.datagrams(g.udp, func(b []byte, from netip.AddrPort, answer func([]byte)) {
		all := g.from(from)
		if len(all) == 0 {
			g.s.unheard(refusedStranger) // no answer: nobody learns that anything is here
			return
		}
		if alive, ping := keepAlive(b); alive {
			if ping {
				answer(crlf)
			}
			return
		}
		msg, why, err := readDatagram(bytes.Clone(b))
		if err != nil {
			g.s.dropped.Add(1)
			return
		}
		t := pick(all, from, msg)
		f := t.overUDP(from)
		if f == nil || t.fast() {
			g.s.unheard(refusedFlood)
			return
		}
		t.do(func() { t.take(f, from, msg, why) })
	})
}

// fast reports whether messages come faster than any trunk's calls make them.
func (t *carrier) fast() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.s.Now().Unix(); now != t.second {
		t.second, t.counted = now, 0
	}
	t.counted++
	return t.counted > maxTrunkRate
}

// overUDP is the way to an address of the trunk; nil if there are too many.
func (t *carrier) overUDP(to netip.AddrPort) *flow {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.flows[to]; f != nil {
		return f
	}
	if len(t.flows) >= maxWays {
		for a, f := range t.flows {
			if !t.placed(a) && f.idle() {
				delete(t.flows, a) // calls on it are heard again on a new one
				break
			}
		}
	}
	if len(t.flows) >= maxWays {
		return nil
	}
	f := t.newFlow(&datagram{t.g.udp, to}, OverUDP, toward(t.g.udp.LocalAddr(), to))
	f.at = to
	t.flows[to] = f
	return f
}

// idle reports whether nothing of a flow waits for its other end, nor may be said
// again.
func (f *flow) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.clients) == 0 && len(f.servers) == 0
}

// take acts on one message of the trunk.
func (t *carrier) take(f *flow, from netip.AddrPort, msg sipgo.Message, why *fault) {
	msg.SetTransport(f.network)
	msg.SetSource(from.String())
	switch m := msg.(type) {
	case *sipgo.Request:
		cameFrom(m, from)
		if why == nil {
			why = validate(m)
		}
		if why == nil && m.Method == sipgo.REGISTER {
			why = &fault{code: sipgo.StatusMethodNotAllowed, text: "Method Not Allowed"}
		}
		if why != nil {
			t.s.refuse(f.wire, m, why)
			return
		}
		f.request(m)
	case *sipgo.Response:
		if why == nil && f.response(m) {
			return
		}
		t.mu.Lock()
		all := make([]*flow, 0, len(t.flows))
		for _, other := range t.flows {
			all = append(all, other)
		}
		t.mu.Unlock()
		for _, other := range all { // a trunk of several machines answers from another
			if why == nil && other != f && other.response(m) {
				return
			}
		}
		t.s.dropped.Add(1)
	}
}

// trunkStream is the wire of a trunk over TCP.
type trunkStream struct {
	connection
	t    *carrier
	f    *flow
	from netip.AddrPort
}

// connections takes what trunks connect over TCP.
func (g *gateway) connections() {
	connections(g.tcp, g.stop, func(conn net.Conn) {
		a := remote(conn)
		all := g.from(a)
		if len(all) == 0 || g.full() {
			_ = conn.Close()
			g.s.unheard(refusedStranger)
			return
		}
		if g.open(pick(all, a, nil), conn) == nil {
			_ = conn.Close()
		}
	})
}

func (g *gateway) full() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns) >= maxConnsFrom
}

// open serves a connection of a trunk; nil if the door is closed.
func (g *gateway) open(t *carrier, conn net.Conn) *flow {
	ctx, cancel := context.WithCancel(g.s.base)
	c := &trunkStream{connection: connection{outbox: newOutbox(cancel), conn: conn}, t: t, from: remote(conn)}
	network := OverTCP
	if _, secure := conn.(*tls.Conn); secure {
		network = OverTLS
	}
	c.f = t.newFlow(c, network, g.tcp.Addr())
	c.f.at = c.from
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		cancel()
		return nil
	}
	g.conns[c] = struct{}{}
	g.work.Add(1)
	g.mu.Unlock()
	t.mu.Lock()
	t.flows[c.from] = c.f
	t.mu.Unlock()
	g.s.returned(c.f, "") // calls that a lost connection left behind
	go func() {
		defer g.work.Done()
		g.serve(ctx, c)
	}()
	return c.f
}

func (g *gateway) serve(ctx context.Context, c *trunkStream) {
	take := func(msg sipgo.Message, why *fault) { c.t.do(func() { c.t.take(c.f, c.from, msg, why) }) }
	c.connection.serve(ctx, g.s, c.t.fast, take, func() {
		c.t.mu.Lock()
		if c.t.flows[c.from] == c.f {
			delete(c.t.flows, c.from)
		}
		c.t.mu.Unlock()
		c.f.end()
		g.s.left(c.f)
	})
	g.mu.Lock()
	delete(g.conns, c)
	g.mu.Unlock()
}
