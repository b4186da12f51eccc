package sip

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/telecom"
)

// Devices subscribe (RFC 6665) to what is told of lines: to their own line's calls
// and to whether colleagues are in one (RFC 4235), and to messages that wait for
// them (RFC 3842). Who may not see a line is told what is told of one that does
// not exist.

// The limits of subscriptions.
const (
	maxSubscriptions = 64 // of a line
	minSubscription  = 60 // seconds
	maxSubscription  = 3_600
	maxEvent         = 128 // bytes of the header
)

// event is what one subscribes to.
type event string

// The events.
const (
	eventDialog  event = "dialog"
	eventWaiting event = "message-summary"
)

// bodies are the types in which each is told.
var bodies = map[event]string{eventDialog: "application/dialog-info+xml", eventWaiting: "application/simple-message-summary"}

func allowEvents() sipgo.Header {
	return sipgo.NewHeader("Allow-Events", string(eventDialog)+", "+string(eventWaiting)+", refer")
}

// subscription is a dialog of ours, with one device, about one line. All that
// happens to it happens on its serial.
type subscription struct {
	serial
	s     *Server
	leg   *leg // its dialog
	key   subKey
	event event
	id    string // of the header Event
	of    int64  // the line that it is about
	line  telecom.Line
	own   bool // which is the subscriber's

	// Guarded by the server's mu.
	until time.Time

	// Of the serial.
	told    string // what was told last
	version int
	over    bool
}

// subKey finds a subscription: nobody reaches those of others.
type subKey struct {
	line       int64
	callID, id string // id is the event and its id: one dialog may have several
}

// readEvent reads the header Event (RFC 6665 8.2.1).
func readEvent(v string) (e event, id string, ok bool) {
	if len(v) > maxEvent {
		return "", "", false
	}
	name, params, _ := strings.Cut(v, ";")
	if name = strings.TrimSpace(name); !token(name) {
		return "", "", false
	}
	for p := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "id") {
			continue
		}
		if value = strings.TrimSpace(value); id != "" || !token(value) {
			return "", "", false
		}
		id = value
	}
	return event(strings.ToLower(name)), id, true
}

// accepts reports whether a request takes a type of body: it says so, or says
// nothing.
func accepts(in *incoming, kind string) bool {
	all := headers(in, "accept")
	if len(all) == 0 {
		return true
	}
	group, _, _ := strings.Cut(kind, "/")
	for _, h := range all {
		for one := range strings.SplitSeq(h.Value(), ",") {
			one, _, _ = strings.Cut(one, ";")
			if one = strings.ToLower(strings.TrimSpace(one)); one == kind || one == "*/*" || one == group+"/*" {
				return true
			}
		}
	}
	return false
}

// subscribed answers SUBSCRIBE.
func (s *Server) subscribed(in *incoming, inside bool) {
	events := headers(in, "event")
	if len(events) != 1 || len(headers(in, "contact")) != 1 {
		in.answer(sipgo.StatusBadRequest, nil)
		return
	}
	e, id, ok := readEvent(events[0].Value())
	kind, known := bodies[e]
	expires, given := seconds(in, "expires")
	if !given {
		expires = maxSubscription
	}
	key := subKey{in.flow.line.ID, in.CallID().Value(), string(e) + ";" + id}
	switch {
	case !ok:
		in.answer(sipgo.StatusBadRequest, nil)
	case !known:
		in.answer(489, []sipgo.Header{allowEvents()})
	case !accepts(in, kind):
		in.answer(sipgo.StatusNotAcceptable, []sipgo.Header{sipgo.NewHeader("Accept", kind)})
	case len(headers(in, "expires")) > 0 && !given:
		in.answer(sipgo.StatusBadRequest, nil)
	case expires > 0 && expires < minSubscription:
		in.answer(sipgo.StatusIntervalToBrief, []sipgo.Header{sipgo.NewHeader("Min-Expires", strconv.Itoa(minSubscription))})
	case inside:
		s.resubscribed(in, key, min(expires, maxSubscription))
	default:
		s.subscribe(in, key, e, id, min(expires, maxSubscription))
	}
}

