package door

import (
	"encoding/json"
	"slices"
	"strings"
)

// MaxReport bounds the body of a violation report, in bytes.
const MaxReport = 16 << 10

// directives are those a report may count under; anything else counts as
// "other", because a report is what a client chose to send.
var directives = []string{
	"default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr", "img-src",
	"font-src", "connect-src", "frame-src", "media-src", "manifest-src", "worker-src", "object-src", "form-action", "base-uri", "frame-ancestors",
}

// Report reads a violation report (CSP Level 3 section 5.3) and returns which
// directive it is about. Nothing else of it is kept or logged: the addresses
// in it may say what a person did.
func Report(body []byte) (directive string, ok bool) {
	var r struct {
		Report *struct {
			Effective string `json:"effective-directive"`
			Violated  string `json:"violated-directive"`
		} `json:"csp-report"`
	}
	if len(body) > MaxReport || json.Unmarshal(body, &r) != nil || r.Report == nil {
		return "", false
	}
	name := r.Report.Effective
	if name == "" {
		name, _, _ = strings.Cut(r.Report.Violated, " ")
	}
	if slices.Contains(directives, name) {
		return name, true
	}
	return "other", true
}
