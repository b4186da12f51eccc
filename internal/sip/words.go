package sip

import (
	"net/netip"
	"strconv"
	"strings"

	sipgo "github.com/emiago/sipgo/sip"
)

// token reports whether s is a token of RFC 3261 25.1.
func token(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return true
}

// tokenByte are the characters of a token.
var tokenByte = func() (is [256]bool) {
	for c := range is {
		is[c] = c > ' ' && c < 0x7f && strings.IndexByte("()<>@,;:\\\"/[]?={}", byte(c)) < 0
	}
	return is
}()

// hostLike reports whether s may be a host: a name or an address, of which no
// part could be read as something else.
func hostLike(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	if strings.Contains(s, ":") || s[0] == '[' { // RFC 5118 4; the parser drops some brackets
		bare := s
		if s[0] == '[' {
			bare = strings.TrimSuffix(s[1:], "]")
			if len(bare) != len(s)-2 {
				return false
			}
		}
		a, err := netip.ParseAddr(bare)
		return err == nil && a.Is6() && a.Zone() == ""
	}
	for _, c := range []byte(s) {
		if c >= 0x7f || c <= ' ' || strings.IndexByte("()<>@,:;\\\"/[]?={}", c) >= 0 {
			return false
		}
	}
	return true
}

// headers returns the headers of a name, also in its compact form.
func headers(m interface{ Headers() []sipgo.Header }, name string) (all []sipgo.Header) {
	for _, h := range m.Headers() {
		if isNamed(h, name) {
			all = append(all, h)
		}
	}
	return all
}

// seconds returns the number at the beginning of a header, before parameters.
func seconds(m interface{ Headers() []sipgo.Header }, name string) (n int, ok bool) {
	all := headers(m, name)
	if len(all) == 0 {
		return 0, false
	}
	v, _, _ := strings.Cut(all[0].Value(), ";")
	n, err := strconv.Atoi(strings.TrimSpace(v))
	return n, err == nil && n >= 0
}

// lists reports whether a header of comma-separated words holds a word.
func lists(m interface{ Headers() []sipgo.Header }, name, word string) bool {
	for _, h := range headers(m, name) {
		for w := range strings.FieldsFuncSeq(h.Value(), func(c rune) bool { return c == ',' || c == ';' || c == ' ' }) {
			if strings.EqualFold(w, word) {
				return true
			}
		}
	}
	return false
}

// mediaType is the type of a body without its parameters, in small letters.
func mediaType(req *sipgo.Request) string { return mediaTypeOf(req) }

func mediaTypeOf(m interface{ Headers() []sipgo.Header }) string {
	all := headers(m, "content-type")
	if len(all) == 0 {
		return ""
	}
	t, _, _ := strings.Cut(all[0].Value(), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

func allow() sipgo.Header {
	var all []string
	for _, m := range allowed {
		all = append(all, string(m))
	}
	return sipgo.NewHeader("Allow", strings.Join(all, ", "))
}

// display makes a name fit to stand between the quotes of an address. The
// library writes it as it is: a quote in a name would end it, a line end would
// begin a header.
func display(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case c < ' ' || c == 0x7f || c == 0x85 || c == 0x2028 || c == 0x2029:
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
		if b.Len() >= 128 {
			break
		}
	}
	return strings.TrimSpace(b.String())
}
