package udp

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// A poller that was closed takes no socket more: the number of what it waited on
// may be that of somebody else's file by then.
func TestAClosedPollerTakesNoSocket(t *testing.T) {
	p, err := NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.Receive(func([]byte, netip.AddrPort) {}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}
