// Package onebasis holds the rule that a use has one lawful basis.
package onebasis

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "one-basis",
	Title:   "A purpose uses a category on exactly one lawful basis.",
	Source:  "UK GDPR Art 6(1), Art 13(1)(c)",
	InForce: "2018-05-25",
	Reason:  "With two bases nobody could say whether withdrawing consent ends the use.",
	Cure:    "Name the category in one use of the purpose; where there really are two reasons, declare two purposes.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		first := map[string]policy.Basis{}
		for j, u := range q.Uses {
			for k, id := range u.Categories {
				if basis, twice := first[id]; twice {
					faults = append(faults, p.Place("purposes", i, "uses", j, "categories", k).Fault(
						fmt.Sprintf("purpose %s uses %s twice, on %s and on %s", q.ID, id, basis, u.Basis),
						"keep it in one use, or declare a second purpose"))
					continue
				}
				first[id] = u.Basis
			}
		}
	}
	return faults
}
