package media

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"
)

// Something is said into one leg of a call: whoever is there hears it in the place
// of the other, who hears nothing of it, and then the call goes on.
func TestAnAnnouncement(t *testing.T) {
	quiet(t)
	one, two, a, _ := phones(t, newRelay(t), "RTP/AVP", "0 97 13")
	one.ear(0).hears(two.ear(0), 0)
	two.ear(0).hears(one.ear(0), 0)
	said := Tone(440, 200*time.Millisecond)
	heard, other := one.count(), two.count()
	if err := a.Say(t.Context(), func(codec string) Sound {
		if codec != "pcmu" {
			t.Errorf("it is asked for in %q", codec)
		}
		return said
	}); err != nil {
		t.Fatal(err)
	}
	until(t, "the announcement", func() bool { return one.count() >= heard+len(said.packets) })
	one.mu.Lock()
	got := slices.Clone(one.heard[heard : heard+len(said.packets)])
	before := one.heard[heard-1]
	one.mu.Unlock()
	for i, p := range got {
		if !bytes.Equal(p.Payload, said.packets[i]) || p.PayloadType != 0 || p.SSRC != before.SSRC || p.SequenceNumber != before.SequenceNumber+1+uint16(i) || p.Marker != (i == 0) {
			t.Errorf("packet %d is %+v", i, p.Header)
		}
		if i > 0 && p.Timestamp-got[i-1].Timestamp != frameSize {
			t.Errorf("packet %d comes %d ticks later", i, p.Timestamp-got[i-1].Timestamp)
		}
	}
	if two.count() != other {
		t.Error("the other side hears it")
	}
	one.ear(0).hears(two.ear(0), 0)
	two.ear(0).hears(one.ear(0), 0)
}

func TestAnAnnouncementThatCannotBe(t *testing.T) {
	quiet(t)
	_, _, a, _ := phones(t, newRelay(t), "RTP/AVP", "0 97 13")
	if err := a.Say(t.Context(), func(string) Sound { return Sound{} }); !errors.Is(err, ErrCodec) {
		t.Errorf("nothing to say: %v", err)
	}
	if err := a.Say(t.Context(), func(string) Sound { return Sound{codec: "opus"} }); !errors.Is(err, ErrCodec) {
		t.Errorf("a codec that it does not speak: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Say(t.Context(), func(string) Sound { return Tone(440, time.Second) }); !errors.Is(err, ErrClosed) {
		t.Errorf("a leg that is closed: %v", err)
	}
}
