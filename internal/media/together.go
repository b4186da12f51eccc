package media

import (
	"bytes"
	"encoding/binary"
)

// Joined makes one sound of pieces that follow one another. False if they are not
// of one kind.
func Joined(pieces []Sound) (Sound, bool) {
	var whole Sound
	for _, p := range pieces {
		if whole.codec == "" {
			whole.codec = p.codec
		}
		p, ok := p.as(whole.codec)
		if !ok {
			return Sound{}, false
		}
		whole.packets = append(whole.packets, p.packets...)
	}
	return whole, true
}

// Matches reports whether the two sides of a call can be made one file: see
// Together.
func (s Sound) Matches(other Sound) bool {
	if s.codec != "opus" || other.codec != "opus" {
		return lawOf(s.codec) != nil && lawOf(other.codec) != nil
	}
	for _, side := range []Sound{s, other} {
		for _, p := range side.packets {
			if opusTicks(p) != opusRate/50 {
				return false
			}
			if _, ok := delimited(p); !ok {
				return false
			}
		}
	}
	return true
}

// Together makes one file of two sides of a call, in pieces that were said at the
// same times: the one is heard on the left, the other on the right. Nothing is
// decoded: Opus becomes two streams in one (RFC 7845 section 5.1.1.2). False if
// the two do not match.
func Together(left, right []Sound) (file []byte, ok bool) {
	if len(left) != len(right) || len(left) == 0 {
		return nil, false
	}
	for i := range left {
		if !left[i].Matches(right[i]) {
			return nil, false
		}
	}
	if left[0].codec == "opus" {
		return togetherOpus(left, right), true
	}
	l, okLeft := Joined(left)
	r, okRight := Joined(right)
	r, same := r.as(l.codec)
	if !okLeft || !okRight || !same {
		return nil, false
	}
	law := lawOf(l.codec)
	one, other := bytes.Join(l.packets, nil), bytes.Join(r.packets, nil)
	both := make([]byte, 0, 2*max(len(one), len(other)))
	at := func(b []byte, i int) byte {
		if i < len(b) {
			return b[i]
		}
		return law.quiet
	}
	for i := range max(len(one), len(other)) {
		both = append(both, at(one, i), at(other, i))
	}
	return waveOf(law, both, 2), true
}

// togetherOpus puts two mono streams into the packets of one.
func togetherOpus(left, right []Sound) []byte {
	head := append([]byte("OpusHead"), 1, 2, 0, 0)
	head = binary.LittleEndian.AppendUint32(head, opusRate)
	head = append(head, 0, 0, 1, 2, 0, 0, 1) // family 1, two streams, none of them stereo, in their order
	tags := append([]byte("OpusTags"), 0, 0, 0, 0, 0, 0, 0, 0)
	o := ogg{serial: 1}
	o.page(head, 2)
	o.page(tags, 0)
	frame := func(s Sound, i int) []byte {
		if i < len(s.packets) {
			return s.packets[i]
		}
		return opusSilence
	}
	for i := range left {
		n := max(len(left[i].packets), len(right[i].packets))
		for j := range n {
			packet, _ := delimited(frame(left[i], j))
			o.granule += opusRate / 50
			flags := byte(0)
			if i == len(left)-1 && j == n-1 {
				flags = 4
			}
			o.page(append(packet, frame(right[i], j)...), flags)
		}
	}
	return o.b
}

// delimited writes a packet so that it says where it ends (RFC 6716 appendix B).
// False if it is none.
func delimited(p []byte) ([]byte, bool) {
	if len(p) == 0 {
		return nil, false
	}
	out, rest := []byte{p[0]}, p[1:]
	switch p[0] & 3 {
	case 0:
		return append(lengthened(out, len(rest)), rest...), true
	case 1:
		return append(lengthened(out, len(rest)/2), rest...), len(rest)%2 == 0
	case 2:
		first, used, ok := lengthOf(rest)
		if !ok || used+first > len(rest) {
			return nil, false
		}
		out = lengthened(append(out, rest[:used]...), len(rest)-used-first)
		return append(out, rest[used:]...), true
	}
	return delimitedMany(out, rest)
}

// delimitedMany does so with a packet of as many frames as it says.
func delimitedMany(out, rest []byte) ([]byte, bool) {
	if len(rest) == 0 {
		return nil, false
	}
	count, at, padding := int(rest[0]&0x3f), 1, 0
	for more := rest[0]&0x40 != 0; more; at++ {
		if at >= len(rest) {
			return nil, false
		}
		more = rest[at] == 255
		padding += int(rest[at])
		if more {
			padding--
		}
	}
	sum := 0
	if rest[0]&0x80 != 0 {
		for range count - 1 {
			n, used, ok := lengthOf(rest[at:])
			if !ok {
				return nil, false
			}
			sum, at = sum+n, at+used
		}
	}
	last := len(rest) - at - padding - sum
	if count == 0 || last < 0 {
		return nil, false
	}
	if rest[0]&0x80 == 0 {
		if last%count != 0 {
			return nil, false
		}
		last /= count
	}
	return append(lengthened(append(out, rest[:at]...), last), rest[at:]...), true
}

// lengthOf reads the length of a frame (RFC 6716 section 3.2.1).
func lengthOf(b []byte) (n, used int, ok bool) {
	switch {
	case len(b) > 0 && b[0] < 252:
		return int(b[0]), 1, true
	case len(b) > 1:
		return int(b[1])*4 + int(b[0]), 2, true
	}
	return 0, 0, false
}

func lengthened(b []byte, n int) []byte {
	if n < 252 {
		return append(b, byte(n))
	}
	low := 252 + n&3
	return append(b, byte(low), byte((n-low)/4))
}

// ogg writes pages of a packet each (RFC 3533).
type ogg struct {
	b       []byte
	serial  uint32
	number  uint32
	granule uint64
}

func (o *ogg) page(packet []byte, flags byte) {
	le := binary.LittleEndian
	at := len(o.b)
	o.b = append(o.b, "OggS\x00"...)
	o.b = append(o.b, flags)
	o.b = le.AppendUint64(o.b, o.granule)
	o.b = le.AppendUint32(o.b, o.serial)
	o.b = le.AppendUint32(o.b, o.number)
	o.b = append(o.b, 0, 0, 0, 0, byte(len(packet)/255+1))
	o.b = append(o.b, bytes.Repeat([]byte{255}, len(packet)/255)...)
	o.b = append(o.b, byte(len(packet)%255))
	o.b = append(o.b, packet...)
	le.PutUint32(o.b[at+22:], oggSum(o.b[at:]))
	o.number++
}

// oggTable is of the polynomial 0x04c11db7, not reflected.
var oggTable = func() (t [256]uint32) {
	for i := range t {
		v := uint32(i) << 24
		for range 8 {
			v = v<<1 ^ 0x04c11db7*(v>>31)
		}
		t[i] = v
	}
	return t
}()

func oggSum(b []byte) (sum uint32) {
	for _, x := range b {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^x]
	}
	return sum
}
