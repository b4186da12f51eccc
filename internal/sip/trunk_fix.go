package sip

import (
	"context"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// A fix of the caller's device that comes when an emergency call has begun already:
// the call waits for no satellite and for no question of a browser. It goes on to
// the trunk within the call (RFC 6442 4.1, RFC 3311), once, and whatever the trunk
// says to it the call goes on.

// fixTime is how long the page waits to hear whether the trunk took a fix.
const fixTime = 4 * time.Second

// placed takes the one fix of a call from the page of its caller.
func (c *call) placed(l *leg, in *incoming) {
	b := c.b
	switch {
	case l != c.a || in.flow.kind != media.Browser || !c.to.Located() || c.out.fixed:
		in.answer(sipgo.StatusForbidden, nil)
		return
	case c.phase != talking || b == nil || b.over || b.outbound == nil:
		in.answer(sipgo.StatusRequestPending, nil)
		return
	case len(in.Body()) > maxPlace:
		in.answer(sipgo.StatusBadRequest, nil)
		return
	}
	f, err := readFix(in.Body())
	if err != nil {
		in.answer(sipgo.StatusBadRequest, nil)
		return
	}
	if !b.updates || b.outbound.Emergency == "" {
		in.answer(sipgo.StatusNotAcceptableHere, nil)
		return
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	if told := c.record.Tell(ctx, b.outbound.Emergency, telecom.Told{Fix: true, Later: true}); !told.Fix {
		in.answer(sipgo.StatusNotAcceptableHere, nil)
		return
	}
	c.out.fixed = true
	c.sendFix(b, &f, in)
}

// sendFix sends the fix on, with the address beside it: it takes the place of what
// was told before.
func (c *call) sendFix(b *leg, f *fix, in *incoming) {
	id := newTag() + "@" + c.s.Domain
	req := b.request(sipgo.UPDATE)
	for _, h := range []sipgo.Header{b.contact(), allow(), sipgo.NewHeader("Geolocation", "<cid:"+id+">"), sipgo.NewHeader("Content-Type", typePlace), sipgo.NewHeader("Content-ID", "<"+id+">")} {
		req.AppendHeader(h)
	}
	req.SetBody(writePlace(c.s.Domain, c.out.address, f, c.s.Now()))
	said := false
	say := func(status int) {
		if !said {
			said = true
			in.answer(status, nil)
		}
	}
	b.ask(b.flow, req, func(res *sipgo.Response) {
		c.do(func() {
			switch {
			case res == nil:
				say(sipgo.StatusNotAcceptableHere)
			case res.IsSuccess():
				say(sipgo.StatusOK)
			case !res.IsProvisional():
				say(sipgo.StatusNotAcceptableHere)
			}
		})
	})
	time.AfterFunc(fixTime, func() { c.do(func() { say(sipgo.StatusNotAcceptableHere) }) })
}
