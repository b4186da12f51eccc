package sip

import (
	"context"
	"slices"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// leaving is a call that leaves the house, through one trunk after the other until
// one takes it.
type leaving struct {
	ways  []*carrier // that were not tried yet, the best first
	place []byte     // that goes with an emergency call; nil for none
	fix   *fix       // of the caller's device
	fixed bool       // the service has one, and gets no other

	address *telecom.Address // that the service is told; nil for none
	early   bool             // the caller was given sound before an answer
	best    int              // the weightiest refusal
}

// The ends of calls to other networks, in plain words.
var (
	endNotInUse  = verdict{telecom.Unavailable, 404, "That number is not in service. Check it and try again."}
	endNobody    = verdict{telecom.Unavailable, 480, "Nobody could be reached on that number."}
	endNotTaken  = verdict{telecom.Declined, 603, "The call was not accepted."}
	endTheirLine = verdict{telecom.Busy, 486, "That number is busy."}
	endNoWay     = verdict{telecom.Failed, 503, "Calls to outside numbers do not get through at the moment. Please try again in a minute."}
	endNoRescue  = verdict{telecom.Failed, 503, "The emergency call did not get through. Use another phone now: any mobile or landline reaches 999 and 112."}
)

// rescueTime is how long an emergency call may ring.
const rescueTime = 3 * time.Minute

// outside is what the last refusal of another network means for the caller.
func outside(status int) verdict {
	switch status {
	case 404, 410, 484, 485, 604:
		return endNotInUse
	case 486, 600:
		return endTheirLine
	case 403, 433, 603, 607, 608:
		return endNotTaken
	case 415, 488, 606:
		return endCodec
	case 480, 487, 408:
		return endNobody
	}
	return endNoWay
}

// elsewhere reports whether the next trunk is tried after a refusal: the network
// failed, and not the callee. For an emergency number any refusal is one.
func elsewhere(status int, emergency bool) bool {
	return emergency || status >= 500 && status < 600 || status == sipgo.StatusRequestTimeout || status == sipgo.StatusUnauthorized || status == sipgo.StatusProxyAuthRequired
}

func (c *call) emergency() bool { return c.to.Reach == telecom.ToEmergency }

// leave calls out.
func (c *call) leave() {
	c.out.ways = c.s.leading(c.to)
	if c.to.Located() {
		c.locate()
	}
	c.patience()
	c.onward(0)
}

// locate makes what an emergency service is told of where the caller is, if the
// policy declares who is told.
func (c *call) locate() {
	a := c.record.Identity().Address
	if a == nil && c.out.fix == nil {
		return // a fix may still come
	}
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	for _, t := range c.out.ways {
		if t.Emergency == "" {
			continue
		}
		told := c.record.Tell(ctx, t.Emergency, telecom.Told{Address: a != nil, Fix: c.out.fix != nil})
		if !told.Address {
			a = nil
		}
		if told.Fix {
			c.out.fixed = true
		} else {
			c.out.fix = nil
		}
		c.out.address = a
		if a != nil || c.out.fix != nil {
			c.out.place = writePlace(c.s.Domain, a, c.out.fix, c.s.Now())
		}
		break
	}
	c.out.fix = nil // it has done what it was for
}

// onward tries the next trunk, or ends the call with what the last said.
func (c *call) onward(status int) {
	if status != 0 {
		c.out.best = status
	}
	full := false
	for len(c.out.ways) > 0 {
		t := c.out.ways[0]
		c.out.ways = c.out.ways[1:]
		if !c.s.enter(c, t, c.emergency()) {
			full = true
			continue
		}
		if l := c.by(t); l != nil {
			c.forks = append(c.forks, l)
			c.sendOut(l)
			return
		}
		c.s.exit(c, t)
	}
	switch {
	case c.emergency():
		c.end(endNoRescue)
	case c.out.best == 0 && full:
		v, _ := refusal(c.s.Desk.Refused(telecom.Everywhere))
		v.code = telecom.Failed
		c.end(v)
	default:
		c.unanswered(outside(c.out.best))
	}
}

// by makes the dialog with a trunk; nil if the call cannot go there. The policy is
// asked before anything is said to it.
func (c *call) by(t *carrier) *leg {
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	if err := c.record.Hand(ctx, t.Recipient); err != nil {
		c.s.Log.Error("a trunk's carrier may not be given a call", "trunk", t.ID)
		c.out.best = sipgo.StatusForbidden
		return nil
	}
	f := t.way(ctx)
	if f == nil {
		t.failed(0)
		return nil
	}
	m, offer, err := c.s.Relay.InviteNetwork(ctx, c.a.media)
	if err != nil {
		c.out.best = sipgo.StatusNotAcceptableHere
		return nil
	}
	l := &leg{
		call: c, flow: f, line: t.line, media: m, callID: newCallID(), tag: newTag(), theirSeq: -1, offered: media.SendRecv, wanted: media.SendRecv, outbound: t,
		target: t.uri(t.Says(c.to.Number)),
		them:   address{"", sipgo.Uri{Scheme: "sip", User: t.Says(c.to.Number), Host: t.Domain}},
	}
	c.identify(l, t, f)
	l.place = c.out.place
	l.sdp = offer
	l.describeOut()
	c.s.mu.Lock()
	c.s.dialogs[dialogKey{l.line.ID, l.callID}] = c
	c.s.mu.Unlock()
	return l
}

// uri is an address at the trunk.
func (t *carrier) uri(user string) sipgo.Uri {
	return sipgo.Uri{Scheme: "sip", User: user, Host: t.Host, Port: t.Port, UriParams: t.param()}
}

// identify says who calls as the trunk is told it: the number in From unless it is
// withheld (RFC 3323 4.1), and in P-Asserted-Identity for the carrier alone (RFC
// 3325 9.1). No name goes out.
func (c *call) identify(l *leg, t *carrier, f *flow) {
	id := c.record.Identity()
	number := t.Says(id.Number)
	l.us = address{"", sipgo.Uri{Scheme: "sip", User: number, Host: t.Domain}}
	if t.Register == nil {
		l.us.uri.Host = f.host
	}
	if id.Withheld || number == "" {
		l.us = address{"Anonymous", sipgo.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
	}
	if number != "" && t.Identity == trunk.Asserted {
		l.extra = append(l.extra, sipgo.NewHeader("P-Asserted-Identity", "<sip:"+number+"@"+t.Domain+">"))
	}
	if id.Withheld {
		l.extra = append(l.extra, sipgo.NewHeader("Privacy", "id"))
	}
}

// describeOut makes the INVITE to a trunk.
func (l *leg) describeOut() {
	l.invite = l.request(sipgo.INVITE)
	for _, h := range l.extra {
		l.invite.AppendHeader(h)
	}
	if l.place == nil {
		l.describe(l.invite, l.sdp)
		return
	}
	id := newTag() + "@" + l.flow.s.Domain
	kind, body := bodyWith(l.sdp, l.place, id)
	l.invite.AppendHeader(l.contact())
	l.invite.AppendHeader(allow())
	l.timed(l.invite)
	l.invite.AppendHeader(sipgo.NewHeader("Geolocation", "<cid:"+id+">")) // RFC 6442 4.1
	l.invite.AppendHeader(sipgo.NewHeader("Geolocation-Routing", "yes"))  // 4.2
	l.invite.AppendHeader(sipgo.NewHeader("Content-Type", kind))
	l.invite.SetBody(body)
}

// sendOut sends the INVITE, and tries the next trunk where nothing at all comes
// back in a while: nobody waits half a minute for the transaction to give up.
func (c *call) sendOut(l *leg) {
	l.outbound.sign(l.invite)
	if l.tries++; l.tries == 1 {
		l.outbound.asks()
	}
	req := l.invite
	l.abandon = l.flow.ask(req, func(res *sipgo.Response) {
		c.do(func() {
			if l.invite == req { // not sent anew since
				c.heardOut(l, res)
			}
		})
	})
	l.after(&l.first, c.s.Try, func() {
		if !l.over && !l.reached {
			l.outbound.failed(0)
			l.giveUp()
			c.dropOut(l, sipgo.StatusRequestTimeout)
		}
	})
}

// heardOut acts on what a trunk says to its INVITE; nil is nothing at all.
func (c *call) heardOut(l *leg, res *sipgo.Response) {
	halt(&l.first)
	switch {
	case res == nil:
		c.dropOut(l, sipgo.StatusRequestTimeout)
	case res.IsProvisional():
		c.progress(l, res)
	case res.IsSuccess():
		c.took(l, res)
	case l.over || c.phase != ringing:
	case c.retried(l, res):
	default:
		l.outbound.failed(res.StatusCode)
		c.dropOut(l, res.StatusCode)
	}
}

// progress acts on a 1xx of a trunk. One with a description is sound that the
// caller hears before the answer: an announcement, or the ringing itself.
func (c *call) progress(l *leg, res *sipgo.Response) {
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
	switch {
	case c.phase != ringing || res.StatusCode == sipgo.StatusTrying:
		return
	case c.passed != nil: // who waits for it talks to somebody, or did
		if !c.rung && res.StatusCode == sipgo.StatusRinging {
			c.rung = true
			c.rings()
		}
		return
	}
	if len(res.Body()) > 0 && mediaTypeOf(res) == typeSDP && !l.early && l.media.Answered(string(res.Body())) == nil {
		l.early = true
		sdp, err := c.a.media.Answer()
		if err == nil {
			err = media.Early(c.a.media, l.media)
		}
		if err == nil {
			c.out.early, c.rung = true, true
			c.toCaller(sipgo.StatusSessionInProgress, nil, sdp)
			return
		}
		c.s.Log.Warn("sound before an answer could not be passed on", "error", err)
	}
	if !c.rung && !c.out.early && res.StatusCode == sipgo.StatusRinging {
		c.rung = true
		c.toCaller(sipgo.StatusRinging, nil, "")
	}
}

// retried sends an INVITE anew to the same trunk where that may help: with a
// digest, or without the place that it does not take.
func (c *call) retried(l *leg, res *sipgo.Response) bool {
	asks := res.StatusCode == sipgo.StatusUnauthorized || res.StatusCode == sipgo.StatusProxyAuthRequired
	switch {
	case l.tries >= maxAsks:
		return false
	case asks && l.outbound.challenged(res):
		l.seq++
		l.invite = anew(l.invite, l.seq)
	case l.longer(res):
		l.inviteLonger()
	case !asks && l.place != nil && res.StatusCode < 500 && res.StatusCode != sipgo.StatusBusyHere:
		l.place = nil // an emergency call never fails for what it carries with it
		l.theirTag = ""
		l.describeOut()
	default:
		return false
	}
	l.theirTag, l.reached, l.target = "", false, *l.invite.Recipient.Clone()
	l.invite.To().Params.Remove("tag")
	c.sendOut(l)
	return true
}

// dropOut takes a trunk out of a call that rings, and tries the next if this was
// its failure.
func (c *call) dropOut(l *leg, status int) {
	if l.dropped {
		return
	}
	l.over, l.dropped = true, true
	l.stop()
	c.s.exit(c, l.outbound)
	if c.phase != ringing {
		return
	}
	if elsewhere(status, c.emergency()) {
		if (!l.reached || status == sipgo.StatusServiceUnavailable) && l.outbound.turnsFrom(l.flow) {
			c.out.ways = slices.Insert(c.out.ways, 0, l.outbound) // at its next address (RFC 3263 4.3)
		}
		c.onward(status)
		return
	}
	c.unanswered(outside(status))
}

// hear takes the answer of a trunk's 200: one that came before with a 183 holds,
// unless another was written since (RFC 6337 3.1).
func (l *leg) hear(sdp string) error {
	if !l.early {
		return l.media.Answered(sdp)
	}
	if sdp == "" || l.media.Answered(sdp) == nil {
		return nil
	}
	_, _, err := l.media.Reoffered(sdp)
	return err
}

// recorded is the way that a message says further ones are to take (RFC 3261
// 12.1), in the order in which it stands there.
func recorded(m interface{ Headers() []sipgo.Header }) (way []string) {
	for _, h := range headers(m, "record-route") {
		if len(way) < maxPath*2 {
			way = append(way, h.Value())
		}
	}
	return way
}

func reversed(way []string) []string {
	way = slices.Clone(way)
	slices.Reverse(way)
	return way
}

// ask sends a request within the dialog. A trunk may ask for a digest first.
func (l *leg) ask(on *flow, req *sipgo.Request, each func(*sipgo.Response)) {
	t := on.carrier
	if t == nil || t.Register == nil {
		on.ask(req, each)
		return
	}
	t.sign(req)
	on.ask(req, func(res *sipgo.Response) {
		asks := res != nil && (res.StatusCode == sipgo.StatusUnauthorized || res.StatusCode == sipgo.StatusProxyAuthRequired)
		if !asks || !t.challenged(res) {
			each(res)
			return
		}
		l.call.do(func() {
			l.seq++
			next := anew(req, l.seq)
			t.sign(next)
			on.ask(next, each)
		})
	})
}
