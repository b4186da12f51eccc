package sip

import (
	"time"

	sipgo "github.com/emiago/sipgo/sip"
)

// What becomes of a call whose other end is silent: its flow is gone, its
// session is not refreshed, its ACK does not come, its media stops.

// over reports whether the flow takes no message any more.
func (f *flow) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}

// lost acts on a flow that has ended. A call that only rings is over for that
// device; one that is answered waits for the device to come back.
func (c *call) lost(f *flow) {
	for _, l := range c.legs() {
		if c.phase == over {
			return
		}
		if l.flow != f || l.over {
			continue
		}
		switch {
		case c.phase == talking && (l == c.a || l == c.b):
			l.lost = true
			l.after(&l.grace, c.s.Grace, func() { c.vanished(l) })
		case l == c.a:
			l.over = true
			c.endBy(endCancelled, true)
		default:
			c.drop(l, sipgo.StatusTemporarilyUnavailable)
		}
	}
}

// vanished ends a call because one side is gone for good.
func (c *call) vanished(l *leg) {
	l.over = true // nobody is there to be told BYE
	c.endBy(endLost, l == c.a)
}

// returned moves a device's side of the call to the flow it came back on.
func (c *call) returned(f *flow, instance string) {
	for _, l := range c.legs() {
		same := l.line.ID == f.line.ID && l.flow.device == f.device && l.instance == instance
		if same && (instance != "" || l.lost) && !l.over {
			c.found(l, f)
		}
	}
}

// found notes that a side was heard on a flow: what we say goes there.
func (c *call) found(l *leg, f *flow) {
	if f.over() {
		return
	}
	l.flow = f
	if l.lost {
		l.lost = false
		halt(&l.grace)
		select {
		case <-l.media.Done():
			c.endBy(endLost, l == c.a)
		default:
			c.tellWay(l)
			c.showTaping(l)
		}
	}
}

// expelled ends a call because one side is no longer signed in.
func (c *call) expelled(f *flow) {
	for _, l := range c.legs() {
		if l.flow != f || l.over || c.phase == over {
			continue
		}
		if l == c.a || l == c.b {
			c.endBy(endLost, l == c.a)
		} else {
			l.giveUp()
			c.drop(l, sipgo.StatusTemporarilyUnavailable)
		}
	}
}

// byeTime is how long a BYE may be on its way when its sender has stopped
// speaking: a browser that hangs up closes both, and they come by two ways.
const byeTime = 2 * time.Second

// silent acts on media that ended by itself. While the device's flow is gone
// too, Grace decides.
func (c *call) silent(l *leg) {
	if c.phase != talking {
		return
	}
	l.after(&l.quiet, byeTime, func() {
		if c.phase == talking && !l.lost && !l.over {
			c.endBy(endLost, l == c.a)
		}
	})
}

// awaitAck ends the call if the 200 just sent is not acknowledged in time (RFC
// 3261 13.3.1.4).
func (l *leg) awaitAck() {
	l.after(&l.ackTimer, l.call.s.Acked, func() { l.call.endBy(endLost, l == l.call.a) })
}
