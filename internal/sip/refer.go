package sip

import (
	"context"
	"errors"
	"fmt"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/recording"
	"candour/internal/telecom"
)

// A side of a call may pass the other on: to a third that is rung (RFC 3515), or
// to one whom it talks to in another call (RFC 3891). No REFER goes to anybody:
// the third is called from here, in a call of its own with its own decision and
// record, and the side that is passed on keeps its dialog with us.

// passing is a side of a call on its way to another call. What it points to is
// touched on the serials of the two calls as said.
type passing struct {
	old   *call
	new   *call
	by    *leg   // of old: who passes the other on
	kept  *leg   // of old: who is passed on
	id    uint32 // of the REFER: its CSeq (RFC 3515 2.4.6)
	joins bool   // to somebody who is in another call already
	video bool   // there is a picture in the call
	mute  bool   // nothing is to be told of how it goes on (RFC 4488)
	gave  bool   // old's: the side is new's
}

// The ends of passing a call on, as who asked for it is told.
var (
	endNotTwo  = verdict{telecom.Failed, 404, "The other call is not there any more."}
	endSame    = verdict{telecom.Failed, 404, "They are in this call already."}
	endOutside = verdict{telecom.NoWayOut, 403, "A call can be passed on to an extension only."}
)

// referred acts on a REFER: it is judged as a call of who sends it would be.
func (c *call) referred(l *leg, in *incoming) {
	to := headers(in, "refer-to")
	if len(to) != 1 {
		in.answer(sipgo.StatusBadRequest, nil)
		return
	}
	whom, ok := readReferTo(to[0].Value())
	kept := c.other(l)
	switch {
	case !ok:
		in.answer(sipgo.StatusBadRequest, nil)
		return
	case c.phase != talking || c.passes != nil || kept == nil || kept.over:
		in.answer(sipgo.StatusRequestPending, nil)
		return
	case !in.flow.here(&sipgo.Uri{Host: whom.host}):
		in.answer(sipgo.StatusNotFound, nil)
		return
	}
	c.endTaping(recording.PassedOn)
	p := &passing{old: c, by: l, kept: kept, id: in.CSeq().SeqNo, joins: whom.replaces != nil, video: kept.media.Picture(), mute: lists(in, "refer-sub", "false")}
	if whom.replaces != nil {
		c.join(p, in, whom.replaces)
		return
	}
	if err := c.passOn(p, whom.user); err != nil {
		v, known := refusal(err)
		if !known {
			c.s.Log.Error("a call could not be passed on", "error", err)
		}
		in.answer(v.status, because(v.status, v.words))
		return
	}
	p.accepted(in)
	p.new.do(func() {
		p.new.ring()
		p.new.show()
	})
}

// passOn begins the call to whom a side names.
func (c *call) passOn(p *passing, dialled string) error {
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	to, err := c.s.Desk.Route(ctx, p.by.line, dialled)
	switch {
	case err != nil:
		return err
	case to.Reach != telecom.ToLine:
		return errOutside // it would be at the cost of who is passed on
	case to.Line.ID == p.kept.line.ID:
		return errSame
	case c.s.often(p.by.line):
		return errOften
	}
	if err := c.s.pass(ctx, p, to); err != nil {
		return err
	}
	c.passes = p
	return nil
}

// Why a call is not passed on, beside what the desk says.
var (
	errOutside = errors.New("sip: a call is passed on to lines only")
	errSame    = errors.New("sip: a call cannot be passed on to who is in it")
)

// pass makes the call that a side is passed on to, with its decision.
func (s *Server) pass(ctx context.Context, p *passing, to telecom.Target) error {
	start := telecom.Start{From: p.kept.line, To: to, Withheld: p.kept.hidden, Video: p.video, By: p.by.line}
	if p.kept.flow.carrier != nil {
		if p.kept != p.old.a || p.old.who == nil {
			return errOutside // a call that costs is somebody's until it ends
		}
		start.From, start.Outside = telecom.Line{}, p.old.who
	}
	record, err := s.Desk.Begin(ctx, start)
	if err != nil {
		return err
	}
	n := &call{s: s, done: make(chan struct{}), phase: ringing, record: record, to: to, passed: p, who: start.Outside}
	n.a = &leg{call: n, flow: p.kept.flow, line: p.kept.line, media: p.kept.media, hidden: p.kept.hidden, borrowed: true, over: true}
	n.state.Store(&CallState{From: n.a.line, To: to, Since: s.Now().UnixMilli()})
	p.new = n
	s.mu.Lock()
	closing := s.closing
	if !closing {
		s.calls[n] = struct{}{}
		s.side(n, n.a.line)
	}
	s.mu.Unlock()
	if closing {
		return errors.Join(ErrClosed, record.Ended(ctx, telecom.End{Code: telecom.Interrupted}))
	}
	return nil
}

