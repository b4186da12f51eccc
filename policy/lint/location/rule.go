// Package location holds the rule about location data.
package location

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "location-consent",
	Title:   "Location is used with consent only, save for emergency calls.",
	Source:  "PECR reg 14 and 16",
	InForce: "2003-12-11",
	Reason:  "Where a person is tells where they live, worship and are treated.",
	Cure:    "Write basis: consent, or vital-interests or legal-obligation for an emergency.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		for j, u := range q.Uses {
			if u.Basis == policy.Consent || u.Basis == policy.VitalInterests || u.Basis == policy.LegalObligation {
				continue
			}
			for k, id := range u.Categories {
				if c, ok := p.Policy.CategoryByID(id); ok && c.Kind == "location" {
					faults = append(faults, p.Place("purposes", i, "uses", j, "categories", k).Fault(
						fmt.Sprintf("purpose %s uses the location data %s on %s", q.ID, id, u.Basis), "move the category to a use with basis: consent"))
				}
			}
		}
	}
	return faults
}
