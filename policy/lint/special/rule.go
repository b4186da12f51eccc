// Package special holds the rule about special categories of data.
package special

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "special-category",
	Title:   "A use of a special category names a condition of Article 9.",
	Source:  "UK GDPR Art 9(1) and (2)",
	InForce: "2018-05-25",
	Reason:  "Health, belief, origin and the like may not be used at all without one of the ten conditions.",
	Cure:    "Name the condition in the use.",
	Check:   check,
}

// conditions are Art 9(2)(a) to (j).
var conditions = []string{
	"explicit-consent", "employment-and-social-protection", "vital-interests", "not-for-profit-body", "made-public",
	"legal-claims", "substantial-public-interest", "health-or-social-care", "public-health", "archiving-research-statistics",
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		for j, u := range q.Uses {
			if u.Condition != "" && !slices.Contains(conditions, u.Condition) {
				faults = append(faults, p.Place("purposes", i, "uses", j, "condition").Fault(
					fmt.Sprintf("%q is no condition of Article 9(2)", u.Condition), policy.Suggest(u.Condition, conditions)))
			}
			if u.Condition == "explicit-consent" && u.Basis != policy.Consent {
				faults = append(faults, p.Place("purposes", i, "uses", j, "condition").Fault(
					fmt.Sprintf("purpose %s rests on %s but claims explicit consent", q.ID, u.Basis), "make the basis consent, or name another condition"))
			}
			for k, id := range u.Categories {
				c, ok := p.Policy.CategoryByID(id)
				if ok && c.Kind == "special" && u.Condition == "" {
					faults = append(faults, p.Place("purposes", i, "uses", j, "categories", k).Fault(
						fmt.Sprintf("purpose %s uses the special category %s without a condition", q.ID, id),
						"add condition: explicit-consent, or another condition of Article 9(2)"))
				}
			}
		}
	}
	return faults
}
