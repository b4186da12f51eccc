// Package formfields holds the rule about what a field is for.
package formfields

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "form-fields",
	Title:   "Each field of a form holds one category, or says what else it is for.",
	Source:  "UK GDPR Art 5(1)(c), Art 13(1)(c)",
	InForce: "2018-05-25",
	Reason:  "A field that belongs to nothing collects data nobody declared.",
	Cure:    "Give the field a category or a control, and a label.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, f := range p.Policy.Forms {
		names := map[string]bool{}
		for j, q := range f.Fields {
			refuse := func(key, what, cure string) {
				faults = append(faults, p.Place("forms", i, "fields", j, key).Fault(fmt.Sprintf("field %s of form %s %s", q.Name, f.ID, what), cure))
			}
			switch {
			case q.Category == "" && q.Control == "":
				refuse("name", "has neither a category nor a control", "add category: with what it collects, or control: with why it holds no data")
			case q.Category != "" && q.Control != "":
				refuse("control", "has both a category and a control", "keep the category if it collects personal data")
			case q.Category != "" && q.Label == "":
				refuse("name", "has no label", "add label: with the question as the person reads it")
			case q.Control == "choice" && len(q.Options) == 0:
				refuse("control", "is a choice without options", "add options: each with value and label")
			}
			if names[q.Name] {
				refuse("name", "stands twice", "give each field a name of its own")
			}
			names[q.Name] = true
		}
	}
	return faults
}
