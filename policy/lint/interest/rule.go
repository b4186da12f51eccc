// Package interest holds the rule that a legitimate interest is stated.
package interest

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "interest-stated",
	Title:   "A use on legitimate interests says which interest.",
	Source:  "UK GDPR Art 6(1)(f), Art 6(1)(ea) and Annex 1, Art 13(1)(d)",
	InForce: "2018-05-25",
	Reason:  "People can object only to a reason that they were told.",
	Cure:    "Add the interest, in words, to the use.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		for j, u := range q.Uses {
			needs := u.Basis == policy.LegitimateInterest || u.Basis == policy.RecognisedInterest
			switch {
			case needs && u.Interest == "":
				faults = append(faults, p.Place("purposes", i, "uses", j, "basis").Fault(
					fmt.Sprintf("purpose %s rests on %s and does not say which", q.ID, u.Basis),
					"add interest: with the interest in plain words"))
			case !needs && u.Interest != "":
				faults = append(faults, p.Place("purposes", i, "uses", j, "interest").Fault(
					fmt.Sprintf("purpose %s states an interest but rests on %s", q.ID, u.Basis),
					"take the interest out, or make the basis legitimate-interests"))
			}
		}
	}
	return faults
}
