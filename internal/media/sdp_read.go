package media

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Limits of a description that we read. A browser with sound, picture and a data
// channel sends 6 to 9 kB with 3 sections and up to 50 formats in one.
const (
	maxText     = 64 << 10 // bytes
	maxSections = 8
	maxFormats  = 100 // in one section
)

// credentials are what ICE and DTLS need of one side (RFC 8839, RFC 8842).
type credentials struct {
	ufrag, pwd  string
	fingerprint string // "sha-256 AA:BB...", in upper case after the algorithm
	setup       string // active, passive, actpass
}

// section is an m= line and what hangs on it.
type section struct {
	media   string // audio, video, application...
	proto   string
	format  string // for a refusal
	mid     string
	taken   bool // we carry it; else it is refused with port 0 (RFC 3264 section 6)
	kind    kind
	codecs  []codec
	dir     Direction
	bundled bool
	of      Kind // who writes such a section
	far     far  // of a phone
}

// description is what we understand of a session description. Of a browser's,
// addresses, candidates, names, header extensions and all else are not read: it
// finds its way to us (RFC 8445 section 2.5), and nobody else need know.
type description struct {
	credentials
	kind     Kind
	sections []section
}

// of finds the section of a kind that is carried.
func (d *description) of(k kind) *section { return taken(d.sections, k) }

func taken(sections []section, k kind) *section {
	for i := range sections {
		if s := &sections[i]; s.taken && s.kind == k {
			return s
		}
	}
	return nil
}

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrSDP, what) }

// read understands a description: ErrSDP, or ErrCodec if no sound can be carried.
func read(text string) (*description, error) {
	if len(text) > maxText {
		return nil, malformed("too long")
	}
	var s sdp.SessionDescription
	if err := s.UnmarshalString(text); err != nil {
		return nil, malformed("syntax") // the parser's words quote the input
	}
	if n := len(s.MediaDescriptions); n == 0 || n > maxSections {
		return nil, malformed("number of sections")
	}
	group := bundle(&s)
	d := &description{}
	for _, m := range s.MediaDescriptions {
		one, err := readSection(&s, m)
		if err != nil {
			return nil, err
		}
		one.bundled = slices.Contains(group, one.mid)
		d.sections = append(d.sections, one)
	}
	if err := d.choose(); err != nil {
		return nil, err
	}
	if d.kind == Phone {
		return d, nil
	}
	return d, d.readCredentials(&s)
}

// choose takes the first sound, which tells of what kind all is, and the first
// picture; a browser's must come the same way (RFC 9143).
func (d *description) choose() error {
	var seen [kinds]*section
	mids := map[string]bool{}
	for i := range d.sections {
		s := &d.sections[i]
		if s.mid == "" {
			s.mid = strconv.Itoa(i)
		}
		if mids[s.mid] {
			return malformed("two sections with one name")
		}
		mids[s.mid] = true
		if s.taken && seen[s.kind] == nil {
			seen[s.kind] = s
		} else {
			s.taken = false
		}
	}
	if seen[audio] == nil {
		return ErrCodec
	}
	v := seen[video]
	switch d.kind = seen[audio].of; {
	case v == nil:
	case v.of != d.kind:
		v.taken = false
	case d.kind == Browser && (!v.bundled || !seen[audio].bundled || clash(v.codecs, seen[audio].codecs)):
		v.taken = false
	}
	return nil
}

// clash tells whether one number means two things: what comes one way is told
// apart by it.
func clash(a, b []codec) bool {
	return slices.ContainsFunc(a, func(x codec) bool {
		return slices.ContainsFunc(b, func(y codec) bool { return x.from == y.from })
	})
}

func bundle(s *sdp.SessionDescription) []string {
	for _, a := range s.Attributes {
		if f := strings.Fields(a.Value); a.Key == "group" && len(f) > 0 && f[0] == "BUNDLE" {
			return f[1:]
		}
	}
	return nil
}

