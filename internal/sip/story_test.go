package sip_test

import (
	"testing"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// The whole way of a call: two people register, one calls, the other takes it,
// they talk, one hangs up, and both have it in their list.
func TestStoryOfACall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.Partner, "1002")
		x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": ann, "ben": ben})
		a, b := x.registered("ann"), x.registered("ben")
		if n := len(x.sip.Registrations()); n != 2 {
			t.Fatalf("%d registrations", n)
		}
		from, to := talk(a, b)
		if c := x.sip.Calls(); len(c) != 1 || !c[0].Answered || c[0].From.ID != ann.ID || c[0].To.Line.ID != ben.ID {
			t.Fatalf("calls: %d", len(c))
		}
		from.ask("BYE", 200, "", "")
		to.bye()
		x.until("the call is over", func() bool { return len(x.sip.Calls()) == 0 })
		made, got := h.calls(ann), h.calls(ben)
		if len(made) != 1 || !made[0].Made || made[0].Far != "1002" || made[0].Code != telecom.Completed || made[0].Answered.IsZero() {
			t.Errorf("the caller's list has %d: %s", len(made), made[0].Code)
		}
		if len(got) != 1 || got[0].Made || got[0].Far != "1001" || got[0].Code != telecom.Completed {
			t.Errorf("the callee's list has %d", len(got))
		}
		a.quiet()
		b.quiet()
	})
}
