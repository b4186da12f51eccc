// Package thirdparty holds the rule about cookies of others.
package thirdparty

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "third-party-consent",
	Title:   "A third party's cookie needs consent and names who receives what it tells.",
	Source:  "PECR reg 6 and Sch A1 para 5; UK GDPR Art 13(1)(e)",
	InForce: "2026-02-05",
	Reason:  "None of the exemptions covers telling somebody else about a visit; the one for statistics forbids it.",
	Cure:    "Put the cookie into a group with consent: true, and name its recipient.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, c := range p.Policy.Cookies {
		if c.Party != "third" {
			continue
		}
		if g, ok := p.Policy.GroupByID(c.Group); ok && !g.Consent && g.Exemption != "" {
			faults = append(faults, p.Place("cookies", i, "group").Fault(
				fmt.Sprintf("cookie %s is a third party's and stands in group %s, which asks for no consent", c.ID, g.ID),
				"name a group with consent: true"))
		}
		if c.Recipient == "" {
			faults = append(faults, p.Place("cookies", i, "party").Fault(
				fmt.Sprintf("cookie %s is a third party's and does not say whose", c.ID), "add recipient: with the id of a recipient"))
		}
	}
	return faults
}
