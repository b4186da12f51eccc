package media

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// withWay is a description that states another direction for all its media.
func withWay(sdp string, d Direction) string {
	return regexp.MustCompile(`a=(sendrecv|sendonly|recvonly|inactive)`).ReplaceAllString(sdp, "a="+d.String())
}

// wayOf gives the direction of the first medium.
func wayOf(sdp string) string {
	return regexp.MustCompile(`a=(sendrecv|sendonly|recvonly|inactive)`).FindStringSubmatch(sdp)[1]
}

// side is one end of a call, and other the far one.
type side struct {
	p     *peer
	l     *Leg
	far   *peer
	other *Leg
}

func (c *call) sides() [2]side {
	return [2]side{{c.caller, c.a, c.callee, c.b}, {c.callee, c.b, c.caller, c.a}}
}

// asks is a re-INVITE from a side, passed on to the other side, which answers
// back; it gives the directions of the answer and of the offer to the other. The
// peers themselves go on sending and listening: that the relay keeps to what was
// said is what is tried.
func (s side) asks(t *testing.T, want, back Direction) (answered, offered string) {
	t.Helper()
	answer, dir, err := s.l.Reoffered(withWay(s.p.offer(nil), want))
	if err != nil {
		t.Fatal(err)
	}
	if dir != want {
		t.Fatalf("a leg that offers %s is said to offer %s", want, dir)
	}
	s.p.take(withWay(answer, SendRecv))
	offer, err := s.other.Reoffer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.other.Answered(withWay(s.far.answer(withWay(offer, SendRecv)), back)); err != nil {
		t.Fatal(err)
	}
	return wayOf(answer), wayOf(offer)
}

// silentTo sends until the relay says that it drops for a hold, and wants
// nothing of it at the far end.
func (s side) silentTo(t *testing.T) {
	t.Helper()
	held, n := s.l.Stats().Held, s.far.count(audio)
	until(t, "a packet that is held back", func() bool {
		s.p.say(audio, mimeOpus, []byte("not to be heard"))
		return s.l.Stats().Held > held
	})
	if s.far.count(audio) != n {
		t.Error("a held side was heard")
	}
}

func TestEitherSideHoldsAndResumes(t *testing.T) {
	for i, who := range []string{"caller", "callee"} {
		t.Run(who, func(t *testing.T) {
			quiet(t)
			c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
			s, far := c.sides()[i], c.sides()[1-i]
			for _, p := range []side{s, far} {
				flows(t, p.p, p.far, audio, mimeOpus)
				flows(t, p.p, p.far, video, mimeVP8)
			}
			before := s.p.last(audio)

			if answer, offer := s.asks(t, SendOnly, RecvOnly); answer != "recvonly" || offer != "sendonly" {
				t.Errorf("hold was answered %s and passed on as %s", answer, offer)
			}
			far.silentTo(t)
			flows(t, s.p, s.far, audio, mimeOpus) // music, if there is any

			if answer, offer := s.asks(t, Inactive, Inactive); answer != "inactive" || offer != "inactive" {
				t.Errorf("hold without music was answered %s and passed on as %s", answer, offer)
			}
			far.silentTo(t)
			s.silentTo(t)

			if answer, offer := s.asks(t, SendRecv, SendRecv); answer != "sendrecv" || offer != "sendrecv" {
				t.Errorf("resume was answered %s and passed on as %s", answer, offer)
			}
			asked := far.p.pictures()
			for _, p := range []side{s, far} {
				bytesPass(t, p.p, p.far, audio, mimeOpus)
				bytesPass(t, p.p, p.far, video, mimeVP8)
			}
			until(t, "a request for a whole picture after the hold", func() bool { return far.p.pictures() > asked || asked > 0 })
			after := s.p.last(audio)
			if after.SSRC != before.SSRC {
				t.Error("the source changed over a hold")
			}
			c.noGaps(t, s.p)
		})
	}
}

// noGaps wants all that a peer heard to be numbered without a gap: a hold is no loss.
func (c *call) noGaps(t *testing.T, p *peer) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.heard {
		for i := 1; i < len(p.heard[k]); i++ {
			if d := p.heard[k][i].SequenceNumber - p.heard[k][i-1].SequenceNumber; d != 1 {
				t.Errorf("%s: number moved by %d", kind(k), d)
			}
		}
	}
}

func TestBothSidesHold(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{}, browser{shift: 1})
	a, b := c.sides()[0], c.sides()[1]
	flows(t, a.p, a.far, audio, mimeOpus)

	a.asks(t, SendOnly, RecvOnly)
	// B, who is held, holds too: it has nothing to listen to and says nothing.
	if answer, _ := b.asks(t, Inactive, Inactive); answer != "inactive" {
		t.Errorf("a second hold was answered %s", answer)
	}
	a.silentTo(t)
	b.silentTo(t)
	// A resumes; B still holds.
	if answer, offer := a.asks(t, SendRecv, SendOnly); answer == "sendrecv" || offer != "sendrecv" {
		t.Errorf("resume before the other was answered %s, passed on as %s", answer, offer)
	}
	a.silentTo(t)
	if answer, offer := b.asks(t, SendRecv, SendRecv); answer != "sendrecv" || offer != "sendrecv" {
		t.Errorf("the last resume was answered %s, passed on as %s", answer, offer)
	}
	bytesPass(t, a.p, a.far, audio, mimeOpus)
	bytesPass(t, b.p, b.far, audio, mimeOpus)
}

