package sip_test

import (
	"regexp"
	"strings"
	"testing"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/telecom"
)

// refer asks for the other side to be passed on.
func (d *dialog) refer(to string, status int, more ...string) {
	d.p.t.Helper()
	d.ask("REFER", status, "", "", append(more, "Refer-To: "+to)...)
}

func at(ext string) string { return "<sip:" + ext + "@" + domain + ">" }

// told waits for a NOTIFY of how it goes on, and wants this status in it.
func (d *dialog) told(status string) {
	d.p.t.Helper()
	req := d.p.asked("NOTIFY")
	d.replyTo(req, 200, "")
	if body := string(req.Body()); !strings.HasPrefix(body, "SIP/2.0 "+status+" ") || strings.Count(body, "\r\n") != 1 {
		d.p.t.Errorf("%s is told %q, want %s", d.p.name, body, status)
	}
	last := status >= "200"
	if got := req.GetHeader("Subscription-State").Value(); strings.HasPrefix(got, "terminated") != last {
		d.p.t.Errorf("with %s the subscription is %q", status, got)
	}
}

// met waits to be offered a new other side, and takes it.
func (d *dialog) met(who string) {
	d.p.t.Helper()
	req := d.p.asked("INVITE")
	if req.CallID().Value() != d.callID {
		d.p.t.Errorf("%s was asked in another dialog", d.p.name)
	}
	if got := req.GetHeader("P-Asserted-Identity").Value(); !strings.Contains(got, who) {
		d.p.t.Errorf("%s talks to %q, want %s", d.p.name, got, who)
	}
	if got := goes(string(req.Body())); got != "sendrecv" {
		d.p.t.Errorf("%s was offered %s", d.p.name, got)
	}
	d.replyTo(req, 200, answerTo(string(req.Body()), d.p.id))
	d.p.asked("ACK")
}

// The caller, and the callee, pass the other side on to a third, whom both then
// have in their list.
func TestPassOnACall(t *testing.T) {
	for name, byCaller := range map[string]bool{"by who was called": false, "by who called": true} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{})
			a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
			var kept, by *dialog
			if byCaller {
				by, kept = talk(b, a)
			} else {
				kept, by = talk(a, b)
			}
			by.reinvite("sendonly", "recvonly", 3)
			kept.offered("sendonly")
			by.refer(at("1003"), 202)
			by.told("100")
			third := c.rings()
			if from := third.asked.From().Value(); !strings.Contains(from, "1001") {
				t.Errorf("the third is called by %s", from)
			}
			by.told("180")
			third.accept()
			by.told("200")
			by.bye()
			kept.met("1003")
			c.quiet()
			kept.ask("INFO", 200, "application/dtmf", "1")
			kept.ask("BYE", 200, "", "")
			third.bye()
			x.kept("cat", telecom.Completed)
			mine, theirs := x.calls(x.lines["ann"]), x.calls(x.lines["cat"])
			if e := mine[0]; !e.Made || e.Far != "1003" || e.Code != telecom.Completed {
				t.Errorf("who was passed on has a call of %s", e.Code)
			}
			if e := mine[1]; e.Far != "1002" || e.Code != telecom.Completed {
				t.Errorf("and before it one of %s", e.Code)
			}
			if e := theirs[0]; e.Made || e.Far != "1001" || len(theirs) != 1 {
				t.Errorf("the third has %d calls", len(theirs))
			}
			for _, e := range x.calls(x.lines["ben"]) {
				if e.Far != "1001" || e.Code != telecom.Completed {
					t.Errorf("who passed it on has a call of %s", e.Code)
				}
			}
			for _, p := range []*phone{a, b, c} {
				p.quiet()
			}
		})
	}
}

// Who passes a call on may hang up before the third has answered.
func TestPassOnAndLeave(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	kept, by := talk(a, b)
	by.refer(at("1003"), 202)
	by.told("100")
	third := c.rings()
	by.told("180")
	by.ask("BYE", 200, "", "")
	third.accept()
	kept.met("1003")
	third.ask("BYE", 200, "", "")
	kept.bye()
	x.kept("cat", telecom.Completed)
	x.kept("ben", telecom.Completed)
	for _, p := range []*phone{a, b, c} {
		p.quiet()
	}
}

// A third that does not take the call leaves everybody where they were.
func TestPassOnInVain(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	kept, by := talk(a, b)
	for status, n := range map[string]int{"486": 486, "603": 603} {
		by.refer(at("1003"), 202)
		by.told("100")
		third := c.rings()
		by.told("180")
		by.refer(at("1003"), 491) // one at a time
		third.reply(n, "")
		c.asked("ACK")
		by.told(status)
	}
	a.quiet()
	by.reinvite("sendrecv", "sendrecv", 5)
	// The other side hangs up while it rings.
	by.refer(at("1003"), 202)
	by.told("100")
	third := c.rings()
	by.told("180")
	kept.ask("BYE", 200, "", "")
	by.bye()
	third.cancelled()
	x.kept("cat", telecom.Cancelled)
	x.kept("ben", telecom.Completed)
	for _, p := range []*phone{a, b, c} {
		p.quiet()
	}
}

