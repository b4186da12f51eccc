package sip

import (
	"crypto/rand"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/recording"
)

// inside acts on a request within one of the call's dialogs.
func (c *call) inside(in *incoming) {
	l := c.legFor(in)
	switch {
	case l != nil && l.moved != nil:
		l.moved.do(func() { l.moved.inside(in) })
		return
	case l == nil || l.over && in.Method != sipgo.BYE:
		if in.Method != sipgo.ACK {
			in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		}
		return
	case in.Method == sipgo.ACK:
		c.found(l, in.flow)
		if l.unacked == in.CSeq().SeqNo {
			l.unacked = 0
			halt(&l.ackTimer)
			halt(&l.resend)
			if l.owes {
				c.owed(l, in)
			} else {
				c.tellWay(l) // what changed before the answer
			}
		}
		return
	case int64(in.CSeq().SeqNo) <= l.theirSeq: // RFC 3261 12.2.2
		in.answer(sipgo.StatusInternalServerError, nil)
		return
	}
	l.theirSeq = int64(in.CSeq().SeqNo)
	c.found(l, in.flow)
	switch in.Method {
	case sipgo.BYE:
		in.answer(sipgo.StatusOK, nil)
		c.hungUp(l)
	case sipgo.INFO:
		if mediaType(in.Request) == typePlace {
			c.placed(l, in)
			return
		}
		c.digit(l, in)
	case sipgo.INVITE, sipgo.UPDATE:
		c.changed(l, in)
	case sipgo.REFER:
		c.referred(l, in)
	case sipgo.PRACK:
		c.acknowledged(l, in)
	default:
		in.answer(sipgo.StatusMethodNotAllowed, []sipgo.Header{allow()})
	}
}

func (c *call) legFor(in *incoming) *leg {
	for _, l := range c.legs() {
		if l.mine(in) {
			return l
		}
	}
	return nil
}

func (c *call) other(l *leg) *leg {
	if l == c.a {
		return c.b
	}
	return c.a
}

// hungUp ends the call because a side said BYE. Before the answer only the
// caller may (RFC 3261 15): it is a CANCEL by another name.
func (c *call) hungUp(l *leg) {
	switch {
	case l.over:
	case c.phase == talking && (l == c.a || l == c.b):
		l.over = true
		if c.leaves(l) {
			return
		}
		c.endBy(endCompleted, l == c.a)
	case l == c.a:
		l.over = true
		c.endBy(endCancelled, true)
	default:
		c.drop(l, sipgo.StatusTemporarilyUnavailable)
	}
}

// changed acts on a new offer within a call: hold, resume, a picture more, a
// new network (RFC 3261 14.2, RFC 3311), or nothing but a sign of life (RFC
// 4028). The side that asks is answered at once; the other is then told what
// way the sound goes, if that is news.
func (c *call) changed(l *leg, in *incoming) {
	timer, short := sessionTime(in)
	switch {
	case short:
		in.answer(422, []sipgo.Header{minSE()})
		return
	case in.Method == sipgo.UPDATE && len(in.Body()) == 0:
		l.refreshed(timer)
		l.reply(in, sessionHeaders(in, timer), "")
		return
	case c.phase == ringing && c.taker == nil:
		c.changedEarly(l, in, timer)
		return
	case c.phase == talking && l.asking && !l.owes && l.aside == nil && in.Method == sipgo.INVITE && l.flow.kind == media.Browser:
		l.aside = in
		return
	case c.phase != talking || c.other(l) == nil && c.station == nil || l.asking:
		in.answer(sipgo.StatusRequestPending, nil)
		return
	case len(in.Body()) == 0:
		c.asks(l, in, timer)
		return
	}
	c.offered(l, in, timer)
}

// offered answers an offer within a call.
func (c *call) offered(l *leg, in *incoming, timer session) {
	sdp, dir, err := l.media.Reoffered(string(in.Body()))
	if err != nil {
		v, known := refusal(err)
		if !known {
			c.s.Log.Error("an offer within a call could not be taken", "error", err)
		}
		in.answer(v.status, nil)
		return
	}
	if contacts := headers(in, "contact"); len(contacts) == 1 {
		l.target = *contacts[0].(*sipgo.ContactHeader).Address.Clone() // a target refresh, RFC 3261 12.2.2
	}
	if in.Method == sipgo.INVITE {
		l.unacked = in.CSeq().SeqNo
		l.awaitAck()
	}
	l.refreshed(timer)
	l.reply(in, sessionHeaders(in, timer), sdp)
	if dir != media.SendRecv {
		c.endTaping(recording.Held)
	}
	if other := c.other(l); other != nil && c.phase == talking {
		other.wanted, other.news = dir, other.news || other.media.Misses()
		c.tellWay(other)
	}
}

// reply answers a request within the dialog with 200.
func (l *leg) reply(in *incoming, more []sipgo.Header, sdp string) {
	res := reply(in.Request, sipgo.StatusOK, "OK")
	in.respond(res, append(more, l.contact(), allow()), sdp)
	if in.Method == sipgo.INVITE {
		l.again(res, sipgo.T1)
	}
}

