// Package integration holds the rule about third-party content.
package integration

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "integration-consent",
	Title:   "Third-party content loads only with consent, from sources that are listed.",
	Source:  "PECR reg 6; UK GDPR Art 25(2)",
	InForce: "2003-12-11",
	Reason:  "The browser is told what it may load from this list; what it leaves out breaks, and what it adds tells others of a visit.",
	Cure:    "Name a group with consent: true, and list the script's host under sources.",
	Check:   check,
}

var directives = []string{"script-src", "connect-src", "img-src", "frame-src", "style-src", "font-src", "media-src"}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, in := range p.Policy.Integrations {
		if g, ok := p.Policy.GroupByID(in.Group); ok && !g.Consent && g.Exemption != "" {
			faults = append(faults, p.Place("integrations", i, "group").Fault(
				fmt.Sprintf("integration %s stands in group %s, which asks for no consent", in.ID, g.ID), "name a group with consent: true"))
		}
		faults = append(faults, sources(p, i, in)...)
		if u, err := url.Parse(in.Script); err == nil && in.Script != "" && !p.Broken(p.Place("integrations", i, "sources")) && !listed(in.Sources["script-src"], u) {
			faults = append(faults, p.Place("integrations", i, "script").Fault(
				fmt.Sprintf("integration %s does not list its own script's host", in.ID), fmt.Sprintf("add %s://%s to sources: script-src", u.Scheme, u.Host)))
		}
	}
	return faults
}

func sources(p *policy.Profile, i int, in policy.Integration) policy.Faults {
	var faults policy.Faults
	for directive, list := range in.Sources {
		place := func(n int) policy.Position { return p.Place("integrations", i, "sources", directive, n) }
		if !slices.Contains(directives, directive) {
			faults = append(faults, p.Place("integrations", i, "sources", directive).Fault(
				fmt.Sprintf("%q is no kind of source", directive), policy.Suggest(directive, directives)))
			continue
		}
		for n, s := range list {
			u, err := url.Parse(strings.Replace(s, "//*.", "//", 1))
			local := err == nil && u.Scheme == "http" && strings.HasSuffix(u.Hostname(), ".localhost")
			if err != nil || (u.Scheme != "https" && !local) || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.ContainsAny(s, " ;,'\"") {
				faults = append(faults, place(n).Fault(
					fmt.Sprintf("%q is not the address of a source", s), "write an https address of a host, such as https://stats.example.net"))
			}
		}
	}
	return faults
}

func listed(list []string, script *url.URL) bool {
	return slices.ContainsFunc(list, func(s string) bool {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != script.Scheme {
			return false
		}
		if parent, ok := strings.CutPrefix(u.Host, "*."); ok {
			return strings.HasSuffix(script.Host, "."+parent)
		}
		return u.Host == script.Host && strings.HasPrefix(script.Path, u.Path)
	})
}
