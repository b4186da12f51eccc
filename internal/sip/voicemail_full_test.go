package sip_test

import (
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/voicemail"
)

// L40: whoever calls somebody whose voicemail is full hears so, is not told that
// they are recorded, and is not; the call is in both lists as one that nobody took.
func TestVoicemailThatIsFull(t *testing.T) {
	h := open(t)
	ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
	v := h.voicemail()
	x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{"ann": ann, "ben": ben})
	v.on(ben, voicemail.Box{})
	for range voicemail.MaxMessages {
		v.leave(ben)
	}
	a := x.registered("ann")
	here := plain(t)
	from := a.reaches("1002", here)
	if !strings.Contains(from.contact, `;automata;actor="information"`) {
		t.Errorf("the caller's phone is told %q", from.contact)
	}
	x.heardBy(here)
	here.speaks(tone(), 20)
	from.bye()
	x.kept("ann", telecom.Unavailable)
	if e := x.kept("ben", telecom.Unavailable); !e.Answered.IsZero() {
		t.Error("the call is kept as one that was taken")
	}
	if n := len(v.list(ben)); n != voicemail.MaxMessages {
		t.Errorf("%d messages", n)
	}
	a.quiet()
}
