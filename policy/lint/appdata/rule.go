// Package appdata holds the rule that data is marked mandatory or optional.
package appdata

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "app-data-marked",
	Title:   "Data of an app is marked mandatory or optional, and what is optional says what is lost without it.",
	Source:  "UK GDPR Art 13(2)(e), Art 25(2)",
	InForce: "2018-05-25",
	Reason:  "People can refuse only what they know they may refuse, and choose freely only if they know the price.",
	Cure:    "Add required: mandatory, or required: optional with without: and what is lost.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, c := range p.Policy.Categories {
		onApp := slices.ContainsFunc(c.Surfaces, func(id string) bool {
			s, ok := p.Policy.SurfaceByID(id)
			return ok && s.Kind == "app"
		})
		switch {
		case onApp && c.Required == "":
			faults = append(faults, p.Place("categories", i, "id").Fault(
				fmt.Sprintf("category %s is collected by an app and is neither mandatory nor optional", c.ID),
				"add required: mandatory or required: optional"))
		case c.Required == "optional" && c.Without == "":
			faults = append(faults, p.Place("categories", i, "required").Fault(
				fmt.Sprintf("category %s is optional and does not say what is lost without it", c.ID),
				"add without: and what the person goes without"))
		case c.Required == "mandatory" && c.Without != "":
			faults = append(faults, p.Place("categories", i, "without").Fault(
				fmt.Sprintf("category %s is mandatory but says what is lost without it", c.ID),
				"take without: out, or make the category optional"))
		}
	}
	return faults
}