func TestEitherSideRestartsICE(t *testing.T) {
	for i, who := range []string{"caller", "callee"} {
		t.Run(who, func(t *testing.T) {
			quiet(t)
			c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
			s := c.sides()[i]
			flows(t, s.p, s.far, audio, mimeOpus)
			flows(t, s.p, s.far, video, mimeVP8)
			was := s.l.local.credentials
			for range 2 { // it may happen again
				answer, _, err := s.l.Reoffered(s.p.offer(&webrtc.OfferOptions{ICERestart: true}))
				if err != nil {
					t.Fatal(err)
				}
				now := s.l.local.credentials
				if now.ufrag == was.ufrag || now.pwd == was.pwd {
					t.Error("ICE was restarted with the old words")
				}
				if now.fingerprint != was.fingerprint || now.setup != was.setup {
					t.Error("DTLS did not stay")
				}
				was = now
				s.p.take(answer)
				c.connected()
				for _, side := range c.sides() {
					bytesPass(t, side.p, side.far, audio, mimeOpus)
					bytesPass(t, side.p, side.far, video, mimeVP8)
				}
			}
		})
	}
}

// Sections that were refused stay in all descriptions after that.
func TestICERestartsWithRefusedSections(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{data: true}, browser{shift: 1})
	answer, _, err := c.a.Reoffered(c.caller.offer(&webrtc.OfferOptions{ICERestart: true}))
	if err != nil {
		t.Fatal(err)
	}
	c.caller.take(answer)
	c.connected()
	for _, side := range c.sides() {
		bytesPass(t, side.p, side.far, audio, mimeOpus)
	}

	c = talk(t, c.relay, browser{video: []string{mimeVP8}}, browser{shift: 1})
	offer := regexp.MustCompile(`a=ice-ufrag:\S+`).ReplaceAllString(c.callee.pc.LocalDescription().SDP, "a=ice-ufrag:another")
	answer, _, err = c.b.Reoffered(offer)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, "m=video 0 ") || !strings.Contains(answer, "BUNDLE 0\r\n") {
		t.Errorf("a refused picture came back:\n%s", answer)
	}
}

func TestAnOfferThatCannotBeTakenLeavesTheCall(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	offer := c.caller.offer(nil)
	stranger := newPeer(t, browser{video: []string{mimeVP8}}).offer(nil)
	for _, try := range []struct {
		name, offer string
		want        error
	}{
		{"nothing", "", ErrSDP},
		{"another browser", stranger, ErrCodec},
		{"a section less", offer[:bytes.LastIndex([]byte(offer), []byte("m=video"))], ErrSDP},
		{"other codecs", regexp.MustCompile(`(?i)opus|PCMU`).ReplaceAllString(offer, "L16"), ErrCodec},
		{"no sound", regexp.MustCompile(`m=audio \d+`).ReplaceAllString(offer, "m=audio 0"), ErrCodec},
	} {
		if _, _, err := c.a.Reoffered(try.offer); !errors.Is(err, try.want) {
			t.Errorf("%s: %v", try.name, err)
		}
	}
	for _, side := range c.sides() {
		bytesPass(t, side.p, side.far, audio, mimeOpus)
		bytesPass(t, side.p, side.far, video, mimeVP8)
	}
}

func TestPictureIsDroppedWithinACall(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	flows(t, c.caller, c.callee, video, mimeVP8)
	offer := regexp.MustCompile(`m=video \d+`).ReplaceAllString(c.caller.offer(nil), "m=video 0")
	if _, _, err := c.a.Reoffered(offer); err != nil {
		t.Fatal(err)
	}
	dropped, n := c.a.Stats().Dropped, c.callee.count(video)
	until(t, "a picture that goes nowhere", func() bool {
		c.caller.say(video, mimeVP8, []byte("not to be seen"))
		return c.a.Stats().Dropped > dropped
	})
	if c.callee.count(video) != n {
		t.Error("a picture passed that was given up")
	}
}

// A browser may send from another source, without saying so.
func TestASourceChanges(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	bytesPass(t, c.caller, c.callee, audio, mimeOpus)
	for k, mime := range map[kind]string{audio: mimeOpus, video: mimeVP8} {
		flows(t, c.caller, c.callee, k, mime)
		before := c.callee.last(k)
		v := c.caller.out[k]
		v.mu.Lock()
		v.ssrc, v.seq, v.tick = v.ssrc+1, 40000, 1<<31
		v.mu.Unlock()
		flows(t, c.caller, c.callee, k, mime)
		after := c.callee.last(k)
		if after.SSRC != before.SSRC || after.SequenceNumber-before.SequenceNumber > 1000 || after.Timestamp-before.Timestamp > 1<<24 {
			t.Errorf("%s: from %d/%d to %d/%d", k, before.SequenceNumber, before.Timestamp, after.SequenceNumber, after.Timestamp)
		}
	}
	c.noGaps(t, c.callee)
}
