package sip

import (
	"context"
	"slices"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/telecom"
)

// What the person who is called set of their line: calls that do not ring, and
// calls that go on to another place. Nothing of it is told to the caller (no
// 181, no History-Info, RFC 7044 10.1): it is the callee's own affair.

// screened acts on what the line says before anything rings, and reports
// whether that was all.
func (c *call) screened() bool {
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	code, err := c.record.Screen(ctx)
	cancel()
	if err != nil {
		c.s.Log.Error("what a line says of calls could not be read", "error", err)
		c.end(endFault)
		return true
	}
	switch code {
	case telecom.Blocked:
		c.end(endBlocked)
		return true
	case telecom.Anonymous:
		c.end(endAnonymous)
		return true
	}
	if c.goesOn(telecom.Always) {
		return true
	}
	if code == telecom.Quiet {
		c.endOr(telecom.WhenBusy, endQuiet)
		return true
	}
	return false
}

// endOr ends the call, unless it goes on or voicemail answers.
func (c *call) endOr(way telecom.Way, v verdict) {
	if !c.goesOn(way) {
		c.unanswered(v)
	}
}

// refusedBy is what every device of the line said. A person who declines wants
// the call nowhere, but may not have it taken from who passed it on.
func (c *call) refusedBy(v verdict) {
	switch v {
	case endBusy:
		c.endOr(telecom.WhenBusy, v)
	case endUnavailable:
		c.endOr(telecom.WhenUnanswered, v)
	default:
		if v != endDeclined || !c.comesBack(v) {
			c.end(v)
		}
	}
}

// patience sets how long it rings: at the line, or elsewhere.
func (c *call) patience() {
	wait := c.s.NoAnswer
	if c.emergency() {
		wait = max(wait, rescueTime)
	}
	if after := c.record.After(); after > 0 {
		wait = min(wait, after)
	} else if after := c.ringFor(); after > 0 {
		wait = min(wait, after)
	}
	c.halt()
	round := c.round
	c.after(wait, func() {
		if c.round == round { // it has not gone on while this waited
			c.endOr(telecom.WhenUnanswered, endNoAnswer)
		}
	})
}

// goesOn has the call ring where its callee forwards it in that way, and reports
// whether it does. It is a call of the callee's then, which the desk decides on.
func (c *call) goesOn(way telecom.Way) bool {
	if c.record == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	next, err := c.record.Next(ctx, way)
	cancel()
	if err != nil {
		c.s.Log.Error("a call could not be forwarded", "error", err)
	}
	if next == nil {
		return false
	}
	for _, l := range c.forks {
		l.giveUp()
	}
	c.waking = false
	c.slept(true)
	c.before = append(c.before, c.record)
	c.ringAt(next)
	return true
}

// ringAt has the call ring anew, as the next that the desk has let through.
func (c *call) ringAt(next *telecom.Call) {
	c.record, c.to = next, next.Target()
	c.round, c.best = c.round+1, 0
	st := *c.state.Load()
	st.To = c.to
	c.state.Store(&st)
	c.ring()
}

// records are all that the call is and was, the first one first.
func (c *call) records() []*telecom.Call { return append(slices.Clone(c.before), c.record) }

// wereAnswered notes in all records of the call that it was answered: by the
// line that took it, in the last.
func (c *call) wereAnswered(ctx context.Context, by telecom.Line) error {
	for _, record := range c.before {
		if err := record.Answered(ctx, telecom.Line{}); err != nil {
			return err
		}
	}
	return c.record.Answered(ctx, by)
}

// lines are those that the call is or was with.
func (c *call) lines() []telecom.Line {
	all := []telecom.Line{c.a.line, c.to.Line}
	for _, record := range c.before {
		all = append(all, record.Target().Line)
	}
	return all
}

// diversion tells a device who forwarded the call, unless they withhold it (RFC
// 5806 4; PECR 17: whoever it comes to can have it stopped). nil for a call that
// nobody forwarded.
func (c *call) diversion() sipgo.Header {
	by := c.record.Forwarder()
	if by == "" {
		return nil
	}
	return sipgo.NewHeader("Diversion", "<sip:"+by+"@"+c.s.Domain+">")
}
