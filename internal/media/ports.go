package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are those from Low to High, both included; the zero value is all that are
// free. A phone takes two for sound and two for picture, an even one for RTP and
// the next for RTCP (RFC 3550 section 11), or the even one alone if it takes both
// there (RFC 5761).
type Ports struct{ Low, High uint16 }

// anyTries is how often the system is asked for a port whose neighbour is free
// too: half of those it gives are even.
const anyTries = 64

func (p Ports) check() error {
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
func (r *Relay) pair(mux bool) (rtp, rtcp *net.UDPConn, err error) {
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

// open opens port and, unless mux, the next; 0 is any.
func (r *Relay) open(port int, mux bool) (rtp, rtcp *net.UDPConn, err error) {
	at := *r.conn.LocalAddr().(*net.UDPAddr)
	at.Port = port
	rtp, err = net.ListenUDP("udp", &at)
	if err != nil || mux {
		return rtp, nil, err
	}
	at.Port = portOf(rtp.LocalAddr()) + 1
	if at.Port%2 == 0 {
		_ = rtp.Close()
		return nil, nil, ErrPorts
	}
	rtcp, err = net.ListenUDP("udp", &at)
	if err != nil {
		_ = rtp.Close()
		return nil, nil, err
	}
	return rtp, rtcp, nil
}
