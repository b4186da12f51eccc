package sip

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/recording"
	"candour/internal/telecom"
)

// phase is how far a call has come. It only grows.
type phase int

const (
	deciding phase = iota
	ringing
	talking
	over
)

// deskTime is how long an act of the desk may take: a transaction of its own.
const deskTime = 20 * time.Second

// call joins two dialogs: that with the caller, in which we are the callee, and
// that with the device that answered, in which we are the caller. Until one
// answers there is a dialog with each device that rings. All that happens to a
// call happens on its serial; fields without a word are touched there only.
type call struct {
	serial
	s     *Server
	done  chan struct{}             // closed when its record is closed
	state atomic.Pointer[CallState] // for who looks on

	phase    phase
	record   *telecom.Call   // nil until the desk has let it through
	before   []*telecom.Call // what it was before it was forwarded, the first one first
	round    int             // how often it was
	to       telecom.Target
	in       *incoming     // the caller's INVITE
	a        *leg          // the caller
	b        *leg          // the device that answered
	forks    []*leg        // the devices that were called
	rung     bool          // the caller was told that it rings
	best     int           // the weightiest refusal of a device
	most     time.Duration // it may last no longer, once it is answered; 0 for no limit
	out      leaving       // of a call that leaves the house
	promised promise       // what the caller has to acknowledge before the answer
	passes   *passing      // a side of this call is being passed on to somebody else
	passed   *passing      // this call comes of that
	taker    *leg          // the device that took such a call, until the side that was passed on is here
	timer    *time.Timer
	ends     *time.Timer // it has lasted as long as it may
	warns    *time.Timer // its caller is told that before
	warned   bool        // they were
	last     time.Time   // when that is
	woke     bool        // devices were woken that are to be told what became of it
	waking   bool        // one may still come

	station *media.Station   // nil unless voicemail answered
	missed  telecom.Code     // why nobody took the call, where voicemail answers
	inbox   inbox            // which
	full    bool             // and the caller cannot leave a message there
	back    bool             // it came back to who passed it on
	who     *telecom.Outside // the caller, of a call that a trunk brought

	taping    *taping        // it is being recorded
	unwilling map[int64]bool // lines whose person said that they are not to be, in this call
}

func newCall(s *Server, in *incoming) *call {
	c := &call{s: s, in: in, done: make(chan struct{})}
	c.a = c.asked(in)
	return c
}

// asked is the dialog of an INVITE that came to us.
func (c *call) asked(in *incoming) *leg {
	from, _ := in.From().Params.Get("tag")
	l := &leg{
		call: c, flow: in.flow, line: in.flow.line, callID: in.CallID().Value(), tag: newTag(), theirTag: from,
		us: address{in.To().DisplayName, *in.To().Address.Clone()}, them: address{in.From().DisplayName, *in.From().Address.Clone()},
		theirSeq: int64(in.CSeq().SeqNo), offered: media.SendRecv, wanted: media.SendRecv, updates: lists(in, "allow", "UPDATE"),
	}
	in.flow.mu.Lock()
	l.instance = in.flow.instance
	in.flow.mu.Unlock()
	l.target = *headers(in, "contact")[0].(*sipgo.ContactHeader).Address.Clone() // ruleContact
	if in.flow.carrier != nil {
		l.route = recorded(in) // RFC 3261 12.1.1
	}
	return l
}

// legs are all sides that the call has or had.
func (c *call) legs() []*leg { return append([]*leg{c.a}, c.forks...) }

// begin decides on a call: who calls, whom they mean, whether sound can be
// carried, and whether the desk lets it through. Only then anything rings.
func (c *call) begin(in *incoming) {
	in.answer(sipgo.StatusTrying, nil)
	if in.flow.carrier != nil {
		c.enterHouse(in)
		return
	}
	withheld, own := c.caller(in)
	urgent := telecom.Emergency(dialled(in))
	switch {
	case !c.unpack(in, urgent):
		c.final(sipgo.StatusUnsupportedMediaType, []sipgo.Header{sipgo.NewHeader("Accept", typeSDP)})
		c.finish()
		return
	case urgent && len(in.Body()) > 0: // neither whom it claims to be from nor where it is addressed refuses it
	case !own:
		c.refuse(403, "This phone can only call as the person whose it is.")
		return
	case !in.flow.here(&in.Recipient):
		c.refuse(404, "Calls to other providers' addresses are not possible here.")
		return
	}
	if _, short := sessionTime(in); short {
		c.final(422, []sipgo.Header{minSE()})
		c.finish()
		return
	}
	if c.ownVoicemail(in) {
		c.listen(in)
		return
	}
	if err := c.let(in, withheld); err != nil {
		v, known := refusal(err)
		if !known {
			c.s.Log.Error("a call could not be begun", "error", err)
		}
		c.end(v)
		return
	}
	c.phase = ringing
	c.ring()
	c.show()
}

