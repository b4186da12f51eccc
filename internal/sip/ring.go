package sip

import (
	"context"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// ring calls every device of the callee at once (RFC 3261 16.6, in parallel).
func (c *call) ring() {
	if c.to.Reach != telecom.ToLine {
		c.leave()
		return
	}
	if c.screened() {
		return
	}
	c.s.mu.Lock()
	busy := c.s.busy(c.to.Line, false)
	if !busy {
		c.s.side(c, c.to.Line)
	}
	c.s.mu.Unlock()
	if busy {
		c.endOr(telecom.WhenBusy, endBusy)
		return
	}
	first := len(c.forks)
	connected := c.s.devices(c.to.Line)
	for _, b := range connected {
		if l := c.fork(b); l != nil {
			c.forks = append(c.forks, l)
		}
	}
	c.wake(connected)
	if len(c.forks) == first && !c.waking {
		c.endOr(telecom.WhenUnanswered, endUnavailable)
		return
	}
	c.patience()
	for _, l := range c.forks[first:] {
		c.send(l)
	}
}

// fork makes the dialog with one device. Nothing of the caller's is in it but
// the number and the name that the desk shows, or neither.
func (c *call) fork(b *binding) *leg {
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	m, offer, err := c.s.Relay.InviteAs(ctx, c.a.media, b.flow.kind)
	if err != nil {
		c.s.Log.Error("a device could not be called", "error", err)
		return nil
	}
	b.flow.near(m, len(b.path) > 0)
	extension, name := c.record.Shown()
	l := &leg{
		call: c, flow: b.flow, line: b.flow.line, instance: b.instance, media: m, callID: newCallID(), tag: newTag(), target: *b.contact.Clone(), route: b.path, theirSeq: -1,
		us:      address{name, sipgo.Uri{Scheme: "sip", User: extension, Host: c.s.Domain}},
		them:    address{"", sipgo.Uri{Scheme: "sip", User: c.to.Line.Extension, Host: c.s.Domain}},
		offered: media.SendRecv, wanted: media.SendRecv, round: c.round,
	}
	if extension == "" { // withheld, RFC 3323 4.1.1.3
		l.us = address{"Anonymous", sipgo.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
	}
	l.invite = l.request(sipgo.INVITE)
	if extension == "" {
		l.invite.AppendHeader(sipgo.NewHeader("Privacy", "id"))
	}
	if by := c.diversion(); by != nil {
		l.invite.AppendHeader(by)
	}
	l.describe(l.invite, offer)
	c.s.mu.Lock()
	c.s.dialogs[dialogKey{l.line.ID, l.callID}] = c
	c.s.mu.Unlock()
	return l
}

func (c *call) send(l *leg) {
	l.abandon = l.flow.ask(l.invite, func(res *sipgo.Response) {
		c.do(func() { c.heard(l, res) })
	})
}

// heard acts on what a device says to its INVITE; nil is nothing at all.
func (c *call) heard(l *leg, res *sipgo.Response) {
	switch {
	case res == nil:
		c.drop(l, sipgo.StatusRequestTimeout)
	case res.IsProvisional():
		l.reached = true
		if l.cancelled {
			l.sendCancel()
			return
		}
		if !l.assured(res) {
			return
		}
		if tag, _ := res.To().Params.Get("tag"); token(tag) {
			l.theirTag = tag
		}
		if res.StatusCode > sipgo.StatusTrying && c.phase == ringing && l.round == c.round && !c.rung {
			c.rung = true
			c.rings()
		}
	case res.IsSuccess():
		c.took(l, res)
	case l.longer(res) && c.phase == ringing && l.round == c.round && !l.over && !l.cancelled:
		l.inviteLonger()
		c.send(l)
	default:
		c.drop(l, res.StatusCode)
	}
}

// rings tells whoever waits for it that it rings.
func (c *call) rings() {
	if c.passed != nil {
		c.passed.tell(sipgo.StatusRinging, "")
		return
	}
	c.toCaller(sipgo.StatusRinging, nil, "")
}

// took acts on a device that answers. One that does so when another has, or
// when the caller has given up, is told BYE (RFC 3261 13.2.2.4).
func (c *call) took(l *leg, res *sipgo.Response) {
	if !l.learn(res) {
		if l.outbound != nil {
			c.dropOut(l, sipgo.StatusInternalServerError)
			return
		}
		c.drop(l, sipgo.StatusBadRequest)
		return
	}
	l.ack(l.invite.CSeq().SeqNo)
	if c.phase != ringing || l.cancelled || l.over {
		l.over = false // it was, for us; the device thinks otherwise
		l.bye()
		return
	}
	l.answererRefreshes(res)
	c.answered(l, res)
}

// drop takes a device out of a call that rings, and ends the call when none is
// left, or when the person declined for all of their devices (RFC 3261 16.7).
func (c *call) drop(l *leg, status int) {
	if l.outbound != nil {
		c.dropOut(l, status)
		return
	}
	l.over = true
	l.stop()
	if c.phase != ringing || l.round != c.round {
		return
	}
	if c.best == 0 || weight(status) > weight(c.best) {
		c.best = status
	}
	for _, other := range c.forks {
		if other.round == c.round && !other.over && status < 600 {
			return
		}
	}
	if c.waking && status < 600 {
		return // one that was woken may still come
	}
	c.refusedBy(outcome(c.best))
}

// cancelled acts on the caller's CANCEL. One that crosses our 200 does nothing:
// the page then says BYE.
func (c *call) cancelled(came *served) {
	if held := c.promised.held; c.in != nil && c.in.came == came || held != nil && held.came == came {
		c.endBy(endCancelled, true)
	}
}
