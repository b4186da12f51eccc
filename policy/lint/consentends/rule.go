// Package consentends holds the rule that data held on consent goes with it.
package consentends

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "consent-ends",
	Title:   "What is held on consent alone is gone when consent is withdrawn.",
	Source:  "UK GDPR Art 7(3), Art 17(1)(b)",
	InForce: "2018-05-25",
	Reason:  "A class that counts from another event would keep data after the person took their yes back.",
	Cure:    "Use a retention class whose event is consent.withdrawn with period P0D, and a limit for the longest time.",
	Check:   check,
}

// Withdrawn is the retention event of withdrawal.
const Withdrawn = "consent.withdrawn"

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, q := range p.Policy.Purposes {
		for j, u := range q.Uses {
			r, ok := p.Policy.RetentionByID(u.Retention)
			if u.Basis != policy.Consent || !ok {
				continue
			}
			place := p.Place("purposes", i, "uses", j, "retention")
			atOnce := r.Event == policy.CollectedEvent && r.Period.IsZero()
			switch {
			case atOnce:
			case r.Event != Withdrawn:
				faults = append(faults, place.Fault(
					fmt.Sprintf("purpose %s rests on consent, but retention class %s counts from %s", q.ID, r.ID, r.Event),
					"name a class with event: consent.withdrawn and period: P0D; its limit says the longest time"))
			case !r.Period.IsZero():
				faults = append(faults, place.Fault(
					fmt.Sprintf("retention class %s keeps data for %s after consent is withdrawn", r.ID, r.Period.Words()),
					"make its period P0D"))
			}
		}
	}
	return faults
}
