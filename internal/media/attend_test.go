package media

import (
	"context"
	"errors"
	"testing"
	"time"
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
	h.isPlayedTo(s, 0, &mulaw)
	_ = early.Close()
	if _, err := early.AttendNow(); !errors.Is(err, ErrClosed) {
		t.Errorf("one that is closed: %v", err)
	}
}

// A caller that made no offer is offered what a station speaks, hears it once it
// has answered, and is heard.
func TestAStationMakesTheOffer(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	h := newHandset(t)
	l, err := r.Offerless(Phone)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	offer, s, err := l.AttendOffer(t.Context())
	if err != nil || s.Codec() != "pcma" {
		t.Fatal(err)
	}
	if _, _, err := l.AttendOffer(t.Context()); !errors.Is(err, ErrState) {
		t.Errorf("twice: %v", err)
	}
	h.take(offer)
	if err := l.Answered(h.describe("RTP/AVP", "0")); err == nil {
		t.Error("an answer in another codec is taken")
	}
	if err := l.Answered(h.describe("RTP/AVP", "8 101", "a=rtpmap:101 telephone-event/8000")); err != nil {
		t.Fatal(err)
	}
	h.isPlayedTo(s, 8, &alaw)
	_ = s.Record(time.Hour, time.Hour)
	h.say(8, speech().packets[10])
	until(t, "it came", func() bool { return l.Stats().AudioIn.Packets == 3 })
	if len(s.Recorded().packets) == 0 {
		t.Error("nothing was recorded")
	}
}
