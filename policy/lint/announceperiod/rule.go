// Package announceperiod holds the rule about telling people in time.
package announceperiod

import "candour/policy"

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "announce-period",
	Title:   "A change that people must be told of is announced some time before it applies.",
	Source:  "UK GDPR Art 13(3), Art 5(1)(a)",
	InForce: "2018-05-25",
	Reason:  "Whoever is told of a change in the moment it applies cannot object, leave or ask before it does.",
	Cure:    "Write how long before, such as announce_period: P30D.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	if !p.Policy.Settings.AnnouncePeriod.IsZero() {
		return nil
	}
	place, what := p.Place("settings", "announce_period"), "announce_period is no time"
	if place == p.Place("settings") {
		what = "the settings have no announce_period"
	}
	return policy.Faults{place.Fault(
		what+": a change would apply in the moment in which people are told of it",
		"write how long before it applies people are told, such as announce_period: P30D")}
}
