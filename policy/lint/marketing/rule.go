// Package marketing holds the rule about the basis of marketing.
package marketing

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "marketing-basis",
	Title:   "Marketing by opt-in rests on consent; soft opt-in rests on legitimate interests.",
	Source:  "PECR reg 22; UK GDPR Art 21(2)",
	InForce: "2003-12-11",
	Reason:  "The two have different conditions and different ends, so they are two purposes.",
	Cure:    "Match basis and marketing, or split the purpose.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	want := map[string]policy.Basis{"opt-in": policy.Consent, "soft-opt-in": policy.LegitimateInterest}
	for i, q := range p.Policy.Purposes {
		basis, marketing := want[q.Marketing]
		if !marketing {
			continue
		}
		for j, u := range q.Uses {
			if u.Basis != basis && u.Basis != "" {
				faults = append(faults, p.Place("purposes", i, "uses", j, "basis").Fault(
					fmt.Sprintf("purpose %s is marketing by %s but rests on %s", q.ID, q.Marketing, u.Basis),
					fmt.Sprintf("write basis: %s, or move the use to a purpose of its own", basis)))
			}
		}
	}
	return faults
}
