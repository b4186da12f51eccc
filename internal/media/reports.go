package media

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/pion/rtcp"
)

// Reports to phones (RFC 3550 section 6.4) are made of counters of our own. Those
// of pion, which browsers are sent, keep each packet of a source in a table, read
// its header once more and ask for the time once more: of the time that a packet
// of plain sound takes, an eighth was theirs.

// reception is what is known of the source that a phone sends from (RFC 3550
// appendices A.1, A.3 and A.8). The zero value knows none.
type reception struct {
	source, clock uint32
	begun         bool
	base          uint32 // the first number
	highest       uint32 // the highest, extended by the times that numbers began anew
	packets       uint32
	transit       uint32 // of the last packet, in ticks
	jitter        uint32 // 16 times that of the report

	// As of the last report.
	expectedThen, packetsThen uint32

	remote   uint32    // the middle of the time that its last report states; 0: none came
	remoteAt time.Time // when it came
}

// take counts a packet. Another source begins anew, as do numbers that are too far
// from those before to be of what was lost.
func (r *reception) take(p packet, clock uint32, now time.Time) {
	transit := ticks(now, clock) - p.time
	ahead := int16(p.seq - uint16(r.highest))
	if !r.begun || p.source != r.source || ahead > maxDropout || ahead < -maxDropout {
		*r = reception{source: p.source, clock: clock, begun: true, base: uint32(p.seq), highest: uint32(p.seq), transit: transit}
		ahead = 0
	}
	if ahead > 0 {
		r.highest += uint32(ahead)
	}
	r.packets++
	if clock != r.clock { // another codec, whose times cannot be compared with those before
		r.clock, r.transit = clock, transit
	}
	d := int32(transit - r.transit)
	r.transit = transit
	r.jitter += uint32(max(d, -d)) - (r.jitter+8)>>4
}

// heard notes the report of the source.
func (r *reception) heard(s *rtcp.SenderReport, now time.Time) {
	if r.begun && s.SSRC == r.source {
		r.remote, r.remoteAt = uint32(s.NTPTime>>16), now
	}
}

// report is what there is to tell since the last time.
func (r *reception) report(now time.Time) []rtcp.ReceptionReport {
	if !r.begun {
		return nil
	}
	expected := r.highest - r.base + 1
	due, came := expected-r.expectedThen, r.packets-r.packetsThen
	r.expectedThen, r.packetsThen = expected, r.packets
	report := rtcp.ReceptionReport{
		SSRC: r.source, LastSequenceNumber: r.highest, Jitter: r.jitter >> 4,
		// More can come than was due, for some came twice: that is no loss.
		TotalLost: uint32(min(max(0, int64(expected)-int64(r.packets)), 1<<23-1)),
	}
	if due > came {
		report.FractionLost = uint8(min(uint64(due-came)<<8/uint64(due), math.MaxUint8))
	}
	if !r.remoteAt.IsZero() {
		report.LastSenderReport = r.remote
		report.Delay = uint32(now.Sub(r.remoteAt).Seconds() * 65536)
	}
	return []rtcp.ReceptionReport{report}
}

// report tells of what left since the beginning, and of what was received; a source
// that has sent nothing has no time to tell of, and reports what it received alone.
func (s *stream) report(of []rtcp.ReceptionReport, now time.Time) rtcp.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.count.read()
	if n.Packets == 0 {
		return &rtcp.ReceiverReport{SSRC: s.source, Reports: of}
	}
	return &rtcp.SenderReport{
		SSRC: s.source, NTPTime: ntp(now), RTPTime: s.number.now(now),
		PacketCount: uint32(n.Packets), OctetCount: uint32(n.Bytes), Reports: of,
	}
}

// ticks is a time by a clock of so many ticks a second, from an arbitrary one on.
func ticks(t time.Time, clock uint32) uint32 {
	ns := t.UnixNano()
	return uint32(uint64(ns/1e9)*uint64(clock) + uint64(ns%1e9)*uint64(clock)/1e9)
}

// ntp is a time as RFC 3550 section 4 has it: seconds since 1900, with a fraction
// of 32 bits.
func ntp(t time.Time) uint64 {
	const since1970 = 2_208_988_800
	return uint64(t.Unix()+since1970)<<32 | uint64(t.Nanosecond())<<32/1e9
}

// reports sends them for as long as the leg lasts, at times that differ, so that
// those of many calls do not come together (RFC 3550 section 6.2).
func (n *line) reports() {
	l := n.leg
	every := l.relay.every
	next := time.NewTimer(every)
	defer next.Stop()
	for l.wait(next.C) {
		for _, p := range n.ports {
			if p != nil {
				p.report(time.Now())
			}
		}
		next.Reset(every/2 + rand.N(every))
	}
}
