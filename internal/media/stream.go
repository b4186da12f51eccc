package media

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// stream is our one source of a kind towards a leg. pion's own track would stamp
// one payload type on all packets, and digits would be heard as noise; this one
// leaves it to each packet.
type stream struct {
	// mu is held while a packet is written: numbers leave in their order, and
	// after close returned nothing leaves at all.
	mu     sync.Mutex
	closed bool
	digit  bool // a digit or word of ours is being sent: sound waits
	source uint32
	writer webrtc.TrackLocalWriter // nil until the description is agreed
	number numbering
	count  counter
	header rtp.Header // used again for each packet

	kind kind
	name string // msid and cname: random, and told to this leg only
}

func newStream(k kind, name string) *stream {
	var b [6]byte
	_, _ = rand.Read(b[:])
	s := &stream{kind: k, name: name}
	// RFC 3711 section 3.3.1 wants the first number below 2^15.
	s.number.last = binary.BigEndian.Uint16(b[:]) & 0x7fff
	s.number.tick = binary.BigEndian.Uint32(b[2:])
	return s
}

// write sends what arrived from the other leg with this leg's payload type.
func (s *stream) write(p packet, format uint8, clock uint32, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.writer == nil || s.digit {
		return false
	}
	s.number.clock = clock
	seq, tick, ok := s.number.pass(p.source, p.seq, p.time, now)
	return ok && s.send(p.marker, format, seq, tick, p.payload)
}

// skip notes that packets were dropped on purpose: what passes next follows the
// last that passed. The other end would count a gap as loss, and a long one, over
// half the numbers there are, would make all that follows come too late.
func (s *stream) skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number.cut = true
}

// event sends a packet of ours, between begin and end: of a digit (RFC 4733
// section 2.5), or of something that is said.
func (s *stream) event(marker bool, format uint8, tick uint32, payload []byte, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.writer == nil {
		return false
	}
	return s.send(marker, format, s.number.insert(now), tick, payload)
}

// begin stops sound for what is ours and gives the time at which it begins.
func (s *stream) begin(clock uint32, now time.Time) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.digit, s.number.clock = true, clock
	return s.number.now(now)
}

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.digit, s.number.cut = false, true
}

func (s *stream) send(marker bool, format uint8, seq uint16, tick uint32, payload []byte) bool {
	s.header = rtp.Header{
		Version: 2, Marker: marker, PayloadType: format, SequenceNumber: seq, Timestamp: tick, SSRC: s.source,
	}
	if n, err := s.writer.WriteRTP(&s.header, payload); err != nil || n == 0 {
		return false // the way is not open any more, or not yet, which is no error to pion
	}
	s.count.add(len(payload))
	return true
}

// own is our source of this kind.
func (s *stream) own() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source
}

// close returns when nothing is being written, and nothing is after it.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.writer = true, nil
}

// Bind is called by pion when a description is agreed.
func (s *stream) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codecs := c.CodecParameters()
	if len(codecs) == 0 { // the leg refused this kind, which is no fault: nothing will be written
		return webrtc.RTPCodecParameters{}, nil
	}
	s.attach(c.WriteStream(), uint32(c.SSRC()))
	for _, p := range codecs { // the clock of sender reports
		if p.MimeType != mimeEvent {
			return p, nil
		}
	}
	return codecs[0], nil
}

// attach lets what is written leave through w, from a source of ours.
func (s *stream) attach(w webrtc.TrackLocalWriter, source uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.writer, s.source = w, source
	}
}

// Unbind is called by pion when the connection ends.
func (s *stream) Unbind(webrtc.TrackLocalContext) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writer = nil
	return nil
}

// ID is the second word of pion's msid; we write our own.
func (s *stream) ID() string { return s.kind.String() }

// RID is empty: one source, no simulcast.
func (s *stream) RID() string { return "" }

// StreamID is the first word of the msid.
func (s *stream) StreamID() string { return s.name }

// Kind is sound or picture.
func (s *stream) Kind() webrtc.RTPCodecType {
	if s.kind == video {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}
