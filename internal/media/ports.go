package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"

	"candour/internal/udp"
)

// Ports are those from Low to High, both included; the zero value is all that are
// free. A phone takes two for sound and two for picture, an even one for RTP and
// the next for RTCP (RFC 3550 section 11), or the even one alone if it takes both
// there (RFC 5761).
type Ports struct{ Low, High uint16 }

// anyTries is how often the system is asked for a port whose neighbour is free
// too: half of those it gives are even.
const anyTries = 64

// Check returns an error unless a phone can be given two ports.
func (p Ports) Check() error {
	if p == (Ports{}) {
		return nil
	}
	if p.Low == 0 || p.even() >= int(p.High) {
		return errors.New("media: Ports must hold an even port and the next")
	}
	return nil
}

// even is the first of an even number.
func (p Ports) even() int { return int(p.Low) + int(p.Low)&1 }

// pair opens two ports for a section, or one if RTCP comes to it too. Which ones
// tells nothing: they are tried from a random one on.
func (r *Relay) pair(mux bool) (rtp, rtcp *udp.Socket, err error) {
	defer func() {
		if err == nil {
			r.own.add(rtp, rtcp)
		}
	}()
	if r.ports == (Ports{}) {
		for range anyTries {
			if rtp, rtcp, err = r.open(0, mux); err == nil {
				return rtp, rtcp, nil
			}
		}
		return nil, nil, fmt.Errorf("%w: %w", ErrPorts, err)
	}
	n := (int(r.ports.High) - r.ports.even() + 1) / 2
	first := rand.IntN(n) // no secret: phones are told it in the clear
	for i := range n {
		if rtp, rtcp, err = r.open(r.ports.even()+2*((first+i)%n), mux); err == nil {
			return rtp, rtcp, nil
		}
	}
	return nil, nil, ErrPorts
}

// open opens port and, unless mux, the next; 0 is any, for mux also an odd one.
func (r *Relay) open(port int, mux bool) (rtp, rtcp *udp.Socket, err error) {
	at := r.conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	if ip := r.conn.LocalAddr().(*net.UDPAddr).IP; ip.To4() != nil {
		at = at.Unmap()
	}
	poller := r.pollers[r.next.Add(1)%uint32(len(r.pollers))]
	rtp, err = poller.Listen(netip.AddrPortFrom(at, uint16(port)))
	if err != nil || mux {
		return rtp, nil, err
	}
	port = portOf(rtp.LocalAddr()) + 1
	if port%2 == 0 {
		_ = rtp.Close()
		return nil, nil, ErrPorts
	}
	rtcp, err = poller.Listen(netip.AddrPortFrom(at, uint16(port)))
	if err != nil {
		_ = rtp.Close()
		return nil, nil, err
	}
	return rtp, rtcp, nil
}

// ownPorts are those open for phones. A phone may state one of them as its own
// address; two that do would make packets go round for ever.
type ownPorts struct {
	ports [1 << 16 / 64]atomic.Uint64 // a bit for each
	ips   map[netip.Addr]struct{}     // under which they are reached
}

// newOwnPorts knows the addresses of a relay that listens at ip and is reached at
// public.
func newOwnPorts(ip net.IP, public []net.IP) *ownPorts {
	o := &ownPorts{ips: map[netip.Addr]struct{}{}}
	all := append([]net.IP{ip}, public...)
	if ip.IsUnspecified() {
		addrs, _ := net.InterfaceAddrs() // without them, those that are told remain
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok {
				all = append(all, n.IP)
			}
		}
	}
	for _, one := range all {
		if a, ok := netip.AddrFromSlice(one); ok {
			o.ips[a.Unmap()] = struct{}{}
		}
	}
	return o
}

func (o *ownPorts) add(conns ...*udp.Socket) {
	for _, c := range conns {
		if c != nil {
			n := portOf(c.LocalAddr())
			o.ports[n/64].Or(1 << (n % 64))
		}
	}
}

// forget takes ports away before they are closed.
func (o *ownPorts) forget(conns ...*udp.Socket) {
	for _, c := range conns {
		if c != nil {
			n := portOf(c.LocalAddr())
			o.ports[n/64].And(^(uint64(1) << (n % 64)))
		}
	}
}

// has tells whether an address is one of them. It is asked for every packet.
func (o *ownPorts) has(a netip.AddrPort) bool {
	n := a.Port()
	if o.ports[n/64].Load()>>(n%64)&1 == 0 {
		return false
	}
	_, ok := o.ips[a.Addr()]
	return ok
}
