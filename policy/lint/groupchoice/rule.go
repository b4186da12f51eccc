// Package groupchoice holds the rule about consent and exemption.
package groupchoice

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "consent-or-exemption",
	Title:   "A cookie group needs consent or falls under exactly one exemption.",
	Source:  "PECR reg 6 and Sch A1",
	InForce: "2026-02-05",
	Reason:  "Storage on a person's device is forbidden save with consent or for one of five reasons.",
	Cure:    "Write consent: true, or exemption: with one of the five.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i, g := range p.Policy.CookieGroups {
		switch {
		case g.Consent && g.Exemption != "":
			faults = append(faults, p.Place("cookie_groups", i, "exemption").Fault(
				fmt.Sprintf("cookie group %s asks for consent and claims the exemption %s", g.ID, g.Exemption), "keep one of the two"))
		case !g.Consent && g.Exemption == "":
			faults = append(faults, p.Place("cookie_groups", i, "id").Fault(
				fmt.Sprintf("cookie group %s neither asks for consent nor claims an exemption", g.ID),
				"add consent: true, or exemption: communication, strictly-necessary, statistical-purposes, appearance or emergency-assistance"))
		case g.Consent:
			faults = append(faults, consented(p, i, g)...)
		}
	}
	return faults
}

// consented checks that the purpose of a group that asks for consent rests on
// consent too: a yes to the cookie and a no to the use would contradict.
func consented(p *policy.Profile, i int, g policy.CookieGroup) policy.Faults {
	q, ok := p.Policy.PurposeByID(g.Purpose)
	if !ok || !slices.ContainsFunc(q.Uses, func(u policy.Use) bool { return u.Basis != policy.Consent && u.Basis != "" }) {
		return nil
	}
	return policy.Faults{p.Place("cookie_groups", i, "purpose").Fault(
		fmt.Sprintf("cookie group %s asks for consent, but its purpose %s does not rest on consent", g.ID, q.ID),
		"name a purpose whose every use has basis: consent")}
}
