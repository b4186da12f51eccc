package door

import (
	"net/url"
	"strings"
)

// maxBack bounds the way back, in bytes.
const maxBack = 300

// Back returns the way back that a form asks for if it is a path on the same
// host, else the root. Anything that a browser might read as another host, a
// scheme or a header is refused, and queries are dropped: they may hold codes
// from e-mails.
func Back(s string) string {
	if s == "" || len(s) > maxBack || s[0] != '/' || strings.HasPrefix(s, "//") {
		return "/"
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == 0x7f || c == '\\' || c >= 0x80 {
			return "/"
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return "/"
	}
	for _, c := range u.Path {
		if c < ' ' || c == 0x7f {
			return "/"
		}
	}
	return u.EscapedPath()
}
