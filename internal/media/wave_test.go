package media

import (
	"bytes"
	"errors"
	"testing"
)

func TestSoundsThatAreNone(t *testing.T) {
	ogg := Sound{codec: "opus", packets: [][]byte{{0x78, 1}, opusSilence}}.File()
	wav := speech().File()
	change := func(at int, to byte) []byte {
		b := bytes.Clone(wav)
		b[at] = to
		return b
	}
	for name, file := range map[string][]byte{
		"nothing": nil, "half a page": ogg[:20], "no header": ogg[100:],
		"no packet": bytes.Replace(ogg, []byte{0xf8, 0xff, 0xfe}, []byte{0xff, 0x3f, 0xfe}, 1), "too long": make([]byte, MaxSoundFile+1),
		"a wave of PCM": change(20, 1), "two channels": change(22, 2), "another rate": change(25, 0xbb), "wide samples": change(34, 16),
		"no data": wav[:40], "a format cut off": wav[:30], "another file": []byte("RIFF0000WAVX not a wave at all, and long enough"),
	} {
		if s, err := ReadSound(file); !errors.Is(err, ErrSound) {
			t.Errorf("%s: %v, %d packets", name, err, len(s.packets))
		}
	}
	with := append(bytes.Clone(wav[:12]), append([]byte("LIST\x03\x00\x00\x00abc\x00"), wav[12:len(wav)-8000]...)...)
	if s, err := ReadSound(with); err != nil || len(s.packets) != 0 {
		t.Errorf("one that was cut off: %v, %d packets", err, len(s.packets))
	}
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
