package media

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// events gives the telephone-events that a peer heard, as packets.
func (p *peer) events(format uint8) (out []*rtp.Packet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.heard[audio] {
		if h.PayloadType == format {
			out = append(out, h)
		}
	}
	return out
}

// typed gives the digits among events, and how many packets had the end bit.
func typed(events []*rtp.Packet) (digits string, ends int) {
	last := uint32(0)
	for _, e := range events {
		if len(digits) == 0 || e.Timestamp != last {
			digits += string("0123456789*#ABCD"[e.Payload[0]])
		}
		last = e.Timestamp
		if e.Payload[1]&0x80 != 0 {
			ends++
		}
	}
	return digits, ends
}

func TestDigitsAreSentAsTelephoneEvents(t *testing.T) {
	for _, c := range []struct {
		name  string
		b     browser
		mime  string
		clock uint32
		event uint8 // the number under which the callee takes events
	}{
		{"opus", browser{shift: 1}, mimeOpus, 48000, 110},
		{"g711", browser{shift: 1, audio: []string{mimePCMU}}, mimePCMU, 8000, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			call := talk(t, newRelay(t), browser{}, c.b)
			bytesPass(t, call.caller, call.callee, audio, c.mime)
			for _, d := range "159*0#Ad" {
				if err := call.b.Digit(d, 70*time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
			want := "159*0#AD"
			until(t, "all digits", func() bool {
				call.caller.say(audio, c.mime, []byte("sound meanwhile"))
				_, ends := typed(call.callee.events(c.event))
				return ends == digitEnds*len(want)
			})
			events := call.callee.events(c.event)
			if got, _ := typed(events); got != want {
				t.Errorf("typed %s, heard %s", want, got)
			}
			for i, e := range events {
				first := i == 0 || e.Timestamp != events[i-1].Timestamp
				ticks := binary.BigEndian.Uint16(e.Payload[2:])
				switch {
				case e.Marker != first:
					t.Errorf("packet %d: marker is %t", i, e.Marker)
				case e.Extension || len(e.Payload) != 4 || e.SSRC != call.callee.last(audio).SSRC:
					t.Errorf("packet %d is not in form", i)
				case !first && int16(ticks-binary.BigEndian.Uint16(events[i-1].Payload[2:])) < 0:
					t.Errorf("packet %d: the digit becomes shorter", i)
				case e.Payload[1]&0x80 != 0 && uint32(ticks) != c.clock*70/1000:
					t.Errorf("a digit of %d ticks", ticks)
				}
			}
			until(t, "sound after the digits", func() bool {
				call.caller.say(audio, c.mime, []byte("sound again"))
				return string(call.callee.last(audio).Payload) == "sound again"
			})
			settle(t, call.caller, call.callee, audio, c.mime)
			call.noGaps(t, call.callee)
			bytesPass(t, call.caller, call.callee, audio, c.mime)
		})
	}
}

// Whoever wants to is told of digits that pass, once each however many packets one
// has, and of none after that.
func TestDigitsThatPassAreTold(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{}, browser{shift: 1})
	flows(t, c.caller, c.callee, audio, mimeOpus)
	var mu sync.Mutex
	got := ""
	c.a.Keys(func(r rune) {
		mu.Lock()
		defer mu.Unlock()
		got += string(r)
	})
	press := func(at uint32, events ...byte) {
		for _, e := range events {
			n := len(c.callee.events(110))
			c.caller.sayAs(audio, mimeEvent, 48000, []byte{e, 10, 0, 160}, func(h *rtp.Header) { h.Timestamp = at })
			until(t, "it passes", func() bool { return len(c.callee.events(110)) == n+1 })
		}
	}
	press(1000, 10, 10, 10)
	press(9000, 9, 9)
	press(17000, 200) // no digit
	press(25000, 9)
	c.a.Keys(nil)
	press(33000, 1)
	mu.Lock()
	defer mu.Unlock()
	if got != "*99" {
		t.Errorf("told of %q", got)
	}
}

func TestDigitsOfABrowserPass(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{}, browser{shift: 1})
	flows(t, c.caller, c.callee, audio, mimeOpus)
	for i, payload := range [][]byte{{5, 10, 0, 160}, {5, 0x8a, 1, 64}} {
		c.caller.sayAs(audio, mimeEvent, 48000, payload, func(h *rtp.Header) { h.Marker = i == 0 })
		until(t, "a digit", func() bool { return len(c.callee.events(110)) == i+1 })
		got := c.callee.last(audio)
		if string(got.Payload) != string(payload) || got.Marker != (i == 0) {
			t.Errorf("%v with marker %t", got.Payload, got.Marker)
		}
	}
	// Browsers send empty ones after a digit; they are no sound and no digit.
	dropped := c.a.Stats().Dropped
	c.caller.sayAs(audio, mimeEvent, 48000, nil, func(*rtp.Header) {})
	until(t, "an empty event that is dropped", func() bool { return c.a.Stats().Dropped > dropped })
	if n := c.a.Stats().Digits; n != 3 {
		t.Errorf("%d packets of digits were counted", n)
	}
}

func TestDigitsThatCannotBeSent(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := talk(t, r, browser{}, browser{shift: 1})
	for _, d := range []rune{'x', 'E', ' ', 0, -1, '١', 'é'} {
		if err := c.b.Digit(d, time.Second); !errors.Is(err, ErrDigit) {
			t.Errorf("%q: %v", d, err)
		}
	}
	refused := false
	for range 2 * maxDigits {
		if err := c.b.Digit('1', digitLeast); errors.Is(err, ErrDigit) {
			refused = true
		}
	}
	if !refused {
		t.Error("any number of digits may wait")
	}
	c.sides()[1].asks(t, Inactive, Inactive) // the callee listens to nothing
	if err := c.b.Digit('1', time.Second); !errors.Is(err, ErrDigit) {
		t.Errorf("a digit to a leg on hold: %v", err)
	}
	only := talk(t, r, browser{}, browser{shift: 1, audio: []string{mimeOpus}})
	list := []codec{only.b.ways[audio].list()[0]}
	only.b.ways[audio].codecs.Store(&list)
	if err := only.b.Digit('1', time.Second); !errors.Is(err, ErrDigit) {
		t.Errorf("a digit to a leg that takes none: %v", err)
	}
}
