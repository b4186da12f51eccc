package sip_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/media"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/voicemail"
)

// leave leaves a message of a second for somebody.
func (m *mailbox) leave(l telecom.Line) {
	m.h.TB.Helper()
	err := m.Update(context.Background(), func(tx *store.Tx) error {
		_, err := m.Leave(context.Background(), tx, voicemail.Left{For: l, From: "1009", Sound: media.Tone(440, time.Second)})
		return err
	})
	if err != nil {
		m.h.TB.Fatal(err)
	}
}

// heard notes that somebody heard the newest message that they had not.
func (m *mailbox) heard(l telecom.Line) {
	m.h.TB.Helper()
	for _, one := range m.list(l) {
		if !one.Heard.IsZero() {
			continue
		}
		err := m.Update(context.Background(), func(tx *store.Tx) error { return m.Heard(context.Background(), tx, m.access(l), l, one.ID) })
		if err != nil {
			m.h.TB.Fatal(err)
		}
		return
	}
}

// A call that voicemail took is nobody's to pass on, to join or to take over: whom
// it would be given to was not told that they are recorded. It is offered on
// no other phone of who made it.
func TestVoicemailIsPassedToNobody(t *testing.T) {
	h := open(t)
	v := h.voicemail()
	ann, ben, cat := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002"), h.line(identity.Partner, "1003")
	x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{"ann": ann, "ben": ben, "cat": cat})
	v.on(ben, voicemail.Box{})
	a, c, a2 := x.registered("ann"), x.registered("cat"), x.registered("ann")
	first, other := talk(a, c)
	first.reinvite("sendonly", "recvonly", 3)
	other.offered("sendonly")
	watch := a2.subscribe("1001", "dialog", 200)
	if i := watch.lamp(); len(i.Dialogs) != 1 {
		t.Errorf("before: %+v", i)
	}
	from := a.reaches("1002", plain(t))
	from.refer(at("1003"), 491)
	first.join(from, "1002", 202)
	first.told("100")
	first.told("404")
	a2.takeOver(from).refused(486)
	from.press("#")
	from.ask("BYE", 200, "", "")
	first.ask("BYE", 200, "", "")
	other.bye()
	if i := watch.lamp(); len(i.Dialogs) != 0 { // the first that there is to tell
		t.Errorf("after both: %+v", i)
	}
	x.kept("ben", telecom.Unavailable)
	for _, p := range []*phone{a, c, a2} {
		p.quiet()
	}
}

// Who makes no offer is offered what a machine speaks; without an answer to that
// there is no call.
func TestVoicemailWithoutAnOffer(t *testing.T) {
	h := open(t)
	v := h.voicemail()
	ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
	x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{"ann": ann, "ben": ben})
	v.on(ben, voicemail.Box{})
	a := x.registered("ann")
	for _, number := range []string{"1002", voicemail.Code} {
		for _, answers := range []bool{true, false} {
			from := a.withoutOffer(number)
			res := a.answer("INVITE", from.seq, 200)
			from.took(res)
			if goes(from.sdp) != "sendrecv" || !strings.Contains(from.sdp, "UDP/TLS/RTP/SAVPF 8 ") || !strings.Contains(res.String(), "automata") {
				t.Fatalf("%s: the 200 is\n%s", number, res)
			}
			if !answers {
				from.ackWith(from.seq, "")
				from.bye()
				continue
			}
			from.ackWith(from.seq, answerTo(from.sdp, a.id))
			from.ask("INFO", 200, "application/dtmf", "1")
			from.ask("BYE", 200, "", "")
		}
	}
	a.quiet()
	for range 2 {
		x.kept("ann", telecom.Unavailable)
	}
}
