package sip_test

import (
	"strings"
	"testing"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/telecom"
)

// three is a house with three people, and one who works there.
func three(t *testing.T, c sip.Config) *exchange {
	h := open(t)
	return h.serve(t, c, map[string]telecom.Line{
		"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002"), "cat": h.line(identity.Partner, "1003"),
	})
}

// kept waits until all calls are over and wants the last of somebody to have
// ended so.
func (x *exchange) kept(name string, code telecom.Code) telecom.Entry {
	x.t.Helper()
	x.until("the call is over", func() bool { return len(x.sip.Calls()) == 0 })
	list := x.calls(x.lines[name])
	if len(list) == 0 {
		x.t.Fatalf("%s has no call in their list", name)
	}
	if list[0].Code != code {
		x.t.Errorf("the call of %s ended as %s, want %s", name, list[0].Code, code)
	}
	return list[0]
}

// All devices ring; who is first has the call, and the others are told where it
// went (RFC 3326).
func TestAllDevicesRing(t *testing.T) {
	x := three(t, sip.Config{})
	a, b1, b2, b3 := x.registered("ann"), x.registered("ben"), x.registered("ben"), x.registered("ben")
	from := a.call("1002")
	d1, d2, d3 := b1.rings(), b2.rings(), b3.rings()
	d3.reply(480, "")
	b3.asked("ACK")
	if d1.callID == d2.callID {
		t.Error("two devices have one dialog")
	}
	d2.accept()
	from.connected()
	if got := reason(d1.cancelled()); !strings.Contains(got, "cause=200") || !strings.Contains(got, "Call completed elsewhere") {
		t.Errorf("Reason is %q", got)
	}
	b2.quiet()
	d2.ask("BYE", 200, "", "")
	from.bye()
	x.kept("ben", telecom.Completed)
	for _, p := range []*phone{a, b1, b2} {
		p.quiet()
	}
	b3.quiet()
}

// Two devices that answer at once: the second is told BYE (RFC 3261 13.2.2.4).
func TestTwoDevicesAnswerAtOnce(t *testing.T) {
	x := three(t, sip.Config{})
	a, b1, b2 := x.registered("ann"), x.registered("ben"), x.registered("ben")
	from := a.call("1002")
	d1, d2 := b1.rings(), b2.rings()
	d1.accept()
	from.connected()
	b2.asked("CANCEL")
	d2.accept()
	d2.bye()
	a.quiet()
	from.ask("BYE", 200, "", "")
	d1.bye()
}

func TestRefusalsOfTheCallee(t *testing.T) {
	x := three(t, sip.Config{})
	a, b1, b2 := x.registered("ann"), x.registered("ben"), x.registered("ben")
	for name, c := range map[string]struct {
		first, second int
		status        int
		code          telecom.Code
	}{
		"both busy":                {486, 486, 486, telecom.Busy},
		"busy tells more than 480": {486, 480, 486, telecom.Busy},
		"in either order":          {480, 486, 486, telecom.Busy},
		"nobody there":             {480, 404, 480, telecom.Unavailable},
		"no codec":                 {488, 480, 488, telecom.Failed},
		"moved":                    {302, 480, 480, telecom.Unavailable},
		"a fault of theirs":        {500, 500, 480, telecom.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			from := a.call("1002")
			d1, d2 := b1.rings(), b2.rings()
			d1.reply(c.first, "")
			b1.asked("ACK")
			d2.reply(c.second, "")
			b2.asked("ACK")
			if got := reason(from.refused(c.status)); got == "" {
				t.Error("the caller is told no reason")
			}
			x.kept("ann", c.code)
		})
	}
	// 603 is for all of a person's devices (RFC 3261 21.6.2).
	from := a.call("1002")
	d1, d2 := b1.rings(), b2.rings()
	d1.reply(603, "")
	from.refused(603)
	if got := reason(d2.cancelled()); !strings.Contains(got, "603") {
		t.Errorf("the other device is told %q and shows a missed call", got)
	}
	x.kept("ben", telecom.Declined)
	b1.asked("ACK")
	for _, p := range []*phone{a, b1, b2} {
		p.quiet()
	}
}

