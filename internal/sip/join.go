package sip

import (
	"context"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/recording"
	"candour/internal/telecom"
)

// join joins two calls of one line: who asks leaves both, and the two others
// talk (RFC 3515 with RFC 3891, RFC 5589 7). Only calls of one's own can be
// named: a call is looked for among those of the line.
func (c *call) join(p *passing, in *incoming, r *replaces) {
	other := c.s.callAt(p.by.line, r.callID)
	if other == nil || other == c { // not 481, which would end this dialog too
		in.answer(endNotTwo.status, because(endNotTwo.status, endNotTwo.words))
		return
	}
	c.passes = p
	p.accepted(in)
	other.do(func() { other.lend(p, r) })
}

// lend gives a side of this call to one that is made for it and for the side
// that is passed on.
func (c *call) lend(p *passing, r *replaces) {
	var mine *leg
	for _, l := range []*leg{c.a, c.b} {
		if l != nil && !l.over && r.means(l) && l.line.ID == p.by.line.ID {
			mine = l
		}
	}
	if mine == nil || c.phase != talking || c.station != nil || c.passes != nil || c.other(mine).over {
		p.old.do(func() { p.failed(endNotTwo) })
		return
	}
	theirs := c.other(mine)
	switch {
	case theirs.flow.carrier != nil: // a call that costs is somebody's until it ends
		p.old.do(func() { p.failed(endOutside) })
		return
	case theirs.line.ID == p.kept.line.ID:
		p.old.do(func() { p.failed(endSame) })
		return
	case theirs.asking:
		theirs.later = func() { c.lend(p, r) }
		return
	}
	to := telecom.Target{Reach: telecom.ToLine, Line: theirs.line}
	to.Line.Name = ""
	if theirs.hidden {
		to.Line.Extension = "" // neither the other side nor their record is told
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	if err := c.s.joined(ctx, p, to); err != nil {
		v, known := refusal(err)
		if !known {
			c.s.Log.Error("two calls could not be joined", "error", err)
		}
		p.old.do(func() { p.failed(v) })
		return
	}
	n := p.new
	c.endTaping(recording.PassedOn)
	fresh := c.yield(theirs, n)
	n.do(func() {
		n.forks = []*leg{fresh}
		if n.phase == over { // meanwhile, for the side that was to be passed on hung up
			fresh.bye()
			fresh.stop()
			n.s.undial(fresh)
			return
		}
		fresh.resume()
		n.taken(fresh)
	})
	c.endBy(endCompleted, mine == c.a)
}

// joined makes the call of the two.
func (s *Server) joined(ctx context.Context, p *passing, to telecom.Target) error {
	if err := s.pass(ctx, p, to); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.side(p.new, to.Line)
	return nil
}

// connect lets the side that was passed on and who took the call talk.
func (c *call) connect() {
	l := c.taker
	c.taker, c.b, c.phase = nil, l, talking
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	err := c.wereAnswered(ctx, l.line)
	cancel()
	if err == nil {
		err = media.Bridge(c.a.media, l.media)
	}
	if err != nil {
		c.s.Log.Error("a call that was passed on could not be connected", "error", err)
		c.end(endFault)
		return
	}
	st := *c.state.Load()
	st.Answered = true
	c.state.Store(&st)
	to := c.records()[0].Target().Line // where that one forwards to is theirs to know
	c.meets(c.a, l, to.Extension, to.Name)
	if !c.passed.joins {
		l.watch()
		c.show()
		return
	}
	extension, name := c.record.Shown()
	c.meets(l, c.a, extension, name)
	c.show()
}

// meets tells a side who is at the other end now, in an offer of what that one
// can do.
func (c *call) meets(l, other *leg, extension, name string) {
	l.wanted, l.news, l.whom = other.media.Wants(), true, identity(c.s.Domain, extension, name)
	l.met = &address{name, sipgo.Uri{User: extension}}
	c.tellWay(l)
}

// identity says who somebody is (RFC 3325), or that they do not say (RFC 3323).
func identity(domain, extension, name string) []sipgo.Header {
	if extension == "" {
		return []sipgo.Header{sipgo.NewHeader("P-Asserted-Identity", `"Anonymous" <sip:anonymous@anonymous.invalid>`), sipgo.NewHeader("Privacy", "id")}
	}
	text := "<sip:" + extension + "@" + domain + ">"
	if name = display(name); name != "" {
		text = `"` + name + `" ` + text
	}
	return []sipgo.Header{sipgo.NewHeader("P-Asserted-Identity", text)}
}
