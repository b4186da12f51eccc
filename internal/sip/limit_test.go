package sip

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
)

// said is what a side was told since, in short: methods, with the type and the body
// of what has one.
func (l *leg) said(t *testing.T) (all []string) {
	t.Helper()
	for {
		select {
		case b := <-told(l):
			m, err := sipgo.ParseMessage(b)
			if err != nil {
				t.Fatal(err)
			}
			req := m.(*sipgo.Request)
			all = append(all, strings.TrimSpace(string(req.Method)+" "+mediaType(req)+" "+string(req.Body())))
		default:
			return all
		}
	}
}

// A call is ended at its limit, and its caller is told a minute before, or when it
// begins if less is left; the other side is told nothing of it before the end.
func TestTheCallerIsWarned(t *testing.T) {
	for name, c := range map[string]struct {
		most, before time.Duration
		want         string
	}{
		"long":              {10 * time.Minute, 9 * time.Minute, "INFO " + typeLimit + " 60"},
		"a minute":          {time.Minute, time.Second, "INFO " + typeLimit + " 59"},
		"a minute and five": {65 * time.Second, 5 * time.Second, "INFO " + typeLimit + " 60"},
		"ten seconds":       {10 * time.Second, time.Second, "INFO " + typeLimit + " 9"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := joined()
				x.do(func() { x.lasts(c.most) })
				pass(c.before - time.Millisecond)
				if got := x.a.said(t); len(got) != 0 {
					t.Errorf("before its time the caller was told %q", got)
				}
				pass(time.Millisecond)
				if got := x.a.said(t); len(got) != 1 || got[0] != c.want {
					t.Errorf("the caller was told %q, want %q", got, c.want)
				}
				if got := x.b.said(t); len(got) != 0 || x.isOver() {
					t.Errorf("the callee was told %q, over %v", got, x.isOver())
				}
				pass(c.most - c.before - time.Millisecond)
				if x.isOver() {
					t.Error("it ends too early")
				}
				pass(2 * time.Millisecond)
				if !x.isOver() {
					t.Error("it goes on")
				}
				for _, l := range []*leg{x.a, x.b} {
					if got := l.said(t); len(got) != 1 || got[0] != "BYE" {
						t.Errorf("a side was told %q", got)
					}
				}
			})
		})
	}
}

// Nobody is warned of the end of a call that ended before, and a phone that comes
// into it in another's place is warned as well.
func TestWarningsAreForWhoIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := joined()
		c.do(func() { c.lasts(5 * time.Minute) })
		pass(time.Minute)
		c.do(func() { c.end(endCompleted) })
		pass(time.Hour)
		if got := c.a.said(t); len(got) != 1 || got[0] != "BYE" {
			t.Errorf("the caller was told %q", got)
		}
		c = joined()
		c.do(func() { c.lasts(5 * time.Minute) })
		pass(4*time.Minute + 30*time.Second)
		c.do(func() { c.came(c.b); c.came(c.a) })
		pass(time.Millisecond)
		if got := c.a.said(t); len(got) != 2 || got[1] != "INFO "+typeLimit+" 30" {
			t.Errorf("whoever came was told %q", got)
		}
		if got := c.b.said(t); len(got) != 0 {
			t.Errorf("the other side was told %q", got)
		}
		c.do(func() { c.end(endCompleted) })
		pass(time.Hour)
	})
}
