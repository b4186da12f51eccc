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
