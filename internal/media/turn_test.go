package media

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"
)

// newTurn opens a way to a relay that the test's end closes.
func newTurn(t testing.TB, r *Relay, c TurnConfig) *Turn {
	t.Helper()
	c.Realm = "example.org"
	w, err := r.OpenTurn(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		until(t, "the end of all ways", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.all == 0 && len(w.ways) == 0 && len(w.conns) == 0
		})
	})
	return w
}

// through is a browser that reaches nothing but a Turn.
func (w *Turn) through(format string, at net.Addr, shift uint8) browser {
	user, password := w.Credentials()
	return browser{shift: shift, turn: []webrtc.ICEServer{{URLs: []string{fmt.Sprintf(format, at)}, Username: user, Credential: password}}}
}

// A browser whose network lets it reach nothing but a Turn speaks all the same,
// over UDP, over TCP, and over what came in elsewhere.
func TestCallThroughTurn(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	w := newTurn(t, r, TurnConfig{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"})
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	go func() {
		for {
			conn, err := elsewhere.Accept()
			if err != nil {
				return
			}
			w.Take(conn)
		}
	}()
	for _, c := range []struct {
		name, format string
		at           net.Addr
	}{{"UDP", "turn:%s?transport=udp", w.UDP()}, {"TCP", "turn:%s?transport=tcp", w.TCP()}, {"elsewhere", "turn:%s?transport=tcp", elsewhere.Addr()}} {
		t.Run(c.name, func(t *testing.T) {
			call := talk(t, r, w.through(c.format, c.at, 0), w.through(c.format, c.at, 1))
			bytesPass(t, call.caller, call.callee, audio, mimeOpus)
			bytesPass(t, call.callee, call.caller, audio, mimeOpus)
		})
	}
}

// client is one of a Turn that speaks by itself.
func client(t *testing.T, w *Turn, user, password string) *turn.Client {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: w.UDP().String(), TURNServerAddr: w.UDP().String(), Conn: conn, Username: user, Password: password, LoggerFactory: silent{},
	})
	if err == nil {
		err = c.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		_ = conn.Close()
	})
	return c
}

// What a browser sends for anybody but the relay reaches nobody: neither other
// programs of this machine nor others.
func TestTurnLeadsNowhereElse(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	w := newTurn(t, r, TurnConfig{UDP: "127.0.0.1:0"})
	other, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	user, password := w.Credentials()
	c := client(t, w, user, password)
	way, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer way.Close()
	if _, err := way.WriteTo([]byte("for another"), other.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SendBindingRequest(); err != nil { // after it, what came before was acted on
		t.Fatal(err)
	}
	self, err := net.Dial("udp", other.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	if _, err := self.Write([]byte("the first")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, _, err := other.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "the first" {
		t.Errorf("another program received %q, %v", buf[:n], err)
	}
	if _, err := self.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	stranger, err := net.Dial("udp", way.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Write([]byte("from a stranger")); err != nil {
		t.Fatal(err)
	}
	// The relay itself is reached, and answers what a browser would ask of it.
	if _, err := way.WriteTo([]byte("for the relay"), r.Addr()); err != nil {
		t.Fatal(err)
	}
}

func TestTurnRefusesWhoMayNot(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	var late atomic.Int64
	w := newTurn(t, r, TurnConfig{UDP: "127.0.0.1:0", Now: func() time.Time { return time.Now().Add(time.Duration(late.Load())) }})
	user, password := w.Credentials()
	for name, c := range map[string][2]string{
		"a wrong password": {user, "wrong"},
		"another's time":   {"9" + user, password},
		"no time":          {"somebody", w.password("somebody")},
		"nobody":           {"", w.password("")},
		"a past time":      {"1000000000:x", w.password("1000000000:x")},
	} {
		if way, err := client(t, w, c[0], c[1]).Allocate(); err == nil {
			t.Errorf("%s: let in", name)
			_ = way.Close()
		}
	}
	way, err := client(t, w, user, password).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	_ = way.Close()
	late.Store(int64(turnTime + time.Second))
	if way, err := client(t, w, user, password).Allocate(); err == nil {
		t.Error("let in after its time")
		_ = way.Close()
	}
}

func TestTurnBoundsEachPage(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	w := newTurn(t, r, TurnConfig{UDP: "127.0.0.1:0"})
	user, password := w.Credentials()
	for range turnEach {
		way, err := client(t, w, user, password).Allocate()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = way.Close() })
	}
	if _, err := client(t, w, user, password).Allocate(); err == nil {
		t.Error("one page has more ways than it may")
	}
	user, password = w.Credentials()
	way, err := client(t, w, user, password).Allocate()
	if err != nil {
		t.Fatalf("another page: %v", err)
	}
	_ = way.Close()
}

// Connections that say nothing, or nonsense, keep nobody out and end with the Turn.
func TestTurnOutlivesSilenceAndNonsense(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	w := newTurn(t, r, TurnConfig{TCP: "127.0.0.1:0"})
	for i := range 200 {
		conn, err := net.Dial("tcp", w.TCP().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if i%2 == 0 {
			_, _ = conn.Write([]byte("GET / HTTP/1.1\r\n\r\n\xff\xff\xff\xff")) // refused at once, perhaps before it is all written
		}
	}
	call := talk(t, r, w.through("turn:%s?transport=tcp", w.TCP(), 0), browser{shift: 1})
	bytesPass(t, call.caller, call.callee, audio, mimeOpus)
}

func TestTurnThatCannotBegin(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []TurnConfig{{TCP: taken.Addr().String(), UDP: "127.0.0.1:0"}, {UDP: "256.0.0.1:0"}} {
		if w, err := r.OpenTurn(c); err == nil {
			t.Errorf("%+v: opened", c)
			_ = w.Close()
		}
	}
}
