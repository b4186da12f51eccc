package door

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"candour/internal/consent"
	"candour/policy"
)

// Codes of what the cookie door refuses, for the evidence. Never the cookie's
// name: a client or a script chose it.
const (
	CookieUndeclared = "cookie.undeclared" // set by our own code, and not in the policy
	CookieUnagreed   = "cookie.unagreed"   // declared, and this browser has not agreed
	CookieAttributes = "cookie.attributes" // set with other attributes than declared
	CookieMalformed  = "cookie.malformed"  // a Set-Cookie header that cannot be read
	CookieFound      = "cookie.found"      // an undeclared or withdrawn cookie came from the browser and was expired
)

// maxExpired bounds how many names one answer expires, and with them the size
// of its header; the rest goes with the next requests.
const maxExpired = 8

// Cookies is the cookie door for one request.
type Cookies struct {
	Policy  *policy.Policy
	Surface string
	State   consent.State
	Host    string // of the request, without port
	Parent  string // of all surfaces
	Now     time.Time
}

// Declared returns the line that sets a declared cookie to a value, with the
// attributes as declared.
func (d *Cookies) Declared(c *policy.Cookie, value string) *http.Cookie {
	out := &http.Cookie{Name: c.Name, Value: value, Path: "/", HttpOnly: c.HTTPOnly, Secure: c.Secure}
	if c.Scope == "parent" {
		out.Domain = d.Parent
	}
	if !c.Lifetime.IsZero() {
		out.MaxAge = int(c.Lifetime.From(d.Now).Sub(d.Now) / time.Second)
	}
	switch c.SameSite {
	case "strict":
		out.SameSite = http.SameSiteStrictMode
	case "none":
		out.SameSite = http.SameSiteNoneMode
	default:
		out.SameSite = http.SameSiteLaxMode
	}
	return out
}

// Out goes through the Set-Cookie headers of an answer. What is undeclared on
// this surface, or not agreed to, is dropped; what is declared leaves with the
// attributes as declared; what only expires a cookie leaves as it is. It
// returns a code for each thing it changed.
func (d *Cookies) Out(h http.Header) []string {
	lines := h["Set-Cookie"]
	if len(lines) == 0 {
		return nil
	}
	var codes, kept []string
	for _, line := range lines {
		out, code := d.out(line)
		if code != "" {
			codes = append(codes, code)
		}
		if out != "" {
			kept = append(kept, out)
		}
	}
	if len(kept) == 0 {
		h.Del("Set-Cookie")
	} else {
		h["Set-Cookie"] = kept
	}
	return codes
}

func (d *Cookies) out(line string) (kept, code string) {
	c, err := http.ParseSetCookie(line)
	if err != nil {
		return "", CookieMalformed
	}
	if c.MaxAge < 0 && c.Value == "" {
		return line, ""
	}
	declared, ok := d.Policy.CookieNamed(c.Name, d.Surface)
	if !ok || declared.Storage != "cookie" || declared.SetBy == "script" {
		return "", CookieUndeclared
	}
	if !d.State.Allows(declared.Group) {
		return "", CookieUnagreed
	}
	want := d.Declared(declared, c.Value)
	want.Name = c.Name // the declaration may be a pattern
	if s := want.String(); s != line {
		return s, CookieAttributes
	}
	return line, ""
}

// In returns the lines that expire, in every form a browser may hold them,
// the request's cookies that are not declared or no longer agreed to, and how
// many names that are (R25, R27).
func (d *Cookies) In(r *http.Request) (lines []string, names int) {
	if len(r.Header["Cookie"]) == 0 {
		return nil, 0
	}
	var seen []string
	for _, c := range r.Cookies() {
		if d.allowed(c.Name) || slices.Contains(seen, c.Name) {
			continue
		}
		if seen = append(seen, c.Name); len(seen) > maxExpired {
			break
		}
		lines = append(lines, d.expire(c.Name)...)
	}
	return lines, len(seen)
}

// allowed reports whether a browser may send a cookie of this name here: it is
// declared for this surface, or for another one with the parent's scope, and
// agreed to.
func (d *Cookies) allowed(name string) bool {
	if c, ok := d.Policy.CookieNamed(name, d.Surface); ok {
		return c.Storage == "cookie" && d.State.Allows(c.Group)
	}
	for i := range d.Policy.Cookies {
		c := &d.Policy.Cookies[i]
		if c.Scope == "parent" && c.Storage == "cookie" && c.Matches(name) && d.State.Allows(c.Group) {
			return true
		}
	}
	return false
}

// expire returns the lines that delete a cookie wherever it may sit: host-only
// or with a Domain, plain or Secure. A browser ignores the lines that fit
// nothing. Prefixed names are only taken with what their prefix asks for (RFC
// 6265bis section 4.1.3).
func (d *Cookies) expire(name string) []string {
	gone := func(domain string, secure, httpOnly bool) string {
		c := http.Cookie{Name: name, Path: "/", Domain: domain, MaxAge: -1, Secure: secure, HttpOnly: httpOnly}
		return c.String()
	}
	lower := strings.ToLower(name)
	script := !strings.HasPrefix(lower, "__http-") && !strings.HasPrefix(lower, "__host-http-")
	if strings.HasPrefix(lower, "__host-") {
		return []string{gone("", true, !script)}
	}
	domains := []string{"", d.Host}
	if d.Parent != d.Host {
		domains = append(domains, d.Parent)
	}
	forms := []bool{false, true}
	if strings.HasPrefix(lower, "__secure-") || !script {
		forms = []bool{true}
	}
	var lines []string
	for _, domain := range domains {
		for _, secure := range forms {
			if line := gone(domain, secure, !script); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}
