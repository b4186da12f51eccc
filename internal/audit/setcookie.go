package audit

import (
	"strconv"
	"strings"
	"time"
)

// Bounds of a Set-Cookie line.
const (
	longestCookieLine = 8 << 10             // bytes; browsers refuse more than 4096 for name and value
	longestLifetime   = 400 * 24 * 3600     // seconds; RFC 6265bis section 5.5 caps Max-Age there
	beyondCap         = longestLifetime + 1 // what is more is still seen as more
)

// parseSetCookie reads a Set-Cookie line as browsers do (RFC 6265bis section
// 5.6), so that lines they repair or refuse are seen too. The value is dropped
// here. It reports false for a line that sets nothing: no name, or an end in
// the past, which deletes.
func parseSetCookie(line, host string, at time.Time) (cookie, bool) {
	if len(line) > longestCookieLine {
		return cookie{}, false
	}
	pair, rest, _ := strings.Cut(line, ";")
	name, _, ok := strings.Cut(pair, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return cookie{}, false
	}
	c := cookie{Name: name, Domain: host, HostOnly: true, At: at}
	maxAge := false
	for attribute := range strings.SplitSeq(rest, ";") {
		key, value, _ := strings.Cut(attribute, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "httponly":
			c.HTTPOnly = true
		case "secure":
			c.Secure = true
		case "samesite":
			if v := strings.ToLower(value); v == "strict" || v == "lax" || v == "none" {
				c.SameSite = v
			}
		case "domain":
			if d := strings.ToLower(strings.TrimPrefix(value, ".")); d != "" {
				c.Domain, c.HostOnly = d, false
			}
		case "max-age":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				continue
			}
			maxAge = true // beats Expires (section 5.6.2)
			c.Expires = at.Add(time.Duration(min(max(seconds, -1), beyondCap)) * time.Second)
		case "expires":
			if t, ok := cookieTime(value); ok && !maxAge {
				c.Expires = t
			}
		}
	}
	if !c.Expires.IsZero() && !c.Expires.After(at) {
		return cookie{}, false
	}
	return c, true
}

// forms of dates in Expires, from those servers send.
var cookieTimes = []string{
	time.RFC1123, "Mon, 02-Jan-2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2-Jan-2006 15:04:05 MST", time.RFC850, time.ANSIC,
}

func cookieTime(s string) (time.Time, bool) {
	for _, form := range cookieTimes {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
