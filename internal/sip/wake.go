package sip

import (
	"context"
	"slices"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// Devices that are not connected when a call comes, and come to it late: they
// were woken, or their person opened the phone because another one rang.

// defaultWakeTime is for how long a call waits for a device that was woken,
// where nothing else rings: a browser starts, and its page signs in, within it.
const defaultWakeTime = 25 * time.Second

// maxForks is how many devices one call rings at, those that came late with
// them.
const maxForks = 20

// wake asks for the devices of the callee that have the phone closed, unless one
// of their browsers has it open: that one rings by itself, also in the background.
func (c *call) wake(connected []*binding) {
	if c.s.Wake == nil || slices.ContainsFunc(connected, func(b *binding) bool { return b.flow.kind == media.Browser }) {
		return
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	if !c.s.Wake(ctx, c.to.Line) {
		return
	}
	c.woke, c.waking = true, true
	round := c.round
	time.AfterFunc(c.s.WakeTime, func() {
		c.do(func() {
			if c.round == round { // it has not gone on while this waited
				c.stillAsleep()
			}
		})
	})
}

// stillAsleep ends the wait. If something else rings, it goes on ringing.
func (c *call) stillAsleep() {
	c.waking = false
	if c.phase != ringing || slices.ContainsFunc(c.forks, func(l *leg) bool { return !l.over }) {
		return
	}
	if c.best == 0 {
		c.best = sipgo.StatusTemporarilyUnavailable
	}
	c.refusedBy(outcome(c.best))
}

// joins has a device that has just come ring with the calls that ring for its
// line.
func (s *Server) joins(f *flow) {
	s.mu.Lock()
	var b *binding
	for _, known := range s.fresh(s.bindings[f.line.ID]) {
		if known.flow == f {
			b = known
		}
	}
	var calls []*call
	for c := range s.callsOf[f.line.ID] {
		calls = append(calls, c)
	}
	s.mu.Unlock()
	if b == nil {
		return
	}
	for _, c := range calls {
		c.do(func() { c.late(b) })
	}
}

// late adds a device to a call that rings. One that was called already is not
// called again, whatever it said.
func (c *call) late(b *binding) {
	if c.phase != ringing || c.to.Reach != telecom.ToLine || c.to.Line.ID != b.flow.line.ID || len(c.forks) >= maxForks {
		return
	}
	if slices.ContainsFunc(c.forks, func(l *leg) bool { return l.flow == b.flow || b.instance != "" && l.instance == b.instance }) {
		return
	}
	if l := c.fork(b); l != nil {
		c.forks = append(c.forks, l)
		c.send(l)
	}
}

// slept tells the devices that were woken what became of the call: another phone
// of their person took or declined it, or nobody did.
func (c *call) slept(elsewhere bool) {
	if c.woke && c.s.Slept != nil {
		c.woke = false
		ctx, cancel := context.WithTimeout(c.s.base, deskTime)
		defer cancel()
		c.s.Slept(ctx, c.to.Line, elsewhere)
	}
}
