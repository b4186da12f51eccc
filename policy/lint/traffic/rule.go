// Package traffic holds the rule about traffic data.
package traffic

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "traffic-data",
	Title:   "Traffic data ends on a known day, and marketing with it needs consent.",
	Source:  "PECR reg 7 and 8",
	InForce: "2003-12-11",
	Reason:  "Who called whom and when must go once the call is done, save until the bill can no longer be questioned.",
	Cure:    "Use a class that counts from collection, or give it a limit; market with consent only.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		for j, u := range q.Uses {
			if !uses(p.Policy, u, "traffic") {
				continue
			}
			r, ok := p.Policy.RetentionByID(u.Retention)
			if ok && r.Event != policy.CollectedEvent && r.Limit.IsZero() {
				faults = append(faults, p.Place("purposes", i, "uses", j, "retention").Fault(
					fmt.Sprintf("purpose %s keeps traffic data until %s, which may never fall", q.ID, r.Event),
					fmt.Sprintf("name a class with event: collected, or give %s a limit", r.ID)))
			}
			if q.Marketing != "" && u.Basis != policy.Consent {
				faults = append(faults, p.Place("purposes", i, "uses", j, "basis").Fault(
					fmt.Sprintf("purpose %s uses traffic data for marketing on %s", q.ID, u.Basis), "write basis: consent, or take the category out"))
			}
		}
	}
	return faults
}

func uses(p *policy.Policy, u policy.Use, kind string) bool {
	for _, id := range u.Categories {
		if c, ok := p.CategoryByID(id); ok && c.Kind == kind {
			return true
		}
	}
	return false
}
