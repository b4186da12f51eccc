// Package formuse holds the rule about forms and what they may collect.
package formuse

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "form-use",
	Title:   "A form collects only what its surface may collect and its purpose uses.",
	Source:  "UK GDPR Art 5(1)(b) and (c)",
	InForce: "2018-05-25",
	Reason:  "The vault would refuse the record, and the person would have typed for nothing.",
	Cure:    "Name the surface at the category and the category at the purpose, or take the field out.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, f := range p.Policy.Forms {
		q, known := p.Policy.PurposeByID(f.Purpose)
		for j, field := range f.Fields {
			c, ok := p.Policy.CategoryByID(field.Category)
			if !ok {
				continue
			}
			place := p.Place("forms", i, "fields", j, "category")
			for _, surface := range f.Surfaces {
				if !slices.Contains(c.Surfaces, surface) {
					faults = append(faults, place.Fault(
						fmt.Sprintf("form %s asks for %s on surface %s, which may not collect it", f.ID, c.ID, surface),
						fmt.Sprintf("add %s to the category's surfaces, or take the field out", surface)))
				}
			}
			if known && !slices.ContainsFunc(q.Uses, func(u policy.Use) bool { return slices.Contains(u.Categories, c.ID) }) {
				faults = append(faults, place.Fault(
					fmt.Sprintf("form %s asks for %s, which its purpose %s does not use", f.ID, c.ID, q.ID),
					"add the category to a use of the purpose, or take the field out"))
			}
			if c.NotHeld {
				faults = append(faults, place.Fault(
					fmt.Sprintf("form %s asks for %s, which is declared as never stored", f.ID, c.ID),
					"take not_held out of the category, or take the field out"))
			}
		}
	}
	return faults
}
