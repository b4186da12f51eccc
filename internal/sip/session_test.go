package sip

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
)

// answered answers the next request that a side was sent.
func answered(t *testing.T, l *leg, status int, more ...string) *sipgo.Request {
	t.Helper()
	select {
	case b := <-told(l):
		m, err := sipgo.ParseMessage(b)
		if err != nil {
			t.Fatal(err)
		}
		req := m.(*sipgo.Request)
		res := sipgo.NewResponseFromRequest(req, status, "Whatever", nil)
		for _, line := range more {
			name, value, _ := strings.Cut(line, ": ")
			res.AppendHeader(sipgo.NewHeader(name, value))
		}
		if !l.flow.response(res) {
			t.Errorf("the answer to %s was not wanted", req.Method)
		}
		synctest.Wait()
		return req
	default:
		t.Fatal("nothing was sent")
		return nil
	}
}

// A session that is ours to refresh is refreshed in half its time, and again
// after each answer; who does not answer, or has no such call, is gone, and the
// other side is told why (RFC 4028 10).
func TestWeRefreshASession(t *testing.T) {
	for name, c := range map[string]struct {
		status int // of the third; 0 for no answer
		over   bool
	}{
		"it is answered":          {200, false},
		"the call is gone":        {481, true},
		"it took too long":        {408, true},
		"nobody says anything":    {0, true},
		"not now":                 {491, false},
		"something went wrong":    {500, false},
		"it is not wanted at all": {488, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				joint := joined()
				a := joint.a
				joint.do(func() { a.refreshed(session{200, true}) })
				pass(99 * time.Second)
				if n := len(told(a)); n != 0 {
					t.Fatalf("%d messages before it was time", n)
				}
				pass(time.Second)
				req := answered(t, a, 200, "Session-Expires: 180;refresher=uac")
				if req.Method != sipgo.UPDATE || len(req.Body()) > 0 || req.GetHeader("Session-Expires").Value() != "200;refresher=uac" || !lists(req, "supported", "timer") {
					t.Errorf("%s", req)
				}
				pass(90 * time.Second)
				answered(t, a, 422, "Min-SE: 600")
				req = answered(t, a, 200, "Session-Expires: 600;refresher=uac")
				if req.GetHeader("Session-Expires").Value() != "600;refresher=uac" || req.GetHeader("Min-SE").Value() != "600" {
					t.Errorf("%s", req)
				}
				pass(300 * time.Second)
				if c.status != 0 {
					answered(t, a, c.status)
				}
				pass(33 * time.Second)
				if joint.isOver() != c.over {
					t.Fatalf("the call is over: %v", joint.isOver())
				}
				if c.over {
					if b := string(<-told(joint.b)); !strings.HasPrefix(b, "BYE ") || !strings.Contains(b, "\r\nReason: SIP;cause=480;") {
						t.Errorf("the other side was told %q", b)
					}
				} else if c.status != 200 {
					answered(t, a, 200) // asked again
				}
				joint.do(func() { joint.end(endCompleted) })
				pass(time.Minute)
			})
		})
	}
}

// A page is not asked for what its flow shows; a phone that knows no timers is
// asked whether it is there, and one whose way is lost for a while waits.
func TestWhoIsAskedWhetherTheyAreThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := joined()
		c.b.flow.kind = media.Phone
		c.do(func() {
			for _, l := range []*leg{c.a, c.b} {
				l.answererRefreshes(sipgo.NewResponse(200, "OK"))
			}
		})
		pass(askedSession * time.Second / 2)
		if n := len(told(c.a)); n != 0 {
			t.Errorf("a page was asked %d times", n)
		}
		c.do(func() { c.b.lost = true })
		answered(t, c.b, 405)
		c.do(func() {
			if c.b.updates {
				t.Error("what a phone does not take is asked again")
			}
			c.b.updates = true
		})
		pass(time.Hour)
		if n := len(told(c.b)); n != 0 {
			t.Errorf("who is not there was asked %d times", n)
		}
		c.do(func() { c.b.lost = false })
		pass(laterTime)
		answered(t, c.b, 200)
		c.do(func() { c.end(endCompleted) })
		pass(time.Minute)
	})
}

// What a request asks for is who it says, in the time that it says, and ours
// where only a proxy asked.
func TestWhatASessionIsAskedFor(t *testing.T) {
	for text, want := range map[string]struct {
		session
		short bool
	}{
		"":                                      {session{}, false},
		"Session-Expires: 90":                   {session{90, true}, false},
		"Session-Expires: 90;refresher=uac":     {session{90, false}, false},
		"Session-Expires: 90;refresher=uas":     {session{90, true}, false},
		"Session-Expires: 90\nSupported: timer": {session{90, false}, false},
		"x: 90000":                              {session{7200, true}, false},
		"Session-Expires: 89":                   {session{89, true}, true},
		"Session-Expires: -1":                   {session{}, false},
		"Session-Expires: soon":                 {session{}, false},
	} {
		req := sipgo.NewRequest(sipgo.INVITE, sipgo.Uri{Scheme: "sip", Host: "d.test"})
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			req.AppendHeader(sipgo.NewHeader(name, value))
		}
		if s, short := sessionTime(&incoming{Request: req, flow: &flow{}}); s != want.session || short != want.short {
			t.Errorf("%q: %+v %v", text, s, short)
		}
	}
}
