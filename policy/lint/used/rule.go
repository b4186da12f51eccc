// Package used holds the rule that what is declared is used.
package used

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "category-used",
	Title:   "Every category is used by a purpose, and every purpose by an actor.",
	Source:  "UK GDPR Art 5(1)(b) and (c)",
	InForce: "2018-05-25",
	Reason:  "Data without a purpose may not be collected; a purpose nobody may act for is a promise about nothing.",
	Cure:    "Name the category in a purpose and the purpose at an actor, or take them out.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	categories, purposes := map[string]bool{}, map[string]bool{}
	for _, q := range p.Policy.Purposes {
		for _, u := range q.Uses {
			for _, id := range u.Categories {
				categories[id] = true
			}
		}
	}
	for _, a := range p.Policy.Actors {
		for _, id := range a.Purposes {
			purposes[id] = true
		}
	}
	for i, c := range p.Policy.Categories {
		if !categories[c.ID] {
			faults = append(faults, p.Place("categories", i, "id").Fault(
				fmt.Sprintf("no purpose uses category %s", c.ID), "name it in a purpose, or take it out"))
		}
	}
	for i, q := range p.Policy.Purposes {
		if !purposes[q.ID] {
			faults = append(faults, p.Place("purposes", i, "id").Fault(
				fmt.Sprintf("no actor may act for purpose %s", q.ID), "name it at an actor, or take it out"))
		}
	}
	return faults
}
