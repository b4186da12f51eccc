// Package surfaces holds the rule about the operator's sites and apps.
package surfaces

import (
	"fmt"
	"strings"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "surface-hosts",
	Title:   "Each surface has a host of its own, and local hosts stay on this machine.",
	Source:  "UK GDPR Art 25(1), Art 32; RFC 6761 section 6.3",
	InForce: "2018-05-25",
	Reason:  "Two surfaces on one host would share cookies and permissions; a local domain outside .localhost could be answered by a stranger.",
	Cure:    "Give each surface its own host label and end local_domain with .localhost.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	first := map[string]string{}
	for i, s := range p.Policy.Surfaces {
		if other, twice := first[s.Host]; twice {
			faults = append(faults, p.Place("surfaces", i, "host").Fault(
				fmt.Sprintf("surfaces %s and %s are on the same host", other, s.ID), "give one of them another host label"))
		}
		first[s.Host] = s.ID
	}
	if d := p.Policy.Operator.LocalDomain; d != "" && !strings.HasSuffix(d, ".localhost") {
		faults = append(faults, p.Place("operator", "local_domain").Fault(
			fmt.Sprintf("the local domain %s is not under .localhost", d), "write a name such as "+p.Policy.Operator.ID+".localhost"))
	}
	return faults
}
