package main

import (
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
)

// burst is how many messages one system call takes or gives.
const burst = 64

// port is one UDP socket through which many machines speak: each has an address
// of its own in 127.0.0.0/8, so that a server sees as many peers. What is sent
// waits until flush, so that the load costs less than what is measured.
type port struct {
	conn *ipv4.PacketConn
	udp  *net.UDPConn
	num  int
	out  []ipv4.Message
	in   []ipv4.Message
	next int // of in
	got  int
}

func open() (*port, error) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		return nil, err
	}
	_ = udp.SetReadBuffer(16 << 20)
	_ = udp.SetWriteBuffer(16 << 20)
	p := &port{conn: ipv4.NewPacketConn(udp), udp: udp, num: udp.LocalAddr().(*net.UDPAddr).Port}
	if err := p.conn.SetControlMessage(ipv4.FlagDst, true); err != nil {
		return nil, err
	}
	for range burst {
		p.in = append(p.in, ipv4.Message{Buffers: [][]byte{make([]byte, 4096)}, OOB: ipv4.NewControlMessage(ipv4.FlagDst)})
	}
	return p, nil
}

// machine is the nth address of a kind.
func machine(kind, n int) net.IP { return net.IPv4(127, byte(kind), byte(n/250), byte(n%250+1)) }

// send has a message sent from a machine. It is kept until flush.
func (p *port) send(b []byte, from net.IP, to *net.UDPAddr) error {
	p.out = append(p.out, ipv4.Message{Buffers: [][]byte{b}, Addr: to, OOB: (&ipv4.ControlMessage{Src: from}).Marshal()})
	if len(p.out) == burst {
		return p.flush()
	}
	return nil
}

func (p *port) flush() error {
	for len(p.out) > 0 {
		n, err := p.conn.WriteBatch(p.out, 0)
		if err != nil {
			return err
		}
		p.out = p.out[n:]
	}
	p.out = p.out[:0:0]
	return nil
}

// take waits for the next message, and says which machine got it. ok is false
// once the time is over.
func (p *port) take(until time.Time) (b []byte, to net.IP, ok bool) {
	b, to, _, ok = p.takeFrom(until)
	return b, to, ok
}

func (p *port) takeFrom(until time.Time) (b []byte, to net.IP, from netip.AddrPort, ok bool) {
	if p.next == p.got {
		if p.flush() != nil {
			return nil, nil, from, false
		}
		_ = p.udp.SetReadDeadline(until)
		n, err := p.conn.ReadBatch(p.in, 0)
		if err != nil {
			return nil, nil, from, false
		}
		p.next, p.got = 0, n
	}
	m := &p.in[p.next]
	p.next++
	var c ipv4.ControlMessage
	if c.Parse(m.OOB[:m.NN]) != nil {
		return nil, nil, from, false
	}
	return m.Buffers[0][:m.N], c.Dst, m.Addr.(*net.UDPAddr).AddrPort(), true
}