// The number that a caller withheld stays so when they are passed on (L26).
func TestPassOnWhoWithheldTheirNumber(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	kept, by := talk(a, b, "Privacy: id")
	by.refer(at("1003"), 202)
	by.told("100")
	third := c.rings()
	if got := third.asked.String(); regexp.MustCompile(`\b1001\b`).MatchString(got) || !strings.Contains(got, "anonymous") {
		t.Errorf("the third is told %s", got)
	}
	by.told("180")
	third.accept()
	by.told("200")
	by.bye()
	kept.met("1003")
	kept.ask("BYE", 200, "", "")
	third.bye()
	if e := x.kept("cat", telecom.Completed); !e.Withheld || e.Far != "" {
		t.Error("the list of the third has a number that was withheld")
	}
}

func TestPassOnIsJudged(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	from, to := talk(a, b)
	from.ask("REFER", 400, "", "")
	for who, status := range map[string]int{
		"<sip:1003@elsewhere.example>": 404, at("1999"): 404, at("999"): 503, at("01527306000"): 503, at("1001"): 486, at("1002"): 404, "<sip:" + domain + ">": 400,
		"<tel:1003>": 400, "<sip:1003@" + domain: 400, "<sip:1003@" + domain + ";method=BYE>": 400, "<sip:10%0d%0a03@" + domain + ">": 400,
		"<sip:1003:secret@" + domain + ">": 400, "<sip:1003@" + domain + "?Replaces=nothing>": 400, "<sip:1003@" + domain + "?Replaces=a%3bto-tag%3db%3bfrom-tag%3dc>": 404,
		"<sip:1003@" + domain + "?Replaces=" + from.callID + "%3bto-tag%3db%3bfrom-tag%3dc>": 404, "<sip:1003@" + domain + ";x=" + strings.Repeat("x", 1024) + ">": 400,
	} {
		m := from.inside("REFER", "", "")
		m.more = append(m.more, "Refer-To: "+who)
		a.write(m)
		res := a.until("an answer", func(m sipgo.Message) bool {
			res, ok := m.(*sipgo.Response)
			return ok && string(res.CSeq().MethodName) == "REFER"
		}).(*sipgo.Response)
		if res.StatusCode != status {
			t.Errorf("%s was answered with %d, want %d", who, res.StatusCode, status)
		}
	}
	m := a.outside("REFER", 1, "", "")
	m.more = append(m.more, "Refer-To: "+at("1003"))
	a.write(m)
	a.answer("REFER", 1, 403)
	a.quiet()
	b.quiet()
	from.ask("BYE", 200, "", "")
	to.bye()
}

// join asks for the other sides of two of one's own calls to be joined.
func (d *dialog) join(other *dialog, ext string, status int) {
	d.p.t.Helper()
	tag := func(s string) string { _, t, _ := strings.Cut(s, "tag="); return t }
	d.refer("<sip:"+ext+"@"+domain+"?Replaces="+other.callID+"%3Bto-tag%3D"+tag(other.remote)+"%3Bfrom-tag%3D"+tag(other.local)+">", status)
}

// Who talks to two joins them, and is out of both. A number that was withheld
// stays so (L26).
func TestJoinTwoCalls(t *testing.T) {
	for name, got := range map[string]bool{"both made": false, "one of them got": true} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{})
			a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
			kept, by := talk(a, b)
			by.reinvite("sendonly", "recvonly", 3)
			kept.offered("sendonly")
			var second, third *dialog
			if got {
				third, second = talk(c, b, "Privacy: id")
			} else {
				second, third = talk(b, c)
			}
			by.join(second, "1003", 202)
			by.told("100")
			second.bye()
			by.told("200")
			by.bye()
			if got {
				kept.met("anonymous")
			} else {
				kept.met("1003")
			}
			third.met("1001")
			kept.reinvite("sendonly", "recvonly", 9)
			third.offered("sendonly")
			third.ask("BYE", 200, "", "")
			kept.bye()
			x.kept("cat", telecom.Completed)
			mine, theirs := x.calls(x.lines["ann"]), x.calls(x.lines["cat"])
			if got && mine[0].Far != "" || !got && mine[0].Far != "1003" || mine[0].Answered.IsZero() {
				t.Error("who was passed on talked to somebody else")
			}
			if theirs[0].Far != "1001" || len(theirs) != 2 {
				t.Errorf("the third has %d calls", len(theirs))
			}
			if list := x.calls(x.lines["ben"]); len(list) != 2 {
				t.Errorf("who joined them has %d calls", len(list))
			}
			for _, p := range []*phone{a, b, c} {
				p.quiet()
			}
		})
	}
}

// Nobody joins calls of others, or one that has no answer.
func TestJoinOnlyOnesOwn(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	from, to := talk(a, b)
	other, far := talk(c, c2(x))
	from.join(other, "1003", 404)
	from.join(far, "1003", 404)
	from.join(from, "1002", 404)
	second := b.call("1003")
	ringing := c.rings()
	b.answer("INVITE", second.seq, 180)
	second.remote += ";tag=none"
	to.join(second, "1003", 202)
	to.told("100")
	to.told("404")
	second.remote = strings.TrimSuffix(second.remote, ";tag=none")
	second.cancel()
	second.refused(487)
	ringing.cancelled()
	a.quiet()
	b.quiet("200")
	from.ask("BYE", 200, "", "")
	to.bye()
	other.ask("BYE", 200, "", "")
	far.bye()
}

// c2 is somebody who is in no other call.
func c2(x *exchange) *phone {
	x.lines["dan"] = x.line(identity.CustomerUser, "1004")
	return x.registered("dan")
}
