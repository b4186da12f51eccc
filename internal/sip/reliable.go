package sip

import (
	"crypto/rand"
	"math/big"
	"strconv"
	"strings"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/telecom"
)

// What is said before an answer may be lost like any packet. A side that has to
// have it asks for it to be said until it is acknowledged (RFC 3262): a caller of
// us, or we of a phone or a network that we call.

// maxEarly is how many places may answer one INVITE of ours reliably before one
// takes it.
const maxEarly = 16

// endUnheard is for a caller who asked for that and acknowledged nothing (RFC 3262 3).
var endUnheard = verdict{telecom.Lost, 504, "The connection was lost."}

// promise is what was said to a caller and is not acknowledged yet.
type promise struct {
	seq  uint32          // RSeq of what was said last; 0 for nothing
	of   uint32          // CSeq of the INVITE
	due  bool            // it was not acknowledged yet: it may be after the answer too
	res  *sipgo.Response // it; nil where it is not said again
	next []func()        // what is said after it
	held *incoming       // the INVITE, whose 200 is among that

	changed bool // one of the two made another offer before the answer
}

// sure says something to a caller who wants to acknowledge it, and reports
// whether it did so, or put it off; else it is for toCaller to say.
func (c *call) sure(status int, more []sipgo.Header, sdp string) bool {
	p, in := &c.promised, c.in
	switch {
	case status == sipgo.StatusTrying || !lists(in, "require", "100rel"):
		return false
	case status >= 300 || status >= 200 && (p.res == nil || len(p.res.Body()) == 0):
		p.res, p.next = nil, nil
		halt(&c.a.resend)
		return false
	case status < 200 && len(in.Body()) == 0:
		return true // ours would have to be an offer (RFC 3262 5), and nobody has said yet what it could be
	case p.res != nil: // RFC 3262 3: one at a time, and no 200 before the answer in it has arrived
		if status >= 200 {
			p.held = in
		}
		p.next = append(p.next, func() {
			c.in = in
			c.toCaller(status, more, sdp)
			if status >= 200 {
				c.in, p.held = nil, nil
			}
		})
		return true
	}
	if p.seq++; p.seq == 1 {
		p.seq = firstSeq()
	}
	res := c.answerOf(status)
	for _, h := range append(more, c.a.contact(), allow()) {
		res.AppendHeader(h)
	}
	res.AppendHeader(sipgo.NewHeader("Require", "100rel"))
	res.AppendHeader(sipgo.NewHeader("RSeq", strconv.FormatUint(uint64(p.seq), 10)))
	p.res, p.of, p.due = res, res.CSeq().SeqNo, true
	in.respond(res, nil, sdp)
	c.sureAgain(in, sipgo.T1, 0)
	return true
}

// sureAgain says it again until it is acknowledged, on every way: there may be
// proxies on it.
func (c *call) sureAgain(in *incoming, after, waited time.Duration) {
	res := c.promised.res
	c.a.after(&c.a.resend, after, func() {
		switch {
		case c.promised.res != res || c.phase == over:
		case waited+after >= c.s.Acked:
			c.endBy(endUnheard, true)
		default:
			in.say(res)
			c.sureAgain(in, 2*after, waited+after)
		}
	})
}

// withdraw takes back the 200 of a call that ends before it was sent: its INVITE
// is refused instead.
func (c *call) withdraw() {
	p := &c.promised
	if p.held != nil {
		c.in, c.a.over = p.held, true
	}
	p.held, p.next = nil, nil
}

// firstSeq is the first RSeq of a call (RFC 3262 3).
func firstSeq() uint32 {
	n, err := rand.Int(rand.Reader, big.NewInt(1<<30))
	if err != nil {
		return 1
	}
	return uint32(n.Int64()) + 1
}

// acknowledged acts on a PRACK, and on the offer that may be in it.
func (c *call) acknowledged(l *leg, in *incoming) {
	seq, of, ok := readRAck(in)
	p := &c.promised
	switch {
	case !ok:
		in.answer(sipgo.StatusBadRequest, nil)
		return
	case l != c.a || !p.due || seq != p.seq || of != p.of:
		in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		return
	}
	if p.due = false; p.res != nil { // else what is said again is the answer
		p.res = nil
		halt(&l.resend)
	}
	switch {
	case len(in.Body()) == 0:
		l.reply(in, nil, "")
	case l.media.Settled():
		c.promised.changed = c.promised.changed || c.phase == ringing
		c.offered(l, in, l.session)
	default:
		in.answer(sipgo.StatusNotAcceptableHere, nil)
	}
	for len(p.next) > 0 && p.res == nil && c.phase != over {
		next := p.next[0]
		p.next = p.next[1:]
		next()
	}
}

// readRAck reads what a PRACK acknowledges (RFC 3262 7.2).
func readRAck(in *incoming) (seq, of uint32, ok bool) {
	all := headers(in, "rack")
	if len(all) != 1 {
		return 0, 0, false
	}
	words := strings.Fields(all[0].Value())
	if len(words) != 3 || words[2] != string(sipgo.INVITE) {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(words[0], 10, 32)
	m, err2 := strconv.ParseUint(words[1], 10, 32)
	return uint32(n), uint32(m), err == nil && err2 == nil
}

// assured acknowledges what a device says reliably before it answers, once and
// in order, and reports whether it is to be acted on (RFC 3262 4).
func (l *leg) assured(res *sipgo.Response) bool {
	if res.StatusCode == sipgo.StatusTrying || !lists(res, "require", "100rel") {
		return true
	}
	n, ok := seconds(res, "rseq")
	tag, _ := res.To().Params.Get("tag")
	last, known := l.rseq[tag]
	if !ok || n == 0 || int64(n) > 1<<32-1 || known && int64(n) != int64(last)+1 || !known && len(l.rseq) == maxEarly || !l.learn(res) {
		return false
	}
	if l.rseq == nil {
		l.rseq = map[string]uint32{}
	}
	l.rseq[tag] = uint32(n)
	req := l.request(sipgo.PRACK)
	req.AppendHeader(sipgo.NewHeader("RAck", strconv.Itoa(n)+" "+strconv.FormatUint(uint64(l.invite.CSeq().SeqNo), 10)+" INVITE"))
	l.ask(l.flow, req, func(*sipgo.Response) {})
	if l.outbound == nil && !l.early && len(res.Body()) > 0 && mediaTypeOf(res) == typeSDP {
		l.early = l.media.Answered(string(res.Body())) == nil // the 200 need not have it again
	}
	return true
}

// changedEarly acts on an offer within a call that nobody has answered (RFC 3311
// 5.2, RFC 3261 14.2), which only a side may make whose first offer, or ours to it,
// was answered reliably.
func (c *call) changedEarly(l *leg, in *incoming, timer session) {
	switch {
	case l == c.a && (!l.media.Settled() || in.Method == sipgo.INVITE):
		in.answer(sipgo.StatusInternalServerError, []sipgo.Header{retryAfter()})
	case !l.media.Settled() || in.Method == sipgo.INVITE:
		in.answer(sipgo.StatusRequestPending, nil)
	default:
		c.promised.changed = true
		c.offered(l, in, timer)
	}
}

// retryAfter is a time from 0 to 10 s.
func retryAfter() sipgo.Header {
	n, err := rand.Int(rand.Reader, big.NewInt(11))
	if err != nil {
		n = big.NewInt(5)
	}
	return sipgo.NewHeader("Retry-After", n.String())
}
