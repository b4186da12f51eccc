package media

import "math/bits"

// The two laws of G.711 (ITU-T G.711), as tables: what is played from samples
// and what is measured of what was heard needs both ways, and nothing else here
// looks into a packet.

// law is one of the two.
type law struct {
	name   string
	format uint16 // in a WAV file (RFC 2361)
	quiet  byte   // the octet of silence
	linear [256]int16
	octet  func(int16) byte
}

var (
	mulaw = law{name: "pcmu", format: 7, quiet: 0xff, linear: table(fromMu), octet: toMu}
	alaw  = law{name: "pcma", format: 6, quiet: 0xd5, linear: table(fromA), octet: toA}
)

// lawOf finds a law by the name of its codec; nil if that is none.
func lawOf(codec string) *law {
	switch codec {
	case mulaw.name:
		return &mulaw
	case alaw.name:
		return &alaw
	}
	return nil
}

func table(of func(byte) int16) (t [256]int16) {
	for i := range t {
		t[i] = of(byte(i))
	}
	return t
}

// muBias shifts the segments of the mu-law so that each is twice the one before.
const muBias = 0x84

func fromMu(b byte) int16 {
	b = ^b
	v := (int(b&0x0f)<<3+muBias)<<(b>>4&7) - muBias
	if b&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

func toMu(s int16) byte {
	v, sign := int(s), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + muBias
	segment := bits.Len(uint(v)) - 8
	return ^(sign | byte(segment)<<4 | byte(v>>(segment+3)&0x0f))
}

func fromA(b byte) int16 {
	b ^= 0x55
	v := int(b&0x0f)<<4 + 8
	if segment := b >> 4 & 7; segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		v = -v
	}
	return int16(v)
}

func toA(s int16) byte {
	v, sign := int(s), byte(0x80)
	if v < 0 {
		v, sign = -v-1, 0
	}
	v >>= 4
	segment := max(bits.Len(uint(v))-4, 0)
	if segment > 1 {
		v >>= segment - 1
	}
	return (sign | byte(segment)<<4 | byte(v&0x0f)) ^ 0x55
}
