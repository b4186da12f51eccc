package sip

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/telecom"
)

// joined is a call that is answered, between two flows that nobody reads, in the
// time of a bubble.
func joined() *call {
	s := &Server{
		Config: Config{Domain: "d.test", Log: slog.New(slog.DiscardHandler), Now: time.Now, Acked: defaultAcked, Grace: defaultGrace},
		base:   context.Background(), dialogs: map[dialogKey]*call{}, calls: map[*call]struct{}{}, callsOf: map[int64]map[*call]struct{}{},
	}
	c := &call{s: s, done: make(chan struct{}), phase: talking}
	side := func(id int64) *leg {
		box := newOutbox(func() {})
		f := s.newFlow(telecom.Line{ID: id}, &box, OverWebSocket)
		return &leg{call: c, flow: f, line: f.line, callID: newCallID(), tag: newTag(), theirTag: "t", updates: true}
	}
	c.a, c.b = side(1), side(2)
	c.forks = []*leg{c.b}
	return c
}

// told is what waits to be written to a side.
func told(l *leg) chan []byte { return l.flow.wire.(observed).wire.(*outbox).waiting }

func (c *call) isOver() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// waits is how many requests of ours have no answer.
func (f *flow) waits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.clients)
}

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// A session that is not refreshed in time is over, and both sides are told (RFC
// 4028 10); each refresh begins its time anew, from whichever side it comes.
func TestSessionThatIsNotRefreshed(t *testing.T) {
	answer := func(timer string) *sipgo.Response {
		res := sipgo.NewResponse(200, "OK")
		if timer != "" {
			res.AppendHeader(sipgo.NewHeader("Session-Expires", timer))
		}
		return res
	}
	for name, act := range map[string]struct {
		at60 func(*call)
		over bool // 100 s after the beginning
		ever bool
	}{
		"nothing comes":                {func(*call) {}, true, true},
		"it is refreshed":              {func(c *call) { c.a.refreshed(session{interval: 90}) }, false, true},
		"it is given up":               {func(c *call) { c.a.refreshed(session{}) }, false, false},
		"our own offer is answered":    {func(c *call) { c.a.answererRefreshes(answer("90;refresher=uas")) }, false, true},
		"answered without a timer":     {func(c *call) { c.a.answererRefreshes(answer("")) }, false, false},
		"answered so that we refresh":  {func(c *call) { c.a.answererRefreshes(answer("90;refresher=uac")) }, false, true}, // and nobody answers that
		"answered with too short time": {func(c *call) { c.a.answererRefreshes(answer("5;refresher=uas")) }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := joined()
				c.do(func() { c.a.refreshed(session{interval: 90}) })
				pass(60 * time.Second)
				c.do(func() { act.at60(c) })
				pass(40 * time.Second)
				if c.isOver() != act.over {
					t.Errorf("after 100 s the call is over: %v", c.isOver())
				}
				pass(time.Hour)
				if c.isOver() != act.ever {
					t.Errorf("in the end the call is over: %v", c.isOver())
				}
				if act.ever {
					for _, l := range []*leg{c.a, c.b} {
						b := <-told(l)
						if strings.HasPrefix(string(b), "UPDATE ") {
							b = <-told(l)
						}
						if !strings.HasPrefix(string(b), "BYE ") || !strings.Contains(string(b), "\r\nReason: SIP;cause=480;") {
							t.Errorf("a side was told %q", b)
						}
					}
				}
			})
		})
	}
}

// A device that comes back in time stops the clock; what waited for its turn
// when it came does nothing any more.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := joined()
		c.do(func() { c.lost(c.a.flow) })
		pass(c.s.Grace - time.Second)
		if c.isOver() {
			t.Fatal("the call ended within its grace")
		}
		hold := make(chan struct{})
		c.do(func() { <-hold; halt(&c.a.grace); c.a.lost = false })
		<-time.After(2 * time.Second) // the clock runs out while its act waits
		close(hold)
		synctest.Wait()
		if c.isOver() {
			t.Fatal("the call ended though the device came back")
		}
		c.do(func() { c.lost(c.a.flow) })
		pass(c.s.Grace)
		if !c.isOver() || len(told(c.a)) != 0 || len(told(c.b)) != 1 {
			t.Error("the call did not end, or somebody was told who is gone")
		}
	})
}

// A device that never answers its CANCEL is waited for no longer than 64*T1
// (RFC 3261 9.1).
func TestCancelWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := joined()
		l := c.b
		c.phase, c.b, l.theirTag, l.reached = ringing, nil, "", true
		l.invite = l.request(sipgo.INVITE)
		c.send(l)
		c.do(func() { l.giveUp() })
		synctest.Wait()
		if n := l.flow.waits(); n != 2 {
			t.Fatalf("%d transactions, want INVITE and CANCEL", n)
		}
		pass(time.Minute)
		if n := l.flow.waits(); n != 0 {
			t.Errorf("%d transactions are left", n)
		}
	})
}

func TestSerialKeepsOrder(t *testing.T) {
	var s serial
	var got []int
	done := make(chan struct{})
	for i := range 1000 {
		s.do(func() { got = append(got, i) })
	}
	s.do(func() { s.do(func() { close(done) }) }) // an act may give another
	<-done
	if len(got) != 1000 {
		t.Fatalf("%d acts", len(got))
	}
	for i, n := range got {
		if i != n {
			t.Fatalf("%d came as %d", n, i)
		}
	}
}

func TestGlareWaits(t *testing.T) {
	for range 1000 {
		if d := glare(); d < 2100*time.Millisecond || d > 4*time.Second {
			t.Fatal(d)
		}
	}
}