// accepted answers the REFER, and says that it goes on from here.
func (p *passing) accepted(in *incoming) {
	res := reply(in.Request, sipgo.StatusAccepted, phrases[sipgo.StatusAccepted])
	more := []sipgo.Header{p.by.contact(), allow()}
	if p.mute {
		more = append(more, sipgo.NewHeader("Refer-Sub", "false"))
	}
	in.respond(res, more, "")
	p.notify(sipgo.StatusTrying, "")
}

// tell says how the new call goes on, from its serial.
func (p *passing) tell(status int, words string) {
	p.old.do(func() { p.notify(status, words) })
}

// notify says to who asked how it goes on: the status of the new call and no
// more (RFC 3515 2.4.4).
func (p *passing) notify(status int, words string) {
	if p.mute || p.by.over {
		return
	}
	state := "active;expires=180"
	if status >= sipgo.StatusOK {
		state = "terminated;reason=noresource"
	}
	req := p.by.request(sipgo.NOTIFY)
	req.AppendHeader(sipgo.NewHeader("Event", fmt.Sprintf("refer;id=%d", p.id)))
	req.AppendHeader(sipgo.NewHeader("Subscription-State", state))
	req.AppendHeader(p.by.contact())
	for _, h := range because(status, words) {
		req.AppendHeader(h)
	}
	req.AppendHeader(sipgo.NewHeader("Content-Type", "message/sipfrag;version=2.0"))
	req.SetBody([]byte(fmt.Sprintf("SIP/2.0 %d %s\r\n", status, phrases[status])))
	p.by.flow.ask(req, func(*sipgo.Response) {})
}

// leaves acts on a side that hangs up, and reports whether it had passed the
// other on: then that one goes where it is to go.
func (c *call) leaves(l *leg) bool {
	p := c.passes
	if p == nil || l != p.by {
		return false
	}
	c.give(p)
	return true
}

// give gives the side that is passed on to the call that waits for it. Who asked
// for it is told, and is out.
func (c *call) give(p *passing) {
	switch {
	case p.gave:
		return
	case c.phase != talking || c.passes != p || p.kept.over:
		p.new.do(func() { p.new.endBy(endCancelled, true) })
		return
	case p.kept.asking:
		p.kept.later = func() { c.give(p) }
		return
	}
	p.gave, c.passes = true, nil
	fresh := c.yield(p.kept, p.new)
	p.new.do(func() { p.new.adopt(fresh) })
	p.notify(sipgo.StatusOK, "")
	c.endBy(endCompleted, p.by == c.a)
}

// free lets happen what waited for a re-INVITE of ours to be answered.
func (l *leg) free() {
	if later := l.later; later != nil && !l.asking {
		l.later = nil
		later()
	}
}

// yield takes a side out of the call, for another call: its dialog and its
// media. What is left of it here is over.
func (c *call) yield(l *leg, to *call) *leg {
	fresh := *l
	fresh.call, fresh.later = to, nil
	fresh.ackTimer, fresh.resend, fresh.grace, fresh.quiet, fresh.refresh, fresh.first = nil, nil, nil, nil, nil, nil
	l.over, l.moved, l.media = true, to, nil
	l.stop()
	c.s.mu.Lock()
	c.s.dialogs[dialogKey{l.line.ID, l.callID}] = to
	c.s.mu.Unlock()
	return &fresh
}

// taken notes who took the call that a side is passed on to. They talk when that
// side is here.
func (c *call) taken(l *leg) {
	c.taker = l
	c.halt()
	c.settle(l)
	if !c.a.borrowed {
		c.connect()
		return
	}
	p := c.passed
	p.old.do(func() { p.old.give(p) })
}

// adopt takes in the side that is passed on.
func (c *call) adopt(l *leg) {
	if c.phase == over {
		l.bye()
		l.stop()
		c.s.undial(l)
		return
	}
	c.s.mu.Lock()
	c.a = l
	c.s.mu.Unlock()
	l.resume()
	switch {
	case c.taker != nil:
		c.connect()
	case c.missed != "":
		c.attendLate()
	default:
		c.show()
	}
}

// undial lets go of a dialog that no call has.
func (s *Server) undial(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dialogs, dialogKey{l.line.ID, l.callID})
}

// resume sets the timers anew of a side that came from another call.
func (l *leg) resume() {
	c := l.call
	l.watch()
	if l.unacked != 0 {
		l.awaitAck()
	}
	l.refreshed(l.session)
	switch {
	case l.lost:
		l.after(&l.grace, c.s.Grace, func() { c.vanished(l) })
	case l.flow.over():
		c.lost(l.flow)
	}
}

// parted acts on the end of a call that passes a side on, or that one was to be
// passed on to.
func (c *call) parted(v verdict) {
	if p := c.passes; p != nil {
		c.passes = nil
		if n := p.new; !p.joins { // else give finds that there is nobody to give
			n.do(func() { n.endBy(endCancelled, true) })
		}
	}
	if p := c.passed; p != nil {
		p.old.do(func() { p.failed(v) })
	}
}

// failed leaves everybody where they were: who asked is told why.
func (p *passing) failed(v verdict) {
	if p.old.passes != p {
		return
	}
	p.old.passes = nil
	p.notify(max(v.status, 400), v.words)
}
