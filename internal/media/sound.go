package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
	"github.com/pion/webrtc/v4/pkg/media/oggwriter"
)

// Rates of sound.
const (
	soundRate = 8000  // samples a second of G.711 (RFC 3551 section 4.5.14)
	opusRate  = 48000 // ticks a second of Opus, whatever it was made from (RFC 7587 section 4.1)
	frameTime = 20 * time.Millisecond
	frameSize = soundRate / 50 // octets of G.711 in a frame
)

// MaxSoundFile is the longest file that ReadSound takes, in bytes.
const MaxSoundFile = 4 << 20

// ErrSound means that a file is no sound that can be read.
var ErrSound = errors.New("media: the sound cannot be read")

// Sound is something that was said, or is to be, in packets as they go over the
// network: nothing here makes one codec of another, but the two laws of G.711. It
// may be somebody's voice, and prints as a fixed word. The zero value is nothing.
type Sound struct {
	codec   string   // "pcmu", "pcma", "opus"; empty: nothing
	packets [][]byte // of frameTime each; of Opus as long as each says itself
}

// Codec is "pcmu", "pcma" or "opus"; empty of the zero value.
func (s Sound) Codec() string { return s.codec }

// Length is how long it plays.
func (s Sound) Length() (d time.Duration) {
	for _, p := range s.packets {
		d += s.time(p)
	}
	return d
}

// Loud is for how long something is heard that is no silence. Of Opus it is
// guessed by the size of packets.
func (s Sound) Loud() (d time.Duration) {
	l := lawOf(s.codec)
	for _, p := range s.packets {
		if l == nil && len(p) > opusQuiet || l != nil && loudness(l, p) >= loudLevel {
			d += s.time(p)
		}
	}
	return d
}

// time is how long one packet plays.
func (s Sound) time(p []byte) time.Duration {
	if s.codec == "opus" {
		return time.Duration(opusTicks(p)) * time.Second / opusRate
	}
	return time.Duration(len(p)) * time.Second / soundRate
}

// Format writes a fixed word, whatever the verb.
func (Sound) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[sound]") }

// LogValue keeps the sound out of structured logs.
func (Sound) LogValue() slog.Value { return slog.StringValue("[sound]") }

// Type is the media type of its file.
func (s Sound) Type() string {
	if s.codec == "opus" {
		return "audio/ogg"
	}
	return "audio/wav"
}

// File writes the sound as browsers play it: Opus in Ogg (RFC 7845), G.711 as
// WAV. Empty of the zero value.
func (s Sound) File() []byte {
	if l := lawOf(s.codec); l != nil {
		return waveFile(l, bytes.Join(s.packets, nil))
	}
	var b bytes.Buffer
	if s.codec == "" {
		return nil
	}
	w, err := oggwriter.NewWith(&b, opusRate, 2)
	for _, p := range s.packets {
		if err == nil {
			err = w.WriteRTP(&rtp.Packet{Payload: p})
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil // a buffer takes all, and packets were looked at when they came
	}
	return b.Bytes()
}

// ReadSound reads what File wrote, or another file of Opus with a packet on each
// page. ErrSound if it is none.
func ReadSound(file []byte) (Sound, error) {
	if len(file) > MaxSoundFile {
		return Sound{}, ErrSound
	}
	if l, data := readWave(file); l != nil {
		return frames(l, data), nil
	}
	r, _, err := oggreader.NewWith(bytes.NewReader(file))
	if err != nil {
		return Sound{}, ErrSound
	}
	s := Sound{codec: "opus"}
	for {
		page, _, err := r.ParseNextPage()
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return s, nil
		case err != nil:
			return Sound{}, ErrSound
		case len(page) == 0 || bytes.HasPrefix(page, []byte("OpusTags")):
		case opusTicks(page) == 0:
			return Sound{}, ErrSound
		default:
			s.packets = append(s.packets, page)
		}
	}
}

// Samples makes a sound of 8,000 linear samples a second.
func Samples(samples []int16) Sound {
	b := make([]byte, len(samples))
	for i, v := range samples {
		b[i] = mulaw.octet(v)
	}
	return frames(&mulaw, b)
}

// Silence is a sound of which nothing is heard, in the codec that a leg speaks.
func Silence(codec string, d time.Duration) Sound {
	s := Sound{codec: codec}
	p := opusSilence
	if l := lawOf(codec); l != nil {
		p = bytes.Repeat([]byte{l.quiet}, frameSize)
	}
	for range d / frameTime {
		s.packets = append(s.packets, p)
	}
	return s
}

// Tone is one note, faded in and out, so that it does not click.
func Tone(hertz float64, d time.Duration) Sound {
	const fade = soundRate / 100
	samples := make([]int16, int(d*soundRate/time.Second))
	for i := range samples {
		level := min(1, float64(i)/fade, float64(len(samples)-i)/fade)
		samples[i] = int16(level * 8000 * math.Sin(2*math.Pi*hertz*float64(i)/soundRate))
	}
	return Samples(samples)
}

// frames cuts octets into packets; the last is filled up with silence.
func frames(l *law, b []byte) Sound {
	s := Sound{codec: l.name}
	for len(b) >= frameSize {
		s.packets = append(s.packets, b[:frameSize:frameSize])
		b = b[frameSize:]
	}
	if len(b) > 0 {
		s.packets = append(s.packets, append(bytes.Clone(b), bytes.Repeat([]byte{l.quiet}, frameSize-len(b))...))
	}
	return s
}

// as gives the sound for a codec: as it is, or in the other law of G.711. False
// if it cannot be.
func (s Sound) as(codec string) (Sound, bool) {
	from, to := lawOf(s.codec), lawOf(codec)
	switch {
	case s.codec == codec:
		return s, true
	case from == nil || to == nil:
		return Sound{}, false
	}
	out := Sound{codec: codec, packets: make([][]byte, len(s.packets))}
	for i, p := range s.packets {
		q := make([]byte, len(p))
		for j, b := range p {
			q[j] = to.octet(from.linear[b])
		}
		out.packets[i] = q
	}
	return out, true
}

// opusTicks is how long a packet of Opus plays, in ticks of 48,000 a second (RFC
// 6716 section 3.1); 0 of one that is none.
func opusTicks(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	var one int
	switch config := p[0] >> 3; {
	case config < 12:
		one = []int{480, 960, 1920, 2880}[config&3]
	case config < 16:
		one = []int{480, 960}[config&1]
	default:
		one = []int{120, 240, 480, 960}[config&3]
	}
	n := 1
	switch p[0] & 3 {
	case 1, 2:
		n = 2
	case 3:
		if len(p) < 2 {
			return 0
		}
		n = int(p[1] & 0x3f)
	}
	if one*n > 5760 { // 120 ms
		return 0
	}
	return one * n
}

// opusSilence is 20 ms of nothing, in Opus (RFC 6716 section 3.1: CELT, fullband).
var opusSilence = []byte{0xf8, 0xff, 0xfe}

// loudLevel is the root mean square of a frame, of 32,768 at most, from which it
// is no silence: about 42 dB below the loudest. Quiet speech is well above, the
// noise of a line below.
const loudLevel = 260

// loudness is the root mean square of octets of a law.
func loudness(l *law, b []byte) float64 {
	sum := 0.0
	for _, o := range b {
		v := float64(l.linear[o])
		sum += v * v
	}
	if len(b) == 0 {
		return 0
	}
	return math.Sqrt(sum / float64(len(b)))
}
