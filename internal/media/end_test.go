package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// gone tells whether a leg knows that it is.
func gone(l *Leg) bool {
	select {
	case <-l.Done():
		return true
	default:
		return false
	}
}

// impatient makes a relay give legs up sooner than callers would like.
func impatient(r *Relay) {
	r.settings.SetICETimeouts(500*time.Millisecond, 500*time.Millisecond, 50*time.Millisecond)
}

func TestOneForkAnswersAndOthersAreClosed(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := &call{t: t, relay: r, caller: newPeer(t, browser{video: []string{mimeVP8}})}
	a, err := r.Accept(context.Background(), c.caller.offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	c.a = a
	var forks []*Leg
	var offers []string
	for range 3 {
		b, offer, err := r.Invite(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		forks, offers = append(forks, b), append(offers, offer)
	}
	if _, err := a.Answer(); !errors.Is(err, ErrState) {
		t.Errorf("an answer before anybody answered: %v", err)
	}
	for i, line := range strings.Split(offers[0], "\r\n") {
		for _, mine := range []string{"o=", "a=ice-ufrag", "a=ice-pwd", "a=ssrc", "a=msid:"} {
			if other := strings.Split(offers[1], "\r\n"); strings.HasPrefix(line, mine) && line == other[i] {
				t.Errorf("two forks are told the same: %s", line)
			}
		}
	}
	// One that cannot be understood is no more than a fork less.
	if err := forks[0].Answered("v=0"); !errors.Is(err, ErrSDP) {
		t.Errorf("a bad answer: %v", err)
	}
	// One rings with early media (183), and nothing of the caller's reaches it.
	early := newPeer(t, browser{shift: 3})
	if err := forks[1].Answered(early.answer(offers[1])); err != nil {
		t.Fatal(err)
	}
	until(t, "early media's way", early.connected.Load)

	c.callee, c.b = newPeer(t, browser{shift: 1, video: []string{mimeVP8}}), forks[2]
	c.answer(offers[2])
	for _, f := range forks[:2] {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if !gone(f) {
			t.Error("a closed fork is not done")
		}
	}
	for _, s := range c.sides() {
		bytesPass(t, s.p, s.far, audio, mimeOpus)
		bytesPass(t, s.p, s.far, video, mimeVP8)
	}
	if early.count(audio) > 0 {
		t.Error("a microphone was heard before the answer")
	}
	again, err := a.Answer()
	if err != nil || again != a.sent {
		t.Errorf("the answer is not repeated: %v", err)
	}
	if gone(a) || gone(c.b) {
		t.Error("the call ended with its forks")
	}
}

func TestNothingIsHeardBeforeTheBridge(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := &call{t: t, relay: r, caller: newPeer(t, browser{}), callee: newPeer(t, browser{shift: 1})}
	var offer string
	c.a, c.b, offer = dial(t, r, c.caller)
	if err := Bridge(c.a, c.b); !errors.Is(err, ErrState) {
		t.Errorf("a bridge before the answers: %v", err)
	}
	if err := c.b.Answered(c.callee.answer(offer)); err != nil {
		t.Fatal(err)
	}
	answer, err := c.a.Answer()
	if err != nil {
		t.Fatal(err)
	}
	c.caller.take(answer)
	c.connected()
	for _, s := range c.sides() {
		until(t, "a packet that comes early", func() bool {
			s.p.say(audio, mimeOpus, []byte("hello?"))
			return s.l.Stats().Early > 0
		})
		if s.far.count(audio) > 0 {
			t.Error("something was heard before the bridge")
		}
	}
	if err := Bridge(c.a, c.b); err != nil {
		t.Fatal(err)
	}
	bytesPass(t, c.caller, c.callee, audio, mimeOpus)
	bytesPass(t, c.callee, c.caller, audio, mimeOpus)
	if err := Bridge(c.a, c.a); !errors.Is(err, ErrState) {
		t.Errorf("a bridge to itself: %v", err)
	}
	if err := Bridge(c.a, c.b); err != nil { // once more changes nothing
		t.Fatal(err)
	}
	bytesPass(t, c.caller, c.callee, audio, mimeOpus)
}

func TestStatsCountWhatWasCarried(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	bytesPass(t, c.caller, c.callee, audio, mimeOpus)
	bytesPass(t, c.caller, c.callee, video, mimeVP8)
	a, b := c.a.Stats(), c.b.Stats()
	if a.Audio != "opus" || !a.Connected || !b.Connected {
		t.Errorf("%+v", a)
	}
	for _, n := range []struct {
		name      string
		got, want uint64
	}{
		{"sound to the callee", b.AudioOut.Packets, uint64(c.callee.count(audio))},
		{"picture to the callee", b.VideoOut.Packets, uint64(c.callee.count(video))},
		{"sound to the caller", a.AudioOut.Packets, 0},
		{"sound of the callee", b.AudioIn.Packets, 0},
	} {
		if n.got != n.want {
			t.Errorf("%s: %d, not %d", n.name, n.got, n.want)
		}
	}
	if a.AudioIn.Packets < b.AudioOut.Packets || a.AudioIn.Bytes < b.AudioOut.Bytes || b.AudioOut.Bytes < 1180 {
		t.Errorf("%+v in, %+v out", a.AudioIn, b.AudioOut)
	}
	if s := fmt.Sprintf("%v %+v %#v", c.a, c.a, c.a); strings.Contains(s, c.a.local.ufrag) {
		t.Error("a printed leg tells its keys")
	}
}

func TestALegWhosePeerVanishesIsDone(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	impatient(r)
	c := talk(t, r, browser{}, browser{shift: 1})
	flows(t, c.caller, c.callee, audio, mimeOpus)
	_ = c.callee.conn.Close() // without a word
	until(t, "the end of the callee's leg", func() bool { return gone(c.b) })
	if gone(c.a) || !c.a.Stats().Connected || c.b.Stats().Connected {
		t.Error("the wrong leg was lost")
	}
	for _, l := range []*Leg{c.a, c.b} {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestALegWhosePeerSaysGoodbyeIsDone(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{}, browser{shift: 1})
	if err := c.caller.pc.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of the caller's leg", func() bool { return gone(c.a) })
}

func TestALegThatNobodyComesToIsDone(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	impatient(r)
	c := &call{t: t, relay: r, caller: newPeer(t, browser{}), callee: newPeer(t, browser{shift: 1})}
	var offer string
	c.a, c.b, offer = dial(t, r, c.caller)
	answer := c.callee.answer(offer)
	_ = c.callee.conn.Close()
	if err := c.b.Answered(answer); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of the callee's leg", func() bool { return gone(c.b) })
	if gone(c.a) {
		t.Error("a caller that only waits is lost")
	}
}

func TestALegThatNamesTooManySourcesIsDone(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{}, browser{shift: 1})
	flows(t, c.caller, c.callee, audio, mimeOpus)
	until(t, "the end of a leg with too many sources", func() bool {
		v := c.caller.out[audio]
		v.mu.Lock()
		v.ssrc++
		v.mu.Unlock()
		c.caller.say(audio, mimeOpus, []byte("and another one"))
		return gone(c.a)
	})
	if n := c.a.buffers.Load(); n > 2*maxBuffers {
		t.Errorf("%d sources were kept", n)
	}
	if gone(c.b) {
		t.Error("the other side suffers")
	}
}

// Close at any point of a call leaves nothing; quiet looks.
func TestCloseAtAnyPoint(t *testing.T) {
	for at, name := range []string{"accepted", "invited", "answered by the callee", "answered", "taken", "bridged", "talking"} {
		t.Run(name, func(t *testing.T) {
			quiet(t)
			r := newRelay(t)
			c := &call{t: t, relay: r, caller: newPeer(t, browser{video: []string{mimeVP8}}), callee: newPeer(t, browser{shift: 1, video: []string{mimeVP8}})}
			var offer, answer string
			var err error
			for i, step := range []func(){
				func() { c.a, err = r.Accept(context.Background(), c.caller.offer(nil)) },
				func() { c.b, offer, err = r.Invite(context.Background(), c.a) },
				func() { err = c.b.Answered(c.callee.answer(offer)) },
				func() { answer, err = c.a.Answer() },
				func() { c.caller.take(answer) },
				func() { err = Bridge(c.a, c.b) },
				func() { c.connected(); flows(t, c.caller, c.callee, video, mimeVP8) },
			} {
				if step(); err != nil {
					t.Fatal(err)
				}
				if i == at {
					break
				}
			}
			for range 2 {
				for _, l := range []*Leg{c.a, c.b} {
					if l == nil {
						continue
					}
					if err := l.Close(); err != nil {
						t.Error(err)
					}
					if !gone(l) {
						t.Error("a closed leg is not done")
					}
				}
			}
			if len(r.legs) != 0 {
				t.Error("a closed leg is kept")
			}
			if c.a.route.Load() != nil || (c.b != nil && c.b.route.Load() != nil) {
				t.Error("a closed leg is still bridged")
			}
		})
	}
}

func TestAClosedLegRefusesAll(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := talk(t, r, browser{}, browser{shift: 1})
	offer := c.caller.offer(nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	_, again := c.a.Answer()
	_, _, reoffered := c.a.Reoffered(offer)
	_, reoffer := c.b.Reoffer(SendOnly)
	_, accepted := r.Accept(context.Background(), offer)
	_, _, invited := r.Invite(context.Background(), c.a)
	for name, err := range map[string]error{
		"answer": again, "reoffered": reoffered, "reoffer": reoffer, "accept": accepted, "invite": invited,
		"answered": c.b.Answered("x"), "bridge": Bridge(c.a, c.b), "digit": c.b.Digit('1', 0),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func TestOrderOfACall(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	caller := newPeer(t, browser{})
	a, b, _ := dial(t, r, caller)
	offer := caller.pc.LocalDescription().SDP
	if err := a.Answered("v=0"); !errors.Is(err, ErrState) {
		t.Errorf("an answer from a caller: %v", err)
	}
	if _, err := b.Answer(); !errors.Is(err, ErrState) {
		t.Errorf("an answer to a callee: %v", err)
	}
	if _, _, err := a.Reoffered(offer); !errors.Is(err, ErrState) {
		t.Errorf("a new offer before the first was answered: %v", err)
	}
	if _, err := b.Reoffer(SendRecv); !errors.Is(err, ErrState) {
		t.Errorf("a new offer to a callee that has not answered: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Accept(ended, offer); !errors.Is(err, context.Canceled) {
		t.Errorf("accepting for nobody: %v", err)
	}
	if _, _, err := r.Invite(ended, a); !errors.Is(err, context.Canceled) {
		t.Errorf("inviting for nobody: %v", err)
	}
}

// All that may happen at once, happens at once; the race detector looks.
func TestACallEndsWhileMuchHappens(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	flows(t, c.caller, c.callee, audio, mimeOpus)
	offer := c.caller.offer(nil)
	stop := make(chan struct{})
	var all sync.WaitGroup
	always := func(f func()) {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					f()
				}
			}
		})
	}
	always(func() { c.caller.say(audio, mimeOpus, []byte("sound")) })
	always(func() { c.callee.say(video, mimeVP8, []byte("picture")) })
	always(func() { _ = c.b.Digit('1', digitLeast) })
	always(func() { _, _, _ = c.a.Reoffered(offer) })
	always(func() { _, _ = c.b.Reoffer(SendOnly) })
	always(func() { _ = Bridge(c.a, c.b) })
	always(func() { _, _ = c.a.Stats(), c.b.Stats() })
	n := c.callee.count(audio)
	until(t, "a packet in the crowd", func() bool { return c.callee.count(audio) > n })
	var ends sync.WaitGroup
	for range 3 {
		ends.Go(func() { _ = c.a.Close() })
		ends.Go(func() { _ = c.b.Close() })
	}
	ends.Wait()
	close(stop)
	all.Wait()
	if c.a.route.Load() != nil || c.b.route.Load() != nil {
		t.Error("a closed leg was bridged")
	}
}
