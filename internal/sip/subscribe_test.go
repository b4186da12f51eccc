package sip_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/telecom"
)

const infoType = "application/dialog-info+xml"

// subscribe asks to be told of a line.
func (p *phone) subscribe(to, event string, status int, more ...string) *dialog {
	p.t.Helper()
	p.n++
	m := p.outside("SUBSCRIBE", p.n, "", "")
	m.uri, m.to = "sip:"+to+"@"+domain, at(to)
	m.more = append(m.more, "Event: "+event, "Contact: "+p.contact())
	m.more = append(m.more, more...)
	p.write(m)
	res := p.answer("SUBSCRIBE", p.n, status)
	d := &dialog{p: p, callID: m.callID, local: m.from, remote: res.To().Value(), seq: m.seq}
	if status == 200 {
		d.target = res.Contact().Address.String()
	}
	return d
}

// notified waits to be told, and returns in what state the subscription is, and
// the body.
func (d *dialog) notified() (state, body string) {
	d.p.t.Helper()
	req := d.p.until("NOTIFY", func(m sipgo.Message) bool {
		req, ok := m.(*sipgo.Request)
		return ok && req.Method == sipgo.NOTIFY && req.CallID().Value() == d.callID
	}).(*sipgo.Request)
	d.replyTo(req, 200, "")
	return req.GetHeader("Subscription-State").Value(), string(req.Body())
}

// info is a document of RFC 4235.
type info struct {
	Version int    `xml:"version,attr"`
	Entity  string `xml:"entity,attr"`
	Dialogs []struct {
		CallID    string `xml:"call-id,attr"`
		Local     string `xml:"local-tag,attr"`
		Remote    string `xml:"remote-tag,attr"`
		Direction string `xml:"direction,attr"`
		State     string `xml:"state"`
		Identity  string `xml:"remote>identity"`
	} `xml:"dialog"`
}

// lamp is what a subscription was told of dialogs.
func (d *dialog) lamp() (i info) {
	d.p.t.Helper()
	_, body := d.notified()
	if err := xml.Unmarshal([]byte(body), &i); err != nil {
		d.p.t.Fatalf("%v: %s", err, body)
	}
	return i
}

// Somebody's other devices are told of a call, and can take it over by that.
func TestOwnCallsAreShown(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, a2 := x.registered("ann"), x.registered("ben"), x.registered("ann")
	watch := a2.subscribe("1001", "dialog", 200, "Accept: "+infoType, "Expires: 600")
	if i := watch.lamp(); len(i.Dialogs) != 0 || i.Entity != "sip:1001@"+domain {
		t.Errorf("before any call: %+v", i)
	}
	from := a.call("1002")
	to := b.rings()
	a.answer("INVITE", from.seq, 180)
	if i := watch.lamp(); len(i.Dialogs) != 1 || i.Dialogs[0].State != "early" || i.Dialogs[0].Direction != "initiator" {
		t.Errorf("while it rings: %+v", i)
	}
	to.accept()
	from.connected()
	i := watch.lamp()
	if len(i.Dialogs) != 1 || i.Dialogs[0].State != "confirmed" || i.Dialogs[0].Identity != "sip:1002@"+domain {
		t.Fatalf("in a call: %+v", i)
	}
	d := i.Dialogs[0]
	second := a2.call("1002", "Replaces: "+d.CallID+";to-tag="+d.Local+";from-tag="+d.Remote).connected()
	from.bye()
	to.offered("sendrecv")
	if i = watch.lamp(); len(i.Dialogs) != 1 || i.Dialogs[0].CallID != second.callID {
		t.Errorf("after it was taken over: %+v", i)
	}
	second.ask("BYE", 200, "", "")
	to.bye()
	if i := watch.lamp(); len(i.Dialogs) != 0 {
		t.Errorf("after the call: %+v", i)
	}
	watch.ask("SUBSCRIBE", 200, "", "", "Event: dialog", "Expires: 0")
	if state, _ := watch.notified(); !strings.HasPrefix(state, "terminated") {
		t.Errorf("after its end the subscription is %s", state)
	}
	watch.ask("SUBSCRIBE", 481, "", "", "Event: dialog", "Expires: 600")
	a2.quiet()
}

