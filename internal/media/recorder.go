package media

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// Limits of what is recorded.
const (
	// MaxRecording is the longest file of a recording, in bytes, whatever its
	// length: whoever is recorded chooses how much their codec sends.
	MaxRecording = 1 << 20
	fileHeader   = 512 // more than what File adds at the front
	pageHeader   = 64  // and for each packet of Opus

	// maxShift is how far a packet's time may differ from when it came. Beyond
	// that its source began anew, and it is put where it came.
	maxShift = 2 * time.Second
	// opusQuiet is the longest packet of 20 ms that Opus makes of silence, in
	// bytes: we cannot listen into it.
	opusQuiet = 10
	// tail is how much of the silence that ended a recording is left.
	tail = 500 * time.Millisecond
)

// recorder puts what is heard where it belongs, by its times: late packets go in
// between, lost ones are silence. It is not for concurrent use.
type recorder struct {
	law   *law // nil: Opus
	begun time.Time
	fixed bool // time counts from begun, whenever the first packet comes

	source    uint32
	any       bool
	base      uint32        // time of the packet that stands at
	at        time.Duration // from the beginning
	lastLoud  time.Duration // end of what was heard last that is no silence
	octets    []byte        // of G.711
	placed    []placed      // of Opus, in no order
	size      int           // of placed
	forgotten int           // packets that came once there was enough
	origin    time.Duration // what was cut off: octets and placed begin there
}

// placed is a packet of Opus, and when it begins.
type placed struct {
	at      time.Duration
	payload []byte
}

func newRecorder(codec string, now time.Time) *recorder {
	return &recorder{law: lawOf(codec), begun: now}
}

func (r *recorder) rate() time.Duration {
	if r.law == nil {
		return opusRate
	}
	return soundRate
}

// take puts in a packet that came at now.
func (r *recorder) take(p packet, now time.Time) {
	if len(p.payload) == 0 || r.law == nil && opusTicks(p.payload) == 0 {
		return
	}
	since := now.Sub(r.begun)
	at := r.at + time.Duration(int32(p.time-r.base))*time.Second/r.rate()
	if !r.any || p.source != r.source || at-since > maxShift || since-at > maxShift {
		at = since
		if !r.any && !r.fixed {
			at = 0
			r.begun = now
		}
		r.any, r.source = true, p.source
	}
	if at < 0 {
		return
	}
	r.base, r.at = p.time, at
	if at -= r.origin; at < 0 {
		return // too late for what was cut off
	}
	if r.full(at, len(p.payload)) {
		r.forgotten++
		return
	}
	if r.law == nil {
		r.opus(at, p.payload)
	} else {
		r.g711(at, p.payload)
	}
}

// full tells whether there is no room for a packet.
func (r *recorder) full(at time.Duration, n int) bool {
	if r.law != nil {
		return int(at*soundRate/time.Second)+n > MaxRecording-fileHeader
	}
	pages := int(at / frameTime)
	return r.size+n+pageHeader*max(len(r.placed), pages) > MaxRecording-fileHeader
}

func (r *recorder) g711(at time.Duration, payload []byte) {
	from := int(at * soundRate / time.Second)
	if gap := from + len(payload) - len(r.octets); gap > 0 {
		r.octets = append(r.octets, bytes.Repeat([]byte{r.law.quiet}, gap)...)
	}
	copy(r.octets[from:], payload)
	if loudness(r.law, payload) >= loudLevel {
		r.heard(at, time.Duration(len(payload))*time.Second/soundRate)
	}
}

func (r *recorder) opus(at time.Duration, payload []byte) {
	r.placed = append(r.placed, placed{at, bytes.Clone(payload)})
	r.size += len(payload)
	if len(payload) > opusQuiet {
		r.heard(at, time.Duration(opusTicks(payload))*time.Second/opusRate)
	}
}

func (r *recorder) heard(at, d time.Duration) {
	r.lastLoud = max(r.lastLoud, at+d)
}

// quiet is for how long nothing was heard but silence, or nothing at all.
func (r *recorder) quiet(now time.Time) time.Duration { return now.Sub(r.begun) - r.lastLoud }

// sound gives what was recorded, without the silence at its end.
func (r *recorder) sound() Sound {
	if r.lastLoud == 0 {
		return Sound{}
	}
	end := r.lastLoud + tail
	if r.law != nil {
		return frames(r.law, r.octets[:min(len(r.octets), int(end*soundRate/time.Second))])
	}
	s := Sound{codec: "opus"}
	slices.SortStableFunc(r.placed, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	var played, last time.Duration = 0, -1
	for _, p := range r.placed {
		if p.at == last || p.at >= end {
			continue // it came twice
		}
		for last = p.at; p.at-played >= frameTime; played += frameTime {
			s.packets = append(s.packets, opusSilence)
		}
		s.packets = append(s.packets, p.payload)
		played += s.time(p.payload)
	}
	return s
}
