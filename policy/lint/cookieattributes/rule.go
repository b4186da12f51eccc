// Package cookieattributes holds the rule about cookies' attributes.
package cookieattributes

import (
	"fmt"
	"slices"
	"strings"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "cookie-attributes",
	Title:   "A cookie's attributes are such that browsers keep it and thieves do not get it.",
	Source:  "UK GDPR Art 32; draft-ietf-httpbis-rfc6265bis sections 4.1.3 and 5.6",
	InForce: "2018-05-25",
	Reason:  "A browser drops a cookie whose prefix and attributes disagree; a session that script can read is stolen by the first injected script.",
	Cure:    "Set the attributes that the fault names.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, c := range p.Policy.Cookies {
		refuse := func(key, what, cure string) {
			faults = append(faults, p.Place("cookies", i, key).Fault(fmt.Sprintf("cookie %s %s", c.ID, what), cure))
		}
		if c.Storage != "cookie" {
			continue
		}
		if strings.HasPrefix(c.Name, "__Host-") && (!c.Secure || c.Scope == "parent") {
			refuse("name", "has the prefix __Host- but is not secure and for one host", "write secure: true and scope: host")
		}
		if strings.HasPrefix(c.Name, "__Secure-") && !c.Secure {
			refuse("name", "has the prefix __Secure- but is not secure", "write secure: true")
		}
		if c.SameSite == "none" && !c.Secure {
			refuse("same_site", "is sent across sites but is not secure", "write secure: true, or same_site: lax")
		}
		if slices.Contains([]string{"session", "antiforgery", "signin"}, c.Role) && (!c.HTTPOnly || !c.Secure) {
			refuse("role", fmt.Sprintf("plays the role %s but is not http_only and secure", c.Role), "write http_only: true and secure: true")
		}
	}
	return append(faults, clashes(p)...)
}

// clashes finds two cookies that would be the same one on a surface.
func clashes(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	type key struct{ what, surface string }
	first := map[key]string{}
	for i, c := range p.Policy.Cookies {
		for _, s := range c.Surfaces {
			for what, at := range map[string]string{"the name " + c.Name + " in " + c.Storage: "name", "the role " + c.Role: "role"} {
				if what == "the role " {
					continue
				}
				k := key{what, s}
				if other, twice := first[k]; twice && other != c.ID {
					faults = append(faults, p.Place("cookies", i, at).Fault(
						fmt.Sprintf("cookies %s and %s both have %s on surface %s", other, c.ID, what, s), "keep one of them there"))
				} else {
					first[k] = c.ID
				}
			}
		}
	}
	return faults
}
