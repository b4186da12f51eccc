// Package references holds the rule that every name in a declaration is
// declared.
package references

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "references",
	Title:   "Every name that a declaration uses is declared.",
	Source:  "UK GDPR Art 5(2)",
	InForce: "2018-05-25",
	Reason:  "A purpose, category or recipient that is named and not declared is a promise nobody can keep or check.",
	Cure:    "Declare the thing, or correct the name.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	declared := map[string]map[string]bool{}
	type name struct{ kind, id string }
	at, places := map[name]int{}, map[name]int{}
	for _, ref := range p.References() {
		if declared[ref.Kind] == nil {
			declared[ref.Kind] = map[string]bool{}
			for _, id := range p.Policy.Names(ref.Kind) {
				declared[ref.Kind][id] = true
			}
		}
		if declared[ref.Kind][ref.ID] {
			continue
		}
		// A name that is missing is told once, however often it is used.
		n := name{ref.Kind, ref.ID}
		if places[n]++; places[n] > 1 {
			faults[at[n]].What = fmt.Sprintf("there is no %s %q (named here and in %d other places)", kindWords(ref.Kind), ref.ID, places[n]-1)
			continue
		}
		at[n] = len(faults)
		faults = append(faults, ref.Fault(fmt.Sprintf("there is no %s %q", kindWords(ref.Kind), ref.ID), policy.Suggest(ref.ID, p.Policy.Names(ref.Kind))))
	}
	return faults
}

func kindWords(kind string) string {
	if kind == "retention" {
		return "retention class"
	}
	return kind
}
