// Package safeguard holds the rule about transfers abroad.
package safeguard

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "transfer-safeguard",
	Title:   "A recipient outside the EEA and the United Kingdom has a safeguard.",
	Source:  "UK GDPR Art 44 to 49; Art 13(1)(f)",
	InForce: "2018-05-25",
	Reason:  "Data that leaves the protection of the law needs another one, and people are to be told which.",
	Cure:    "Name the safeguard of the recipient.",
	Check:   check,
}

// real are the safeguards that carry a transfer: regulations on adequacy
// (Art 45A), the UK extension to the EU-US framework, and Art 46 contracts and
// binding rules.
var real = []string{"adequacy", "data-bridge", "idta", "scc-addendum", "bcr"}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, r := range p.Policy.Recipients {
		if r.Region.Near() || p.Broken(p.Place("recipients", i, "region")) {
			continue
		}
		switch {
		case !slices.Contains(real, r.Safeguard):
			place := p.Place("recipients", i, "safeguard")
			if r.Safeguard == "" {
				place = p.Place("recipients", i, "region")
			}
			faults = append(faults, place.Fault(
				fmt.Sprintf("recipient %s is in %s, outside the EEA and the United Kingdom, without a safeguard", r.ID, r.Region),
				"add safeguard: adequacy, data-bridge, idta, scc-addendum or bcr"))
		case r.Safeguard == "data-bridge" && r.Region != "US":
			faults = append(faults, p.Place("recipients", i, "safeguard").Fault(
				fmt.Sprintf("recipient %s is in %s, and the data bridge reaches the United States only", r.ID, r.Region),
				"name the safeguard that this transfer really has"))
		}
	}
	return faults
}