func TestCallerGivesUp(t *testing.T) {
	x := three(t, sip.Config{})
	a, b1, b2 := x.registered("ann"), x.registered("ben"), x.registered("ben")
	from := a.call("1002")
	d1 := b1.rings()
	req := b2.asked("INVITE") // this one has not answered anything yet
	a.answer("INVITE", from.seq, 180)
	from.cancel()
	a.answer("CANCEL", from.seq, 200)
	from.refused(487)
	d1.cancelled()
	b2.quiet()
	d2 := &dialog{p: b2, callID: req.CallID().Value(), asked: req, local: req.To().Value() + ";tag=x"}
	d2.reply(180, "") // only now it may be told (RFC 3261 9.1)
	d2.cancelled()
	x.kept("ben", telecom.Cancelled)
	// A CANCEL of nothing, and one of what is over.
	from.cancel()
	a.answer("CANCEL", from.seq, 481)
	for _, p := range []*phone{a, b1, b2} {
		p.quiet()
	}
}

// A CANCEL that crosses the answer does nothing: BYE ends what was answered.
func TestCancelCrossesAnswer(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	to := b.rings()
	to.accept()
	a.until("the 200", func(m sipgo.Message) bool { return strings.Contains(m.String(), "SIP/2.0 200") })
	from.cancel()
	// RFC 3261 9.2: 481, or 200 while the transaction is still known.
	a.until("an answer", func(m sipgo.Message) bool {
		res, ok := m.(*sipgo.Response)
		return ok && res.CSeq().MethodName == sipgo.CANCEL && (res.StatusCode == 200 || res.StatusCode == 481)
	})
	b.quiet()
}

// A device whose answer crosses the caller's CANCEL is told BYE.
func TestAnswerCrossesCancel(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	to := b.rings()
	a.answer("INVITE", from.seq, 180)
	from.cancel()
	b.asked("CANCEL")
	to.accept()
	to.bye()
	from.refused(487)
	x.kept("ann", telecom.Cancelled)
}

// Who says BYE before the answer gives up, whichever side it is.
func TestByeBeforeTheAnswer(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	to := b.rings()
	from.took(a.answer("INVITE", from.seq, 180))
	from.ask("BYE", 200, "", "")
	from.refused(487)
	to.cancelled()
	x.kept("ben", telecom.Cancelled)
	from = a.call("1002")
	to = b.rings()
	a.answer("INVITE", from.seq, 180)
	to.ask("BYE", 200, "", "")
	from.refused(480)
	x.kept("ann", telecom.Unavailable)
	to.reply(200, answerTo(to.sdp, b.id)) // all the same
	to.bye()
	a.quiet()
}

func TestNobodyAnswers(t *testing.T) {
	x := three(t, sip.Config{NoAnswer: 50 * time.Millisecond})
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	to := b.rings()
	to.cancelled()
	if got := reason(from.refused(480)); !strings.Contains(got, "Nobody answered") {
		t.Errorf("the caller is told %q", got)
	}
	x.kept("ben", telecom.NoAnswer)
}

