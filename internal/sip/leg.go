package sip

import (
	"crypto/rand"
	"strings"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// leg is one side of a call: a dialog of ours (RFC 3261 12) with one device,
// and the media that goes over it. Only the call's serial touches it.
type leg struct {
	call     *call
	flow     *flow // the one that the device was last heard on
	line     telecom.Line
	instance string
	media    *media.Leg

	callID          string
	tag, theirTag   string
	us, them        address
	target          sipgo.Uri // where their Contact says that requests go
	route           []string  // the way to it, as its REGISTER told (RFC 3327)
	seq             uint32
	theirSeq        int64           // -1 before their first request: it may be 0 (RFC 3261 8.1.1.5)
	offered, wanted media.Direction // what the device was last told of the sound's way, and what it is to be told

	// Of a device that is called.
	invite    *sipgo.Request
	reached   bool // it has answered with 1xx: only then may it be told CANCEL
	cancel    []sipgo.Header
	cancelled bool
	told      bool              // of that
	abandon   func()            // waits no more for an answer to the INVITE
	early     bool              // it has answered our offer before the call
	rseq      map[string]uint32 // what it said last that was acknowledged, by its tag (RFC 3262)
	round     int               // how often the call was forwarded before it was called

	// Of a trunk that is called.
	outbound *carrier
	sdp      string         // our offer
	place    []byte         // that goes with it
	extra    []sipgo.Header // who calls
	tries    int            // how often the INVITE was sent
	first    *time.Timer    // until it says anything
	dropped  bool           // it is out of the call, and the next was tried

	hidden   bool           // its person withheld the number (PECR 10)
	borrowed bool           // its media is that of another call, which may lend it its side later
	moved    *call          // that has the dialog now: what is left here is over
	later    func()         // waits until no re-INVITE of ours does
	news     bool           // the device is to be offered anew, whatever way the sound goes
	whom     []sipgo.Header // who is at the other end now, as a side is told that was passed on
	met      *address       // the same
	session  session        // who refreshes it (RFC 4028)
	least    int            // seconds of a session that the device takes; 0 for not told
	updates  bool           // it takes UPDATE (RFC 3311)

	notified bool      // its page has shown that the call is being recorded
	starred  time.Time // when it pressed the first of noKeys, if that was its last key meanwhile

	over     bool      // it has said BYE, or been told, or refused
	lost     bool      // its flow has ended and no other has come yet
	asking   bool      // a re-INVITE of ours waits for its answer
	owes     bool      // the answer to an offer of ours comes in an ACK
	aside    *incoming // an offer of its page, which crossed ours
	unacked  uint32
	ackTimer *time.Timer
	resend   *time.Timer
	grace    *time.Timer
	quiet    *time.Timer
	refresh  *time.Timer // RFC 4028: they refresh the session before it, or it is over; or we refresh it then
}

// address is what stands in From and To.
type address struct {
	name string
	uri  sipgo.Uri
}

func newTag() string { return strings.ToLower(rand.Text()[:16]) }

func newCallID() string { return strings.ToLower(rand.Text()) }

// contact is where the other side's requests go. Its user part is drawn for
// each dialog, so that it tells nothing.
func (l *leg) contact() sipgo.Header {
	c := &sipgo.ContactHeader{Address: sipgo.Uri{Scheme: "sip", User: l.tag, Host: l.flow.host, Port: l.flow.port, UriParams: l.flow.param()}}
	if l.call.station != nil && l == l.call.a { // RFC 3840 section 10.1: whoever answers is a machine
		c.Params = sipgo.HeaderParams{{K: "automata"}}
		switch {
		case l.call.full:
			c.Params = append(c.Params, sipgo.HeaderParams{{K: "actor", V: `"information"`}}...)
		case l.call.missed != "":
			c.Params = append(c.Params, sipgo.HeaderParams{{K: "actor", V: `"msg-taker"`}}...)
		}
	}
	return c
}

// request makes a request within the dialog, or the INVITE that begins it.
func (l *leg) request(m sipgo.RequestMethod) *sipgo.Request {
	if m != sipgo.ACK && m != sipgo.CANCEL {
		l.seq++
	}
	req := sipgo.NewRequest(m, l.target)
	from := &sipgo.FromHeader{DisplayName: display(l.us.name), Address: *l.us.uri.Clone(), Params: sipgo.HeaderParams{{K: "tag", V: l.tag}}}
	to := &sipgo.ToHeader{DisplayName: display(l.them.name), Address: *l.them.uri.Clone()}
	if l.theirTag != "" {
		to.Params = sipgo.HeaderParams{{K: "tag", V: l.theirTag}}
	}
	callID := sipgo.CallIDHeader(l.callID)
	forwards := sipgo.MaxForwardsHeader(70)
	req.AppendHeader(l.flow.via())
	req.AppendHeader(&forwards)
	req.AppendHeader(from)
	req.AppendHeader(to)
	req.AppendHeader(&callID)
	req.AppendHeader(&sipgo.CSeqHeader{SeqNo: l.seq, MethodName: m})
	for _, r := range l.route { // RFC 3327 5.3
		req.AppendHeader(sipgo.NewHeader("Route", r))
	}
	req.SetTransport(l.flow.network)
	req.SetBody(nil)
	return req
}

// describe puts a session description into a request, and what goes with it.
func (l *leg) describe(req *sipgo.Request, sdp string) {
	req.AppendHeader(l.contact())
	req.AppendHeader(allow())
	l.timed(req)
	req.AppendHeader(sipgo.NewHeader("Content-Type", typeSDP))
	req.SetBody([]byte(sdp))
}

// ack acknowledges the 2xx of an INVITE of ours.
func (l *leg) ack(seq uint32) {
	req := l.request(sipgo.ACK)
	req.CSeq().SeqNo = seq
	l.flow.acknowledge(req)
}

// again repeats a 200 to an INVITE until its ACK comes, where the network may
// lose either (RFC 3261 13.3.1.4).
func (l *leg) again(res *sipgo.Response, after time.Duration) {
	if l.flow.reliable() {
		return
	}
	l.after(&l.resend, after, func() {
		if l.unacked != 0 && !l.over {
			_ = l.flow.WriteMsg(res)
			l.again(res, min(2*after, sipgo.T2))
		}
	})
}

// bye ends the dialog, once. Whatever the answer, the dialog is over.
func (l *leg) bye(why ...sipgo.Header) {
	if l.over {
		return
	}
	l.over = true
	req := l.request(sipgo.BYE)
	for _, h := range why {
		req.AppendHeader(h)
	}
	l.ask(l.flow, req, func(*sipgo.Response) {})
}

// inform tells a page something in its dialog, by INFO without a package (RFC 6086
// section 4.2.2): pages of ours understand it, and others refuse it.
func (l *leg) inform(kind string, body []byte, each func(*sipgo.Response)) {
	req := l.request(sipgo.INFO)
	req.AppendHeader(sipgo.NewHeader("Content-Type", kind))
	req.SetBody(body)
	l.ask(l.flow, req, each)
}

// giveUp cancels the INVITE of a device that is called. Before its first answer
// it may not be told (RFC 3261 9.1): then it is told at that.
func (l *leg) giveUp(why ...sipgo.Header) {
	if l.over || l.cancelled {
		return
	}
	l.cancelled, l.cancel = true, why
	if l.reached {
		l.sendCancel()
	}
}

func (l *leg) sendCancel() {
	if l.told {
		return
	}
	l.told = true
	req := sipgo.NewRequest(sipgo.CANCEL, l.invite.Recipient)
	for _, name := range []string{"Via", "Route", "Max-Forwards", "From", "To", "Call-ID"} {
		sipgo.CopyHeaders(name, l.invite, req)
	}
	req.AppendHeader(&sipgo.CSeqHeader{SeqNo: l.invite.CSeq().SeqNo, MethodName: sipgo.CANCEL})
	for _, h := range l.cancel {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	l.flow.ask(req, func(*sipgo.Response) {})
	time.AfterFunc(l.call.s.Acked, l.abandon) // RFC 3261 9.1
}

// learn takes from an answer what the dialog needs: the tag and the target. It
// reports whether there was enough of it.
func (l *leg) learn(res *sipgo.Response) bool {
	tag, _ := res.To().Params.Get("tag")
	contacts := headers(res, "contact")
	if !token(tag) || len(contacts) != 1 {
		return false
	}
	c, ok := contacts[0].(*sipgo.ContactHeader)
	if !ok || c.Address.Scheme != "sip" || c.Address.Wildcard || c.Address.Headers != nil || !hostLike(c.Address.Host) {
		return false
	}
	l.theirTag, l.target, l.updates = tag, *c.Address.Clone(), lists(res, "allow", "UPDATE")
	if l.outbound != nil {
		l.route = reversed(recorded(res)) // RFC 3261 12.1.2
	}
	return true
}

// mine reports whether a request belongs to the dialog.
func (l *leg) mine(in *incoming) bool {
	to, _ := in.To().Params.Get("tag")
	from, _ := in.From().Params.Get("tag")
	return l.line.ID == in.flow.line.ID && l.callID == in.CallID().Value() && l.tag == to && l.theirTag == from
}

// say has the side hear something of ours in place of the other. Who does not
// listen, or speaks no codec that it is in, goes without.
func (l *leg) say(of func(codec string) media.Sound) {
	m, base := l.media, l.call.s.base
	go func() { _ = m.Say(base, of) }()
}

// stop ends what would still happen to the leg, and closes its media.
func (l *leg) stop() {
	for _, t := range []**time.Timer{&l.ackTimer, &l.resend, &l.grace, &l.quiet, &l.refresh, &l.first} {
		halt(t)
	}
	if l.media != nil && !l.borrowed {
		_ = l.media.Close()
	}
}

// after sets a timer of the leg anew, that acts in the order of its call.
func (l *leg) after(t **time.Timer, d time.Duration, act func()) {
	halt(t)
	var own *time.Timer
	own = time.AfterFunc(d, func() {
		l.call.do(func() {
			if *t == own { // not stopped or set anew while this waited
				act()
			}
		})
	})
	*t = own
}

// halt stops a timer, also one whose act waits for its turn.
func halt(t **time.Timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}
