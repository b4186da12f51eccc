package chat

import (
	"bytes"
	"encoding/binary"
)

// Limits of what is looked at for how a camera was held.
const (
	maxSegments = 64  // of a JPEG before its picture
	maxEntries  = 256 // of a directory of Exif
)

// orientation finds how a camera was held in the Exif of a JPEG; 1, upright, if
// it does not say so in a way that can be followed. Nothing else of it is read.
func orientation(data []byte) int {
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return 1
	}
	rest := data[2:]
	for range maxSegments {
		if len(rest) < 4 || rest[0] != 0xff || rest[1] == 0xda {
			return 1
		}
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n < 2 || len(rest) < 2+n {
			return 1
		}
		if body, ok := bytes.CutPrefix(rest[4:2+n], []byte("Exif\x00\x00")); ok && rest[1] == 0xe1 {
			return orientationIn(body)
		}
		rest = rest[2+n:]
	}
	return 1
}

// orientationIn finds it in a TIFF header and its first directory (TIFF 6.0
// section 2).
func orientationIn(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at < 8 || at+2 > int64(len(b)) {
		return 1
	}
	n := min(int(order.Uint16(b[at:])), maxEntries)
	for i := range n {
		e := at + 2 + int64(i)*12
		if e+12 > int64(len(b)) {
			return 1
		}
		const orientationTag, short = 0x0112, 3
		if order.Uint16(b[e:]) == orientationTag && order.Uint16(b[e+2:]) == short {
			if o := int(order.Uint16(b[e+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}
