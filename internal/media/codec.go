package media

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/webrtc/v4"
)

// kind is sound or picture; it indexes what a leg has one of each.
type kind int

const (
	audio kind = iota
	video
	kinds int = iota
)

func (k kind) String() string { return [...]string{"audio", "video"}[k] }

func kindOf(media string) (kind, bool) {
	switch media {
	case "audio":
		return audio, true
	case "video":
		return video, true
	}
	return 0, false
}

// codec is one payload format of a leg. Two codecs of two legs carry the same
// bytes if their names are equal: name holds all that has to agree, and nothing
// else of a browser's parameters is kept or passed on.
type codec struct {
	name  string // "opus", "telephone-event/48000", "h264/42e0/1"
	mime  string
	clock uint32
	chans uint16
	fmtp  string
	from  uint8 // payload type the leg sends it with
	to    uint8 // payload type the leg wants it with
}

func (c codec) event() bool { return strings.HasPrefix(c.name, "telephone-event/") }

func (c codec) noise() bool { return c.name == "cn" }

// rtpmap gives the encoding of RFC 8866 section 6.6.
func (c codec) rtpmap() string {
	_, encoding, _ := strings.Cut(c.mime, "/")
	s := encoding + "/" + strconv.FormatUint(uint64(c.clock), 10)
	if c.chans > 1 {
		s += "/" + strconv.Itoa(int(c.chans))
	}
	return s
}

// parameters is c for pion: always by the number under which it arrives.
func (c codec) parameters() webrtc.RTPCodecParameters {
	return webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: c.mime, ClockRate: c.clock, Channels: c.chans, SDPFmtpLine: c.fmtp,
		},
		PayloadType: webrtc.PayloadType(c.from),
	}
}

const mimeEvent = "audio/telephone-event"

// known makes a codec of an rtpmap ("opus/48000/2") and its parameters, if it is
// one that we carry: Opus (RFC 7587), G.711 (RFC 3551), telephone-events (RFC
// 4733), between phones comfort noise (RFC 3389), VP8 (RFC 7741) and H.264 (RFC 6184).
func known(k kind, rtpmap, fmtp string, payload uint8) (codec, bool) {
	c := codec{from: payload, to: payload}
	switch m := strings.ToLower(rtpmap); {
	case k == audio && m == "opus/48000/2":
		c.name, c.mime, c.clock, c.chans = "opus", webrtc.MimeTypeOpus, 48000, 2
		c.fmtp = "minptime=10;useinbandfec=1"
	case k == audio && (m == "pcmu/8000" || m == "pcmu/8000/1"):
		c.name, c.mime, c.clock = "pcmu", webrtc.MimeTypePCMU, 8000
	case k == audio && (m == "pcma/8000" || m == "pcma/8000/1"):
		c.name, c.mime, c.clock = "pcma", webrtc.MimeTypePCMA, 8000
	case k == audio && m == "telephone-event/48000":
		c.name, c.mime, c.clock, c.fmtp = m, mimeEvent, 48000, "0-15"
	case k == audio && m == "telephone-event/8000":
		c.name, c.mime, c.clock, c.fmtp = m, mimeEvent, 8000, "0-15"
	case k == audio && (m == "cn/8000" || m == "cn/8000/1"):
		c.name, c.mime, c.clock = "cn", "audio/CN", 8000
	case k == video && m == "vp8/90000":
		c.name, c.mime, c.clock = "vp8", webrtc.MimeTypeVP8, 90000
	case k == video && m == "h264/90000":
		return h264(c, fmtp)
	default:
		return codec{}, false
	}
	return c, true
}

// h264 keeps what must agree, profile and packetization mode (RFC 6184 section
// 8.1), and states level 3.1 for everyone: the level tells of the device. That is
// allowed where each side may have its own level, or where it is 3.1 already, as
// with many phones; others are left out.
func h264(c codec, fmtp string) (codec, bool) {
	profile, mode, own := "", "0", false
	for p := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(key) {
		case "profile-level-id":
			profile = strings.ToLower(value)
		case "packetization-mode":
			mode = value
		case "level-asymmetry-allowed":
			own = value == "1"
		}
	}
	if _, err := strconv.ParseUint(profile, 16, 32); err != nil || len(profile) != 6 || (!own && profile[4:] != "1f") || (mode != "0" && mode != "1") {
		return codec{}, false
	}
	c.name, c.mime, c.clock = "h264/"+profile[:4]+"/"+mode, webrtc.MimeTypeH264, 90000
	c.fmtp = fmt.Sprintf("level-asymmetry-allowed=1;packetization-mode=%s;profile-level-id=%s1f", mode, profile[:4])
	return c, true
}

// static gives the rtpmap of numbers that need none (RFC 3551 section 6).
func static(payload uint8) string {
	switch payload {
	case 0:
		return "PCMU/8000"
	case 8:
		return "PCMA/8000"
	case 13:
		return "CN/8000"
	}
	return ""
}

// renumbered gives codecs our own payload types, so that a callee cannot tell the
// caller's browser by them.
func renumbered(codecs []codec) []codec {
	fixed := map[string]uint8{
		"opus": 111, "pcmu": 0, "pcma": 8, "cn": 13, "telephone-event/48000": 110, "telephone-event/8000": 101, "vp8": 96,
	}
	next := uint8(97)
	out := make([]codec, 0, len(codecs))
	for _, c := range codecs {
		n, ok := fixed[c.name]
		if !ok {
			if next == 101 {
				continue // four H.264 formats are all that browsers and phones share
			}
			n, next = next, next+1
		}
		c.from, c.to = n, n
		out = append(out, c)
	}
	return out
}

// agreed gives the codecs of mine that theirs has too, in the order of theirs.
// They arrive as mine says and go out as theirs says (RFC 3264 section 5.1).
func agreed(mine, theirs []codec) []codec {
	var out []codec
	for _, t := range theirs {
		for _, m := range mine {
			if m.name == t.name {
				m.to = t.to
				out = append(out, m)
				break
			}
		}
	}
	return out
}

// carries tells whether there is anything but digits and noise.
func carries(codecs []codec) bool {
	for _, c := range codecs {
		if !c.event() && !c.noise() {
			return true
		}
	}
	return false
}
