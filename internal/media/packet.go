package media

import (
	"encoding/binary"
)

// packet is what we read of an RTP packet (RFC 3550 section 5.1): contributing
// sources and header extensions are stepped over, never passed on.
type packet struct {
	marker  bool
	format  uint8 // payload type
	seq     uint16
	time    uint32
	source  uint32
	payload []byte // a part of what was read
}

// readPacket reads b, of any length and content.
func readPacket(b []byte) (packet, bool) {
	if len(b) < 12 || b[0]>>6 != 2 {
		return packet{}, false
	}
	p := packet{
		marker: b[1]&0x80 != 0,
		format: b[1] & 0x7f,
		seq:    binary.BigEndian.Uint16(b[2:]),
		time:   binary.BigEndian.Uint32(b[4:]),
		source: binary.BigEndian.Uint32(b[8:]),
	}
	at := 12 + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < at+4 {
			return packet{}, false
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 && end > 0 {
		end -= int(b[end-1])
		if b[len(b)-1] == 0 {
			return packet{}, false
		}
	}
	if at > end {
		return packet{}, false
	}
	p.payload = b[at:end]
	return p, true
}