// tellWay offers a side the way that the sound is to go. While an offer waits
// for its answer it is held back; what is then wanted is told after it.
func (c *call) tellWay(l *leg) {
	if c.phase != talking || l.over || l.lost || l.asking || l.aside != nil || l.offered == l.wanted && !l.news {
		return
	}
	way := l.wanted
	l.news = false
	offer, err := l.media.Reoffer(way)
	if err != nil {
		c.s.Log.Error("an offer within a call could not be made", "error", err)
		return
	}
	req := l.request(sipgo.INVITE)
	l.describe(req, offer)
	for _, h := range l.whom {
		req.AppendHeader(h)
	}
	l.asking = true
	on, seq := l.flow, l.seq
	l.ask(on, req, func(res *sipgo.Response) {
		c.do(func() { c.toldWay(l, on, way, seq, res) })
	})
}

func (c *call) toldWay(l *leg, on *flow, way media.Direction, seq uint32, res *sipgo.Response) {
	if res != nil && res.IsProvisional() {
		return
	}
	if res != nil {
		seq = res.CSeq().SeqNo // of the request that a trunk asked for anew
	}
	l.asking = false
	defer l.free()
	defer c.heed(l)
	switch {
	case c.phase != talking:
		if res != nil && res.IsSuccess() {
			l.ack(seq)
		}
		return
	case res == nil || res.StatusCode == sipgo.StatusRequestTimeout || res.StatusCode == sipgo.StatusCallTransactionDoesNotExists:
		if on.over() {
			c.tellWay(l) // where the device is now, or when it has come back
			return
		}
		c.endBy(endLost, l == c.a) // RFC 3261 12.2.1.2
		return
	case res.StatusCode == sipgo.StatusRequestPending: // both asked at once
		time.AfterFunc(glare(), func() { c.do(func() { c.tellWay(l) }) })
		return
	case l.longer(res):
		l.news = true
		c.tellWay(l)
		return
	}
	l.offered = way // also where it was refused: that is not asked twice
	if res.IsSuccess() {
		l.ack(seq)
		l.answererRefreshes(res)
		if err := l.media.Answered(string(res.Body())); err != nil && !errors.Is(err, media.ErrClosed) {
			c.s.Log.Warn("an answer within a call could not be taken", "error", err)
		}
		if other := c.other(l); other != nil && other.media.Misses() { // the answer has a picture
			other.news = true
			c.tellWay(other)
		}
	}
	c.tellWay(l)
}

// heed takes the offer of a page that crossed one of ours: its library ends a
// call in which 491 is said (RFC 3261 14.2), so it waits until ours is answered.
func (c *call) heed(l *leg) {
	in := l.aside
	if in == nil {
		return
	}
	l.aside = nil
	c.changed(l, in)
	c.tellWay(l)
}

// glare is how long we wait after two offers crossed, as the side that made the
// Call-ID does (RFC 3261 14.1).
func glare() time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(190))
	if err != nil {
		return 3 * time.Second
	}
	return 2100*time.Millisecond + time.Duration(n.Int64())*10*time.Millisecond
}

// The length of a digit in INFO: what is sent where none is given, and the
// bounds of what is taken.
const (
	digitTime = 160 * time.Millisecond
	minDigit  = 40 * time.Millisecond
	maxDigit  = time.Second // the longest that media sends
)

// digit passes on a digit that came in INFO. It is as secret as what is said,
// and stands in no log.
func (c *call) digit(l *leg, in *incoming) {
	if c.phase != talking || c.other(l) == nil && c.station == nil {
		in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		return
	}
	if len(in.Body()) == 0 { // a sign of life
		l.reply(in, nil, "")
		return
	}
	d, length, ok := readDigit(mediaType(in.Request), string(in.Body()))
	if !ok {
		in.answer(sipgo.StatusBadRequest, nil)
		return
	}
	if c.station != nil {
		c.station.Digit(d)
		l.reply(in, nil, "")
		return
	}
	c.noKey(l, d)
	if err := c.other(l).media.Digit(d, length); err != nil {
		in.answer(sipgo.StatusNotAcceptableHere, nil)
		return
	}
	l.reply(in, nil, "")
}

// readDigit reads the two bodies in use for digits: one word, or lines of
// Signal and Duration.
func readDigit(kind, body string) (d rune, length time.Duration, ok bool) {
	length = digitTime
	signal := strings.TrimSpace(body)
	if kind == typeRelay {
		signal = ""
		for line := range strings.Lines(body) {
			name, value, _ := strings.Cut(line, "=")
			value = strings.TrimSpace(value)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "signal":
				signal = value
			case "duration":
				if n, err := strconv.ParseUint(value, 10, 16); err == nil {
					length = time.Duration(n) * time.Millisecond
				}
			}
		}
	}
	if len(signal) != 1 || !strings.Contains("0123456789*#ABCD", strings.ToUpper(signal)) {
		return 0, 0, false
	}
	return rune(strings.ToUpper(signal)[0]), min(max(length, minDigit), maxDigit), true
}
