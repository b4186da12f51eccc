package media

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"
)

// Times of a digit (RFC 4733 section 2.5.1.2).
const (
	maxDigits  = 32 // that wait for a leg
	digitStep  = 50 * time.Millisecond
	digitLeast = 40 * time.Millisecond // what receivers recognise for certain: ITU-T Q.24
	digitMost  = time.Second           // its length in ticks of 48 kHz still fits 16 bits
	digitPause = 50 * time.Millisecond
	digitEnds  = 3  // the last packet is sent that often
	digitLevel = 10 // dBm0 below zero
)

// keypad has the digits in the order of their events (RFC 4733 section 3.2).
const keypad = "0123456789*#ABCD"

// keys reads the digits that a leg sends: all packets of one have its time (RFC 4733
// section 2.3).
type keys struct {
	mu      sync.Mutex
	last    uint32
	pressed bool
}

// take returns the digit that a packet begins.
func (k *keys) take(p packet) (rune, bool) {
	if len(p.payload) < 4 || int(p.payload[0]) >= len(keypad) {
		return 0, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	again := k.pressed && k.last == p.time
	k.last, k.pressed = p.time, true
	return rune(keypad[p.payload[0]]), !again
}

// Keys has press told of each digit that the leg sends to whom it is bridged to,
// which gets it all the same; nil ends that. press must not wait.
func (l *Leg) Keys(press func(rune)) {
	if press == nil {
		l.keys.Store(nil)
		return
	}
	l.keys.Store(&listener{press: press})
}

// listener is told of digits.
type listener struct {
	keys
	press func(rune)
}

type digit struct {
	event byte
	d     time.Duration
}

// Digit sends a digit (0-9, *, #, A-D) that came as signalling (SIP INFO) to this
// leg as telephone-events (RFC 4733), of duration d between 40 ms and 1 s. It
// returns at once; digits leave in their order, and sound pauses for them. It
// returns ErrDigit or ErrClosed.
func (l *Leg) Digit(r rune, d time.Duration) error {
	event := strings.IndexRune(keypad, r)
	if r >= 'a' && r <= 'd' {
		event = int(r-'a') + 12
	}
	if _, ok := l.eventCodec(); event < 0 || !ok || !l.ways[audio].wants().Receives() {
		return ErrDigit
	}
	select {
	case l.digits <- digit{byte(event), min(max(d, digitLeast), digitMost)}:
	default:
		return ErrDigit
	}
	if !l.run(l.sendDigits) {
		return ErrClosed
	}
	return nil
}

// eventCodec is the telephone-event whose clock is that of the leg's sound: its
// times go on with the sound's (RFC 4733 section 2.1). Many phones take none but
// those of 8000 ticks, whatever the sound, and only look whether the time changed.
func (l *Leg) eventCodec() (codec, bool) {
	list := l.ways[audio].list()
	clock := uint32(0)
	for _, c := range list {
		if !c.event() && !c.noise() {
			clock = c.clock
			break
		}
	}
	for _, c := range list {
		if c.event() && c.clock == clock {
			return c, true
		}
	}
	if i := slices.IndexFunc(list, codec.event); i >= 0 && l.kind == Phone {
		return list[i], true
	}
	return codec{}, false
}

// sendDigits sends one of those that wait; one at a time.
func (l *Leg) sendDigits() {
	l.digitTurn.Lock()
	defer l.digitTurn.Unlock()
	select {
	case d := <-l.digits:
		l.sendDigit(d)
	default:
	}
}

func (l *Leg) sendDigit(d digit) {
	c, ok := l.eventCodec()
	if !ok {
		return
	}
	out := l.ways[audio].out
	begun := time.Now()
	tick := out.begin(c.clock, begun)
	defer out.end()
	ticker := time.NewTicker(digitStep)
	defer ticker.Stop()
	for first := true; ; first = false {
		past := min(time.Since(begun)+digitStep, d.d)
		last := past >= d.d
		for range map[bool]int{false: 1, true: digitEnds}[last] {
			out.event(first, c.to, tick, eventPayload(d.event, last, past, c.clock), time.Now())
		}
		if last {
			break
		}
		if !l.wait(ticker.C) {
			return
		}
	}
	pause := time.NewTimer(digitPause)
	defer pause.Stop()
	l.wait(pause.C)
}

// wait returns false if the leg is closed meanwhile.
func (l *Leg) wait(c <-chan time.Time) bool {
	select {
	case <-c:
		return true
	case <-l.closing:
		return false
	}
}

// eventPayload is that of RFC 4733 section 2.3.
func eventPayload(event byte, end bool, past time.Duration, clock uint32) []byte {
	b := []byte{event, digitLevel, 0, 0}
	if end {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], uint16(min(past.Milliseconds()*int64(clock)/1000, 65535)))
	return b
}
