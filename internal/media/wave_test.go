package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"
)

// waveOf writes a WAV file of one note.
func waveOf(format, channels, width uint16, rate uint32, seconds int) []byte {
	le := binary.LittleEndian
	var data []byte
	for i := range int(rate) * seconds {
		v := 0.3 * math.Sin(2*math.Pi*440*float64(i)/float64(rate))
		for range channels {
			switch {
			case format == waveFloat:
				data = le.AppendUint32(data, math.Float32bits(float32(v)))
			case width == 8 && format == wavePCM:
				data = append(data, byte(128+v*127))
			case width == 8:
				data = append(data, toMu(int16(v*32767)))
			case width == 16:
				data = le.AppendUint16(data, uint16(int16(v*32767)))
			case width == 24:
				n := uint32(int32(v * 8388607))
				data = append(data, byte(n), byte(n>>8), byte(n>>16))
			}
		}
	}
	b := append([]byte("RIFF\x00\x00\x00\x00WAVE"), "LIST\x03\x00\x00\x00abc\x00"...)
	b = append(b, "fmt \x10\x00\x00\x00"...)
	b = le.AppendUint16(b, format)
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*uint32(channels*width/8))
	b = le.AppendUint16(b, channels*width/8)
	b = le.AppendUint16(b, width)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func TestWaves(t *testing.T) {
	for name, file := range map[string][]byte{
		"a telephone's": waveOf(mulaw.format, 1, 8, 8000, 1), "an old one": waveOf(wavePCM, 1, 8, 11025, 1), "a CD's": waveOf(wavePCM, 2, 16, 44100, 1),
		"a studio's": waveOf(wavePCM, 2, 24, 96000, 1), "a browser's": waveOf(waveFloat, 1, 32, 48000, 1), "a slow one": waveOf(wavePCM, 1, 16, 4000, 1),
	} {
		s, err := ReadWave(file, time.Minute)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := s.Length() - time.Second; d.Abs() > frameTime || s.Loud() < 900*time.Millisecond {
			t.Errorf("%s: %s, loud for %s", name, s.Length(), s.Loud())
		}
	}
	cut := waveOf(wavePCM, 1, 16, 8000, 1)
	if s, err := ReadWave(cut[:len(cut)-8001], time.Minute); err != nil || s.Length() > 600*time.Millisecond {
		t.Errorf("one that was cut off: %v", err)
	}
	for name, file := range map[string][]byte{
		"nothing": nil, "no sound": waveOf(wavePCM, 1, 16, 8000, 0), "a format of its own": waveOf(0x55, 1, 16, 8000, 1), "no channel": waveOf(wavePCM, 0, 16, 8000, 1),
		"too fast": waveOf(wavePCM, 1, 16, 200_000, 1), "too long": waveOf(wavePCM, 1, 16, 8000, 3), "no data": waveOf(wavePCM, 1, 16, 8000, 1)[:40],
		"a format cut off": waveOf(wavePCM, 1, 16, 8000, 1)[:34], "another file": []byte("OggS not a wave at all, and long enough"),
	} {
		if _, err := ReadWave(file, 2*time.Second); !errors.Is(err, ErrSound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSoundsThatAreNone(t *testing.T) {
	ogg := Sound{codec: "opus", packets: [][]byte{{0x78, 1}, opusSilence}}.File()
	for name, file := range map[string][]byte{
		"nothing": nil, "a wave of PCM": waveOf(wavePCM, 1, 16, 8000, 1), "half a page": ogg[:20], "no header": ogg[100:],
		"no packet": bytes.Replace(ogg, []byte{0xf8, 0xff, 0xfe}, []byte{0xff, 0x3f, 0xfe}, 1), "too long": make([]byte, MaxSoundFile+1),
	} {
		if s, err := ReadSound(file); !errors.Is(err, ErrSound) {
			t.Errorf("%s: %v, %d packets", name, err, len(s.packets))
		}
	}
}

func FuzzReadWave(f *testing.F) {
	f.Add(waveOf(wavePCM, 2, 16, 44100, 0))
	f.Add(waveFile(&alaw, []byte{1, 2, 3}))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadWave(b, time.Minute)
		if err == nil && (s.Length() == 0 || s.Length() > time.Minute+frameTime) {
			t.Errorf("%s", s.Length())
		}
	})
}

func FuzzReadSound(f *testing.F) {
	f.Add(Sound{codec: "opus", packets: [][]byte{{0x78, 1}, opusSilence}}.File())
	f.Add(speech().File())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ReadSound(b)
		if err != nil || len(s.packets) == 0 {
			return
		}
		again, err := ReadSound(s.File())
		if err != nil || again.Length() != s.Length() {
			t.Errorf("%v: %s became %s", err, s.Length(), again.Length())
		}
	})
}
