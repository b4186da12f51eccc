package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// message is struct mmsghdr of recvmmsg(2).
type message struct {
	head unix.Msghdr
	size uint32
	_    [4]byte
}

// system is what recvmmsg and sendmmsg need: all of it is allocated once, and
// the addresses in it stay where they are.
type system struct {
	raw      syscall.RawConn
	in, out  []message
	names    []unix.RawSockaddrInet6 // large enough for both families
	inVec    []unix.Iovec
	outVec   []unix.Iovec
	data     []byte
	answers  [][]byte
	size     int
	got      int
	waiting  int
	readable func(uintptr) bool
	writable func(uintptr) bool
	sent     int
	errno    syscall.Errno
}

func (s *system) init(conn *net.UDPConn, n, size int) (err error) {
	if s.raw, err = conn.SyscallConn(); err != nil {
		return err
	}
	s.in, s.out = make([]message, n), make([]message, n)
	s.names, s.inVec, s.outVec = make([]unix.RawSockaddrInet6, n), make([]unix.Iovec, n), make([]unix.Iovec, n)
	s.data, s.size, s.answers = make([]byte, n*size), size, make([][]byte, n)
	for i := range s.in {
		s.inVec[i].Base = &s.data[i*size]
		s.inVec[i].SetLen(size)
		s.in[i].head.Iov = &s.inVec[i]
		s.in[i].head.SetIovlen(1)
		s.in[i].head.Name = (*byte)(unsafe.Pointer(&s.names[i]))
		s.out[i].head.Iov = &s.outVec[i]
		s.out[i].head.SetIovlen(1)
	}
	s.readable = func(fd uintptr) bool {
		n, _, errno := syscall.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&s.in[0])), uintptr(len(s.in)), unix.MSG_DONTWAIT, 0, 0)
		s.got, s.errno = int(n), errno
		return errno != syscall.EAGAIN && errno != syscall.EINTR
	}
	s.writable = func(fd uintptr) bool {
		n, _, errno := syscall.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&s.out[s.sent])), uintptr(s.waiting-s.sent), unix.MSG_DONTWAIT, 0, 0)
		if errno == syscall.EAGAIN || errno == syscall.EINTR {
			return false
		}
		if s.errno = errno; errno == 0 {
			s.sent += int(n)
		}
		return true
	}
	return nil
}

// Read waits until something is there, and returns how many datagrams were read.
// An error that is not that of a closed socket is what the network says of
// something that was sent.
func (s *system) Read() (int, error) {
	for i := range s.in {
		s.in[i].head.Namelen = unix.SizeofSockaddrInet6
	}
	if err := s.raw.Read(s.readable); err != nil {
		return 0, err
	}
	if s.errno != 0 {
		s.got = 0
		return 0, os.NewSyscallError("recvmmsg", s.errno)
	}
	return s.got, nil
}

// Datagram is the ith that was read, and who sent it.
func (s *system) Datagram(i int) ([]byte, netip.AddrPort) {
	at := i * s.size
	return s.data[at : at+int(s.in[i].size) : at+s.size], s.sender(i)
}

func (s *system) sender(i int) netip.AddrPort { return addressOf(&s.names[i]) }

func addressOf(name *unix.RawSockaddrInet6) netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	}
	a := netip.AddrFrom16(name.Addr).Unmap()
	if name.Scope_id != 0 && a.Is6() {
		a = a.WithZone(strconv.Itoa(int(name.Scope_id)))
	}
	return netip.AddrPortFrom(a, port)
}

// Answer has a datagram sent to who sent the ith, with the next Flush. It is
// copied.
func (s *system) Answer(i int, b []byte) {
	if s.waiting == len(s.out) {
		s.Flush()
	}
	n := s.waiting
	s.answers[n] = append(s.answers[n][:0], b...)
	s.outVec[n].Base = unsafe.SliceData(s.answers[n])
	s.outVec[n].SetLen(len(b))
	s.out[n].head.Name, s.out[n].head.Namelen = s.in[i].head.Name, s.in[i].head.Namelen
	s.waiting++
}

// Flush sends what waits. What cannot be sent is let go, as a network would.
func (s *system) Flush() {
	for s.sent = 0; s.sent < s.waiting; {
		if s.raw.Write(s.writable) != nil {
			break
		}
		if s.errno != 0 {
			s.sent++
		}
	}
	s.waiting = 0
}
