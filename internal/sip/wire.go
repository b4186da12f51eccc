package sip

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"sync"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// wire is what carries the messages of a flow to the other end.
type wire interface {
	// send gives one message to be written. It never waits. errGone says that
	// nothing is taken any more.
	send(b []byte) error
}

// The transports, as they stand in Via (RFC 3261 20.42, RFC 7118 5.2) and in a
// Registration.
const (
	OverUDP       = "UDP"
	OverTCP       = "TCP"
	OverWebSocket = "WS"
)

// flow is one device's way to us. Every message on it belongs to one line: that
// of the person whose session opened it, or of the device whose digest did.
type flow struct {
	s        *Server
	line     telecom.Line
	device   int64          // of a phone; 0 for a browser
	username string         // of a phone: its address may have it in the place of the extension
	peer     *peer          // of a phone
	carrier  *carrier       // of a trunk: then device is below 0, and line is nobody's
	at       netip.AddrPort // of a trunk: where it is
	short    bool           // a phone that answered for MD5, and is asked for nothing else
	wire     wire
	network  string // how messages travel
	host     string // what the other end reaches us as, in Via and Contact
	port     int    // with it; 0 where nobody dials it
	kind     media.Kind
	gone     chan struct{} // closed when nothing of the flow is left
	said     said          // over UDP; on the peer's serial

	mu       sync.Mutex
	servers  map[string]*served      // requests that have no final answer, or whose answer may have been lost
	clients  map[string]*pending     // requests of ours, by the key of their transaction
	invites  map[invitation]*pending // the INVITEs among them
	ended    bool
	instance string // of the device, as it registered (RFC 5626 4.1); "" before
}

func (s *Server) newFlow(l telecom.Line, w wire, network string) *flow {
	f := &flow{
		s: s, line: l, network: network, host: s.Domain, gone: make(chan struct{}),
		servers: map[string]*served{}, clients: map[string]*pending{}, invites: map[invitation]*pending{},
	}
	f.wire = observed{w, f}
	return f
}

// reliable reports whether the way loses no message: then none is repeated.
func (f *flow) reliable() bool { return f.network != OverUDP }

// param is the transport as it stands in an address of ours (RFC 3261 19.1.1).
func (f *flow) param() sipgo.HeaderParams {
	switch f.network {
	case OverWebSocket:
		return sipgo.HeaderParams{{K: "transport", V: "ws"}}
	case OverTCP:
		return sipgo.HeaderParams{{K: "transport", V: "tcp"}}
	case OverTLS: // RFC 3261 26.2.2 has sips for the whole way, which none of ours is
		return sipgo.HeaderParams{{K: "transport", V: "tls"}}
	}
	return nil
}

// via is the header of a request of ours. A phone answers to where the request
// came from (RFC 3581): behind a network's edge no other address of ours is its.
func (f *flow) via() sipgo.Header {
	v := &sipgo.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: f.network, Host: f.host, Port: f.port,
		Params: sipgo.HeaderParams{{K: "branch", V: sipgo.RFC3261BranchMagicCookie + rand.Text()}},
	}
	if !f.reliable() {
		v.Params.Add("rport", "")
	}
	return v
}

// near tells the media of a phone where its signalling comes from, so that a
// stranger who guesses its port is not taken for the phone. One whose messages
// come by way of a proxy speaks from somewhere else.
func (f *flow) near(l *media.Leg, proxied bool) {
	if f.peer != nil && !proxied {
		l.Near(f.peer.from.Addr())
	}
}

// WriteMsg, with the four methods below it, is what the transactions of the
// library write to (sipgo.Connection).
func (f *flow) WriteMsg(m sipgo.Message) error { return f.wire.send([]byte(m.String())) }

// LocalAddr is not used by transactions.
func (f *flow) LocalAddr() net.Addr { return nil }

// Ref counts nothing: a flow ends with its socket, not with its last message.
func (f *flow) Ref(int) int { return 1 }

// TryClose closes nothing, for the same reason.
func (f *flow) TryClose() (int, error) { return 1, nil }

// Close closes nothing, for the same reason.
func (f *flow) Close() error { return nil }

// outbox is what waits to be written to a socket, by one goroutine: who does not
// read its messages holds up nobody.
type outbox struct {
	waiting chan []byte
	closing sync.Once
	leave   chan struct{} // closed to say: write what waits, then go
	cancel  context.CancelFunc
}

func newOutbox(cancel context.CancelFunc) outbox {
	return outbox{waiting: make(chan []byte, maxWaiting), leave: make(chan struct{}), cancel: cancel}
}

// send never waits: who lets maxWaiting messages pile up is given up.
func (o *outbox) send(b []byte) error {
	select {
	case <-o.leave:
		return errGone
	default:
	}
	select {
	case o.waiting <- b:
		return nil
	default:
		o.cancel()
		return errGone
	}
}

// write writes until it is to leave, and then what still waits. It reports
// whether it came to that.
func (o *outbox) write(ctx context.Context, put func(context.Context, []byte) error) bool {
	for {
		select {
		case b := <-o.waiting:
			if within(ctx, put, b) != nil {
				return false
			}
		case <-ctx.Done():
			return false
		case <-o.leave:
			ctx, cancel := context.WithTimeout(ctx, writeTime) // for all of them
			defer cancel()
			for len(o.waiting) > 0 {
				if within(ctx, put, <-o.waiting) != nil {
					return false
				}
			}
			return true
		}
	}
}

func within(ctx context.Context, put func(context.Context, []byte) error, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	return put(ctx, b)
}
