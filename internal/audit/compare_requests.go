package audit

import (
	"net/url"
	"slices"
	"strings"

	"candour/policy"
)

// requests compares requests to other hosts with the declared integrations. A
// request that the browser refused was still asked for by the page, so it
// counts, and the words say that the door held.
func (c *comparison) requests(p *visit) {
	for _, r := range p.requests {
		seen := "a request to " + r.URL
		if r.Refused != "" {
			seen += ", which the browser refused (" + r.Refused + ")"
		}
		host := hostOf(r.URL)
		i, ok := c.integration(r, p.Surface)
		if !ok {
			declared := "nothing of that host on this surface"
			if i != nil {
				declared = "that host for other uses than " + r.Directive
			}
			c.found.add(p, KindRequestUndeclared, host, seen, declared)
			continue
		}
		if fine, why := c.allowed(i.Group, p.State); !fine {
			c.found.add(p, KindRequestNoConsent, host, seen, why)
		}
	}
}

// integration finds the declared integration a request belongs to. It returns
// one with false when it declares the host, but not for this use.
func (c *comparison) integration(r request, surface string) (*policy.Integration, bool) {
	var near *policy.Integration
	for i := range c.policy.Integrations {
		n := &c.policy.Integrations[i]
		if !slices.Contains(n.Surfaces, surface) {
			continue
		}
		for directive, sources := range n.Sources {
			for _, source := range sources {
				if !sourceCovers(source, r.URL) {
					continue
				}
				if directive == r.Directive || directive == "default-src" {
					return n, true
				}
				near = n
			}
		}
		if r.Directive == "script-src" && n.Script != "" && withoutQuery(n.Script) == r.URL {
			return n, true
		}
	}
	return near, false
}

// sourceCovers reports whether a CSP source expression allows an address (CSP
// level 3, section 6.7.2.8): scheme, host with a leading wildcard, port, path.
func sourceCovers(source, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	scheme, rest, ok := strings.Cut(source, "://")
	if !ok {
		scheme, rest = "", source
		if s, isScheme := strings.CutSuffix(source, ":"); isScheme && !strings.Contains(s, ".") {
			return strings.EqualFold(s, u.Scheme)
		}
	}
	if scheme != "" && !schemeCovers(strings.ToLower(scheme), u.Scheme) {
		return false
	}
	hostport, path, hasPath := strings.Cut(rest, "/")
	host, port, hasPort := strings.Cut(hostport, ":")
	switch {
	case host == "*":
	case strings.HasPrefix(host, "*."):
		if !strings.HasSuffix(u.Hostname(), strings.ToLower(host[1:])) {
			return false
		}
	case !strings.EqualFold(host, u.Hostname()):
		return false
	}
	if hasPort && port != "*" && port != portOf(u) {
		return false
	}
	if !hasPort && u.Port() != "" && u.Port() != "443" && u.Port() != "80" {
		return false
	}
	path = "/" + path
	switch {
	case !hasPath || path == "/":
		return true
	case strings.HasSuffix(path, "/"):
		return strings.HasPrefix(u.Path, path)
	}
	return u.Path == path
}

// schemeCovers allows the upgrades of section 6.7.2.6.
func schemeCovers(declared, seen string) bool {
	switch declared {
	case seen:
		return true
	case "http":
		return seen == "https" || seen == "ws" || seen == "wss"
	case "https":
		return seen == "wss"
	case "ws":
		return seen == "wss"
	}
	return false
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// links compares links with R4: those that leave are marked, nothing of others
// loads before it is followed.
func (c *comparison) links(p *visit) {
	for _, l := range p.content.Links {
		u, err := url.Parse(l.Href)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
			continue
		}
		if !c.site.ours(u.Hostname()) && !l.Marked {
			c.found.add(p, KindLinkUnmarked, u.Hostname(), "a link to "+u.Hostname()+" that is not marked as leaving", "that links to others are marked")
		}
		if l.Ping != "" {
			c.found.add(p, KindPreload, u.Hostname(), "a link to "+u.Hostname()+" that reports being followed", "nothing that watches links")
		}
	}
	for _, h := range p.content.Hints {
		u, err := url.Parse(h.Href)
		switch {
		case h.Rel == "speculationrules":
			c.found.add(p, KindPreload, h.Rel, "speculation rules, which load pages before they are asked for", "that nothing loads before it is followed")
		case err == nil && u.Host != "" && !c.site.ours(u.Hostname()) && !c.coveredHint(p, h):
			c.found.add(p, KindPreload, u.Hostname(), "a "+h.Rel+" hint for "+u.Hostname(), "that nothing loads before it is followed")
		}
	}
}

// coveredHint reports whether a hint is for a declared integration that may
// load on this page.
func (c *comparison) coveredHint(p *visit, h hint) bool {
	return slices.ContainsFunc(c.policy.Integrations, func(n policy.Integration) bool {
		if fine, _ := c.allowed(n.Group, p.State); !fine || !slices.Contains(n.Surfaces, p.Surface) {
			return false
		}
		for _, sources := range n.Sources {
			if slices.ContainsFunc(sources, func(s string) bool { return sourceCovers(s, h.Href) }) {
				return true
			}
		}
		return false
	})
}
