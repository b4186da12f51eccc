package media

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func TestPacketsThatAreNone(t *testing.T) {
	head := []byte{0x80, 0x6f, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}
	with := func(first byte, more ...byte) []byte {
		b := append(bytes.Clone(head), more...)
		b[0] = first
		return b
	}
	for name, b := range map[string][]byte{
		"nothing":                     nil,
		"half a header":               head[:11],
		"another version":             with(0x40),
		"sources that are not there":  with(0x83, 1, 2, 3, 4),
		"an extension without length": with(0x90, 0xbe, 0xde),
		"an extension beyond the end": with(0x90, 0xbe, 0xde, 0xff, 0xff, 1),
		"padding of nothing":          with(0xa0, 1, 2, 0),
		"padding beyond the packet":   with(0xa0, 1, 2, 200),
		"padding over the header":     with(0xa0, 4),
		"padding and no payload":      with(0xa0),
	} {
		if p, ok := readPacket(b); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
	p, ok := readPacket(with(0xb1, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0, 'h', 'i', 0, 2))
	if !ok || string(p.payload) != "hi" || p.format != 0x6f || p.seq != 1 || p.time != 2 || p.source != 3 || p.marker {
		t.Errorf("%+v, %t", p, ok)
	}
}

// FuzzReadPacket: what we read is what another reader of the same form reads.
func FuzzReadPacket(f *testing.F) {
	f.Add([]byte{0x80, 0x6f, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3})
	f.Add([]byte{0xb1, 0xef, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0, 'h', 'i', 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := readPacket(b)
		var other rtp.Packet
		if !ok || other.Unmarshal(b) != nil {
			return
		}
		if p.format != other.PayloadType || p.seq != other.SequenceNumber || p.time != other.Timestamp || p.source != other.SSRC || p.marker != other.Marker || !bytes.Equal(p.payload, other.Payload) {
			t.Fatalf("%+v, not %+v", p, other)
		}
	})
}

// FuzzPass: no packet and no report of a leg ends the program, nor passes
// without a bridge.
func FuzzPass(f *testing.F) {
	r := newRelay(f)
	f.Add([]byte{0x80, 110, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 5, 10}, true)
	pli, err := (&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: 2}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pli, false)
	f.Fuzz(func(t *testing.T, b []byte, bridged bool) {
		a, c := r.leg(Browser, false), r.leg(Browser, true)
		list := []codec{{name: "opus", clock: 48000, from: 111, to: 111}, {name: "telephone-event/48000", clock: 48000, from: 110, to: 110}}
		for _, l := range []*Leg{a, c} {
			l.ways[audio].codecs.Store(&list)
		}
		if bridged {
			link(a, c)
		}
		a.pass(audio, b, time.Now())
		a.feedback(b)
		if s := a.Stats(); s.Early+s.Dropped+s.Held != 1 { // there is no way out of c
			t.Fatalf("%+v", s)
		}
	})
}
