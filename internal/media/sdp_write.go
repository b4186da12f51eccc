package media

import (
	"fmt"
	"net"
	"strings"
)

// session is a description that we write: to a leg, or of a leg to pion. All
// that leaves this package is written here, from our own values and the few that
// read has checked.
type session struct {
	credentials
	kind     Kind
	origin   uint64 // RFC 8866 section 5.2: ours, one a leg
	version  uint64
	addrs    []net.IP // empty: no candidates (to pion)
	port     int
	cname    string
	sources  [kinds]uint32 // ours towards the leg
	ports    [kinds]int    // ours for a phone
	keys     [kinds]crypto // ours for a phone
	sections []section
	ofLeg    bool // it describes the leg (to pion), not us
}

// text writes the description with the lines of RFC 8866, RFC 8839 and RFC 8842.
func (s *session) text() string {
	var b strings.Builder
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\r\n")
	}
	line("v=0")
	line("o=- %d %d IN %s", s.origin, s.version, s.address())
	line("s=-")
	if s.kind == Phone {
		s.phone(line)
		return b.String()
	}
	line("t=0 0")
	var group []string
	for _, m := range s.sections {
		if m.taken {
			group = append(group, m.mid)
		}
	}
	line("a=group:BUNDLE %s", strings.Join(group, " "))
	if len(s.addrs) > 0 {
		line("a=ice-lite")
		line("a=msid-semantic:WMS *")
	}
	for _, m := range s.sections {
		s.section(line, m)
	}
	return b.String()
}

func (s *session) section(line func(string, ...any), m section) {
	if !m.taken {
		line("m=%s 0 %s %s", m.media, m.proto, m.format)
		line("c=IN %s", s.address())
		line("a=mid:%s", m.mid)
		line("a=inactive")
		return
	}
	var formats []string // as they arrive: who describes says what it takes (RFC 3264 section 5.1)
	for _, c := range m.codecs {
		formats = append(formats, fmt.Sprint(c.from))
	}
	port := s.port
	if port == 0 {
		port = 9
	}
	line("m=%s %d %s %s", m.media, port, m.proto, strings.Join(formats, " "))
	line("c=IN %s", s.address())
	line("a=mid:%s", m.mid)
	line("a=rtcp-mux")
	line("a=ice-ufrag:%s", s.ufrag)
	line("a=ice-pwd:%s", s.pwd)
	line("a=fingerprint:%s", s.fingerprint)
	line("a=setup:%s", s.setup)
	line("a=%s", m.dir)
	for _, c := range m.codecs {
		s.codec(line, m.kind, c, true)
	}
	s.source(line, m)
	for i, ip := range s.addrs {
		// RFC 8445 section 5.1.2.1: host, and the first address the best.
		priority := 126<<24 | (65535-i)<<8 | 255
		line("a=candidate:%d 1 udp %d %s %d typ host", i+1, priority, ip, s.port)
	}
	if len(s.addrs) > 0 {
		line("a=end-of-candidates")
	}
}

func (s *session) codec(line func(string, ...any), k kind, c codec, feedback bool) {
	n := c.from
	line("a=rtpmap:%d %s", n, c.rtpmap())
	if c.fmtp != "" {
		line("a=fmtp:%d %s", n, c.fmtp)
	}
	if k == video && (feedback) {
		line("a=rtcp-fb:%d goog-remb", n)
		line("a=rtcp-fb:%d ccm fir", n)
		line("a=rtcp-fb:%d nack", n)
		line("a=rtcp-fb:%d nack pli", n)
	}
}

// source names our one source of a section to the leg. Those of the leg are not
// told to pion: it would drop every other for good, and a browser may change its
// source at any time. They are known by their formats as they come, which choose
// keeps apart.
func (s *session) source(line func(string, ...any), m section) {
	if s.ofLeg {
		return
	}
	line("a=msid:%s %s", s.cname, m.kind)
	if n := s.sources[m.kind]; n != 0 {
		line("a=ssrc:%d cname:%s", n, s.cname)
	}
}

func (s *session) address() string {
	if len(s.addrs) == 0 {
		return "IP4 0.0.0.0"
	}
	if ip := s.addrs[0]; ip.To4() == nil {
		return "IP6 " + ip.String()
	}
	return "IP4 " + s.addrs[0].String()
}
