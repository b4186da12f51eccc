package udp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Poller reads many sockets with one goroutine: what a goroutine for each costs
// to be woken is more than what reading costs. It is safe for concurrent use.
type Poller struct {
	epoll int
	file  *os.File // of epoll, by which the runtime waits for it
	ended chan struct{}

	mu      sync.Mutex
	sockets []*Socket // by their number; nil: none
	closed  bool
}

// maxDatagram is as much as is read of one.
const maxDatagram = 8192

// NewPoller starts a poller.
func NewPoller() (*Poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(epoll, true); err != nil { // without it a file is not waited for by the runtime
		_ = unix.Close(epoll)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &Poller{epoll: epoll, file: os.NewFile(uintptr(epoll), "epoll"), ended: make(chan struct{})}
	ready, err := p.file.SyscallConn()
	if err == nil {
		err = p.file.SetReadDeadline(time.Time{}) // which tells whether it is
	}
	if err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	go p.run(ready)
	return p, nil
}

// Close ends the reading. Sockets that are open stay so until each is closed.
func (p *Poller) Close() error {
	p.mu.Lock()
	was := p.closed
	p.closed = true
	p.mu.Unlock()
	if was {
		return nil
	}
	err := p.file.Close() // its number is not used again before run has left it
	<-p.ended
	return err
}

// run reads what is there, and has the runtime wait for the epoll as for any
// file. A system call that waits, as epoll_wait itself can, has the runtime's
// monitor wake up every 20 microseconds to see whether it is long: that took a
// tenth of the time of a relay.
func (p *Poller) run(ready syscall.RawConn) {
	defer close(p.ended)
	events := make([]unix.EpollEvent, 256)
	sockets := make([]*Socket, len(events))
	buf := make([]byte, maxDatagram)
	var name unix.RawSockaddrInet6
	var n uintptr
	var errno syscall.Errno
	look := func(fd uintptr) bool {
		n, _, errno = syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
		return errno != 0 || n > 0
	}
	for ready.Read(look) == nil && (errno == 0 || errno == syscall.EINTR) {
		if errno != 0 {
			continue
		}
		p.mu.Lock()
		for i, e := range events[:n] {
			sockets[i] = p.sockets[e.Fd]
		}
		p.mu.Unlock()
		for _, s := range sockets[:n] {
			if s != nil {
				s.receive(buf, &name)
			}
		}
		clear(sockets[:n]) // one that is closed is kept by nobody
		runtime.Gosched()  // the monitor that would have us make room for others may be asleep
	}
}

// Socket is one that a Poller reads.
type Socket struct {
	poller *Poller
	fd     int
	addr   net.UDPAddr
	v6     bool
	take   func(b []byte, from netip.AddrPort)

	reading sync.Mutex   // held while a datagram is read and taken
	mu      sync.RWMutex // held while one is sent
	closed  bool         // changes while both are held
}

// Listen opens a socket at an address, whose port may be 0 for any. take is told
// of each datagram from Receive on.
func (p *Poller) Listen(at netip.AddrPort) (*Socket, error) {
	s := &Socket{poller: p, v6: at.Addr().Is6()}
	family := unix.AF_INET6
	var to unix.Sockaddr = &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	if !s.v6 {
		family, to = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	var err error
	if s.fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if s.v6 { // one of all addresses takes both families, as those of package net
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	if err := unix.Bind(s.fd, to); err != nil {
		_ = unix.Close(s.fd)
		return nil, os.NewSyscallError("bind", err)
	}
	own, err := unix.Getsockname(s.fd)
	if err != nil {
		_ = unix.Close(s.fd)
		return nil, os.NewSyscallError("getsockname", err)
	}
	s.addr = net.UDPAddr{IP: at.Addr().AsSlice()}
	switch own := own.(type) {
	case *unix.SockaddrInet4:
		s.addr.Port = own.Port
	case *unix.SockaddrInet6:
		s.addr.Port = own.Port
	}
	return s, nil
}

// Receive has each datagram told to take, one after the other, until Close. What
// take is given is good until it returns, and it must not wait.
func (s *Socket) Receive(take func(b []byte, from netip.AddrPort)) error {
	s.take = take
	s.poller.mu.Lock()
	defer s.poller.mu.Unlock()
	if s.poller.closed {
		return net.ErrClosed
	}
	for len(s.poller.sockets) <= s.fd { // numbers are small: the lowest that is free
		s.poller.sockets = append(s.poller.sockets, nil)
	}
	s.poller.sockets[s.fd] = s
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(s.poller.epoll, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.fd)}))
}

// receive reads one datagram: if there are more, the poller is told at once.
func (s *Socket) receive(buf []byte, name *unix.RawSockaddrInet6) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.closed { // which Close does not change while we read
		return
	}
	size := uint32(unix.SizeofSockaddrInet6)
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&size)))
	if errno == 0 { // else nothing is there, or it is what the network says of something sent
		s.take(buf[:n], addressOf(name))
	}
}

// WriteToUDPAddrPort sends a datagram. What cannot be sent at once is lost, as in
// a network.
func (s *Socket) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	var name unix.RawSockaddrInet6
	size := uintptr(unix.SizeofSockaddrInet6)
	port := [2]byte{byte(to.Port() >> 8), byte(to.Port())}
	if s.v6 {
		name.Family, name.Addr = unix.AF_INET6, to.Addr().As16()
		name.Port = *(*uint16)(unsafe.Pointer(&port))
	} else if a := to.Addr().Unmap(); a.Is4() {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&name))
		v4.Family, v4.Addr, v4.Port = unix.AF_INET, a.As4(), *(*uint16)(unsafe.Pointer(&port))
		size = unix.SizeofSockaddrInet4
	} else {
		return 0, unix.EAFNOSUPPORT
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&name)), size)
	if errno != 0 {
		return 0, os.NewSyscallError("sendto", errno)
	}
	return int(n), nil
}

// Whole has datagrams leave in one piece or not at all. Those that may be parted
// are given numbers at random over IPv4, which for packets of sound is a fortieth
// of what a relay does.
func (s *Socket) Whole() {
	if !s.v6 {
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE) // it costs no more without
	}
}

// LocalAddr is where the socket listens.
func (s *Socket) LocalAddr() net.Addr { return &s.addr }

// Close closes the socket. Nothing is told to take after it returned; take must
// not call it.
func (s *Socket) Close() error {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	s.poller.mu.Lock()
	if s.fd < len(s.poller.sockets) {
		s.poller.sockets[s.fd] = nil
	}
	s.poller.mu.Unlock()
	return os.NewSyscallError("close", unix.Close(s.fd)) // which takes it out of the epoll
}
