package media

import (
	"encoding/binary"
	"math"
)

// Limits of a WAV file that somebody hands us.
const (
	maxRate     = 192_000 // samples a second
	leastRate   = 4_000
	maxChannels = 8
)

// Formats of WAV files (RFC 2361).
const (
	wavePCM   = 1
	waveFloat = 3
	waveMore  = 0xfffe // the format stands further on
)

// waveFile writes a WAV file of one law. Sounds that are no PCM have a chunk that
// counts their samples.
func waveFile(l *law, sound []byte) []byte {
	le := binary.LittleEndian
	pad := len(sound) & 1
	b := make([]byte, 0, 58+len(sound)+pad)
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(50+len(sound)+pad))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 18)
	b = le.AppendUint16(b, l.format)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, soundRate)
	b = le.AppendUint32(b, soundRate)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 8)
	b = le.AppendUint16(b, 0)
	b = append(b, "fact"...)
	b = le.AppendUint32(b, 4)
	b = le.AppendUint32(b, uint32(len(sound)))
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(len(sound)))
	b = append(b, sound...)
	return append(b, make([]byte, pad)...)
}

// wave is what we read of a WAV file.
type wave struct {
	format, channels, bits uint16
	rate                   uint32
	data                   []byte
}

// readWave reads a WAV file of anybody's: of its chunks, the first format and the
// first data.
func readWave(b []byte) (w wave, ok bool) {
	le := binary.LittleEndian
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return w, false
	}
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int64(le.Uint32(b[4:]))
		b = b[8:]
		chunk := b[:min(size, int64(len(b)))] // a file that was cut off is played as far as it goes
		switch {
		case name == "fmt " && w.rate == 0:
			if len(chunk) < 16 {
				return w, false
			}
			w.format, w.channels, w.rate, w.bits = le.Uint16(chunk), le.Uint16(chunk[2:]), le.Uint32(chunk[4:]), le.Uint16(chunk[14:])
			if w.format == waveMore && len(chunk) >= 26 {
				w.format = le.Uint16(chunk[24:])
			}
		case name == "data":
			w.data = chunk
			return w, w.rate >= leastRate && w.rate <= maxRate && w.channels >= 1 && w.channels <= maxChannels && w.sample() != nil
		}
		b = b[min(size+size&1, int64(len(b))):]
	}
	return w, false
}

// sample reads one sample of a channel; nil if the format is none that we read.
func (w *wave) sample() func([]byte) float64 {
	le := binary.LittleEndian
	switch {
	case w.format == wavePCM && w.bits == 8:
		return func(b []byte) float64 { return float64(int(b[0])-128) * 256 }
	case w.format == wavePCM && w.bits == 16:
		return func(b []byte) float64 { return float64(int16(le.Uint16(b))) }
	case w.format == wavePCM && w.bits == 24:
		return func(b []byte) float64 {
			return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / 65536
		}
	case w.format == wavePCM && w.bits == 32:
		return func(b []byte) float64 { return float64(int32(le.Uint32(b))) / 65536 }
	case w.format == waveFloat && w.bits == 32:
		return func(b []byte) float64 {
			v := float64(math.Float32frombits(le.Uint32(b)))
			if math.IsNaN(v) {
				return 0
			}
			return max(-1, min(1, v)) * 32767
		}
	case w.format == mulaw.format && w.bits == 8:
		return func(b []byte) float64 { return float64(mulaw.linear[b[0]]) }
	case w.format == alaw.format && w.bits == 8:
		return func(b []byte) float64 { return float64(alaw.linear[b[0]]) }
	}
	return nil
}

// samples gives the sound as one channel of 8,000 samples a second: each is the
// mean of those that it stands for, which also takes out most of what is too high
// for that rate.
func (w *wave) samples() []int16 {
	at, width := w.sample(), int(w.bits/8)
	frame := width * int(w.channels)
	n := len(w.data) / frame
	out := make([]int16, 0, int(int64(n)*soundRate/int64(w.rate)))
	mono := func(i int) (sum float64) {
		for c := range int(w.channels) {
			sum += at(w.data[i*frame+c*width:])
		}
		return sum / float64(w.channels)
	}
	step := float64(w.rate) / soundRate
	for k := 0; ; k++ {
		from := int(float64(k) * step)
		to := max(int(float64(k+1)*step), from+1)
		if to > n {
			return out
		}
		sum := 0.0
		for i := from; i < to; i++ {
			sum += mono(i)
		}
		out = append(out, int16(sum/float64(to-from)))
	}
}
