package sip

import (
	"context"
	"errors"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
)

// A device may ask without an offer (RFC 3261 13.2.1, 14.1): ours is in the 200,
// and its answer in the ACK. Until then no other offer of ours goes to it.

// describes is what the caller's 200 has in it: the answer to its offer, or an
// offer of ours where it made none.
func (c *call) describes(l *leg) (string, error) {
	if len(c.in.Body()) > 0 {
		return c.a.media.Answer()
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	c.a.owes, c.a.asking = true, true
	return c.a.media.Offer(ctx, l.media)
}

// stationed is what a caller's 200 has in it whom a station of ours answers.
func (c *call) stationed() (string, *media.Station, error) {
	if len(c.in.Body()) > 0 {
		return c.a.media.Attend()
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	sdp, station, err := c.a.media.AttendOffer(ctx)
	c.a.owes, c.a.asking = err == nil, err == nil
	return sdp, station, err
}

// asks answers a re-INVITE without an offer with one of ours.
func (c *call) asks(l *leg, in *incoming, timer session) {
	offer, err := l.media.Reoffer(l.wanted)
	if err != nil {
		in.answer(sipgo.StatusNotAcceptableHere, nil)
		return
	}
	l.owes, l.asking, l.news = true, true, false
	l.offered = l.wanted
	l.unacked = in.CSeq().SeqNo
	l.awaitAck()
	l.refreshed(timer)
	l.reply(in, sessionHeaders(in, timer), offer)
}

// owed takes the answer that an ACK has in it. Without one there is no call with
// that device, and one that there was goes on as it was.
func (c *call) owed(l *leg, in *incoming) {
	l.owes, l.asking = false, false
	defer l.free()
	if c.phase != talking {
		return
	}
	first := !l.media.Settled()
	err := l.media.Answered(string(in.Body()))
	switch {
	case err != nil && first:
		c.end(endCodec)
		return
	case err != nil:
		if len(in.Body()) > 0 && !errors.Is(err, media.ErrClosed) {
			c.s.Log.Warn("an answer within a call could not be taken", "error", err)
		}
	case first && c.station == nil:
		c.other(l).news = true // which may have taken more than this one
		c.bridge(l)
	}
	if c.phase != talking {
		return
	}
	if other := c.other(l); other != nil {
		other.wanted = l.media.Wants()
		c.tellWay(other)
	}
	c.tellWay(l)
}
