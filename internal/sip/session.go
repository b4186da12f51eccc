package sip

import (
	"fmt"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
)

// Session timers (RFC 4028): the two ends of a dialog agree in what time one of
// them says that it is still there. Who does not keep to it, or does not answer
// it, is gone. Pages are asked for nothing: their flow is looked at on a beat. Of
// phones and trunks that know no timers, we ask all the same at times.

// Times of sessions, in seconds.
const (
	leastSession = 90   // RFC 4028 4
	askedSession = 1800 // what we ask for, as RFC 4028 4 has it
	mostSession  = 7200
	mostLeast    = 86_400 // that a session may be asked to last at least
)

// laterTime is when a refresh is tried again that could not be sent, or was put
// off: as long as a transaction may take.
const laterTime = 32 * time.Second

// session is who refreshes a dialog, and in what time.
type session struct {
	interval int  // seconds; 0 where nothing is agreed
	ours     bool // we refresh it
}

// half is when we refresh (RFC 4028 10).
func (s session) half() time.Duration {
	if s.interval == 0 {
		return askedSession * time.Second / 2
	}
	return time.Duration(s.interval) * time.Second / 2
}

// unasked is the session of a device that says nothing of timers.
func (f *flow) unasked() session { return session{ours: f.kind == media.Phone} }

// sessionTime is what a request asks for. short says that its time is too short.
func sessionTime(in *incoming) (s session, short bool) {
	n, ok := seconds(in, "session-expires")
	if !ok {
		return in.flow.unasked(), false
	}
	ours := lists(in, "session-expires", "refresher=uas") ||
		!lists(in, "session-expires", "refresher=uac") && !lists(in, "supported", "timer") // a proxy asks, RFC 4028 9
	return session{min(n, mostSession), ours}, n < leastSession
}

func minSE() sipgo.Header { return sipgo.NewHeader("Min-SE", fmt.Sprint(leastSession)) }

// sessionHeaders answer a request's session timer.
func sessionHeaders(in *incoming, s session) []sipgo.Header {
	if s.interval == 0 {
		return nil
	}
	who := "uac"
	if s.ours {
		who = "uas"
	}
	more := []sipgo.Header{sipgo.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=%s", s.interval, who))}
	if lists(in, "supported", "timer") {
		more = append(more, sipgo.NewHeader("Require", "timer"))
	}
	return more
}

// timed says in a request of ours, that begins a session or refreshes it, in what
// time and by whom it is to be refreshed. In the first the device may choose.
func (l *leg) timed(req *sipgo.Request) {
	if l.flow.kind != media.Phone && l.session.interval == 0 {
		return
	}
	n := max(l.session.interval, l.least)
	if n == 0 {
		n = askedSession
	}
	text, known := fmt.Sprint(n), "timer"
	switch {
	case l.theirTag == "":
		known = "timer, 100rel"
	case l.session.interval == 0 || l.session.ours:
		text += ";refresher=uac"
	default:
		text += ";refresher=uas"
	}
	req.AppendHeader(sipgo.NewHeader("Supported", known))
	req.AppendHeader(sipgo.NewHeader("Session-Expires", text))
	if l.least > 0 {
		req.AppendHeader(sipgo.NewHeader("Min-SE", fmt.Sprint(l.least)))
	}
}

// longer takes from a refusal in what time a device wants to be refreshed at
// least (RFC 4028 7.3), and reports whether that is worth asking again.
func (l *leg) longer(res *sipgo.Response) bool {
	n, ok := seconds(res, "min-se")
	if res.StatusCode != 422 || !ok || n > mostLeast || l.least > 0 {
		return false
	}
	l.least = n
	return true
}

// inviteLonger makes the INVITE anew, for the longer session that was wanted.
func (l *leg) inviteLonger() {
	l.seq++
	l.invite = anew(l.invite, l.seq)
	for _, name := range []string{"Supported", "Session-Expires", "Min-SE"} {
		l.invite.RemoveHeader(name)
	}
	l.invite.To().Params.Remove("tag")
	l.theirTag, l.reached, l.target = "", false, *l.invite.Recipient.Clone()
	l.timed(l.invite)
}

// refreshed sets the time within which the side has to refresh again, or we do.
// What was agreed once holds until something else is.
func (l *leg) refreshed(s session) {
	l.session = s
	c := l.call
	switch {
	case s.ours:
		l.after(&l.refresh, s.half(), func() { c.refresh(l) })
	case s.interval == 0:
		halt(&l.refresh)
	default:
		l.after(&l.refresh, time.Duration(s.interval)*time.Second, func() {
			if c.phase == talking {
				c.endBy(endLost, l == c.a)
			}
		})
	}
}

// answererRefreshes takes the session timer that a device puts into its answer
// to a request of ours. Each such answer sets it anew, or ends it (RFC 4028 7.2).
func (l *leg) answererRefreshes(res *sipgo.Response) {
	n, ok := seconds(res, "session-expires")
	if !ok || n < leastSession {
		l.refreshed(l.flow.unasked())
		return
	}
	l.refreshed(session{min(n, mostSession), !lists(res, "session-expires", "refresher=uas")})
}

// refresh refreshes the session: by an UPDATE that changes nothing, or where a
// device takes none by a re-INVITE with what it was offered last.
func (c *call) refresh(l *leg) {
	if c.phase != talking || l.over {
		return
	}
	next := l.session.half() // whatever comes of this one
	switch {
	case l.lost || l.asking:
		next = laterTime
	case l.updates:
		req := l.request(sipgo.UPDATE)
		req.AppendHeader(l.contact())
		l.timed(req)
		on := l.flow
		l.ask(on, req, func(res *sipgo.Response) {
			c.do(func() { c.wasRefreshed(l, on, res) })
		})
	default:
		l.news = true
		c.tellWay(l)
	}
	l.after(&l.refresh, next, func() { c.refresh(l) })
}

// wasRefreshed acts on the answer to an UPDATE that refreshes. Who has no such
// call any more, or says nothing, is gone (RFC 4028 10).
func (c *call) wasRefreshed(l *leg, on *flow, res *sipgo.Response) {
	switch {
	case c.phase != talking || l.over || res != nil && res.IsProvisional():
	case res == nil || res.StatusCode == sipgo.StatusRequestTimeout || res.StatusCode == sipgo.StatusCallTransactionDoesNotExists:
		if !on.over() { // else it may come back
			c.endBy(endLost, l == c.a)
		}
	case res.IsSuccess():
		l.answererRefreshes(res)
	case res.StatusCode == sipgo.StatusMethodNotAllowed || res.StatusCode == sipgo.StatusNotImplemented:
		l.updates = false
		c.refresh(l)
	case l.longer(res):
		c.refresh(l)
	default: // not now
		l.after(&l.refresh, min(laterTime, l.session.half()), func() { c.refresh(l) })
	}
}
