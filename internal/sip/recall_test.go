package sip_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/voicemail"
)

// Nobody takes a call that was passed on: it comes back to who did that, once,
// and each way has its record.
func TestPassedOnAndComesBack(t *testing.T) {
	x := three(t, sip.Config{})
	a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
	for status, code := range map[int]telecom.Code{486: telecom.Busy, 603: telecom.Declined, 480: telecom.Unavailable} {
		kept, by := talk(a, b)
		by.reinvite("sendonly", "recvonly", 3)
		kept.offered("sendonly")
		by.refer(at("1003"), 202)
		by.told("100")
		third := c.rings()
		by.told("180")
		by.ask("BYE", 200, "", "")
		third.reply(status, "")
		c.asked("ACK")
		back := b.rings()
		if from := back.asked.From().Address.User; from != "1001" {
			t.Errorf("it comes back from %s", from)
		}
		back.accept()
		kept.met("1002")
		back.ask("BYE", 200, "", "")
		kept.bye()
		x.idle()
		if list := x.calls(x.lines["ann"]); list[0].Far != "1002" || list[0].Code != telecom.Completed || list[1].Far != "1003" || list[1].Code != code {
			t.Errorf("%d: who was passed on has calls of %s and %s", status, list[0].Code, list[1].Code)
		}
		if e := x.calls(x.lines["cat"])[0]; e.Code != code {
			t.Errorf("%d: the third has a call of %s", status, e.Code)
		}
		if list := x.calls(x.lines["ben"]); list[0].Code != telecom.Completed || list[1].Code != telecom.Completed {
			t.Errorf("%d: who passed it on has calls of %s and %s", status, list[0].Code, list[1].Code)
		}
	}
	// Nobody is there either.
	kept, by := talk(a, b)
	by.refer(at("1003"), 202)
	by.told("100")
	third := c.rings()
	by.told("180")
	by.ask("BYE", 200, "", "")
	third.reply(486, "")
	c.asked("ACK")
	back := b.rings()
	back.reply(480, "")
	b.asked("ACK")
	kept.bye()
	x.kept("ann", telecom.Unavailable)
	for _, p := range []*phone{a, b, c} {
		p.quiet()
	}
}

// L40: a call that is passed on to a line that nobody takes it at reaches its
// voicemail, whether who passed it on waits or has gone: who was passed on is told
// that they are recorded, and it is offered to them as any other end.
func TestPassedOnToVoicemail(t *testing.T) {
	for name, waits := range map[string]bool{"who passed it on waits": true, "who passed it on has gone": false} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			v := h.voicemail()
			cat := h.line(identity.Partner, "1003")
			x := h.serve(t, sip.Config{Voicemail: v.Desk, NoAnswer: time.Second}, map[string]telecom.Line{
				"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002"), "cat": cat,
			})
			v.on(cat, voicemail.Box{})
			a, b, c := x.registered("ann"), x.registered("ben"), x.registered("cat")
			here := plain(t)
			a.n++
			m := a.invitation("1002")
			m.body = here.describe("")
			kept := a.invite(m)
			by := b.rings().accept()
			kept.connected()
			here.remote(webrtc.SDPTypeAnswer, kept.sdp)
			by.reinvite("sendonly", "recvonly", 3)
			hold := a.asked("INVITE")
			kept.replyTo(hold, 200, here.describe(string(hold.Body())))
			a.asked("ACK")
			by.refer(at("1003"), 202)
			by.told("100")
			third := c.rings()
			by.told("180")
			if !waits {
				by.ask("BYE", 200, "", "")
			}
			third.cancelled()
			if waits {
				by.told("200")
				by.bye()
			}
			met := a.asked("INVITE")
			if goes(string(met.Body())) != "sendrecv" || !strings.Contains(met.GetHeader("P-Asserted-Identity").Value(), "1003") || !strings.Contains(met.Contact().Value(), "automata") {
				t.Errorf("who was passed on is offered\n%s", met)
			}
			kept.replyTo(met, 200, here.describe(string(met.Body())))
			a.asked("ACK")
			x.heardBy(here) // the greeting, which says that they are recorded
			kept.press("#")
			here.speaks(tone(), 100)
			kept.press("#")
			kept.bye()
			x.kept("ann", telecom.Voicemail)
			x.kept("cat", telecom.Voicemail)
			list := v.list(cat)
			if len(list) != 1 || list[0].From != "1001" || list[0].Length < time.Second {
				t.Fatalf("%d messages", len(list))
			}
			for _, p := range []*phone{a, b, c} {
				p.quiet()
			}
		})
	}
}

// A call that is forwarded to a line without voicemail, and that nobody takes
// there, reaches that of who forwards it: the caller hears nothing of the way.
func TestForwardedToNobody(t *testing.T) {
	h := open(t)
	v := h.voicemail()
	ben := h.line(identity.CustomerUser, "1002")
	x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{
		"ann": h.line(identity.CustomerUser, "1001"), "ben": ben, "cat": h.line(identity.Partner, "1003"),
	})
	x.forward("ben", telecom.Always, "1003", 0)
	v.on(ben, voicemail.Box{})
	a, c := x.registered("ann"), x.registered("cat")
	here := plain(t)
	a.n++
	m := a.invitation("1002")
	m.body = here.describe("")
	from := a.invite(m)
	third := c.rings()
	third.reply(486, "")
	c.asked("ACK")
	from.connected()
	here.remote(webrtc.SDPTypeAnswer, from.sdp)
	x.heardBy(here)
	from.press("#")
	here.speaks(tone(), 100)
	from.press("#")
	from.bye()
	x.kept("ann", telecom.Voicemail)
	if e := x.newest("cat"); e.Code != telecom.Busy {
		t.Errorf("whom it was forwarded to has a call of %s", e.Code)
	}
	if list := v.list(ben); len(list) != 1 || list[0].From != "1001" {
		t.Errorf("%d messages", len(list))
	}
	if regexp.MustCompile(`\b1003\b`).MatchString(a.all.String()) {
		t.Error("the caller is told where it went")
	}
}

// A call is passed on to a line that forwards to an outside number: who passed it
// on is told that it rings, who waits hears nothing of it, and where nobody takes
// it it comes back.
func TestPassedOnAndForwardedOut(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	x.number(x.lines["cat"], "+441527306003")
	x.forward("cat", telecom.Always, "02079460018", 0)
	a, b, far := x.registered("ann"), x.registered("ben"), nets[0]
	kept, by := talk(a, b)
	by.refer(at("1003"), 202)
	by.told("100")
	third := far.outgoing()
	third.reply(183, spoken(far.id))
	third.reply(180, "")
	by.told("180")
	third.reply(200, spoken(far.id))
	far.asked("ACK")
	by.told("200")
	by.bye()
	kept.met("1003")
	third.ask("BYE", 200, "", "")
	kept.bye()
	x.idle()
	kept, by = talk(a, b)
	by.refer(at("1003"), 202)
	by.told("100")
	third = far.outgoing()
	by.ask("BYE", 200, "", "")
	third.reply(486, "")
	far.asked("ACK")
	back := b.rings()
	back.accept()
	kept.met("1002")
	back.ask("BYE", 200, "", "")
	kept.bye()
	x.kept("ann", telecom.Completed)
	if all := a.all.String(); strings.Contains(all, "02079460018") || strings.Contains(all, farNumber) {
		t.Error("who was passed on is told where the call was forwarded to")
	}
}
