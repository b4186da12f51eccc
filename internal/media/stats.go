package media

import "sync/atomic"

// Count is what went one way on a leg.
type Count struct {
	Packets uint64
	Bytes   uint64 // of payload, without headers
}

// Stats counts what a leg carried. Nothing in it tells where, or what was said.
type Stats struct {
	Connected bool   // the way to the leg is open: ICE and DTLS are done
	Audio     string // the codec last received, such as "opus"; empty before
	AudioIn   Count  // from the leg
	AudioOut  Count  // to the leg
	VideoIn   Count
	VideoOut  Count
	Digits    uint64 // telephone-event packets from the leg
	Early     uint64 // dropped: came before the bridge
	Held      uint64 // dropped: came while one of both sides held
	Dropped   uint64 // dropped: malformed, too late, or of a codec that was not agreed
}

type counter struct{ packets, bytes atomic.Uint64 }

func (c *counter) add(n int) {
	c.packets.Add(1)
	c.bytes.Add(uint64(n))
}

func (c *counter) read() Count { return Count{Packets: c.packets.Load(), Bytes: c.bytes.Load()} }

// Stats tells what the leg carried so far.
func (l *Leg) Stats() Stats {
	s := Stats{
		Connected: l.connected.Load(),
		AudioIn:   l.ways[audio].in.read(), AudioOut: l.ways[audio].out.count.read(),
		VideoIn: l.ways[video].in.read(), VideoOut: l.ways[video].out.count.read(),
		Digits: l.events.Load(), Early: l.early.Load(), Held: l.held.Load(), Dropped: l.dropped.Load(),
	}
	if last := l.ways[audio].format.Load(); last != 0 {
		for _, c := range l.ways[audio].list() {
			if uint32(c.from) == last-1 {
				s.Audio = c.name
			}
		}
	}
	return s
}
