package sip

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/udp"
)

// What is read of the sockets that phones and trunks come to, alike for both.

// datagrams gives each packet that comes over UDP to a function, until the socket
// is closed; answer writes one back with others.
func (s *Server) datagrams(conn *net.UDPConn, each func(b []byte, from netip.AddrPort, answer func([]byte))) {
	in, err := udp.New(conn, atOnce, maxUDP+1)
	if err != nil { // which a socket that is open has no reason for
		s.Log.Error("datagrams cannot be read", "error", err)
		return
	}
	now := 0
	answer := func(b []byte) { in.Answer(now, b) }
	for {
		n, err := in.Read()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		for now = range n {
			b, from := in.Datagram(now)
			each(b, from, answer)
		}
		in.Flush()
	}
}

// connections gives what connects to a function, until the listener is closed.
func connections(from net.Listener, stop <-chan struct{}, each func(net.Conn)) {
	for {
		conn, err := from.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many files open: those that are will be fewer
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		each(conn)
	}
}

// remote is the address at the other end.
func remote(conn net.Conn) netip.AddrPort {
	a, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// connection is a wire over which one message comes after the other.
type connection struct {
	outbox
	conn net.Conn
}

func (c *connection) shut() { c.closing.Do(func() { close(c.leave) }) }

// serve writes what waits and reads what comes, until there is no more of either.
// fast says that it comes too fast; ended is told when nothing more is read.
func (c *connection) serve(ctx context.Context, s *Server, fast func() bool, take func(sipgo.Message, *fault), ended func()) {
	var work sync.WaitGroup
	work.Go(func() {
		defer func() { _ = c.conn.Close() }() // which ends the reading too
		defer c.cancel()
		c.outbox.write(ctx, func(ctx context.Context, b []byte) error {
			until, _ := ctx.Deadline()
			_ = c.conn.SetWriteDeadline(until)
			_, err := c.conn.Write(b)
			return err
		})
	})
	c.read(s, fast, take)
	c.cancel()
	ended()
	work.Wait()
}

// read reads messages until there is no more to be made of the stream.
func (c *connection) read(s *Server, fast func() bool, take func(sipgo.Message, *fault)) {
	r := bufio.NewReaderSize(c.conn, 4096)
	for {
		b, ping, err := readFrame(r)
		if err != nil {
			if errors.Is(err, errUnreadable) {
				s.dropped.Add(1)
			}
			return
		}
		if ping {
			_ = c.send(crlf)
			continue
		}
		if fast() {
			s.unheard(refusedFlood)
			return
		}
		msg, why, err := read(b)
		if err != nil {
			s.dropped.Add(1)
			return
		}
		take(msg, why)
	}
}