// Nobody of another firm is seen, whatever they allow, and nobody else's messages
// are (R11).
func TestOnlyColleaguesAreSeen(t *testing.T) {
	h := open(t)
	seen := map[int64]bool{}
	lines := map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002"), "cat": h.line(identity.Partner, "1003")}
	x := h.serve(t, sip.Config{Seen: func(_ context.Context, l telecom.Line) (bool, error) { return seen[l.ID], nil }}, lines)
	a := x.registered("ann")
	seen[lines["ben"].ID] = true
	a.subscribe("1002", "dialog", 404) // not of one firm: not found
	a.subscribe("1999", "dialog", 404)
	a.subscribe("1002", "message-summary", 404) // only one's own
	a.subscribe("999", "dialog", 404)
	a.quiet()
}

// Devices are told how many messages wait for their person, and when that changes
// (RFC 3842).
func TestMessagesThatWait(t *testing.T) {
	h := open(t)
	v := h.voicemail()
	ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
	x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{"ann": ann, "ben": ben})
	v.leave(ann)
	v.leave(ann)
	a := x.registered("ann")
	watch := a.subscribe("1001", "message-summary;id=7", 200, "Accept: application/simple-message-summary")
	if _, body := watch.notified(); body != "Messages-Waiting: yes\r\nMessage-Account: sip:1001@"+domain+"\r\nVoice-Message: 2/0\r\n" {
		t.Errorf("told %q", body)
	}
	v.heard(ann)
	if _, body := watch.notified(); !strings.Contains(body, " 1/1\r\n") {
		t.Errorf("told %q", body)
	}
	v.leave(ben)
	v.heard(ann)
	if _, body := watch.notified(); !strings.HasPrefix(body, "Messages-Waiting: no\r\n") || !strings.Contains(body, " 0/2\r\n") {
		t.Errorf("told %q", body)
	}
	v.heard(ann) // no news
	a.quiet()
	once := a.subscribe("1001", "message-summary", 200, "Expires: 0")
	if state, _ := once.notified(); state != "terminated;reason=timeout" {
		t.Errorf("asked once: %s", state)
	}
	x.Later(2 * time.Hour)
	a.lose()
	x.until("the flow is gone", func() bool { return len(x.sip.Registrations()) == 0 })
	v.leave(ann)
}

// Where nobody has voicemail, nothing waits.
func TestNoMessagesWait(t *testing.T) {
	a := three(t, sip.Config{}).registered("ann")
	watch := a.subscribe("1001", "message-summary", 200)
	if _, body := watch.notified(); !strings.HasPrefix(body, "Messages-Waiting: no\r\n") {
		t.Errorf("told %q", body)
	}
}

func TestSubscriptionsAreJudged(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	for event, status := range map[string]int{"presence": 489, "dialog dialog": 400, "dialog;id=a;id=b": 400, "dialog;id=\"": 400, strings.Repeat("x", 200): 400} {
		a.subscribe("1001", event, status)
	}
	a.subscribe("1001", "dialog", 406, "Accept: text/plain")
	a.subscribe("1001", "dialog", 400, "Expires: soon")
	a.subscribe("1001", "dialog", 423, "Expires: 10")
	a.subscribe("1001", "dialog", 400, "Event: dialog")
	watch := a.subscribe("1001", "dialog", 200, "Accept: text/plain;q=1, */*")
	watch.lamp()
	spy := *watch
	spy.p = b
	spy.ask("SUBSCRIBE", 481, "", "", "Event: dialog", "Expires: 0")
	watch.ask("SUBSCRIBE", 481, "", "", "Event: dialog;id=other", "Expires: 0")
	for n := 1; ; n++ {
		if n > 100 {
			t.Fatal("there is no limit")
		}
		a.n++
		m := a.outside("SUBSCRIBE", a.n, "", "")
		m.uri, m.to = "sip:1001@"+domain, at("1001")
		m.more = append(m.more, "Event: dialog", "Contact: "+a.contact())
		a.write(m)
		res := a.until("an answer", func(m sipgo.Message) bool {
			res, ok := m.(*sipgo.Response)
			return ok && int(res.CSeq().SeqNo) == a.n
		}).(*sipgo.Response)
		if res.StatusCode == 503 {
			break
		}
		if n%20 == 0 {
			x.Later(time.Second) // the rate of a flow is by the second
		}
	}
	if got := fmt.Sprint(len(x.sip.Calls())); got != "0" {
		t.Errorf("%s calls", got)
	}
}
