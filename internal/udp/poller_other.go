//go:build !linux

package udp

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// Poller reads sockets, with a goroutine for each where the operating system is
// not Linux.
type Poller struct{}

const maxDatagram = 8192

// NewPoller starts a poller.
func NewPoller() (*Poller, error) { return &Poller{}, nil }

// Close has nothing to do.
func (*Poller) Close() error { return nil }

// Socket is one that a Poller reads.
type Socket struct {
	*net.UDPConn
	work sync.WaitGroup
}

// Listen opens a socket at an address, whose port may be 0 for any.
func (*Poller) Listen(at netip.AddrPort) (*Socket, error) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	return &Socket{UDPConn: c}, err
}

// Receive has each datagram told to take, one after the other, until Close. What
// take is given is good until it returns, and it must not wait.
func (s *Socket) Receive(take func(b []byte, from netip.AddrPort)) error {
	s.work.Go(func() {
		buf := make([]byte, maxDatagram)
		for {
			n, from, err := s.ReadFromUDPAddrPort(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				take(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
			}
		}
	})
	return nil
}

// Whole does nothing here.
func (*Socket) Whole() {}

// Close closes the socket. Nothing is told to take after it returned; take must
// not call it.
func (s *Socket) Close() error {
	err := s.UDPConn.Close()
	s.work.Wait()
	return err
}
