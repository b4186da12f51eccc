// Package recipientpurpose holds the rule that sharing has a purpose.
package recipientpurpose

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "recipient-purpose",
	Title:   "A recipient receives data for a declared purpose that uses it.",
	Source:  "UK GDPR Art 5(1)(b), Art 6(1), Art 13(1)(e)",
	InForce: "2018-05-25",
	Reason:  "Sharing is a use: without a purpose it has no lawful basis.",
	Cure:    "Name the recipient at a purpose whose uses hold every category it receives.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, r := range p.Policy.Recipients {
		covered, named := map[string]bool{}, false
		for _, q := range p.Policy.Purposes {
			if !slices.Contains(q.Recipients, r.ID) {
				continue
			}
			named = true
			for _, u := range q.Uses {
				for _, id := range u.Categories {
					covered[id] = true
				}
			}
		}
		if !named {
			faults = append(faults, p.Place("recipients", i, "id").Fault(
				fmt.Sprintf("no purpose shares data with recipient %s", r.ID), "name it under recipients: of a purpose, or take it out"))
			continue
		}
		for j, id := range r.Categories {
			if _, declared := p.Policy.CategoryByID(id); declared && !covered[id] {
				faults = append(faults, p.Place("recipients", i, "categories", j).Fault(
					fmt.Sprintf("recipient %s receives %s, which none of its purposes uses", r.ID, id),
					"add the category to a use of one of those purposes, or take it out here"))
			}
		}
	}
	return faults
}