func TestCallsThatAreNotLetThrough(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{
		"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002"), "mark": h.line(identity.Marketing, "1009"),
	})
	a, m := x.registered("ann"), x.registered("mark")
	h.line(identity.CustomerUser, "1003")
	for name, c := range map[string]struct {
		by     *phone
		change func(*message)
		status int
	}{
		"nobody has it":             {a, func(m *message) { m.uri = "sip:4444@" + domain }, 404},
		"not registered":            {a, func(m *message) { m.uri = "sip:1002@" + domain }, 480},
		"has a line and never came": {a, func(m *message) { m.uri = "sip:1003@" + domain }, 480},
		"nothing dialled":           {a, func(m *message) { m.uri = "sip:" + domain }, 484},
		"an incomplete number":      {a, func(m *message) { m.uri = "sip:0117@" + domain }, 484},
		"no number at all":          {a, func(m *message) { m.uri = "sip:ann.example@" + domain }, 404},
		"a number of the world":     {a, func(m *message) { m.uri = "sip:+441174960123@" + domain }, 503},
		"an emergency":              {a, func(m *message) { m.uri = "sip:999@" + domain }, 503},
		"the own extension":         {a, func(m *message) { m.uri = "sip:1001@" + domain }, 486},
		"another provider":          {a, func(m *message) { m.uri = "sip:1002@elsewhere.example" }, 404},
		"the policy lets staff not": {m, func(m *message) { m.uri = "sip:1002@" + domain }, 403},
		"from another line":         {a, func(m *message) { m.from = "<sip:1002@" + domain + ">;tag=x" }, 403},
		"from nobody":               {a, func(m *message) { m.from = "<sip:anonymous@" + domain + ">;tag=x" }, 403},
		"no codec in common": {a, func(m *message) {
			m.body = strings.ReplaceAll(m.body, "opus", "speex")
			m.body = strings.ReplaceAll(m.body, "111 0 126", "111")
			m.body = strings.Replace(m.body, "a=rtpmap:0 PCMU/8000\r\n", "", 1)
		}, 488},
		"an offer of no WebRTC":         {a, func(m *message) { m.body = strings.ReplaceAll(m.body, "UDP/TLS/RTP/SAVPF", "RTP/AVP") }, 488},
		"no session description":        {a, func(m *message) { m.body = "hello" }, 400},
		"a session of another kind":     {a, func(m *message) { m.kind = "application/xml" }, 415},
		"without keys":                  {a, func(m *message) { m.body = strings.ReplaceAll(m.body, "a=fingerprint:sha-256 ", "a=fingerprint:md5 ") }, 400},
		"a session that is too short":   {a, func(m *message) { m.more = append(m.more, "Session-Expires: 30") }, 422},
		"an extension that we know not": {a, func(m *message) { m.more = append(m.more, "Require: precondition") }, 420},
		"a loop":                        {a, func(m *message) { m.more = append(m.more, "Max-Forwards: 0") }, 400},
		"no Contact":                    {a, func(m *message) { m.more = nil }, 400},
	} {
		t.Run(name, func(t *testing.T) {
			c.by.n++
			m := c.by.invitation("1002")
			c.change(&m)
			d := c.by.invite(m)
			res := d.refused(c.status)
			if v := res.GetHeader("Allow"); c.status == 405 && v == nil {
				t.Error("405 without Allow")
			}
			if c.status == 503 && reason(res) == "" {
				t.Error("no words for the person")
			}
		})
	}
	a.quiet()
	m.quiet()
	x.until("no call is left", func() bool { return len(x.sip.Calls()) == 0 })
	for _, e := range h.calls(x.lines["mark"]) {
		t.Errorf("a call of %s is kept", e.Code)
	}
}

// Nobody writes records faster than a person calls; and who dials an emergency
// is told all the same that this phone does not reach it (L29).
func TestCallsOfAMinuteAreBounded(t *testing.T) {
	x := three(t, sip.Config{})
	a, c := x.registered("ann"), x.registered("cat")
	for range 30 {
		a.call("1002").refused(480)
	}
	again := x.registered("ann")
	for _, p := range []*phone{a, again} {
		if got := reason(p.call("1002").refused(503)); !strings.Contains(got, "wait a minute") {
			t.Errorf("the caller is told %q", got)
		}
		if got := reason(p.call("999").refused(503)); !strings.Contains(got, "emergency") {
			t.Errorf("who dials 999 is told %q", got)
		}
	}
	c.call("1002").refused(480)
	x.until("the calls are over", func() bool { return len(x.sip.Calls()) == 0 })
	if n := len(x.calls(x.lines["ann"])); n != 30 {
		t.Errorf("%d calls are kept", n)
	}
	x.Later(time.Minute)
	a.call("1002").refused(480)
}

// One person cannot fill the house with calls, and many cannot keep somebody
// from calling.
func TestCallsOfALineAreBounded(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	for range 8 {
		a.call("1002")
		b.rings()
	}
	if got := reason(a.call("1002").refused(486)); !strings.Contains(got, "too many calls") {
		t.Errorf("the caller is told %q", got)
	}
	if got := reason(c.call("1002").refused(486)); !strings.Contains(got, "another call") {
		t.Errorf("the ninth is told %q", got)
	}
	b.call("1001") // each of the two is still reached, and still reaches others
	a.rings()
}