// resubscribed goes on with a subscription, or ends it.
func (s *Server) resubscribed(in *incoming, key subKey, expires int) {
	s.mu.Lock()
	sub := s.subs[key.line][key]
	s.mu.Unlock()
	if sub == nil || !sub.leg.mine(in) {
		in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		return
	}
	sub.do(func() {
		if sub.over || int64(in.CSeq().SeqNo) <= sub.leg.theirSeq {
			in.answer(sipgo.StatusInternalServerError, nil)
			return
		}
		sub.leg.theirSeq, sub.leg.flow = int64(in.CSeq().SeqNo), in.flow
		sub.begin(in, reply(in.Request, sipgo.StatusOK, "OK"), expires)
	})
}

// subscribe begins a subscription.
func (s *Server) subscribe(in *incoming, key subKey, e event, id string, expires int) {
	of, err := s.watched(in, e)
	var r *telecom.Refusal
	switch {
	case errors.As(err, &r) || errors.Is(err, errUnseen):
		in.answer(sipgo.StatusNotFound, nil)
		return
	case err != nil:
		s.Log.Error("a subscription could not be decided on", "error", err)
		in.answer(sipgo.StatusInternalServerError, nil)
		return
	}
	c := &call{s: s}
	sub := &subscription{s: s, leg: c.asked(in), key: key, event: e, id: id, of: of.ID, line: of, own: of.ID == in.flow.line.ID}
	if sub.own { // a phone may have written its own name for the extension
		sub.leg.us.uri.User = of.Extension
	}
	if status := s.keepSubscription(sub); status != 0 {
		in.answer(status, nil)
		return
	}
	res := sipgo.NewResponseFromRequest(in.Request, sipgo.StatusOK, "OK", nil)
	res.To().Params.Add("tag", sub.leg.tag)
	sub.do(func() { sub.begin(in, res, expires) })
}

// keepSubscription remembers one, or says with what status not.
func (s *Server) keepSubscription(sub *subscription) (status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.subs[sub.key.line]
	switch _, twice := own[sub.key]; {
	case s.closing || len(own) >= maxSubscriptions:
		return sipgo.StatusServiceUnavailable
	case twice:
		return sipgo.StatusLoopDetected
	}
	if own == nil {
		own = map[subKey]*subscription{}
		s.subs[sub.key.line] = own
	}
	own[sub.key] = sub
	if s.watchers[sub.of] == nil {
		s.watchers[sub.of] = map[*subscription]struct{}{}
	}
	s.watchers[sub.of][sub] = struct{}{}
	return 0
}

// errUnseen says that whoever asks may not see a line.
var errUnseen = errors.New("sip: this line is not shown")

// watched decides whose line a subscription is about.
func (s *Server) watched(in *incoming, e event) (telecom.Line, error) {
	if !in.flow.here(&in.Recipient) {
		return telecom.Line{}, errUnseen
	}
	own := in.flow.line
	if in.flow.owns(&in.Recipient) {
		return own, nil
	}
	if e != eventDialog || s.Seen == nil || own.Company == 0 {
		return telecom.Line{}, errUnseen
	}
	dialled, ok := unescape(in.Recipient.User)
	if !ok {
		return telecom.Line{}, errUnseen
	}
	ctx, cancel := context.WithTimeout(s.base, deskTime)
	defer cancel()
	to, err := s.Desk.Route(ctx, own, dialled)
	if err != nil {
		return telecom.Line{}, err
	}
	if to.Reach != telecom.ToLine || to.Line.Company != own.Company {
		return telecom.Line{}, errUnseen
	}
	if !s.seen(to.Line) {
		err = errUnseen
	}
	return to.Line, err
}

// seen reports whether a line's person lets colleagues see whether they are in a
// call. It is asked again each time that there is something to tell.
func (s *Server) seen(l telecom.Line) bool {
	ctx, cancel := context.WithTimeout(s.base, deskTime)
	defer cancel()
	seen, err := s.Seen(ctx, l)
	if err != nil && s.base.Err() == nil {
		s.Log.Error("it could not be found out whether a line may be seen", "error", err)
	}
	return seen && err == nil
}

