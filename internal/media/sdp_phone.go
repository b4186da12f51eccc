package media

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// far is what a phone's description says of where it is, and how it wants to be
// sent to.
type far struct {
	rtp, rtcp netip.AddrPort // not valid: not told
	mux       bool           // both at one port (RFC 5761)
	feedback  bool           // it takes requests for pictures and packets (RFC 4585)
	crypto    crypto         // not valid: in the clear
}

// phone reads what ordinary phones write in a section of s, whose lines before
// the first section are in d.
func (s *section) phone(d *sdp.SessionDescription, m *sdp.MediaDescription, mux bool) error {
	s.of, s.codecs = Phone, readCodecs(m, s.kind, Phone)
	port := m.MediaName.Port.Value
	if port < 0 || port > 65535 {
		return malformed("port")
	}
	s.far.mux = mux
	s.far.feedback = strings.HasSuffix(s.proto, "F")
	for _, a := range m.Attributes {
		switch a.Key {
		case "rtcp-fb":
			s.far.feedback = true
		case "crypto":
			if c, ok := readCrypto(a.Value); ok && !s.far.crypto.valid() {
				s.far.crypto = c // they stand in the phone's order: RFC 4568 section 5.1.1
			}
		}
	}
	if s.where(d, m, uint16(port)) { // hold in the manner of RFC 2543: see RFC 3264 section 8.4
		s.dir &^= RecvOnly
	}
	// Keys in a section that need not be encrypted are an offer to do so (RFC 8643).
	keys := s.far.crypto.valid() || !strings.HasPrefix(s.proto, "RTP/S")
	s.taken = port != 0 && keys && carries(s.codecs)
	return nil
}

// where reads addresses; it tells whether the phone says that it has none. Names
// are not looked up: the phone's packets show where it is.
func (s *section) where(d *sdp.SessionDescription, m *sdp.MediaDescription, port uint16) (nowhere bool) {
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return false
	}
	ip, err := netip.ParseAddr(c.Address.Address)
	if err != nil || ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if ip.IsUnspecified() {
		return true
	}
	s.far.rtp = netip.AddrPortFrom(ip, port)
	s.far.rtcp = netip.AddrPortFrom(ip, port+1)
	v, ok := m.Attribute("rtcp") // RFC 3605
	if f := strings.Fields(v); ok && len(f) > 0 {
		if n, err := strconv.ParseUint(f[0], 10, 16); err == nil {
			s.far.rtcp = netip.AddrPortFrom(ip, uint16(n))
		}
		if len(f) == 4 {
			if other, err := netip.ParseAddr(f[3]); err == nil && other.Zone() == "" && !other.IsUnspecified() {
				s.far.rtcp = netip.AddrPortFrom(other.Unmap(), s.far.rtcp.Port())
			}
		}
	}
	return false
}

// goesOn tells whether what a phone says now fits what was agreed with it, in a
// first answer what it was offered: what was encrypted stays so.
func (s *section) goesOn(now section, first bool) bool {
	if first && now.proto != s.proto {
		return false
	}
	return s.far.crypto.valid() == now.far.crypto.valid()
}

// phone writes what ordinary phones understand.
func (s *session) phone(line func(string, ...any)) {
	line("c=IN %s", s.address())
	line("t=0 0")
	for _, m := range s.sections {
		if !m.taken {
			line("m=%s 0 %s %s", m.media, m.proto, m.format)
			continue
		}
		var formats []string
		for _, c := range m.codecs {
			formats = append(formats, strconv.Itoa(int(c.from)))
		}
		line("m=%s %d %s %s", m.media, s.ports[m.kind], m.proto, strings.Join(formats, " "))
		line("a=%s", m.dir)
		if m.far.mux {
			line("a=rtcp-mux")
		}
		if c := s.keys[m.kind]; c.valid() {
			line("a=crypto:%s", c.line())
		}
		for _, c := range m.codecs {
			s.codec(line, m.kind, c, m.far.feedback)
		}
	}
}
