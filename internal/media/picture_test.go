package media

import (
	"strings"
	"testing"
)

// A call that began with sound alone gets a picture, from one side and then from
// the other too.
func TestAPictureComesLater(t *testing.T) {
	for i, who := range []string{"caller", "callee"} {
		for _, mime := range []string{mimeVP8, mimeH264} {
			t.Run(who+" "+mime, func(t *testing.T) {
				quiet(t)
				c := talk(t, newRelay(t), browser{video: []string{mime}, later: true}, browser{shift: 3, video: []string{mime}, later: true})
				s := c.sides()[i]
				flows(t, s.p, s.far, audio, mimeOpus)
				if s.l.Misses() || s.other.Misses() {
					t.Error("a picture is missed that nobody has")
				}
				s.p.camera()
				s.renews(t, true)
				bytesPass(t, s.p, s.far, video, mime)
				flows(t, s.p, s.far, audio, mimeOpus)
				flows(t, s.far, s.p, audio, mimeOpus)
				back := c.sides()[1-i]
				back.p.camera()
				back.renews(t, false) // the other was told before that one may come
				bytesPass(t, back.p, back.far, video, mime)
				bytesPass(t, s.p, s.far, video, mime)
			})
		}
	}
}

// renews is a re-INVITE with what the side has now. The other side is offered it
// too, if it has to be.
func (s side) renews(t *testing.T, misses bool) {
	t.Helper()
	answer, dir, err := s.l.Reoffered(s.p.offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	s.p.take(answer)
	if s.other.Misses() != misses {
		t.Errorf("a picture is missed: %v", !misses)
	}
	if !misses {
		return
	}
	offer, err := s.other.Reoffer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.other.Answered(s.far.answer(offer)); err != nil {
		t.Fatal(err)
	}
	if s.other.Misses() {
		t.Error("a picture is missed that was agreed")
	}
}

// A side that has no use for a picture is asked once, and the call goes on; so
// it does when the offer was not answered at all.
func TestAPictureIsRefused(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}, later: true}, browser{shift: 1})
	c.caller.camera()
	answer, dir, err := c.a.Reoffered(c.caller.offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	c.caller.take(answer)
	if _, err := c.b.Reoffer(dir); err != nil { // refused with 488, or lost
		t.Fatal(err)
	}
	theirs := c.callee.offer(nil)
	if _, _, err := c.b.Reoffered(theirs); err != nil {
		t.Fatalf("after an offer without an answer: %v", err)
	}
	if err := c.b.Answered("x"); err == nil {
		t.Error("an answer to an offer that was replaced is taken")
	}
	offer, err := c.b.Reoffer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(offer, "m="); n != 2 {
		t.Fatalf("the offer has %d sections", n)
	}
	if err := c.b.Answered(refusing(theirs)); err != nil {
		t.Fatal(err)
	}
	if c.b.Misses() {
		t.Error("what was refused is asked again")
	}
	flows(t, c.caller, c.callee, audio, mimeOpus)
	flows(t, c.callee, c.caller, audio, mimeOpus)
}

// refusing is an answer that has no picture.
func refusing(sdp string) string {
	return strings.Replace(sdp, "a=setup:actpass", "a=setup:active", 1) + "m=video 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:p1\r\na=inactive\r\n"
}
