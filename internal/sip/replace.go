package sip

import (
	"context"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/recording"
)

// A device may take over a call that another device of the same line has (RFC
// 3891): its INVITE names that dialog. The call, its record and who is at the
// other end stay; only calls of the line itself can be named.

// movedHere finds the call that an INVITE wants to take over.
func (s *Server) movedHere(in *incoming) {
	r, ok := readReplaces(headers(in, "replaces")[0].Value())
	if !ok {
		in.answer(sipgo.StatusBadRequest, nil)
		return
	}
	c := s.callAt(in.flow.line, r.callID)
	if c == nil { // RFC 3891 3
		in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		return
	}
	c.do(func() { c.takenOver(in, &r) })
}

// takenOver puts a device in the place of another.
func (c *call) takenOver(in *incoming, r *replaces) {
	var old *leg
	for _, l := range c.legs() {
		if l.line.ID == in.flow.line.ID && r.means(l) {
			old = l
		}
	}
	switch {
	case old != nil && old.moved != nil:
		old.moved.do(func() { old.moved.takenOver(in, r) })
		return
	case old == nil || old != c.a && old != c.b || c.phase == ringing || c.phase == deciding:
		in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		return
	case c.phase == over || old.over:
		in.answer(sipgo.StatusGlobalDecline, nil)
		return
	case c.s.callOf(in) != nil: // RFC 3261 8.2.2.2
		in.answer(sipgo.StatusLoopDetected, nil)
		return
	case r.early || c.station != nil: // what voicemail plays and records is one device's
		in.answer(sipgo.StatusBusyHere, nil)
		return
	case c.passes != nil || c.other(old).asking:
		in.answer(sipgo.StatusRequestPending, nil)
		return
	}
	c.endTaping(recording.PassedOn)
	fresh := c.asked(in)
	fresh.hidden = old.hidden
	sdp, err := c.fits(fresh, c.other(old), in)
	if err != nil {
		v, known := refusal(err)
		if !known {
			c.s.Log.Error("a call could not be taken over", "error", err)
		}
		fresh.stop()
		in.answer(v.status, because(v.status, v.words))
		return
	}
	c.replaces(old, fresh, in, sdp)
}

// fits brings the media of a device as far as an answer to its offer, or an offer
// of ours where it made none.
func (c *call) fits(fresh, other *leg, in *incoming) (sdp string, err error) {
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	if fresh.media, err = c.s.accept(ctx, in); err != nil {
		return "", err
	}
	if len(in.Body()) == 0 {
		fresh.owes, fresh.asking = true, true
		return fresh.media.Offer(ctx, other.media)
	}
	fresh.media.Faces(other.media)
	if sdp, err = fresh.media.Answer(); err != nil {
		return "", err
	}
	return sdp, media.Bridge(fresh.media, other.media)
}

// replaces lets go of one device for another.
func (c *call) replaces(old, fresh *leg, in *incoming, sdp string) {
	c.s.mu.Lock()
	c.s.dialogs[dialogKey{fresh.line.ID, fresh.callID}] = c
	if old == c.a {
		c.a = fresh
	} else {
		c.b = fresh
		c.forks = append(c.forks, fresh)
	}
	c.s.mu.Unlock()
	timer, _ := sessionTime(in)
	fresh.unacked = in.CSeq().SeqNo
	fresh.awaitAck()
	fresh.refreshed(timer)
	res := sipgo.NewResponseFromRequest(in.Request, sipgo.StatusOK, phrases[sipgo.StatusOK], nil)
	res.To().Params.Add("tag", fresh.tag)
	in.respond(res, append(sessionHeaders(in, timer), fresh.contact(), allow()), sdp)
	fresh.again(res, sipgo.T1)
	old.bye(sipgo.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`))
	old.stop()
	c.s.undial(old)
	if !fresh.owes { // else the ACK has the answer
		fresh.watch()
		c.came(fresh)
		other := c.other(fresh)
		other.wanted, other.news = fresh.media.Wants(), true
		c.tellWay(other)
	}
	c.show()
}
