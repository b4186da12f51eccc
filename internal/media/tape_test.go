package media

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// strength is how much of a note is in a sound, of 1 at most: the amount that the
// correlation with it explains (Goertzel).
func strength(s Sound, hertz float64) float64 {
	l := lawOf(s.codec)
	var re, im, all float64
	for i, o := range bytes.Join(s.packets, nil) {
		v := float64(l.linear[o])
		re += v * math.Cos(2*math.Pi*hertz*float64(i)/soundRate)
		im += v * math.Sin(2*math.Pi*hertz*float64(i)/soundRate)
		all += v * v
	}
	if all == 0 {
		return 0
	}
	n := float64(len(s.packets) * frameSize)
	return 2 * (re*re + im*im) / n / all
}

// talkers are two handsets in a call.
func talkers(t *testing.T, formats string) (a, b *handset, la, lb *Leg) {
	t.Helper()
	r := newRelay(t)
	a, b = newHandset(t), newHandset(t)
	la, err := r.Accept(context.Background(), a.describe("RTP/AVP", formats))
	if err != nil {
		t.Fatal(err)
	}
	lb, offer, err := r.InviteAs(context.Background(), la, Phone)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Leg{la, lb} {
		t.Cleanup(func() { _ = l.Close() })
	}
	b.take(offer)
	if err := lb.Answered(b.describe("RTP/AVP", formats)); err != nil {
		t.Fatal(err)
	}
	a.take(join(t, la, lb))
	return a, b, la, lb
}

// L40: both are told before the first sample is kept, and each part holds what its
// own party said and nothing of the other, or of what is said to them.
func TestATapeHasEachSideApart(t *testing.T) {
	quiet(t)
	a, b, la, lb := talkers(t, "0")
	low, high, told := Tone(440, time.Second).packets, Tone(1000, time.Second).packets, Tone(2000, 100*time.Millisecond)
	talk := func(i int) { a.say(0, low[i%len(low)]); b.say(0, high[i%len(high)]) }
	until(t, "they hear each other", func() bool { talk(0); return a.count() > 0 && b.count() > 0 })
	before := la.Stats().AudioIn.Packets
	var heard [2]int
	for i, l := range []*Leg{la, lb} {
		if err := l.Say(t.Context(), func(string) Sound { return told }); err != nil {
			t.Fatal(err)
		}
		h := []*handset{a, b}[i]
		until(t, "it is heard", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			heard[i] = count2000(h)
			return heard[i] == len(told.packets)
		})
	}
	tape, err := NewTape(la, lb)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewTape(la, lb); !errors.Is(err, ErrState) {
		t.Errorf("a second tape: %v", err)
	}
	beat := time.NewTicker(frameTime)
	defer beat.Stop()
	var ones, others []Sound
	var length time.Duration
	keep := func(one, other Sound, d time.Duration) {
		if d == 0 {
			return
		}
		if one.Length() != d || other.Length() != d {
			t.Errorf("a piece of %s has %s and %s", d, one.Length(), other.Length())
		}
		ones, others, length = append(ones, one), append(others, other), length+d
	}
	for i := range 60 {
		<-beat.C
		talk(i)
		if i == 40 {
			keep(tape.Cut())
		}
	}
	until(t, "all came", func() bool { return la.Stats().AudioIn.Packets >= before+60 })
	keep(tape.Stop())
	keep(tape.Stop())
	talk(0) // passes, and is not kept
	if len(ones) != 2 || length < time.Second {
		t.Fatalf("%d pieces, %s", len(ones), length)
	}
	one, _ := Joined(ones)
	other, _ := Joined(others)
	for _, x := range []struct {
		name       string
		s          Sound
		own, other float64
	}{{"the one", one, 440, 1000}, {"the other", other, 1000, 440}} {
		if x.s.Loud() < 800*time.Millisecond || strength(x.s, x.own) < 0.5 || strength(x.s, x.other) > 0.001 || strength(x.s, 2000) > 0.001 {
			t.Errorf("%s: loud for %s, %.3f of its own, %.5f of the other's, %.5f of ours", x.name, x.s.Loud(), strength(x.s, x.own), strength(x.s, x.other), strength(x.s, 2000))
		}
	}
	file, ok := Together(ones, others)
	if !ok || !bytes.Contains(file[:60], []byte("fact")) || len(file) < 2*int(length*soundRate/time.Second) {
		t.Errorf("together: %t, %d bytes", ok, len(file))
	}
}

// count2000 is how many packets of the note came.
func count2000(h *handset) (n int) {
	for _, p := range h.heard {
		if s := (Sound{codec: "pcmu", packets: [][]byte{p.Payload}}); strength(s, 2000) > 0.5 {
			n++
		}
	}
	return n
}

