package media

import (
	"slices"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// What was lost on the way to us is asked for again, and passes when it comes,
// in its place.
func TestPacketsOfAPictureThatAreLostAreAskedFor(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	flows(t, c.caller, c.callee, video, mimeVP8)
	before := c.callee.last(video)
	v := c.caller.out[video]
	v.mu.Lock()
	v.seq++ // this one is lost
	lost, tick := v.seq, v.tick
	v.mu.Unlock()
	n := c.callee.count(video)
	c.caller.say(video, mimeVP8, []byte("after the gap"))
	until(t, "what came after it", func() bool { return c.callee.count(video) > n })
	if got := c.callee.last(video).SequenceNumber - before.SequenceNumber; got != 2 {
		t.Errorf("a loss looks like %d", got)
	}
	until(t, "a request for what was lost", func() bool {
		c.caller.mu.Lock()
		defer c.caller.mu.Unlock()
		return slices.ContainsFunc(c.caller.reports, func(r rtcp.Packet) bool {
			nack, ok := r.(*rtcp.TransportLayerNack)
			return ok && nack.MediaSSRC == v.ssrc && slices.Contains(nack.Nacks[0].PacketList(), lost)
		})
	})
	c.caller.sayAs(video, mimeVP8, 0, []byte("late"), func(h *rtp.Header) {
		h.SequenceNumber, h.Timestamp = lost, tick
		v.seq--
	})
	until(t, "the late one", func() bool { return c.callee.count(video) > n+1 })
	if got := c.callee.last(video); got.SequenceNumber != before.SequenceNumber+1 || string(got.Payload) != "late" || got.Timestamp != before.Timestamp {
		t.Errorf("the late one came as %+v", got.Header)
	}
}

// What was lost on the way from us is given again as it was: nothing else may
// leave under its number.
func TestPacketsOfAPictureAreGivenAgain(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	bytesPass(t, c.caller, c.callee, video, mimeVP8)
	want := c.callee.last(video)
	n := c.callee.count(video)
	until(t, "the packet again", func() bool {
		if err := c.callee.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
			SenderSSRC: 1, MediaSSRC: want.SSRC, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{want.SequenceNumber}),
		}}); err != nil {
			t.Fatal(err)
		}
		return c.callee.count(video) > n
	})
	got := c.callee.last(video)
	a, err := got.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	b, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a, b) {
		t.Errorf("%+v came again as %+v", want.Header, got.Header)
	}
}
