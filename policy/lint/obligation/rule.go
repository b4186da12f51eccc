// Package obligation holds the rule that a legal obligation is cited.
package obligation

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "obligation-cited",
	Title:   "A use on a legal obligation cites the law.",
	Source:  "UK GDPR Art 6(1)(c), Art 6(3)",
	InForce: "2018-05-25",
	Reason:  "An obligation that nobody can look up is none.",
	Cure:    "Add the law, with its article or section, to the use.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		for j, u := range q.Uses {
			if u.Basis == policy.LegalObligation && u.Law == "" {
				faults = append(faults, p.Place("purposes", i, "uses", j, "basis").Fault(
					fmt.Sprintf("purpose %s rests on a legal obligation and cites none", q.ID),
					"add law: with the statute and its section"))
			}
		}
	}
	return faults
}
