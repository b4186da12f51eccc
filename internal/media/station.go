package media

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// readyTime is how long what is played waits for the way to a caller to open:
// a phone that sends nothing is played to all the same.
const readyTime = 3 * time.Second

// Station is what a leg speaks with where nobody is on the other side: it plays
// sounds to the leg, hears digits, and records. It ends with the leg. It is safe
// for concurrent use; sounds are played one after the other.
type Station struct {
	leg    *Leg
	codec  codec     // of the sound
	digits chan rune // pressed; those that nobody takes are lost after a few
	keys   keys
	turn   sync.Mutex // held while a sound is played
	source uint32
	seq    uint16 // of what was played last; under turn
	tick   uint32

	mu       sync.Mutex
	recorder *recorder     // nil: nothing is recorded
	ended    chan struct{} // of the recording
}

// Attend answers the caller's first offer as Answer does, but by a station of ours:
// sound alone, G.711 if the caller has it, which every phone plays again and of
// which we can tell silence, else Opus. It returns ErrState if the leg is no
// caller's or was answered, ErrCodec, ErrPorts or ErrClosed.
func (l *Leg) Attend() (answer string, s *Station, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.isClosed():
		return "", nil, ErrClosed
	case l.asked || l.sent != "":
		return "", nil, ErrState
	}
	next := slices.Clone(l.sections)
	s = &Station{leg: l, digits: make(chan rune, maxDigits), source: rand.Uint32()}
	for i := range next {
		if n := &next[i]; n.taken && n.kind == audio {
			if s.codec, n.codecs = attended(n.codecs, true); s.codec.name == "" {
				return "", nil, ErrCodec
			}
			n.dir = n.dir.reverse()
		} else {
			n.taken = false
		}
	}
	if taken(next, audio) == nil {
		return "", nil, ErrCodec
	}
	before := l.sections
	l.sections = next
	l.keep()
	text, err := l.firstAnswer()
	if err != nil {
		l.sections = before
		l.keep()
		return "", nil, err
	}
	l.sent, l.settled = text, true
	l.station.Store(s)
	return text, s, nil
}

// attended chooses what a station speaks, and what goes with it; in an answer by
// the numbers of the offer.
func attended(list []codec, answer bool) (codec, []codec) {
	i := slices.IndexFunc(list, func(c codec) bool { return lawOf(c.name) != nil })
	if i < 0 {
		i = slices.IndexFunc(list, func(c codec) bool { return c.name == "opus" })
	}
	if i < 0 {
		return codec{}, nil
	}
	out := []codec{list[i]}
	for _, c := range list {
		if c.event() || c.noise() && c.clock == list[i].clock {
			out = append(out, c)
		}
	}
	for j := range out {
		if answer {
			out[j].to = out[j].from
		}
	}
	return out[0], out
}

// Plays tells whether the station can play a sound: it is in the codec that the
// leg speaks.
func (s *Station) Plays(sound Sound) bool {
	_, ok := sound.as(s.codec.name)
	return ok
}

// Codec is what the leg speaks: "pcmu", "pcma" or "opus".
func (s *Station) Codec() string { return s.codec.name }

// Digit takes one that came as signalling (SIP INFO).
func (s *Station) Digit(r rune) {
	select {
	case s.digits <- r:
	default:
	}
}

