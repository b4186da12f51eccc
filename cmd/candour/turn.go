package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"candour/internal/media"
	"candour/internal/web/softphone"
)

// turnLabel is the name below the sites' domain under which browsers ask the
// port of the sites for a way to the calls, where there is TLS.
const turnLabel = "turn"

// openTurn opens a way to the calls for browsers whose network lets little
// through, if the operator says where.
func (s *sites) openTurn(c *RunCmd) error {
	if c.Turn == "" {
		return nil
	}
	t, err := s.phones.relay.OpenTurn(media.TurnConfig{UDP: c.Turn, TCP: c.Turn, Realm: s.profile.Policy.Operator.Domain, Now: s.now})
	if err != nil {
		return fmt.Errorf("--turn: %w", err)
	}
	s.phones.turn, s.phones.turnHost = t, c.turnHost(t)
	return nil
}

// turnHost is the address that browsers are told.
func (c *RunCmd) turnHost(t *media.Turn) string {
	if len(c.MediaPublic) > 0 {
		return c.MediaPublic[0]
	}
	host, _, _ := net.SplitHostPort(t.UDP().String())
	return host
}

// ways are what a page is told of how to reach the calls, with a password for
// half a day. What is like the web comes last: it is the slowest.
func (s *sites) ways() []softphone.Way {
	p := s.phones
	if p.turn == nil {
		return nil
	}
	user, password := p.turn.Credentials()
	way := softphone.Way{Username: user, Credential: password}
	for _, at := range []struct {
		addr      net.Addr
		transport string
	}{{p.turn.UDP(), "udp"}, {p.turn.TCP(), "tcp"}} {
		_, port, _ := net.SplitHostPort(at.addr.String())
		way.URLs = append(way.URLs, "turn:"+net.JoinHostPort(p.turnHost, port)+"?transport="+at.transport)
	}
	if s.tls != nil {
		port := s.public.Port()
		if port == "" {
			port = "443"
		}
		way.URLs = append(way.URLs, "turns:"+net.JoinHostPort(hostOf(turnLabel, s.public.Hostname()), port)+"?transport=tcp")
	}
	return []softphone.Way{way}
}

// beside lets what asks for turnLabel in on the port of the sites.
func (s *sites) beside(sites net.Listener) net.Listener {
	if s.phones == nil || s.phones.turn == nil || s.tls == nil {
		return sites
	}
	names := map[string]bool{}
	for _, parent := range s.parents {
		names[hostOf(turnLabel, parent)] = true
	}
	conf := s.tls.Clone()
	conf.NextProtos = nil // it is no HTTP
	return newByName(sites, names, func(conn net.Conn) { s.phones.turn.Take(tls.Server(conn, conf)) })
}

// byName is a listener that gives away the connections which ask for some names,
// before anything of their TLS is acted on (RFC 6066 section 3).
type byName struct {
	net.Listener
	names map[string]bool
	take  func(net.Conn)
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	err   error // of Accept, set before done is closed
}

func newByName(l net.Listener, names map[string]bool, take func(net.Conn)) *byName {
	b := &byName{Listener: l, names: names, take: take, conns: make(chan net.Conn), done: make(chan struct{})}
	go b.sort()
	return b
}

// sort reads who is asked for on each connection by itself: one that is silent
// keeps nobody waiting.
func (b *byName) sort() {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			var passing interface{ Temporary() bool }
			if errors.As(err, &passing) && passing.Temporary() && !errors.Is(err, net.ErrClosed) {
				time.Sleep(acceptPause)
				continue
			}
			b.end(err)
			return
		}
		go func() {
			name, replayed := asked(conn)
			if b.names[name] {
				b.take(replayed)
				return
			}
			select {
			case b.conns <- replayed:
			case <-b.done:
				_ = conn.Close()
			}
		}()
	}
}

// acceptPause is how long the port waits when the system has no sockets left.
const acceptPause = 50 * time.Millisecond

func (b *byName) end(err error) {
	b.once.Do(func() {
		b.err = err
		close(b.done)
	})
}

// Accept waits for the next connection that is not given away.
func (b *byName) Accept() (net.Conn, error) {
	select {
	case conn := <-b.conns:
		return conn, nil
	case <-b.done:
		return nil, b.err
	}
}

// Close ends the listener.
func (b *byName) Close() error {
	b.end(net.ErrClosed)
	return b.Listener.Close()
}

// errAsked ends a handshake that was only begun to hear who is asked for.
var errAsked = errors.New("heard")

// asked reads the name that a client asks for, empty for none, and gives the
// connection as it was before.
func asked(conn net.Conn) (name string, replayed net.Conn) {
	heard := &hearing{Conn: conn}
	_ = conn.SetReadDeadline(time.Now().Add(headerTimeout)) // one that is closed says so when it is read
	_ = tls.Server(heard, &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name = hello.ServerName
			return nil, errAsked
		},
	}).Handshake()
	_ = conn.SetReadDeadline(time.Time{})
	return name, &replay{Conn: conn, first: io.MultiReader(&heard.read, conn)}
}

// hearing keeps what is read, and says nothing.
type hearing struct {
	net.Conn
	read bytes.Buffer
}

// Read reads on.
func (h *hearing) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.read.Write(p[:n])
	return n, err
}

// Write drops the alert of a handshake that goes no further.
func (h *hearing) Write(p []byte) (int, error) { return len(p), nil }

// replay is a connection whose beginning was read before.
type replay struct {
	net.Conn
	first io.Reader
}

// Read reads from the beginning.
func (r *replay) Read(p []byte) (int, error) { return r.first.Read(p) }
