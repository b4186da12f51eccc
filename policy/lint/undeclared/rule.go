// Package undeclared holds the rule that words speak only of what is declared.
package undeclared

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "words-declared",
	Title:   "The notice and the pages name only what is declared.",
	Source:  "UK GDPR Art 5(1)(a)",
	InForce: "2018-05-25",
	Reason:  "A sentence about something that is not declared is a promise that no door keeps.",
	Cure:    "Declare the thing, or correct the placeholder.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	texts := []*policy.Prose{}
	if p.Notice != nil {
		texts = append(texts, p.Notice)
	}
	for _, page := range p.Pages {
		texts = append(texts, page.Body)
	}
	for _, text := range texts {
		for _, m := range text.Mentions {
			if m.Block {
				faults = append(faults, arguments(p, m)...)
				continue
			}
			names := p.Policy.Names(m.Kind)
			known := false
			for _, n := range names {
				known = known || n == m.ID
			}
			if !known {
				faults = append(faults, m.Fault(fmt.Sprintf("%s %q is not declared", m.Kind, m.ID), policy.Suggest(m.ID, names)))
			}
		}
	}
	return faults
}
