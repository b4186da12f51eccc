package media

import (
	"bytes"
	"context"
	"fmt"
	"testing"
)

// call is two browsers with the relay between them.
type call struct {
	t              testing.TB
	relay          *Relay
	caller, callee *peer
	a, b           *Leg
}

// dial brings a call as far as a caller's leg and an offer for the callee.
func dial(t testing.TB, r *Relay, caller *peer) (*Leg, *Leg, string) {
	t.Helper()
	a, err := r.Accept(context.Background(), caller.offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	b, offer, err := r.Invite(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	return a, b, offer
}

// talk is a whole call: both are connected when it returns.
func talk(t testing.TB, r *Relay, from, to browser) *call {
	t.Helper()
	c := &call{t: t, relay: r, caller: newPeer(t, from), callee: newPeer(t, to)}
	var offer string
	c.a, c.b, offer = dial(t, r, c.caller)
	c.answer(offer)
	return c
}

// answer connects both.
func (c *call) answer(offer string) {
	c.t.Helper()
	if err := c.b.Answered(c.callee.answer(offer)); err != nil {
		c.t.Fatal(err)
	}
	answer, err := c.a.Answer()
	if err != nil {
		c.t.Fatal(err)
	}
	c.caller.take(answer)
	if err := Bridge(c.a, c.b); err != nil {
		c.t.Fatal(err)
	}
	c.connected()
}

func (c *call) connected() {
	c.t.Helper()
	until(c.t, "a connection", func() bool {
		return c.caller.connected.Load() && c.callee.connected.Load() && c.a.Stats().Connected && c.b.Stats().Connected
	})
}

// flows sends until something of it arrives: from then on nothing may be lost.
func flows(t testing.TB, from, to *peer, k kind, mime string) {
	t.Helper()
	n := to.count(k)
	until(t, fmt.Sprintf("%s as %s", k, mime), func() bool {
		from.say(k, mime, []byte("is anybody there"))
		return to.count(k) > n
	})
	settle(t, from, to, k, mime)
}

// settle waits for the last of what flows sent.
func settle(t testing.TB, from, to *peer, k kind, mime string) {
	t.Helper()
	end := []byte("that was all")
	from.say(k, mime, end)
	until(t, "the end of the beginning", func() bool { return bytes.Equal(to.last(k).Payload, end) })
}

// bytesPass sends packets of all sizes one after the other, and wants them at the
// other end byte for byte, numbered and timed as they were, from a source of ours.
func bytesPass(t testing.TB, from, to *peer, k kind, mime string) {
	t.Helper()
	flows(t, from, to, k, mime)
	before := to.last(k)
	ticks := from.out[k].tick
	for i, size := range []int{1, 2, 3, 160, 700, 1180} {
		payload := bytes.Repeat([]byte{byte(i + 1)}, size)
		n := to.count(k)
		if !from.say(k, mime, payload) {
			t.Fatalf("%s is not agreed", mime)
		}
		until(t, "a packet", func() bool { return to.count(k) > n })
		got := to.last(k)
		switch {
		case !bytes.Equal(got.Payload, payload):
			t.Fatalf("%s: %d bytes arrived otherwise", mime, size)
		case got.SSRC == from.out[k].ssrc || got.SSRC != before.SSRC:
			t.Fatal("packets of one kind do not leave from one source of ours")
		case got.SequenceNumber != before.SequenceNumber+uint16(i)+1:
			t.Fatalf("number %d after %d", got.SequenceNumber, before.SequenceNumber)
		case got.Timestamp-before.Timestamp != from.out[k].tick-ticks:
			t.Fatalf("time moved by %d, not by %d", got.Timestamp-before.Timestamp, from.out[k].tick-ticks)
		case got.Extension || len(got.CSRC) > 0:
			t.Fatal("a header extension passed")
		}
	}
}

func TestSoundAndPicturePassByteForByte(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to browser
		sound    string
		picture  string // empty: none
	}{
		{"opus and vp8", browser{video: []string{mimeVP8, mimeH264}}, browser{shift: 1, video: []string{mimeVP8}}, mimeOpus, mimeVP8},
		{"opus and h264", browser{video: []string{mimeVP8, mimeH264}}, browser{shift: 2, video: []string{mimeH264}}, mimeOpus, mimeH264},
		{"g711", browser{}, browser{shift: 1, audio: []string{mimePCMU}}, mimePCMU, ""},
		{"a callee without video", browser{video: []string{mimeVP8}}, browser{shift: 1}, mimeOpus, ""},
		{"a caller without video", browser{}, browser{shift: 1, video: []string{mimeVP8}}, mimeOpus, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			call := talk(t, newRelay(t), c.from, c.to)
			bytesPass(t, call.caller, call.callee, audio, c.sound)
			bytesPass(t, call.callee, call.caller, audio, c.sound)
			if c.picture == "" {
				for _, p := range []*peer{call.caller, call.callee} {
					if v := p.out[video]; v != nil && len(v.codecs) > 0 {
						t.Error("a picture was agreed that nobody takes")
					}
				}
				return
			}
			bytesPass(t, call.caller, call.callee, video, c.picture)
			bytesPass(t, call.callee, call.caller, video, c.picture)
			until(t, "requests for whole pictures", func() bool {
				return call.caller.pictures() > 0 && call.callee.pictures() > 0
			})
		})
	}
}
