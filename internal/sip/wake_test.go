package sip_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// sleeper notes who is woken, and for what.
type sleeper struct {
	mu    sync.Mutex
	has   bool
	heard []string
}

func (s *sleeper) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, what)
}

func (s *sleeper) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

func (s *sleeper) config(wait time.Duration) sip.Config {
	return sip.Config{
		WakeTime: wait,
		Wake: func(_ context.Context, l telecom.Line) bool {
			s.note("wake " + l.Extension)
			return s.has
		},
		Slept: func(_ context.Context, l telecom.Line, elsewhere bool) {
			s.note(map[bool]string{true: "elsewhere ", false: "missed "}[elsewhere] + l.Extension)
		},
	}
}

// A device that was woken comes to the call that woke it, and takes it.
func TestWokenDeviceTakesTheCall(t *testing.T) {
	s := &sleeper{has: true}
	x := three(t, s.config(time.Hour))
	a := x.registered("ann")
	from := a.call("1002")
	x.until("the device is woken", func() bool { return len(s.all()) == 1 })
	b := x.registered("ben")
	d := b.rings()
	d.accept()
	from.connected()
	from.ask("BYE", 200, "", "")
	d.bye()
	x.kept("ben", telecom.Completed)
	if got := s.all(); !slices.Equal(got, []string{"wake 1002", "elsewhere 1002"}) {
		t.Error(got)
	}
	b.quiet()
}

// Nobody is woken whose browser has the phone open, and nothing waits for who has
// no device to wake.
func TestWhoIsNotWoken(t *testing.T) {
	s := &sleeper{}
	x := three(t, s.config(time.Hour))
	a := x.registered("ann")
	from := a.call("1002")
	from.refused(480)
	x.kept("ben", telecom.Unavailable)
	if got := s.all(); !slices.Equal(got, []string{"wake 1002"}) {
		t.Error(got)
	}
	b := x.registered("ben")
	from = a.call("1002")
	d := b.rings()
	d.reply(486, "")
	from.refused(486)
	b.asked("ACK")
	x.kept("ben", telecom.Busy)
	if got := s.all(); len(got) != 1 {
		t.Error("woken although the page is open:", got)
	}
}

// A device that does not come leaves the caller with an end, and its person with
// a missed call; so does a caller who gives up.
func TestWokenDeviceStaysAway(t *testing.T) {
	s := &sleeper{has: true}
	x := three(t, s.config(time.Millisecond))
	a := x.registered("ann")
	from := a.call("1002")
	from.refused(480)
	x.kept("ben", telecom.Unavailable)
	if got := s.all(); !slices.Equal(got, []string{"wake 1002", "missed 1002"}) {
		t.Error(got)
	}
}

// Another device that opens while one rings rings too; one that declined is not
// asked again when it registers anew, and a decline is for all.
func TestDeviceThatComesLate(t *testing.T) {
	s := &sleeper{has: true}
	x := three(t, s.config(time.Hour))
	a, b1 := x.registered("ann"), x.registered("ben")
	from := a.call("1002")
	d1 := b1.rings()
	b2 := x.registered("ben")
	d2 := b2.rings()
	if d1.callID == d2.callID {
		t.Error("two devices have one dialog")
	}
	d1.reply(603, "")
	from.refused(603)
	if got := reason(d2.cancelled()); !strings.Contains(got, "603") {
		t.Errorf("the late device is told %q", got)
	}
	b1.asked("ACK")
	x.kept("ben", telecom.Declined)
}
