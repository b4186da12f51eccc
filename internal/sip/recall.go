package sip

import (
	"context"
	"errors"

	"candour/internal/media"
	"candour/internal/telecom"
)

// What becomes of a call that was passed on and that nobody takes: it reaches the
// voicemail of whom it was passed on to, or it comes back to who did that.

// abandon takes the call away from everybody who rings.
func (c *call) abandon() {
	for _, l := range c.forks {
		l.giveUp()
		l.stop()
		if l.outbound != nil {
			c.s.exit(c, l.outbound)
		}
	}
	c.waking = false
	c.halt()
}

// turnTo brings the side that is passed on to a voicemail: now, or when it is
// here. Whoever passes it on is out.
func (c *call) turnTo() {
	c.abandon()
	c.phase = talking
	if !c.a.borrowed {
		c.attendLate()
		return
	}
	p := c.passed
	p.old.do(func() { p.old.give(p) })
}

// attendLate answers a side by a station of ours that talked to somebody before.
func (c *call) attendLate() {
	station, err := c.a.media.AttendNow()
	if err != nil {
		if !errors.Is(err, media.ErrCodec) && !errors.Is(err, media.ErrClosed) {
			c.s.Log.Error("a call that was passed on could not be answered", "error", err)
		}
		v := endUnavailable
		v.code = c.missed
		c.missed = ""
		c.end(v)
		return
	}
	c.station = station
	to := c.records()[0].Target().Line       // as in connect
	c.a.later = func() { c.speaks(station) } // when it is not on hold any more
	c.a.wanted, c.a.news, c.a.whom = media.SendRecv, true, identity(c.s.Domain, to.Extension, to.Name)
	c.tellWay(c.a)
	c.a.free()
	c.show()
}

// comesBack has a call that was passed on, and that nobody takes, ring where it
// was passed on from; it reports whether it does. That is a call of its own, with
// its own decision and record. While who passed it on is still there, nothing has
// to: they are told.
func (c *call) comesBack(v verdict) bool {
	p := c.passed
	if p == nil || p.joins || c.back || c.phase != ringing || c.a.borrowed || p.by.line.ID == c.a.line.ID {
		return false
	}
	start := telecom.Start{From: c.a.line, To: telecom.Target{Reach: telecom.ToLine, Line: p.by.line}, Withheld: c.a.hidden, Video: p.video}
	if c.who != nil {
		start.From, start.Outside = telecom.Line{}, c.who
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	next, err := c.s.Desk.Begin(ctx, start)
	if err != nil {
		if _, known := refusal(err); !known {
			c.s.Log.Error("a call that was passed on could not come back", "error", err)
		}
		return false
	}
	c.abandon()
	c.slept(v == endDeclined)
	for _, record := range c.records() {
		if err := record.Ended(ctx, telecom.End{Code: v.code}); err != nil {
			c.s.Log.Error("the record of a call could not be closed", "error", err)
		}
		if l := record.Target().Line; l.ID != c.a.line.ID {
			c.s.mu.Lock()
			c.s.aside(c, l)
			c.s.mu.Unlock()
		}
	}
	c.before, c.back = nil, true
	c.ringAt(next)
	return true
}
