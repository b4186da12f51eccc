package door

import (
	"slices"
	"strings"

	"candour/internal/consent"
	"candour/policy"
)

// ReportPath is where browsers report what the content policy stopped.
const ReportPath = "/csp"

// Loaded returns what this browser agreed to have loaded from others on a
// surface.
func Loaded(p *policy.Policy, surface string, s consent.State) []*policy.Integration {
	var list []*policy.Integration
	for i := range p.Integrations {
		n := &p.Integrations[i]
		if slices.Contains(n.Surfaces, surface) && s.Allows(n.Group) {
			list = append(list, n)
		}
	}
	return list
}

// widening are the directives that an integration may add sources to.
var widening = []string{"script-src", "style-src", "img-src", "font-src", "connect-src", "frame-src", "media-src"}

// ContentPolicy computes the Content-Security-Policy of a page: everything
// from ourselves, nothing inline, and of others only what is declared and
// agreed to, host by host. Forms may be sent to the sibling surfaces too,
// because browsers apply form-action to redirects.
func ContentPolicy(loaded []*policy.Integration, siblings []string) string {
	var b strings.Builder
	b.WriteString("default-src 'none'")
	for _, directive := range widening {
		sources := sourcesOf(loaded, directive)
		own := directive != "frame-src"
		if !own && len(sources) == 0 {
			continue // default-src: none
		}
		b.WriteString("; ")
		b.WriteString(directive)
		if own {
			b.WriteString(" 'self'")
		}
		for _, s := range sources {
			b.WriteByte(' ')
			b.WriteString(s)
		}
	}
	b.WriteString("; manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
	for _, s := range siblings {
		b.WriteByte(' ')
		b.WriteString(s)
	}
	b.WriteString("; report-uri ")
	b.WriteString(ReportPath)
	return b.String()
}

// sourcesOf collects the sources of a directive, each once. One that is not an
// origin is left out: keywords would open more than a host.
func sourcesOf(loaded []*policy.Integration, directive string) []string {
	var list []string
	for _, n := range loaded {
		for _, s := range n.Sources[directive] {
			if IsOrigin(s) && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}

// IsOrigin reports whether a source expression is one origin or a wildcard
// below one host: https://example.net, https://*.example.net; http only for
// hosts under .localhost.
func IsOrigin(s string) bool {
	host, ok := strings.CutPrefix(s, "https://")
	if !ok {
		host, ok = strings.CutPrefix(s, "http://")
		name, _, _ := strings.Cut(host, ":")
		if !ok || !strings.HasSuffix(name, ".localhost") {
			return false
		}
	}
	host = strings.TrimPrefix(host, "*.")
	if host == "" || !strings.Contains(host, ".") {
		return false
	}
	for _, c := range host {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == ':') {
			return false
		}
	}
	return true
}

// features are the powers that a page could ask the browser for, or that would
// tell others more of the device: those of the Permissions Policy registry that
// browsers know today, because they complain of others. Left out are those
// that only make a page kinder (aria-notify, the colour scheme people prefer).
var features = []string{
	"accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "captured-surface-control", "clipboard-read", "clipboard-write",
	"compute-pressure", "cross-origin-isolated", "deferred-fetch", "digital-credentials-create", "digital-credentials-get", "display-capture",
	"encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
	"keyboard-map", "language-detector", "language-model", "local-fonts", "local-network-access", "magnetometer", "microphone", "midi",
	"on-device-speech-recognition", "otp-credentials", "payment", "picture-in-picture", "private-state-token-issuance",
	"private-state-token-redemption", "publickey-credentials-create", "publickey-credentials-get", "screen-wake-lock", "serial",
	"speaker-selection", "storage-access", "summarizer", "sync-xhr", "translator", "unload", "usb", "window-management", "xr-spatial-tracking",
	// What requests may tell of the device beyond the browser's name (client hints).
	"ch-device-memory", "ch-downlink", "ch-dpr", "ch-ect", "ch-rtt", "ch-ua-arch", "ch-ua-bitness", "ch-ua-form-factors", "ch-ua-full-version",
	"ch-ua-full-version-list", "ch-ua-model", "ch-ua-platform-version", "ch-ua-wow64", "ch-viewport-height", "ch-viewport-width", "ch-width",
}

// asked are the features by which a page reaches for what is around a device.
// Where the policy declares one it is open on the page that asks for it, and on
// no other page of the surface.
var asked = []string{"bluetooth", "camera", "display-capture", "geolocation", "hid", "microphone", "midi", "serial", "speaker-selection", "usb"}

// Permissions computes the Permissions-Policy of a page of a surface: every
// power is denied, to the page and to frames in it, but those declared for the
// surface (R11), and of these the ones that ask for the device's surroundings
// unless they are among those that the page asks for.
func Permissions(p *policy.Policy, surface string, page ...string) string {
	granted := map[string]bool{}
	for i := range p.Permissions {
		if q := &p.Permissions[i]; slices.Contains(q.Surfaces, surface) {
			for _, f := range q.Features {
				granted[f] = !slices.Contains(asked, f) || slices.Contains(page, f)
			}
		}
	}
	names := slices.Clone(features)
	for f := range granted {
		if !slices.Contains(names, f) {
			names = append(names, f)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for i, f := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f)
		if granted[f] {
			b.WriteString("=(self)")
		} else {
			b.WriteString("=()")
		}
	}
	return b.String()
}
