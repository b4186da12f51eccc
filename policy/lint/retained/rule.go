// Package retained holds the rule that every use says how long.
package retained

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "retention-set",
	Title:   "Every use says how long data is kept, and every class of retention ends.",
	Source:  "UK GDPR Art 5(1)(e), Art 13(2)(a)",
	InForce: "2018-05-25",
	Reason:  "What has no end is kept for ever, which the law forbids and the sweep could not undo.",
	Cure:    "Name a retention class in the use; give a class that may wait for its event a limit.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		for j, u := range q.Uses {
			if u.Retention == "" {
				faults = append(faults, p.Place("purposes", i, "uses", j).Fault(
					fmt.Sprintf("a use of purpose %s does not say how long data is kept", q.ID),
					"add retention: with the id of a retention class"))
			}
		}
	}
	for i, r := range p.Policy.Retention {
		if r.Event == policy.CollectedEvent && !r.Limit.IsZero() {
			faults = append(faults, p.Place("retention", i, "limit").Fault(
				fmt.Sprintf("retention class %s counts from collection and has a limit as well", r.ID),
				"keep the period alone"))
		}
	}
	return faults
}
