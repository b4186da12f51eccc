package media

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

// speech is a sound of a second that is loud.
func speech() Sound { return Tone(440, time.Second) }

// attend makes a station of a caller's offer.
func attend(t testing.TB, r *Relay, offer string) (*Leg, string, *Station) {
	t.Helper()
	l, err := r.Accept(context.Background(), offer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	answer, s, err := l.Attend()
	if err != nil {
		t.Fatal(err)
	}
	return l, answer, s
}

// energy is the mean level of what a handset heard.
func (h *handset) energy(l *law) float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []byte
	for _, p := range h.heard {
		all = append(all, p.Payload...)
	}
	return loudness(l, all)
}

// isPlayedTo has a handset that speaks be played a loud sound of ten packets.
func (h *handset) isPlayedTo(s *Station, format uint8, l *law) {
	h.t.Helper()
	h.say(format, make([]byte, frameSize))
	h.say(format, make([]byte, frameSize))
	if err := s.Ready(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	short := speech()
	short.packets = short.packets[:10]
	if err := s.Play(h.t.Context(), short); err != nil {
		h.t.Fatal(err)
	}
	until(h.t, "what was played is heard", func() bool { return h.count() == 10 })
	if e := h.energy(l); e < 2000 {
		h.t.Errorf("heard with a level of %f", e)
	}
}

// A phone is played to, and recorded: what came late is put in its place, and
// what was lost is silence.
func TestAStationAndAPhone(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	h := newHandset(t)
	l, answer, s := attend(t, r, h.describe("RTP/AVP", "0 97 13"))
	h.take(answer)
	if s.Codec() != "pcmu" {
		t.Fatalf("it speaks %q", s.Codec())
	}
	h.isPlayedTo(s, 0, &mulaw)
	ended := s.Record(time.Hour, time.Hour)
	words := speech().packets
	h.say(0, words[10])
	h.seq, h.tick = h.seq+2, h.tick+2*frameSize // one is late, one is lost
	h.say(0, words[13])
	seq, tick := h.seq, h.tick
	h.seq, h.tick = seq-3, tick-3*frameSize
	h.say(0, words[11])
	h.seq, h.tick = seq, tick
	h.say(0, words[14])
	until(t, "all came", func() bool { return l.Stats().AudioIn.Packets == 6 })
	rec := s.Recorded()
	<-ended
	if n := len(rec.packets); n != 5 || rec.Length() != 5*frameTime || rec.Loud() != 4*frameTime {
		t.Fatalf("%d packets, %s, loud for %s", n, rec.Length(), rec.Loud())
	}
	for i, want := range []Sound{{packets: words[10:11]}, {packets: words[11:12]}, {}, {packets: words[13:14]}, {packets: words[14:15]}} {
		loud := loudness(&mulaw, rec.packets[i]) > 0
		if loud != (want.packets != nil) || loud && string(rec.packets[i]) != string(want.packets[0]) {
			t.Errorf("packet %d is not what was said", i)
		}
	}
	again, err := ReadSound(rec.File())
	if err != nil || again.Length() != rec.Length() || again.Codec() != "pcmu" || rec.Type() != "audio/wav" {
		t.Errorf("the file: %v, %s", err, again.Length())
	}
	if rec := s.Recorded(); rec.Codec() != "" {
		t.Error("there is a second recording")
	}
}

// Digits end what is played, whichever way they come, and each counts once.
func TestAStationHearsDigits(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	h := newHandset(t)
	_, answer, s := attend(t, r, h.describe("RTP/AVP", "0 97"))
	h.take(answer)
	pressed := make(chan rune, 1)
	go func() {
		key, err := s.SkipOn(context.Background(), "#", speech(), speech())
		if err != nil {
			t.Error(err)
		}
		pressed <- key
	}()
	tick := h.tick
	for _, event := range []byte{1, 1, 1, 11, 11, 11} {
		if event == 11 && tick == h.tick-frameSize*3 {
			tick = h.tick
		}
		h.tick = tick // all packets of a digit have its time
		if event == 11 {
			h.tick += 4000
		}
		h.say(97, []byte{event, 0x8a, 3, 0x20})
	}
	h.say(97, nil) // some send an empty one
	h.say(97, []byte{200, 0, 0, 0})
	if key := <-pressed; key != '#' {
		t.Errorf("pressed %q", key)
	}
	s.Digit('5')
	if key := <-s.digits; key != '5' {
		t.Errorf("pressed %q", key)
	}
}

// While somebody is listened to, silence comes, and a key ends it.
func TestAStationListens(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	h := newHandset(t)
	_, answer, s := attend(t, r, h.describe("RTP/AVP", "0 97"))
	h.take(answer)
	done := make(chan struct{})
	go func() {
		s.Listen(context.Background(), time.Hour, time.Hour, "#")
		close(done)
	}()
	until(t, "silence comes", func() bool { // which it does once it listens
		h.say(0, speech().packets[9])
		return h.count() > 2
	})
	if e := h.energy(&mulaw); e != 0 {
		t.Errorf("silence with a level of %f", e)
	}
	s.Digit('1')
	s.Digit('#')
	<-done
	if s.Recorded().Loud() == 0 {
		t.Error("nothing was recorded")
	}
	if err := s.Play(t.Context(), Tone(440, frameTime)); err != nil {
		t.Error(err)
	}
}

// A recording ends by itself: when nothing is heard any more, and when it is long
// enough; and with the leg.
func TestARecordingEnds(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	h := newHandset(t)
	l, answer, s := attend(t, r, h.describe("RTP/AVP", "0"))
	h.take(answer)
	<-s.Record(time.Nanosecond, time.Hour)
	s.Recorded()
	<-s.Record(time.Hour, time.Nanosecond)
	if rec := s.Recorded(); rec.Codec() != "" || rec.File() != nil {
		t.Error("silence was recorded")
	}
	ended := s.Record(time.Hour, time.Hour)
	<-s.Record(time.Hour, time.Hour) // one at a time
	for range 3 {
		h.say(0, speech().packets[9])
	}
	until(t, "all came", func() bool { return l.Stats().AudioIn.Packets >= 2 })
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if rec := s.Recorded(); rec.Loud() == 0 {
		t.Error("what was said before the leg ended is lost")
	}
	if err := s.Play(context.Background(), speech()); !errors.Is(err, ErrClosed) {
		t.Errorf("played to nobody: %v", err)
	}
	if _, err := s.SkipOn(context.Background(), "#", speech()); !errors.Is(err, ErrClosed) {
		t.Errorf("played to nobody: %v", err)
	}
	<-s.Record(time.Hour, time.Hour)
}

// A browser that has Opus alone is played to and recorded in Opus; one that has
// G.711 too speaks that. A picture is not taken.
func TestAStationAndABrowser(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	p := newPeer(t, browser{audio: []string{mimeOpus}, video: []string{mimeVP8}})
	l, answer, s := attend(t, r, p.offer(nil))
	p.take(answer)
	until(t, "connected", p.connected.Load)
	if err := s.Ready(t.Context()); err != nil || s.Codec() != "opus" {
		t.Fatalf("%v, %q", err, s.Codec())
	}
	if err := s.Play(t.Context(), speech()); !errors.Is(err, ErrCodec) || s.Plays(speech()) {
		t.Errorf("G.711 was played to Opus: %v", err)
	}
	said := Sound{codec: "opus", packets: [][]byte{{0x78, 1, 2, 3}, {0x78, 4, 5, 6}}}
	if err := s.Play(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	until(t, "it is heard", func() bool { return p.count(audio) == 2 })
	if string(p.last(audio).Payload) != string(said.packets[1]) {
		t.Error("another packet was heard")
	}
	s.Record(time.Hour, time.Hour)
	loud := make([]byte, 60)
	loud[0] = 0x78 // CELT, 20 ms
	for range 3 {
		p.say(audio, mimeOpus, loud)
	}
	until(t, "all came", func() bool { return l.Stats().AudioIn.Packets == 3 })
	rec := s.Recorded()
	if rec.Length() != 3*frameTime || rec.Type() != "audio/ogg" {
		t.Errorf("recorded %s", rec.Length())
	}
	again, err := ReadSound(rec.File())
	if err != nil || len(again.packets) != 3 || string(again.packets[2]) != string(loud) {
		t.Errorf("the file: %v, %d packets", err, len(again.packets))
	}
	if both := newPeer(t, browser{}); both != nil {
		if _, _, s := attend(t, r, both.offer(nil)); s.Codec() != "pcmu" {
			t.Errorf("it speaks %q", s.Codec())
		}
	}
}

func TestOnlyACallerIsAttended(t *testing.T) {
	r := newRelay(t)
	h := newHandset(t)
	l, _, _ := attend(t, r, h.describe("RTP/AVP", "0"))
	if _, _, err := l.Attend(); !errors.Is(err, ErrState) {
		t.Errorf("attended twice: %v", err)
	}
	from, err := r.Accept(t.Context(), h.describe("RTP/AVP", "0"))
	if err != nil {
		t.Fatal(err)
	}
	callee, _, err := r.Invite(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := callee.Attend(); !errors.Is(err, ErrState) {
		t.Errorf("a callee is attended: %v", err)
	}
	_ = from.Close()
	if _, _, err := from.Attend(); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed leg is attended: %v", err)
	}
}

// What a recorder makes of times that cannot be true.
func TestARecorderBelievesLittle(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	say := func(r *recorder, tick uint32, source uint32, after time.Duration) {
		r.take(packet{time: tick, source: source, payload: speech().packets[9]}, now.Add(after))
	}
	r := newRecorder("pcmu", now)
	say(r, 1<<31, 1, 0)
	say(r, 1<<31+frameSize, 1, 20*time.Millisecond)
	say(r, 5, 1, 40*time.Millisecond)                   // its time leaps: it goes where it came
	say(r, 5+frameSize, 2, 60*time.Millisecond)         // another source
	say(r, 5+frameSize+1<<30, 2, 80*time.Millisecond)   // another leap
	say(r, 1<<32-40*frameSize, 2, 100*time.Millisecond) // and one back
	r.take(packet{payload: nil}, now)                   // nothing in it
	r.take(packet{time: 7, source: 9, payload: make([]byte, 8000)}, now.Add(200*time.Hour))
	if d := r.sound().Length(); d != 6*frameTime || r.forgotten != 1 {
		t.Errorf("%s, %d forgotten", d, r.forgotten)
	}
	o := newRecorder("opus", now)
	for i := range 100_000 {
		o.take(packet{time: uint32(i) * 960, payload: make([]byte, 80)}, now.Add(time.Duration(i)*frameTime))
	}
	o.take(packet{payload: []byte{0xff}}, now)
	if s := o.sound(); len(s.File()) > MaxRecording || o.forgotten == 0 {
		t.Errorf("a file of %d bytes", len(s.File()))
	}
}

func TestLaws(t *testing.T) {
	for _, l := range []*law{&mulaw, &alaw} {
		for i := range 256 {
			if b := l.octet(l.linear[i]); b != byte(i) && l.linear[b] != l.linear[i] {
				t.Errorf("%s: %d became %d", l.name, i, b)
			}
		}
		for v := math.MinInt16; v <= math.MaxInt16; v += 7 {
			if d := math.Abs(float64(int(l.linear[l.octet(int16(v))]) - v)); d > math.Abs(float64(v))/16+20 {
				t.Errorf("%s: %d is off by %f", l.name, v, d)
			}
		}
	}
	// ITU-T G.711 tables 1a and 2a: the largest, and the smallest above nothing.
	if mulaw.linear[0x80] != 32124 || alaw.linear[0xaa] != 32256 || mulaw.linear[0xff] != 0 || alaw.linear[0xd5] != 8 {
		t.Errorf("%d %d %d %d", mulaw.linear[0x80], alaw.linear[0xaa], mulaw.linear[0xff], alaw.linear[0xd5])
	}
	a, ok := speech().as("pcma")
	if b, back := a.as("pcmu"); !ok || !back || b.Length() != speech().Length() || loudness(&mulaw, b.packets[9]) < 2000 {
		t.Error("the other law is not the same sound")
	}
	if _, ok := a.as("opus"); ok {
		t.Error("G.711 became Opus")
	}
}
