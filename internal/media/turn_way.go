package media

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/turn/v5"
)

// turnWays makes the sockets by which a Turn reaches the relay.
type turnWays Turn

// errTurnTCP refuses what no call needs (RFC 6062).
var errTurnTCP = errors.New("media: relayed TCP is not offered")

// Validate has nothing to find.
func (*turnWays) Validate() error { return nil }

// AllocateListener refuses.
func (*turnWays) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errTurnTCP
}

// AllocateConn refuses.
func (*turnWays) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errTurnTCP }

// AllocatePacketConn opens a socket beside the relay's port.
func (w *turnWays) AllocatePacketConn(turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	at := *w.relay.conn.LocalAddr().(*net.UDPAddr)
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: at.IP})
	if err != nil {
		return nil, nil, err
	}
	told := *conn.LocalAddr().(*net.UDPAddr)
	told.IP = w.relay.public[0]
	return &turnWay{UDPConn: conn, relay: w.relay, at: &at}, &told, nil
}

// turnWay is a socket that speaks with the relay's port alone, whatever it is
// asked for, under the name that the browser has for that port.
type turnWay struct {
	*net.UDPConn
	relay *Relay
	at    *net.UDPAddr // the relay's port, from here
	named atomic.Pointer[net.UDPAddr]
}

// WriteTo sends to the relay. What is for anybody else is dropped, as a network
// would.
func (w *turnWay) WriteTo(p []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok || udp.Port != w.at.Port || !slices.ContainsFunc(w.relay.public, udp.IP.Equal) {
		return len(p), nil
	}
	if was := w.named.Load(); was == nil || !was.IP.Equal(udp.IP) {
		w.named.Store(&net.UDPAddr{IP: slices.Clone(udp.IP), Port: udp.Port})
	}
	return w.UDPConn.WriteTo(p, w.at)
}

// ReadFrom reads what the relay sends.
func (w *turnWay) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := w.ReadFromUDPAddrPort(p)
		if err != nil {
			return n, nil, err
		}
		named := w.named.Load()
		if at := w.at.AddrPort(); named != nil && from.Port() == at.Port() && from.Addr().Unmap() == at.Addr().Unmap() {
			return n, named, nil
		}
	}
}

// watched is a connection of a Turn, which ends it when it is silent.
type watched struct {
	net.Conn
	t *Turn
}

// watch takes a connection in.
func (t *Turn) watch(conn net.Conn) *watched {
	w := &watched{conn, t}
	t.mu.Lock()
	t.conns[w] = struct{}{}
	t.mu.Unlock()
	return w
}

// Read waits for a while and no longer.
func (w *watched) Read(p []byte) (int, error) {
	if err := w.SetReadDeadline(time.Now().Add(turnIdle)); err != nil {
		return 0, err
	}
	return w.Conn.Read(p)
}

// Close ends the connection.
func (w *watched) Close() error {
	w.t.mu.Lock()
	delete(w.t.conns, w)
	w.t.mu.Unlock()
	return w.Conn.Close()
}

// watching is a listener of such connections.
type watching struct {
	net.Listener
	t *Turn
}

// Accept waits for the next. When the system has no sockets left it waits for
// some: pion would listen no more.
func (l watching) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		switch {
		case err == nil:
			return l.t.watch(conn), nil
		case errors.Is(err, net.ErrClosed):
			return nil, err
		}
		time.Sleep(acceptPause)
	}
}

// door is a listener whose connections are brought to it.
type door struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newDoor(addr net.Addr) *door {
	return &door{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

func (d *door) take(conn net.Conn) {
	select {
	case d.conns <- conn:
	case <-d.done:
		_ = conn.Close()
	}
}

// Accept waits for the next.
func (d *door) Accept() (net.Conn, error) {
	select {
	case conn := <-d.conns:
		return conn, nil
	case <-d.done:
		return nil, net.ErrClosed
	}
}

// Close lets no more in.
func (d *door) Close() error {
	d.once.Do(func() { close(d.done) })
	return nil
}

// Addr is that of the relay: the connections have come in elsewhere.
func (d *door) Addr() net.Addr { return d.addr }
