//go:build !linux

package udp

import (
	"net"
	"net/netip"
)

// system is a batch of one, where the operating system has no other.
type system struct {
	conn *net.UDPConn
	buf  []byte
	got  int
	from netip.AddrPort
}

func (s *system) init(conn *net.UDPConn, _, size int) error {
	s.conn, s.buf = conn, make([]byte, size)
	return nil
}

// Read waits for a datagram.
func (s *system) Read() (n int, err error) {
	s.got, s.from, err = s.conn.ReadFromUDPAddrPort(s.buf)
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// Datagram is the one that was read, and who sent it.
func (s *system) Datagram(int) ([]byte, netip.AddrPort) {
	return s.buf[:s.got], netip.AddrPortFrom(s.from.Addr().Unmap(), s.from.Port())
}

// Answer sends a datagram to who sent the one that was read.
func (s *system) Answer(_ int, b []byte) { _, _ = s.conn.WriteToUDPAddrPort(b, s.from) }

// Flush has nothing to do.
func (s *system) Flush() {}
