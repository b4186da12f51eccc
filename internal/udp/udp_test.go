package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
)

// What is read in a batch is what each sent, and each gets its own answer, over
// both families and on a socket of both.
func TestEachHasItsAnswer(t *testing.T) {
	for listen, dial := range map[string]string{"127.0.0.1:0": "127.0.0.1", "[::1]:0": "::1", "[::]:0": "127.0.0.1"} {
		t.Run(listen, func(t *testing.T) {
			conn, err := net.ListenPacket("udp", listen)
			if err != nil {
				t.Skip(err)
			}
			b, err := New(conn.(*net.UDPConn), 4, 16)
			if err != nil {
				t.Fatal(err)
			}
			to := netip.AddrPortFrom(netip.MustParseAddr(dial), conn.LocalAddr().(*net.UDPAddr).AddrPort().Port())
			const all = 11
			ended := make(chan error, 1)
			go func() {
				for {
					n, err := b.Read()
					if err != nil {
						ended <- err
						return
					}
					for i := range n {
						got, from := b.Datagram(i)
						b.Answer(i, fmt.Appendf(nil, "%s to %d", got, from.Port()))
					}
					b.Flush()
				}
			}()
			var phones []*net.UDPConn
			for i := range all {
				c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
				if err != nil {
					t.Fatal(err)
				}
				phones = append(phones, c)
				if _, err := fmt.Fprintf(c, "I am %d%s", i, "xxxxxxxxxxxxxxxxx"[:i]); err != nil {
					t.Fatal(err)
				}
			}
			for i, c := range phones {
				buf := make([]byte, 64)
				n, err := c.Read(buf)
				want := fmt.Sprintf("I am %d%s", i, "xxxxxxxxxxxxxxxxx"[:i])
				want = fmt.Sprintf("%s to %d", want[:min(16, len(want))], c.LocalAddr().(*net.UDPAddr).Port)
				if err != nil || string(buf[:n]) != want {
					t.Errorf("%q %v, want %q", buf[:n], err, want)
				}
				_ = c.Close()
			}
			_ = conn.Close()
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("the end was %v", err)
			}
		})
	}
}

// An empty datagram is none that is answered, and does no harm.
func TestNothingIsRead(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(conn.(*net.UDPConn), 2, 16)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write(nil)
	if n, err := b.Read(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if got, _ := b.Datagram(0); len(got) != 0 {
		t.Errorf("%q", got)
	}
	b.Answer(0, nil)
	b.Flush()
	_, _ = c.Close(), conn.Close()
}

// Many sockets are read by one poller; each tells what came to it and answers.
func TestPoller(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(listen, func(t *testing.T) {
			p, err := NewPoller()
			if err != nil {
				t.Fatal(err)
			}
			var all []*Socket
			for i := range 20 {
				s, err := p.Listen(netip.MustParseAddrPort(listen))
				if err != nil {
					t.Skip(err)
				}
				err = s.Receive(func(b []byte, from netip.AddrPort) {
					_, _ = s.WriteToUDPAddrPort(fmt.Appendf(nil, "%d: %s", i, b), from)
				})
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
			for i, s := range all {
				c, err := net.Dial("udp", s.LocalAddr().String())
				if err != nil {
					t.Fatal(err)
				}
				for range 3 {
					_, _ = c.Write([]byte("hello"))
				}
				buf := make([]byte, 64)
				for range 3 {
					if n, err := c.Read(buf); err != nil || string(buf[:n]) != fmt.Sprintf("%d: hello", i) {
						t.Errorf("%q %v", buf[:n], err)
					}
				}
				_ = c.Close()
			}
			for _, s := range all {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if _, err := s.WriteToUDPAddrPort([]byte("x"), netip.MustParseAddrPort("127.0.0.1:9")); err == nil {
					t.Error("a closed socket sends")
				}
				if err := s.Close(); !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
			}
			if err := errors.Join(p.Close(), p.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}