// dialled is what a request is for.
func dialled(in *incoming) string {
	user, err := url.PathUnescape(in.Recipient.User)
	if err != nil {
		return ""
	}
	return user
}

// unpack takes the caller's place out of the body of an emergency call from a page
// of ours, and reports whether what is left is a session description. A place that
// cannot be read is left out: the call goes on.
func (c *call) unpack(in *incoming, urgent bool) bool {
	if mediaType(in.Request) != typeMixed {
		return true
	}
	if in.flow.kind != media.Browser || !urgent {
		return false
	}
	sdp, place, err := split(headers(in, "content-type")[0].Value(), in.Body())
	if err != nil {
		return false
	}
	in.SetBody(sdp)
	if f, err := readFix(place); err == nil && len(headers(in, "geolocation")) == 1 {
		c.out.fix = &f
	}
	return true
}

// caller reports whether an INVITE comes from who it says, and whether its
// number is to be withheld (RFC 3323 4.1, PECR 10). Both names of the anonymous
// caller are taken from anyone: the record names who it was.
func (c *call) caller(in *incoming) (withheld, own bool) {
	from := in.From().Address
	if from.User == "anonymous" && from.Host == "anonymous.invalid" {
		return true, true
	}
	withheld = lists(in, "privacy", "id") || lists(in, "privacy", "user") || lists(in, "privacy", "header")
	return withheld, in.flow.owns(&from)
}

// let asks the desk.
func (c *call) let(in *incoming, withheld bool) (err error) {
	ctx, cancel := context.WithTimeout(c.s.base, deskTime)
	defer cancel()
	if c.to, err = c.s.Desk.Route(ctx, c.a.line, dialled(in)); err != nil {
		return err
	}
	if !c.emergency() && c.s.often(c.a.line) { // after the desk: what it tells of emergencies, it always tells
		return errOften
	}
	if c.a.media, err = c.s.accept(ctx, in); err != nil {
		return err
	}
	c.record, err = c.s.Desk.Begin(ctx, telecom.Start{From: c.a.line, To: c.to, Withheld: withheld, Video: hasVideo(string(in.Body()))})
	if err == nil {
		shown, _ := c.record.Shown()
		c.a.hidden = shown == ""
		c.state.Store(&CallState{From: c.a.line, To: c.to, Since: c.s.Now().UnixMilli()})
	}
	return err
}

// accept takes the offer of an INVITE.
func (s *Server) accept(ctx context.Context, in *incoming) (*media.Leg, error) {
	if len(in.Body()) == 0 {
		l, err := s.Relay.Offerless(in.flow.kind)
		if err == nil {
			in.flow.near(l, len(headers(in, "via")) > 1)
		}
		return l, err
	}
	if in.flow.kind == media.Browser && !keyed(string(in.Body())) {
		return nil, media.ErrCodec // a page is never spoken to without encryption
	}
	l, err := s.Relay.Accept(ctx, string(in.Body()))
	if err == nil {
		in.flow.near(l, len(headers(in, "via")) > 1)
	}
	return l, err
}

// keyed reports whether an offer is one that a browser makes: sound under keys
// that only the two ends agree on (RFC 8827 6.5).
func keyed(sdp string) bool {
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "m=audio ") && !strings.Contains(line, " UDP/TLS/RTP/SAVP") {
			return false
		}
	}
	return true
}

// hasVideo reports whether an offer has a picture in it: a video line that is
// not switched off (RFC 8866 5.14, RFC 3264 5.1).
func hasVideo(sdp string) bool {
	for line := range strings.Lines(sdp) {
		if rest, ok := strings.CutPrefix(line, "m=video "); ok && !strings.HasPrefix(rest, "0 ") {
			return true
		}
	}
	return false
}

// final answers the caller's INVITE, if it has no answer yet.
func (c *call) final(status int, more []sipgo.Header) {
	if c.in != nil {
		c.toCaller(status, more, "")
		c.in = nil
	}
}

// toCaller answers the caller's INVITE within its dialog.
func (c *call) toCaller(status int, more []sipgo.Header, sdp string) {
	if c.sure(status, more, sdp) {
		return
	}
	res := c.answerOf(status)
	if status < 300 {
		more = append(more, c.a.contact(), allow())
	}
	c.in.respond(res, more, sdp)
	if res.IsSuccess() {
		c.a.again(res, sipgo.T1)
	}
}

// answerOf makes an answer to the caller's INVITE.
func (c *call) answerOf(status int) *sipgo.Response {
	res := sipgo.NewResponseFromRequest(c.in.Request, status, phrases[status], nil)
	res.To().Params.Add("tag", c.a.tag)
	return res
}

