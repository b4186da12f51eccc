package media

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNumberingKeepsDistances(t *testing.T) {
	now := time.Now()
	n := numbering{clock: 8000, last: 65530, tick: 1<<32 - 100}
	first, tick, ok := n.pass(1, 100, 1000, now)
	if !ok || first != 65531 || tick != 1<<32-100 {
		t.Fatalf("the first is %d at %d", first, tick)
	}
	for _, c := range []struct {
		seq  uint16
		tick uint32
		ok   bool
	}{
		{103, 1480, true},  // two are lost
		{102, 1320, true},  // one of them was late
		{110, 2600, true},  // wraps round
		{99, 840, false},   // from before the first
		{1000, 9000, true}, // a long loss
		{1000 - replayWindow, 100, true},
		{1000 - replayWindow - 1, 100, false}, // SRTP would not know it from a copy
	} {
		seq, at, ok := n.pass(1, c.seq, c.tick, now)
		if ok != c.ok {
			t.Fatalf("%d passes: %t", c.seq, ok)
		}
		if ok && (seq != first+c.seq-100 || at != tick+c.tick-1000) {
			t.Errorf("%d became %d at %d", c.seq, seq, at)
		}
	}
}

// A hold of ten minutes is more than half the numbers there are.
func TestNumberingAfterALongHold(t *testing.T) {
	now := time.Now()
	n := numbering{clock: 48000}
	before, tick, _ := n.pass(1, 10, 0, now)
	n.cut = true // as skip does
	after, at, ok := n.pass(1, 10+40000, 40000*960, now.Add(800*time.Second))
	if !ok || after != before+1 || at-tick != 40000*960 {
		t.Errorf("after the hold %t: %d then %d, %d ticks", ok, before, after, at-tick)
	}
}

func TestNumberingOfAnotherSource(t *testing.T) {
	now := time.Now()
	n := numbering{clock: 8000}
	seq, tick, _ := n.pass(1, 10, 5, now)
	next, at, ok := n.pass(2, 60000, 1<<31, now.Add(time.Second))
	if !ok || next != seq+1 || at-tick != 8000 {
		t.Errorf("%d then %d, %d ticks later", seq, next, at-tick)
	}
	if d := n.insert(now.Add(2 * time.Second)); d != next+1 || n.now(now.Add(2*time.Second)) != at+8000 {
		t.Errorf("a digit is numbered %d after %d", d, next)
	}
	if s, _, _ := n.pass(2, 60001, 1<<31+8000, now.Add(3*time.Second)); s != next+2 {
		t.Errorf("sound after a digit is numbered %d", s)
	}
}

// Whatever arrives, no number leaves twice: SRTP would use a nonce again. The
// source numbers its packets as SRTP makes it: each once, the sender's count of
// rounds following the number (RFC 3711 section 3.3.1), and nothing older than
// the replay window.
func TestNoNumberLeavesTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := numbering{clock: 8000, last: rapid.Uint16().Draw(t, "last") & 0x7fff}
		now := time.Unix(0, 0)
		out := int64(n.last) // the highest that left, with its rounds
		left := map[int64]bool{}
		leaves := func(seq uint16) {
			index := out + int64(int16(seq-uint16(out)))
			if left[index] {
				t.Fatalf("%d left twice", index)
			}
			left[index] = true
			out = max(out, index)
		}
		in := map[uint32]int64{}
		came := map[[2]int64]bool{}
		for range rapid.IntRange(1, 300).Draw(t, "packets") {
			now = now.Add(time.Millisecond)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				leaves(n.insert(now))
				continue
			case 1:
				n.cut = true
			}
			source := rapid.Uint32Range(1, 2).Draw(t, "source")
			high, known := in[source]
			if !known {
				high = 1 << 20
			}
			index := high + int64(rapid.OneOf(rapid.IntRange(-replayWindow, 5), rapid.IntRange(-replayWindow, 32767)).Draw(t, "step"))
			if came[[2]int64{int64(source), index}] {
				continue // SRTP drops copies
			}
			came[[2]int64{int64(source), index}] = true
			in[source] = max(high, index)
			if seq, _, ok := n.pass(source, uint16(index), uint32(index)*160, now); ok {
				leaves(seq)
			}
		}
	})
}