// What cannot be told to a side is an error, so that nothing is kept without it.
func TestSayingToNobody(t *testing.T) {
	quiet(t)
	a, _, la, lb := talkers(t, "0")
	word := func(string) Sound { return Tone(440, 40*time.Millisecond) }
	if err := la.Say(t.Context(), func(string) Sound { return Sound{codec: "opus", packets: [][]byte{opusSilence}} }); !errors.Is(err, ErrCodec) {
		t.Errorf("in another codec: %v", err)
	}
	if _, _, err := la.Reoffered(a.describe("RTP/AVP", "0", "a=sendonly")); err != nil {
		t.Fatal(err)
	}
	if err := la.Say(t.Context(), word); !errors.Is(err, ErrState) {
		t.Errorf("on hold: %v", err)
	}
	done, stop := context.WithCancel(t.Context())
	stop()
	if err := lb.Say(done, word); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
	_ = la.Close()
	if err := lb.Say(t.Context(), word); !errors.Is(err, ErrState) {
		t.Errorf("alone: %v", err)
	}
	if _, err := NewTape(la, lb); !errors.Is(err, ErrState) {
		t.Errorf("a tape of one: %v", err)
	}
	if err := la.Say(t.Context(), word); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// Two sides in Opus become one file that decoders know as two channels, each with
// its own side; packets that cannot be are refused.
func TestTogetherInOpus(t *testing.T) {
	left, err := readPrompt(t, "menu.opus")
	if err != nil {
		t.Fatal(err)
	}
	right := Silence("opus", left.Length()/2)
	file, ok := Together([]Sound{left}, []Sound{right})
	if !ok || !bytes.HasPrefix(file, []byte("OggS")) {
		t.Fatal("they do not match")
	}
	if path, err := exec.LookPath("opusdec"); err == nil {
		cmd := exec.CommandContext(t.Context(), path, "--quiet", "--rate", "48000", "-", "-")
		cmd.Stdin = bytes.NewReader(file)
		raw, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var levels [2]float64
		for i := 44; i+3 < len(raw); i += 4 {
			for c := range levels {
				v := float64(int16(uint16(raw[i+2*c]) | uint16(raw[i+2*c+1])<<8))
				levels[c] += v * v
			}
		}
		if n := time.Duration((len(raw)-44)/4) * time.Second / opusRate; n < left.Length()-100*time.Millisecond || levels[0] < 1e9 || levels[1] > levels[0]/1e6 {
			t.Errorf("decoded to %s, with %g and %g", n, levels[0], levels[1])
		}
	}
	for _, bad := range []Sound{{codec: "opus", packets: [][]byte{{0x90, 1}}}, {codec: "pcmu"}, {}} {
		if _, ok := Together([]Sound{left}, []Sound{bad}); ok {
			t.Errorf("%q matches", bad.codec)
		}
	}
}

// A side that changes its codec within a law goes on; to another it is noticed.
func TestATapeNoticesAnotherCodec(t *testing.T) {
	at := time.Now()
	p := &tap{r: newRecorder("", at)}
	p.r.fixed = true
	loud := Tone(440, frameTime).packets[0]
	inA, _ := Sound{codec: "pcmu", packets: [][]byte{loud}}.as("pcma")
	p.take("pcmu", packet{seq: 1, time: 0, source: 1, payload: loud}, at)
	p.take("pcma", packet{seq: 2, time: frameSize, source: 1, payload: inA.packets[0]}, at.Add(frameTime))
	p.take("cn", packet{seq: 3, time: 2 * frameSize, source: 1, payload: []byte{1}}, at)
	if p.turn {
		t.Error("a law is no other codec")
	}
	p.take("opus", packet{seq: 4, time: 3 * frameSize, source: 1, payload: opusSilence}, at)
	if s := p.cut(3*frameTime, ""); !p.turn || s.Loud() != 2*frameTime || s.Length() != 3*frameTime {
		t.Errorf("%s, loud for %s", s.Length(), s.Loud())
	}
	if s := (&tap{r: newRecorder("", at)}).cut(frameTime, "opus"); s.Codec() != "opus" || s.Length() != frameTime {
		t.Error("a silent side has no length")
	}
}

// FuzzDelimited: whatever a packet says of itself, nothing is read beyond it.
func FuzzDelimited(f *testing.F) {
	for _, p := range [][]byte{opusSilence, {0x79, 1, 2}, {0x7a, 1, 2, 3}, {0x7b, 0x82, 1, 2, 3}, {0x7b, 0x42, 1, 2, 3, 0}, {0x7b, 3, 1, 2, 3}, {0x7b}, {}} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if out, ok := delimited(p); ok && (len(out) <= len(p) || len(out) > len(p)+2) {
			t.Errorf("%x became %x", p, out)
		}
	})
}

func readPrompt(t *testing.T, name string) (Sound, error) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "voicemail", "prompts", name))
	if err != nil {
		t.Fatal(err)
	}
	return ReadSound(file)
}
