package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// at is a time in a call that began at a whole second.
func at(ms int) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(ms) * time.Millisecond)
}

func sound(source uint32, seq uint16) packet {
	return packet{source: source, seq: seq, time: uint32(seq) * 160}
}

// What was lost is told as a part of what was due since the last report, and of
// all, over the place where numbers begin anew (RFC 3550 appendix A.3).
func TestWhatWasLostIsReported(t *testing.T) {
	var r reception
	if got := r.report(at(0)); got != nil {
		t.Errorf("a report of nothing: %+v", got)
	}
	for i := range 100 {
		if i%4 != 3 {
			r.take(sound(7, uint16(65500+i)), 8000, at(20*i))
		}
	}
	got := r.report(at(2000))
	if len(got) != 1 || got[0].SSRC != 7 || got[0].LastSequenceNumber != 65500+98 || got[0].TotalLost != 24 || got[0].FractionLost != 24*256/99 {
		t.Errorf("%+v", got)
	}
	for i := 100; i < 200; i++ {
		r.take(sound(7, uint16(65500+i)), 8000, at(20*i))
	}
	// Of what came, one was due before; nothing is lost of these.
	if got = r.report(at(4000)); got[0].TotalLost != 25 || got[0].FractionLost != 1*256/101 || got[0].LastSequenceNumber != 65500+199 {
		t.Errorf("%+v", got)
	}
	if got = r.report(at(6000)); got[0].FractionLost != 0 || got[0].TotalLost != 25 {
		t.Errorf("nothing was due: %+v", got)
	}
}

// What comes late is not lost, and what comes twice makes up for nothing more than
// was lost.
func TestLateAndTwiceIsNoLoss(t *testing.T) {
	var r reception
	for _, seq := range []uint16{10, 12, 11, 11, 13, 13, 13} {
		r.take(sound(7, seq), 8000, at(0))
	}
	if got := r.report(at(0))[0]; got.TotalLost != 0 || got.FractionLost != 0 || got.LastSequenceNumber != 13 {
		t.Errorf("%+v", got)
	}
}

// Packets at their time have no jitter; with every other 8 ms late it comes to
// that (RFC 3550 section 6.4.1), whatever the times of the source began with, and
// over a change of clocks.
func TestJitterIsOfTimesOnTheWay(t *testing.T) {
	for what, c := range map[string]struct {
		late   int // ms, every other packet
		clock  func(i int) uint32
		lo, hi uint32
	}{
		"at their time":         {0, func(int) uint32 { return 8000 }, 0, 1},
		"late":                  {8, func(int) uint32 { return 8000 }, 60, 68},
		"with one other clock":  {0, func(i int) uint32 { return 8000 + uint32(i/100)*40000 }, 0, 1},
		"at a clock of its own": {0, func(int) uint32 { return 48000 }, 0, 2},
	} {
		var r reception
		tick := ^uint32(0) - 5000
		for i := range 200 {
			p := packet{source: 7, seq: uint16(i), time: tick}
			r.take(p, c.clock(i), at(20*i+i%2*c.late))
			tick += c.clock(i) / 50
		}
		if got := r.report(at(4000))[0].Jitter; got < c.lo || got > c.hi {
			t.Errorf("%s: %d ticks", what, got)
		}
	}
}

// Another source begins anew, and the report of one says when its own came.
func TestAnotherSourceIsReportedAnew(t *testing.T) {
	var r reception
	r.heard(&rtcp.SenderReport{SSRC: 7}, at(0)) // of nobody yet
	r.take(sound(7, 1), 8000, at(0))
	r.take(sound(7, 50), 8000, at(0))
	r.heard(&rtcp.SenderReport{SSRC: 8, NTPTime: 1 << 40}, at(0))
	if got := r.report(at(1000))[0]; got.LastSenderReport != 0 || got.Delay != 0 || got.TotalLost != 48 {
		t.Errorf("%+v", got)
	}
	r.heard(&rtcp.SenderReport{SSRC: 7, NTPTime: 0x1122334455667788}, at(1000))
	if got := r.report(at(1500))[0]; got.LastSenderReport != 0x33445566 || got.Delay != 1<<15 {
		t.Errorf("%+v", got)
	}
	r.take(sound(7, 50+maxDropout+1), 8000, at(2000)) // its numbers began anew
	r.take(sound(7, 49+maxDropout+1), 8000, at(2000))
	if got := r.report(at(2000))[0]; got.TotalLost != 0 || got.LastSequenceNumber != 50+maxDropout+1 || got.LastSenderReport != 0 {
		t.Errorf("%+v", got)
	}
	r.take(sound(9, 900), 8000, at(2000))
	if got := r.report(at(2500))[0]; got != (rtcp.ReceptionReport{SSRC: 9, LastSequenceNumber: 900}) {
		t.Errorf("%+v", got)
	}
}

// The time of a report is that of the network (RFC 3550 section 4): 2023-11-14
// 22:13:20.5 is 3,908,988,800.5 s after 1900.
func TestTimeOfTheNetwork(t *testing.T) {
	if got := ntp(at(500)); got != 3_908_988_800<<32|1<<31 {
		t.Errorf("%x", got)
	}
}
