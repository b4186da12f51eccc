package media

import "encoding/binary"

// waveFile writes a WAV file of one law (RFC 2361). Sounds that are no PCM have a
// chunk that counts their samples.
func waveFile(l *law, sound []byte) []byte { return waveOf(l, sound, 1) }

// waveOf writes one of several channels, whose samples take turns.
func waveOf(l *law, sound []byte, channels int) []byte {
	le := binary.LittleEndian
	pad := len(sound) & 1
	b := make([]byte, 0, 58+len(sound)+pad)
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(50+len(sound)+pad))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 18)
	b = le.AppendUint16(b, l.format)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, soundRate)
	b = le.AppendUint32(b, uint32(soundRate*channels))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint16(b, 8)
	b = le.AppendUint16(b, 0)
	b = append(b, "fact"...)
	b = le.AppendUint32(b, 4)
	b = le.AppendUint32(b, uint32(len(sound)/channels))
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(len(sound)))
	b = append(b, sound...)
	return append(b, make([]byte, pad)...)
}

// readWave reads a WAV file of one of the laws: of its chunks, the first format
// and the data after it. No law: it is none.
func readWave(b []byte) (l *law, data []byte) {
	le := binary.LittleEndian
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, nil
	}
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int64(le.Uint32(b[4:]))
		b = b[8:]
		chunk := b[:min(size, int64(len(b)))]
		switch {
		case name == "fmt " && l == nil:
			if len(chunk) < 16 || le.Uint16(chunk[2:]) != 1 || le.Uint32(chunk[4:]) != soundRate || le.Uint16(chunk[14:]) != 8 {
				return nil, nil
			}
			for _, known := range []*law{&mulaw, &alaw} {
				if known.format == le.Uint16(chunk) {
					l = known
				}
			}
		case name == "data":
			return l, chunk
		}
		b = b[min(size+size&1, int64(len(b))):]
	}
	return nil, nil
}
