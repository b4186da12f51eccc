// Package rights holds the rule that no right is missing.
package rights

import (
	"fmt"
	"strings"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "rights-complete",
	Title:   "All rights are offered: the eight, withdrawal of consent, and complaint.",
	Source:  "UK GDPR Art 7(3), 13(2)(b) to (d), 13 to 22D; DPA 2018 s164A",
	InForce: "2026-06-19",
	Reason:  "A right that the notice leaves out is one that people do not know they have.",
	Cure:    "Declare the missing right with its words and how to use it.",
	Check:   check,
}

// All are the ids of the rights the law gives.
var All = []string{
	"informed", "access", "rectification", "erasure", "restriction", "portability", "objection",
	"automated-decision-review", "withdraw-consent", "complaint",
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	declared := map[string]bool{}
	for i, r := range p.Policy.Rights {
		declared[r.ID] = true
		known := false
		for _, id := range All {
			known = known || id == r.ID
		}
		if !known {
			faults = append(faults, p.Place("rights", i, "id").Fault(fmt.Sprintf("there is no right %q", r.ID), policy.Suggest(r.ID, All)))
		}
	}
	var missing []string
	for _, id := range All {
		if !declared[id] {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 && len(faults) == 0 {
		faults = append(faults, p.Place("rights").Fault(
			"the rights leave out "+strings.Join(missing, ", "), "add each with id, title, description, article and how"))
	}
	return faults
}