func (c *call) refuse(status int, words string) {
	c.end(verdict{telecom.Forbidden, status, words})
}

// answered connects the caller with the first device that took the call.
func (c *call) answered(l *leg, res *sipgo.Response) {
	if err := l.hear(string(res.Body())); err != nil {
		l.bye()
		c.drop(l, sipgo.StatusNotAcceptableHere)
		return
	}
	if c.passed != nil {
		c.taken(l)
		return
	}
	if l.early {
		c.a.media.Faces(l.media) // of several that said so, this one
	}
	sdp, err := c.describes(l)
	if err == nil {
		ctx, cancel := context.WithTimeout(c.s.base, deskTime)
		err = c.wereAnswered(ctx, l.line)
		cancel()
	}
	if err != nil {
		c.s.Log.Error("a call could not be connected", "error", err)
		l.bye()
		c.end(endFault)
		return
	}
	c.phase, c.b = talking, l
	c.halt()
	c.limited()
	c.slept(true)
	st := *c.state.Load()
	st.Answered = true
	c.state.Store(&st)
	c.settle(l)
	timer, _ := sessionTime(c.in)
	c.a.unacked = c.in.CSeq().SeqNo
	c.a.awaitAck()
	c.a.refreshed(timer)
	c.toCaller(sipgo.StatusOK, sessionHeaders(c.in, timer), sdp)
	c.in = nil
	if c.promised.changed { // the caller is told after its ACK
		c.a.wanted, l.wanted = l.media.Wants(), c.a.media.Wants()
		if !c.out.early { // it is in the answer
			c.a.offered = c.a.wanted
		}
	}
	l.watch()
	if !c.a.owes { // else the ACK has the answer
		c.bridge(c.a)
		c.tellWay(l)
	}
}

// bridge lets the two talk, now that one of them can.
func (c *call) bridge(l *leg) {
	if err := media.Bridge(c.a.media, c.b.media); err != nil {
		c.s.Log.Error("a call could not be connected", "error", err)
		c.end(endFault)
		return
	}
	l.watch()
	c.show()
}

// settle takes the call away from every device but the one that took it.
func (c *call) settle(l *leg) {
	for _, other := range c.forks {
		if other != l {
			other.giveUp(sipgo.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`)) // RFC 3326
			other.stop()
		}
	}
}

// watch tells the call when the leg's media ends by itself.
func (l *leg) watch() {
	c, done := l.call, l.media.Done()
	go func() {
		<-done
		c.do(func() { c.silent(l) })
	}()
}

// end ends the call, whatever it has come to, once.
func (c *call) end(v verdict) { c.endBy(v, false) }

func (c *call) endBy(v verdict, byCaller bool) {
	if c.phase == over {
		return
	}
	c.phase = over
	c.withdraw()
	c.endTaping(recording.HungUp)
	c.slept(v == endDeclined)
	if c.missed != "" {
		v = c.left(v)
	}
	c.final(v.status, because(v.status, v.words))
	for _, l := range c.forks {
		switch {
		case l == c.b || l == c.taker:
			l.bye(because(v.status, v.words)...)
		case v == endDeclined: // so that the other devices show no missed call
			l.giveUp(sipgo.NewHeader("Reason", `SIP;cause=603;text="Declined elsewhere"`))
		default:
			l.giveUp()
		}
	}
	if c.b != nil || c.passed != nil || c.station != nil {
		c.a.bye(because(v.status, v.words)...)
	}
	c.parted(v)
	if c.record != nil {
		ctx, cancel := context.WithTimeout(c.s.base, deskTime)
		defer cancel()
		for i, record := range c.records() {
			end := telecom.End{Code: v.code, ByCaller: byCaller}
			if c.missed != "" && i > c.inbox.at { // no message was left there
				end.Code = c.missed
			}
			if err := record.Ended(ctx, end); err != nil {
				// The desk's sweep closes what is left open.
				c.s.Log.Error("the record of a call could not be closed", "error", err)
			}
		}
	}
	c.finish()
}

// finish lets go of what the call held.
func (c *call) finish() {
	c.phase = over
	c.halt()
	c.unlimit()
	for _, l := range c.legs() {
		l.stop()
	}
	c.show()
	c.s.forget(c)
	close(c.done)
}

// after sets the one timer of the call until it is answered.
func (c *call) after(d time.Duration, act func()) {
	c.timer = time.AfterFunc(d, func() {
		c.do(func() {
			if c.phase == ringing {
				act()
			}
		})
	})
}

func (c *call) halt() {
	if c.timer != nil {
		c.timer.Stop()
	}
}
