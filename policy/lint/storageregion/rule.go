// Package storageregion holds the rule about where the operator keeps data.
package storageregion

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "storage-region",
	Title:   "The operator keeps personal data in the EEA or the United Kingdom.",
	Source:  "UK GDPR Art 44; the operator's own promise",
	InForce: "2018-05-25",
	Reason:  "Storage elsewhere would be a transfer of everything.",
	Cure:    "Name EEA, GB, or a country of the EEA; what must be elsewhere is a recipient with a safeguard.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, r := range p.Policy.Storage.Regions {
		if r != "" && !r.Near() {
			faults = append(faults, p.Place("storage", "regions", i).Fault(
				fmt.Sprintf("personal data is kept in %s", r), "keep it in EEA or GB; declare whoever must hold it elsewhere as a recipient"))
		}
	}
	return faults
}