// Ready waits until the way to the leg is open, at most a few seconds. It returns
// ErrClosed, or the error of ctx.
func (s *Station) Ready(ctx context.Context) error {
	beat := time.NewTicker(frameTime)
	defer beat.Stop()
	late := time.NewTimer(readyTime)
	defer late.Stop()
	for !s.leg.connected.Load() {
		select {
		case <-beat.C:
		case <-late.C:
			return nil
		case <-s.leg.closing:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Play plays a sound to its end. It returns ErrCodec if the station cannot,
// ErrClosed, or the error of ctx, which ends it early.
func (s *Station) Play(ctx context.Context, sound Sound) error {
	if sound.codec == "" {
		return nil
	}
	sound, ok := sound.as(s.codec.name)
	if !ok {
		return ErrCodec
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	out := s.leg.ways[audio].out
	begun, played := time.Now(), time.Duration(0)
	beat := time.NewTimer(0)
	defer beat.Stop()
	for i, p := range sound.packets {
		select {
		case <-beat.C:
		case <-s.leg.closing:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
		s.seq++
		if s.leg.ways[audio].wants().Receives() {
			out.write(packet{marker: i == 0, seq: s.seq, time: s.tick, source: s.source, payload: p}, s.codec.to, s.codec.clock, time.Now())
		} else {
			out.skip()
		}
		d := sound.time(p)
		s.tick += uint32(d * time.Duration(s.codec.clock) / time.Second)
		played += d
		beat.Reset(time.Until(begun.Add(played)))
	}
	select { // the last is heard too
	case <-beat.C:
	case <-s.leg.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	out.skip() // what is played next begins where its time is then
	s.source++
	return nil
}

// Record begins to record what is heard, for at most a time, and until nothing
// was heard for the time of quiet. What is returned is closed when it has ended,
// which it also does with Recorded, and with the leg. There is one recording at a
// time.
func (s *Station) Record(most, quiet time.Duration) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := make(chan struct{})
	if s.recorder != nil {
		close(ended)
		return ended
	}
	s.recorder, s.ended = newRecorder(s.codec.name, time.Now()), ended
	r := s.recorder
	if !s.leg.run(func() { s.listen(r, ended, most, quiet) }) {
		close(ended)
		s.ended = nil
	}
	return ended
}

// Listen records as Record does, until that ends or one of keys is pressed; what
// was recorded is Recorded's. Meanwhile silence is played: phones give up on
// somebody of whom nothing comes.
func (s *Station) Listen(ctx context.Context, most, quiet time.Duration, keys string) {
	ended := s.Record(most, quiet)
	playing, stop := context.WithCancel(ctx)
	defer stop()
	s.leg.run(func() { _ = s.Play(playing, Silence(s.codec.name, most)) })
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			return
		case key := <-s.digits:
			if strings.ContainsRune(keys, key) {
				return
			}
		}
	}
}

// listen ends a recording in its time.
func (s *Station) listen(r *recorder, ended chan struct{}, most, quiet time.Duration) {
	begun := time.Now()
	beat := time.NewTicker(5 * frameTime)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
		case <-ended:
			return
		case <-s.leg.closing:
		}
		now := time.Now()
		s.mu.Lock()
		if s.recorder != r || s.ended != ended {
			s.mu.Unlock()
			return
		}
		if s.leg.isClosed() || now.Sub(begun) >= most || r.quiet(now) >= quiet || r.forgotten > 0 {
			s.ended = nil
			close(ended)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

// Recorded ends the recording and gives it; the zero value if there is none, or
// nothing was heard but silence.
func (s *Station) Recorded() Sound {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.recorder
	if s.ended != nil {
		close(s.ended)
	}
	s.recorder, s.ended = nil, nil
	if r == nil {
		return Sound{}
	}
	return r.sound()
}

// hear takes a packet of the leg.
func (s *Station) hear(p packet, now time.Time) {
	l := s.leg
	list := l.ways[audio].list()
	i := slices.IndexFunc(list, func(c codec) bool { return c.from == p.format })
	switch {
	case i < 0:
		l.dropped.Add(1)
	case list[i].event():
		s.press(p)
	case list[i].name == s.codec.name && l.ways[audio].wants().Sends():
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.recorder != nil && s.ended != nil {
			s.recorder.take(p, now)
		}
	}
}

// press takes a packet of a digit.
func (s *Station) press(p packet) {
	s.leg.events.Add(1)
	if r, ok := s.keys.take(p); ok {
		s.Digit(r)
	}
}

// SkipOn plays sounds, one after the other, until one of keys ("#", say) is
// pressed, and gives the key; 0 if none was. Its errors are those of Play.
func (s *Station) SkipOn(ctx context.Context, keys string, sounds ...Sound) (rune, error) {
	playing, stop := context.WithCancel(ctx)
	defer stop()
	played := make(chan error, 1)
	if !s.leg.run(func() {
		var err error
		for _, sound := range sounds {
			if err = s.Play(playing, sound); err != nil {
				break
			}
		}
		played <- err
	}) {
		return 0, ErrClosed
	}
	for {
		select {
		case err := <-played:
			return 0, err
		case r := <-s.digits:
			if strings.ContainsRune(keys, r) {
				stop()
				<-played
				return r, nil
			}
		}
	}
}
