package policy

import (
	"net/mail"
	"net/url"
	"regexp"
	"strings"
)

// form is how a value must be written.
type form struct {
	what string // "an e-mail address"
	like string // an example
	ok   func(string) bool
	re   string // for the JSON Schema; empty where a pattern cannot say it
}

func pattern(what, like, re string) form {
	return form{what, like, regexp.MustCompile(re).MatchString, re}
}

const (
	idPattern     = `^[a-z][a-z0-9]*([._-][a-z0-9]+)*$`
	labelPattern  = `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	hostPattern   = `^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$`
	telPattern    = `^(\+|0)[0-9][0-9 ]{4,20}[0-9]$`
	pathPattern   = `^/[A-Za-z0-9._~/-]*$`
	langPattern   = `^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`
	cookiePattern = `^[!#$%&'+.^_|~0-9A-Za-z-]+\*?$` // RFC 6265 token, with one trailing *
	colourPattern = `^(#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|(rgb|rgba|hsl|hsla|oklch|oklab)\([0-9., %/-]+\))$`
	lengthPattern = `^[0-9]{1,3}(\.[0-9]{1,3})?(px|rem|em|%)?$`
	fontPattern   = `^("[A-Za-z0-9 -]+"|'[A-Za-z0-9 -]+'|[A-Za-z][A-Za-z0-9 -]*)(, *("[A-Za-z0-9 -]+"|'[A-Za-z0-9 -]+'|[A-Za-z][A-Za-z0-9 -]*))*$`
	regionPattern = `^(EEA|[A-DF-TV-Z][A-Z]|E[A-KM-TV-Z]|U[A-JL-Z])$` // ISO 3166-1 has no country UK, EU or EL
	filePattern   = `^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`
)

var forms = map[string]form{
	"id":          pattern("an id", "lower-case words joined by dots or dashes, such as contact.email", idPattern),
	"label":       pattern("a host label", "one label such as portal, without dots", labelPattern),
	"host":        pattern("a host name", "a name such as example.net, without https:// or a path", hostPattern),
	"telephone":   pattern("a telephone number", `a number such as "01632 960 123" or "+441632960123"`, telPattern),
	"path":        pattern("a path", "a path such as /contact", pathPattern),
	"language":    pattern("a language", "a language such as en-GB", langPattern),
	"cookie-name": pattern("a cookie's name", "the exact name, or one with a single * at its end", cookiePattern),
	"colour":      pattern("a colour", `a colour such as "#1b4d5c" or oklch(45% 0.1 200)`, colourPattern),
	"length":      pattern("a length", "a length such as 0.5rem or 8px", lengthPattern),
	"font":        pattern("a list of font families", "family names with commas, such as Inter, system-ui, sans-serif", fontPattern),
	"region":      pattern("a region", "EEA for the European Economic Area, GB for the United Kingdom, or another two-letter country code such as US", regionPattern),
	"file":        pattern("a file of the folder", "a path inside the folder such as images/home.svg", filePattern),
	"email": {"an e-mail address", "an address such as support@example.net", func(s string) bool {
		a, err := mail.ParseAddress(s)
		return err == nil && a.Address == s && strings.Contains(s, ".")
	}, `^[^@\s]+@[^@\s]+\.[^@\s]+$`},
	"url":  {"an address", "an https address such as https://example.net/page", isAddress, `^https?://[^\s@]+$`},
	"link": {"a link", "a path such as /contact, or an https address", isLink, ""},
}

// isAddress takes https addresses, and http ones on this machine for trying
// things out.
func isAddress(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(s, " \t\"'<>;") {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && strings.HasSuffix(u.Hostname(), ".localhost")
}

func isLink(s string) bool {
	if strings.HasPrefix(s, "/") {
		u, err := url.Parse(s)
		return err == nil && u.Host == "" && !strings.ContainsAny(s, "\\ \t")
	}
	return strings.HasPrefix(s, "#") || strings.HasPrefix(s, "tel:+") || strings.HasPrefix(s, "mailto:") || isAddress(s)
}
