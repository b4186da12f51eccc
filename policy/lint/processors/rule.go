// Package processors holds the rule about what is said of recipients.
package processors

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "processors-named",
	Title:   "A processor says what it does and where it can be read about.",
	Source:  "UK GDPR Art 13(1)(e), Art 28, Art 30(1)(d)",
	InForce: "2018-05-25",
	Reason:  "People and the regulator are to know who works on their data, and with what.",
	Cure:    "Add website, and the categories it receives.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, r := range p.Policy.Recipients {
		if r.Role == "processor" && r.Website == "" && !r.Several {
			faults = append(faults, p.Place("recipients", i, "id").Fault(
				fmt.Sprintf("processor %s has no website", r.ID), "add website: with its address, or several: true where the entry stands for a category of firms"))
		}
		if len(r.Categories) == 0 {
			faults = append(faults, p.Place("recipients", i, "id").Fault(
				fmt.Sprintf("recipient %s does not say what data it receives", r.ID), "add categories: with what it receives"))
		}
	}
	return faults
}
