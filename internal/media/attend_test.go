package media

import (
	"context"
	"errors"
	"testing"
)

// A leg that talks is given to a station: nothing passes to whom it talked to,
// what it is offered next is what the station speaks, and it hears that.
func TestALegIsGivenToAStation(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	h := newHandset(t)
	early, err := r.Accept(context.Background(), h.describe("RTP/AVP", "0 97"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = early.Close() }()
	if _, err := early.AttendNow(); !errors.Is(err, ErrState) {
		t.Errorf("one that talks to nobody yet: %v", err)
	}
	answer, first, err := early.Attend()
	if err != nil {
		t.Fatal(err)
	}
	h.take(answer)
	s, err := early.AttendNow()
	if err != nil || s == first || s.Codec() != "pcmu" {
		t.Fatalf("%v", err)
	}
	h.say(0, make([]byte, frameSize))
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	short := speech()
	short.packets = short.packets[:10]
	if err := s.Play(t.Context(), short); err != nil {
		t.Fatal(err)
	}
	_ = early.Close()
	if _, err := early.AttendNow(); !errors.Is(err, ErrClosed) {
		t.Errorf("one that is closed: %v", err)
	}
}
