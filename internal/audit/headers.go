package audit

import (
	"slices"
	"strings"
)

// longestHeader is in bytes; browsers refuse far shorter answers.
const longestHeader = 64 << 10

// parsePermissionsPolicy reads a Permissions-Policy header: for each feature
// the origins it is open to, "self" or "*" among them; none where it is closed.
// It is a dictionary of structured fields (RFC 9651 section 3.2), of which a
// browser drops what it cannot read; the last entry of a name counts.
func parsePermissionsPolicy(header string) map[string][]string {
	lists := map[string][]string{}
	if len(header) > longestHeader {
		return lists
	}
	for _, member := range splitOutside(header, ',') {
		feature, value, ok := strings.Cut(member, "=")
		feature = strings.ToLower(strings.TrimSpace(feature))
		value = strings.TrimSpace(splitOutside(value, ';')[0])
		if !ok || feature == "" {
			continue
		}
		list := []string{}
		if inner, isList := strings.CutPrefix(value, "("); isList {
			for _, word := range strings.Fields(strings.TrimSuffix(inner, ")")) {
				list = append(list, strings.Trim(word, `"`))
			}
		} else if value != "" {
			list = append(list, strings.Trim(value, `"`))
		}
		lists[feature] = list
	}
	return lists
}

// splitOutside splits at a character outside quotes and parentheses. It
// returns at least one part.
func splitOutside(s string, at byte) []string {
	var parts []string
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth = max(0, depth-1)
		case c == at && depth == 0:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// contentPolicy is one Content-Security-Policy: directive -> sources.
type contentPolicy map[string][]string

// parseContentPolicies reads Content-Security-Policy headers (CSP level 3,
// section 2.2.1). Policies are joined by commas or come in several headers; of
// a directive given twice the first counts.
func parseContentPolicies(headers []string) []contentPolicy {
	var list []contentPolicy
	for _, header := range headers {
		if len(header) > longestHeader {
			continue
		}
		for text := range strings.SplitSeq(header, ",") {
			p := contentPolicy{}
			for directive := range strings.SplitSeq(text, ";") {
				words := strings.Fields(directive)
				if len(words) == 0 {
					continue
				}
				name := strings.ToLower(words[0])
				if _, twice := p[name]; !twice {
					p[name] = words[1:]
				}
			}
			if len(p) > 0 {
				list = append(list, p)
			}
		}
	}
	return list
}

// fetchDirectives are those that say what a page may load (section 6.1), but
// for default-src, which stands in for them.
var fetchDirectives = []string{"script-src", "style-src", "img-src", "connect-src", "font-src", "media-src", "frame-src", "worker-src", "manifest-src", "object-src", "child-src"}

// sources are what a directive of a policy allows, and whether the policy
// limits it at all (section 6.8.3, with the fallbacks that matter here).
func (p contentPolicy) sources(directive string) ([]string, bool) {
	for _, name := range slices.Concat([]string{directive}, fallbacks[directive], []string{"default-src"}) {
		if s, ok := p[name]; ok {
			return s, true
		}
	}
	return nil, false
}

var fallbacks = map[string][]string{"frame-src": {"child-src"}, "worker-src": {"child-src", "script-src"}}

// named are the fetch directives that the policies name, each to be compared
// once, in order; default-src is one.
func named(policies []contentPolicy) []string {
	var list []string
	for _, directive := range append([]string{"default-src"}, fetchDirectives...) {
		if slices.ContainsFunc(policies, func(p contentPolicy) bool { _, ok := p[directive]; return ok }) {
			list = append(list, directive)
		}
	}
	return list
}

// openSources returns the sources that every policy together leaves open for a
// directive, and whether any limits it.
func openSources(policies []contentPolicy, directive string) ([]string, bool) {
	var open []string
	limited := false
	for _, p := range policies {
		s, ok := p.sources(directive)
		switch {
		case !ok:
		case !limited:
			open, limited = s, true
		default:
			open = slices.DeleteFunc(slices.Clone(open), func(o string) bool { return !slices.Contains(s, o) })
		}
	}
	return open, limited
}
