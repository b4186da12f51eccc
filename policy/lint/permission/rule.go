// Package permission holds the rule about a device's permissions.
package permission

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "permission-reason",
	Title:   "A permission says why it is asked and whether one may refuse.",
	Source:  "UK GDPR Art 13(1)(c), Art 25(2); PECR reg 6",
	InForce: "2018-05-25",
	Reason:  "The reason is shown before the device asks; without one the person decides blind.",
	Cure:    "Add reason, required, and for an optional permission without.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Permissions {
		refuse := func(key, what, cure string) {
			faults = append(faults, p.Place("permissions", i, key).Fault(fmt.Sprintf("permission %s %s", q.ID, what), cure))
		}
		if q.Reason == "" {
			refuse("id", "does not say why it is asked", "add reason: in words for the person who is asked")
		}
		if q.Required == "" {
			refuse("id", "is neither mandatory nor optional", "add required: mandatory or required: optional")
		}
		if q.Required == "optional" && q.Without == "" {
			refuse("required", "is optional and does not say what is lost without it", "add without: and what the person goes without")
		}
		if len(q.Categories) == 0 {
			refuse("id", "does not say which data it opens", "add categories: with the categories it may reach")
		}
	}
	return faults
}
