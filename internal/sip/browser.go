package sip

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"candour/internal/telecom"
)

// ErrUpgrade says that a request is no opening of a SIP WebSocket: nothing was
// written, and the answer is 426 with `Upgrade: websocket` (RFC 9110 15.5.22).
var ErrUpgrade = errors.New("sip: a WebSocket with the subprotocol sip is served here")

// The limits of a flow.
const (
	maxFlows   = 16               // of one line at once: devices and open pages
	maxWaiting = 256              // messages to a browser that does not read them
	maxRate    = 200              // messages in one second; a page that rings sends about ten
	writeTime  = 10 * time.Second // for one message
	pongTime   = 10 * time.Second // for the answer to a ping
)

// errGone says that a flow takes no message any more.
var errGone = errors.New("sip: the flow has ended")

// browser is the WebSocket of a page. Every message on it belongs to the person
// whose session opened it: there is no password to steal and no other identity
// to claim.
type browser struct {
	outbox
	*flow
	alive func(context.Context) error
	sock  *websocket.Conn
	why   websocket.StatusCode // with which it is closed; set before leave is

	second  int64 // read loop only: the second that count belongs to
	counted int
}

// send says which of the two it is.
func (f *browser) send(b []byte) error { return f.outbox.send(b) }

// ServeFlow serves one browser's WebSocket (RFC 7118) until it ends, and then
// returns nil. The line is that of the signed-in person. alive is asked before
// each message is acted on and on a beat: its error ends the flow and its
// calls. A request that opens no WebSocket gets ErrUpgrade with nothing
// written; one from a page of another origin is answered here.
func (s *Server) ServeFlow(w http.ResponseWriter, r *http.Request, line telecom.Line, alive func(context.Context) error) error {
	if !opens(r) {
		return ErrUpgrade
	}
	sock, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"sip"}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil // it has answered
	}
	sock.SetReadLimit(maxFrame)
	ctx, cancel := context.WithCancel(s.base)
	defer cancel()
	f := &browser{outbox: newOutbox(cancel), alive: alive, sock: sock}
	f.flow = s.newFlow(line, f, OverWebSocket)
	if !s.admit(f.flow, func() { f.shut(websocket.StatusGoingAway) }) {
		_ = sock.Close(websocket.StatusTryAgainLater, "")
		return nil
	}
	f.serve(ctx)
	return nil
}

// opens reports whether a request opens a SIP WebSocket.
func opens(r *http.Request) bool {
	protocols := strings.FieldsFunc(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), func(c rune) bool { return c == ',' || c == ' ' })
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && slices.Contains(protocols, "sip")
}

// admit lets a flow in, unless its line has too many. shut is what ends it when
// the server closes.
func (s *Server) admit(f *flow, shut func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for other := range s.flows {
		if other.line.ID == f.line.ID {
			n++
		}
	}
	if s.closing || n >= maxFlows {
		return false
	}
	s.flows[f] = shut
	return true
}

func (f *browser) serve(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { f.write(ctx) })
	work.Go(func() { f.beat(ctx) })
	for {
		_, b, err := f.sock.Read(ctx)
		if err != nil {
			f.cancel() // nobody reads what waits
			break
		}
		if !f.frame(ctx, b) {
			break
		}
	}
	f.s.left(f.flow)
	f.end()
	f.shut(websocket.StatusNormalClosure)
	work.Wait()
	_ = f.sock.CloseNow()
	close(f.gone)
}

// frame acts on one message, and reports whether the flow goes on.
func (f *browser) frame(ctx context.Context, b []byte) bool {
	if alive, ping := keepAlive(b); alive {
		if ping {
			f.send(crlf)
		}
		return true
	}
	if now := f.s.Now().Unix(); now != f.second {
		f.second, f.counted = now, 0
	}
	if f.counted++; f.counted > maxRate {
		f.shut(websocket.StatusPolicyViolation)
		return false
	}
	if f.alive(ctx) != nil {
		f.expel()
		return false
	}
	f.receive(b)
	return true
}

// beat asks at intervals whether the flow may go on, and whether anybody is
// still there: a browser whose network is gone closes nothing.
func (f *browser) beat(ctx context.Context) {
	tick := time.NewTicker(f.s.Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.leave:
			return
		case <-tick.C:
		}
		if f.alive(ctx) != nil {
			if ctx.Err() == nil {
				f.expel()
			}
			return
		}
		pong, cancel := context.WithTimeout(ctx, pongTime)
		err := f.sock.Ping(pong)
		cancel()
		if err != nil {
			f.cancel()
			return
		}
	}
}

// expel ends the flow of a person who is no longer signed in, and the calls on
// it: BYE first, so that no page shows a call that is over.
func (f *browser) expel() {
	f.s.expelled(f.flow)
	f.shut(websocket.StatusPolicyViolation)
}

// shut writes what waits and closes the socket. Only its first call counts.
func (f *browser) shut(why websocket.StatusCode) {
	f.closing.Do(func() {
		f.why = why
		close(f.leave)
	})
}

// write is the only goroutine that writes messages.
func (f *browser) write(ctx context.Context) {
	defer f.cancel()
	if f.outbox.write(ctx, f.put) {
		_ = f.sock.Close(f.why, "")
	}
}

func (f *browser) put(ctx context.Context, b []byte) error {
	return f.sock.Write(ctx, websocket.MessageText, b)
}