func readSection(d *sdp.SessionDescription, m *sdp.MediaDescription) (section, error) {
	s := section{
		media: m.MediaName.Media, proto: strings.Join(m.MediaName.Protos, "/"), format: "0", dir: stated(d.Attributes, SendRecv),
	}
	if len(m.MediaName.Formats) > maxFormats || !token(s.proto) || !token(s.media) {
		return s, malformed("m= line")
	}
	if _, rtp := kindOf(s.media); !rtp && len(m.MediaName.Formats) > 0 && token(m.MediaName.Formats[0]) {
		s.format = m.MediaName.Formats[0] // of RTP it is 0: another number without its rtpmap is a fault to some
	}
	mux, only := false, false
	for _, a := range m.Attributes {
		switch a.Key {
		case "mid":
			if s.mid = a.Value; !token(s.mid) {
				return s, malformed("mid")
			}
		case "rtcp-mux":
			mux = true
		case "bundle-only":
			only = true
		}
	}
	s.dir = stated(m.Attributes, s.dir)
	var ok bool
	if s.kind, ok = kindOf(s.media); !ok {
		return s, nil
	}
	switch s.proto {
	case "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP":
		s.codecs = readCodecs(m, s.kind, Browser)
		s.taken = (m.MediaName.Port.Value != 0 || only) && mux && carries(s.codecs)
	case "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF":
		return s, s.phone(d, m, mux)
	}
	return s, nil
}

// stated finds a direction, which may stand in a section or, for all of them,
// before the first (RFC 8866 section 6.7).
func stated(attributes []sdp.Attribute, otherwise Direction) Direction {
	for _, a := range attributes {
		if d, ok := directionOf(a.Key); ok {
			otherwise = d
		}
	}
	return otherwise
}

// readCodecs gives the formats that we carry, in their order.
func readCodecs(m *sdp.MediaDescription, k kind, of Kind) []codec {
	maps, fmtps := map[string]string{}, map[string]string{}
	for _, a := range m.Attributes {
		number, value, ok := strings.Cut(a.Value, " ")
		switch {
		case ok && a.Key == "rtpmap":
			maps[number] = strings.TrimSpace(value)
		case ok && a.Key == "fmtp":
			fmtps[number] = value
		}
	}
	var out []codec
	for _, f := range m.MediaName.Formats {
		n, err := strconv.ParseUint(f, 10, 7)
		if err != nil || (of == Phone && n>>5 == 2) { // 64 to 95 would look like RTCP (RFC 5761 section 4)
			continue
		}
		rtpmap, ok := maps[f]
		if !ok {
			rtpmap = static(uint8(n))
		}
		c, ok := known(k, rtpmap, fmtps[f], uint8(n))
		if of == Browser && c.noise() {
			continue
		}
		if ok && !slices.ContainsFunc(out, func(o codec) bool { return o.name == c.name || o.from == c.from }) {
			out = append(out, c)
		}
	}
	return out
}

// readCredentials takes them from the sound's section, or from the session, or
// from the section that carries the bundle (RFC 9143 section 7.1.3).
func (d *description) readCredentials(s *sdp.SessionDescription) error {
	find := func(key string) string {
		for i, own := range d.sections {
			if own.taken && own.kind == audio {
				if v, ok := s.MediaDescriptions[i].Attribute(key); ok {
					return v
				}
			}
		}
		if v, ok := s.Attribute(key); ok {
			return v
		}
		for _, m := range s.MediaDescriptions {
			if v, ok := m.Attribute(key); ok {
				return v
			}
		}
		return ""
	}
	d.ufrag, d.pwd, d.setup = find("ice-ufrag"), find("ice-pwd"), find("setup")
	if !iceChars(d.ufrag, 4) || !iceChars(d.pwd, 22) {
		return malformed("ICE credentials")
	}
	if d.setup != "active" && d.setup != "passive" && d.setup != "actpass" {
		return malformed("DTLS role")
	}
	var ok bool
	if d.fingerprint, ok = readFingerprint(find("fingerprint")); !ok {
		return malformed("fingerprint")
	}
	return nil
}

// readFingerprint takes SHA-2 only (RFC 8122 section 5).
func readFingerprint(value string) (string, bool) {
	algorithm, digest, _ := strings.Cut(value, " ")
	algorithm, digest = strings.ToLower(algorithm), strings.ToUpper(strings.TrimSpace(digest))
	size := map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}[algorithm]
	raw, err := hex.DecodeString(strings.ReplaceAll(digest, ":", ""))
	return algorithm + " " + digest, err == nil && size != 0 && len(raw) == size && len(digest) == 3*size-1
}

// token is narrower than RFC 8866 section 9: what no writer could mistake.
func token(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-./_{}") == ""
}

// iceChars is ice-char of RFC 8839 section 5.4.
func iceChars(s string, least int) bool {
	return len(s) >= least && len(s) <= 256 &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/") == ""
}
