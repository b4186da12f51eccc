package media

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
	"time"
)

// lateness is how long a piece waits for packets that are on their way.
const lateness = 200 * time.Millisecond

// Tape records what passes between two legs that are bridged: each side apart, in
// the codec in which it came. It is safe for concurrent use.
type Tape struct {
	legs [2]*Leg
	taps [2]*tap

	mu   sync.Mutex
	last time.Time // to where it was cut
	done bool
}

// tap takes what a leg sends, as long as it passes to the other.
type tap struct {
	mu   sync.Mutex
	r    *recorder
	name string // of the codec; empty before the first packet
	turn bool   // the codec became another
}

// NewTape begins to record two legs, from now on. It returns ErrState unless they
// are bridged to one another and neither is being recorded.
func NewTape(one, other *Leg) (*Tape, error) {
	links := &one.relay.links
	links.Lock()
	defer links.Unlock()
	a, b := one.route.Load(), other.route.Load()
	if a == nil || b == nil || a.early || b.early || a.to != other || b.to != one || one.tap.Load() != nil || other.tap.Load() != nil {
		return nil, ErrState
	}
	t := &Tape{legs: [2]*Leg{one, other}, last: time.Now()}
	for i, l := range t.legs {
		t.taps[i] = &tap{r: newRecorder("", t.last)}
		t.taps[i].r.fixed = true
		l.tap.Store(t.taps[i])
	}
	return t, nil
}

func (t *tap) take(name string, p packet, now time.Time) {
	l := lawOf(name)
	if l == nil && name != "opus" {
		return // digits and the noise of a line are no words
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.name == "":
		t.name, t.r.law = name, l
	case t.name == name:
	case l != nil && t.r.law != nil:
		s, _ := Sound{codec: name, packets: [][]byte{p.payload}}.as(t.name)
		p.payload = s.packets[0]
	default:
		t.turn = true
		return
	}
	t.r.take(p, now)
}

// Due reports whether so much was recorded that it should be cut, whatever time
// has passed.
func (t *Tape) Due() bool {
	for _, p := range t.taps {
		p.mu.Lock()
		due := p.r.forgotten > 0 || p.r.size > MaxRecording/2 || len(p.r.octets) > MaxRecording/2
		p.mu.Unlock()
		if due {
			return true
		}
	}
	return false
}

// Turned reports whether a side speaks in another codec now, which the tape cannot
// follow.
func (t *Tape) Turned() bool {
	for _, p := range t.taps {
		p.mu.Lock()
		turned := p.turn
		p.mu.Unlock()
		if turned {
			return true
		}
	}
	return false
}

// Cut gives what each side said since the last cut, both of the same length, and
// that length. A side of which nothing came is silent.
func (t *Tape) Cut() (one, other Sound, length time.Duration) {
	return t.cut(time.Now().Add(-lateness))
}

// Stop ends the recording and gives what is left. After it nothing is recorded any
// more, and a further one gives nothing.
func (t *Tape) Stop() (one, other Sound, length time.Duration) {
	for i, l := range t.legs {
		l.tap.CompareAndSwap(t.taps[i], nil)
	}
	one, other, length = t.cut(time.Now())
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = true
	return one, other, length
}

func (t *Tape) cut(to time.Time) (one, other Sound, length time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if length = to.Sub(t.last).Truncate(frameTime); t.done || length <= 0 {
		return Sound{}, Sound{}, 0
	}
	t.last = t.last.Add(length)
	names := [2]string{}
	for i, p := range t.taps {
		p.mu.Lock()
		names[i] = p.name
		p.mu.Unlock()
	}
	one, other = t.taps[0].cut(length, names[1]), t.taps[1].cut(length, names[0])
	return one, other, length
}

// cut gives the next piece of what a side said; where nothing was yet, silence in
// the codec of the other.
func (t *tap) cut(d time.Duration, others string) Sound {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.name == "" {
		t.r.origin += d
		return Silence(cmp.Or(others, mulaw.name), d)
	}
	return t.r.cut(d)
}

// cut takes off the first d of what was recorded. What is missing in it is silence.
func (r *recorder) cut(d time.Duration) Sound {
	r.origin += d
	r.lastLoud, r.forgotten = 0, 0
	if r.law != nil {
		n := int(d * soundRate / time.Second)
		have := min(n, len(r.octets))
		piece := append(r.octets[:have:have], bytes.Repeat([]byte{r.law.quiet}, n-have)...)
		r.octets = bytes.Clone(r.octets[have:])
		return frames(r.law, piece)
	}
	slices.SortStableFunc(r.placed, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	s := Sound{codec: "opus"}
	var played, last time.Duration = 0, -1
	var rest []placed
	r.size = 0
	for _, p := range r.placed {
		switch {
		case p.at >= d:
			rest = append(rest, placed{p.at - d, p.payload})
			r.size += len(p.payload)
			continue
		case p.at == last:
			continue // it came twice
		}
		last = p.at
		s, played = s.until(p.at, played)
		s.packets = append(s.packets, p.payload)
		played += s.time(p.payload)
	}
	r.placed = rest
	s, _ = s.until(d, played)
	return s
}

// until adds silence up to a time, as far as whole frames go.
func (s Sound) until(at, played time.Duration) (Sound, time.Duration) {
	for ; at-played >= frameTime; played += frameTime {
		s.packets = append(s.packets, opusSilence)
	}
	return s, played
}
