package audit

import (
	"slices"
	"strings"

	"candour/policy"
)

// contentSecurity compares what the Content-Security-Policy would let load with
// what is declared and agreed to.
func (c *comparison) contentSecurity(p *visit) {
	if p.header == nil {
		return // from a cache or a worker, without an answer of its own
	}
	policies := parseContentPolicies(p.header.Values("Content-Security-Policy"))
	if len(policies) == 0 {
		c.found.add(p, KindCSP, "Content-Security-Policy", "no Content-Security-Policy", "which hosts may be loaded from, so the browser can be told")
		return
	}
	for _, directive := range []string{"script-src", "connect-src", "img-src", "frame-src"} {
		if _, limited := openSources(policies, directive); !limited {
			c.found.add(p, KindCSP, directive, "Content-Security-Policy does not limit "+directive, "which hosts may be loaded from")
		}
	}
	for _, directive := range named(policies) {
		open, _ := openSources(policies, directive)
		for _, source := range open {
			c.source(p, directive, source, open)
		}
	}
	if open, limited := openForm(policies); limited {
		for _, source := range open {
			if !c.ownSource(source) {
				c.found.add(p, KindCSP, "form-action "+source, "Content-Security-Policy lets forms be sent to "+source, "forms of its own surfaces only")
			}
		}
	}
}

// openForm is openSources for form-action, which nothing stands in for.
func openForm(policies []contentPolicy) ([]string, bool) {
	for _, p := range policies {
		if s, ok := p["form-action"]; ok {
			return s, true
		}
	}
	return nil, false
}

// loose are sources that open a directive to anybody's code or any host.
var loose = []string{"*", "http:", "https:", "ws:", "wss:"}

func (c *comparison) source(p *visit, directive, source string, all []string) {
	low := strings.ToLower(source)
	seen := "Content-Security-Policy allows " + low + " in " + directive
	switch {
	case slices.Contains(loose, low):
		c.found.add(p, KindCSP, directive+" "+low, seen+", which is any host", "the hosts that may be loaded from")
	case runs(directive) && low == "'unsafe-inline'" && !hasNonce(all):
		c.found.add(p, KindCSP, directive+" "+low, seen+", which lets any script run that gets into the page", "no such script")
	case runs(directive) && (low == "'unsafe-eval'" || low == "data:" || low == "'strict-dynamic'"):
		c.found.add(p, KindCSP, directive+" "+low, seen+", which voids the list of hosts", "the hosts that may be loaded from")
	case strings.HasPrefix(low, "'"), c.ownSource(low), low == "data:", low == "blob:", low == "mediastream:", low == "filesystem:":
	default:
		c.host(p, directive, source)
	}
}

// runs reports whether a directive decides on scripts.
func runs(directive string) bool { return directive == "script-src" || directive == "default-src" }

// hasNonce reports whether a nonce or hash makes browsers pass over
// 'unsafe-inline' (section 6.7.3.2).
func hasNonce(sources []string) bool {
	return slices.ContainsFunc(sources, func(s string) bool {
		return strings.HasPrefix(s, "'nonce-") || strings.HasPrefix(s, "'sha")
	})
}

// host compares one host source with the declared integrations.
func (c *comparison) host(p *visit, directive, source string) {
	seen := "Content-Security-Policy allows " + source + " in " + directive
	i := slices.IndexFunc(c.policy.Integrations, func(n policy.Integration) bool {
		return slices.Contains(n.Surfaces, p.Surface) && slices.ContainsFunc(n.Sources[directive], func(s string) bool { return sameSource(s, source) })
	})
	if i < 0 {
		c.found.add(p, KindCSP, directive+" "+source, seen, "no integration with that source on this surface")
		return
	}
	if fine, why := c.allowed(c.policy.Integrations[i].Group, p.State); !fine {
		c.found.add(p, KindCSP, directive+" "+source, seen, why)
	}
}

func sameSource(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}

// ownSource reports whether a source is the page itself or one of the
// surfaces.
func (c *comparison) ownSource(source string) bool {
	if source == "'self'" || source == "'none'" {
		return true
	}
	host := source
	if _, rest, ok := strings.Cut(source, "://"); ok {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	host, _, _ = strings.Cut(host, ":")
	return c.site.hosts[strings.ToLower(host)] != nil
}