// begin answers a SUBSCRIBE that was let through, and tells how things are.
func (sub *subscription) begin(in *incoming, res *sipgo.Response, expires int) {
	l := sub.leg
	in.respond(res, []sipgo.Header{sipgo.NewHeader("Expires", strconv.Itoa(expires)), l.contact(), allowEvents()}, "")
	if contacts := headers(in, "contact"); len(contacts) == 1 {
		l.target = *contacts[0].(*sipgo.ContactHeader).Address.Clone()
	}
	if expires == 0 {
		sub.end("timeout")
		return
	}
	life := time.Duration(expires) * time.Second
	sub.s.mu.Lock()
	sub.until = sub.s.Now().Add(life)
	sub.s.mu.Unlock()
	halt(&l.refresh)
	l.refresh = time.AfterFunc(life, func() { sub.do(func() { sub.expire() }) })
	sub.tell(true)
}

// expire ends a subscription that was not refreshed.
func (sub *subscription) expire() {
	sub.s.mu.Lock()
	late := !sub.s.Now().Before(sub.until)
	sub.s.mu.Unlock()
	if late {
		sub.end("timeout")
	}
}

// end tells for the last time.
func (sub *subscription) end(why string) {
	if sub.over {
		return
	}
	body := ""
	if sub.own || sub.s.seen(sub.line) {
		body = sub.body()
	}
	sub.notify("terminated;reason="+why, body)
	sub.drop()
}

// drop lets go of the subscription.
func (sub *subscription) drop() {
	sub.over = true
	halt(&sub.leg.refresh)
	sub.s.mu.Lock()
	defer sub.s.mu.Unlock()
	own, of := sub.s.subs[sub.key.line], sub.s.watchers[sub.of]
	if delete(own, sub.key); len(own) == 0 {
		delete(sub.s.subs, sub.key.line)
	}
	if delete(of, sub); len(of) == 0 {
		delete(sub.s.watchers, sub.of)
	}
}

// tell tells how things are, if that is news or was asked for.
func (sub *subscription) tell(asked bool) {
	if sub.over {
		return
	}
	if !sub.own && !sub.s.seen(sub.line) { // no longer
		sub.notify("terminated;reason=rejected", "")
		sub.drop()
		return
	}
	body := sub.body()
	if !asked && body == sub.told {
		return
	}
	sub.told = body
	sub.s.mu.Lock()
	left := int(sub.until.Sub(sub.s.Now()) / time.Second)
	sub.s.mu.Unlock()
	sub.notify(fmt.Sprintf("active;expires=%d", max(left, 0)), body)
}

// body is what is told, but for its version.
func (sub *subscription) body() string {
	if sub.event == eventDialog {
		return sub.s.lamps(sub.of, sub.own)
	}
	text, err := sub.s.summary(sub.of, sub.leg.us.uri.User)
	if err != nil {
		if sub.s.base.Err() == nil {
			sub.s.Log.Error("it could not be found out how many messages wait", "error", err)
		}
		return sub.told
	}
	return text
}

func (sub *subscription) notify(state, body string) {
	if sub.event == eventDialog {
		body = dialogInfo(sub.version, sub.leg.us.uri.User+"@"+sub.s.Domain, body)
		sub.version++
	}
	value := string(sub.event)
	if sub.id != "" {
		value += ";id=" + sub.id
	}
	req := sub.leg.request(sipgo.NOTIFY)
	req.AppendHeader(sipgo.NewHeader("Event", value))
	req.AppendHeader(sipgo.NewHeader("Subscription-State", state))
	req.AppendHeader(sub.leg.contact())
	req.AppendHeader(sipgo.NewHeader("Content-Type", bodies[sub.event]))
	req.SetBody([]byte(body))
	sub.leg.flow.ask(req, func(res *sipgo.Response) {
		if res == nil || res.StatusCode >= 300 { // RFC 6665 4.2.2
			sub.do(func() { sub.drop() })
		}
	})
}

// tellOf tells all who subscribed to a line.
func (s *Server) tellOf(line int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.watchers[line] {
		sub.do(func() { sub.tell(false) })
	}
}

// unsubscribe lets go of what was subscribed to on a flow that has ended.
func (s *Server) unsubscribe(f *flow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.subs[f.line.ID] {
		sub.do(func() {
			if sub.leg.flow == f {
				sub.drop()
			}
		})
	}
}

// hasDialog reports whether a line has a call or a subscription with a Call-ID.
func (s *Server) hasDialog(l telecom.Line, callID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.subs[l.ID] {
		if k.callID == callID {
			return true
		}
	}
	return s.dialogs[dialogKey{l.ID, callID}] != nil
}
