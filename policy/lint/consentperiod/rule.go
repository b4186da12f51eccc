// Package consentperiod holds the rule about asking again.
package consentperiod

import (
	"fmt"
	"time"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "consent-period",
	Title:   "A choice about cookies is asked again after one to twenty-four months.",
	Source:  "PECR reg 6; regulator's guidance on storage and access technologies",
	InForce: "2003-12-11",
	Reason:  "Asked more often, people say yes to be left alone; never asked again, a yes goes stale.",
	Cure:    "Write a period between P1M and P24M; six months is usual.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	start := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	period := p.Policy.Settings.ConsentPeriod
	end := period.From(start)
	if end.Before(start.AddDate(0, 0, 28)) || end.After(start.AddDate(2, 0, 0)) {
		return policy.Faults{p.Place("settings", "consent_period").Fault(
			fmt.Sprintf("a choice about cookies would be asked again after %s", period.Words()), "write a period between P1M and P24M, such as P6M")}
	}
	return choiceCookie(p)
}

// choiceCookie checks that the cookie which remembers the choice does not
// outlive it.
func choiceCookie(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	start := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, c := range p.Policy.Cookies {
		if c.Role == "consent" && c.Lifetime.From(start).After(p.Policy.Settings.ConsentPeriod.From(start).AddDate(0, 0, 4)) {
			faults = append(faults, p.Place("cookies", i, "lifetime").Fault(
				fmt.Sprintf("cookie %s remembers the choice for %s, longer than the consent period of %s", c.ID, c.Lifetime.Words(), p.Policy.Settings.ConsentPeriod.Words()),
				"write a lifetime no longer than consent_period"))
		}
	}
	return faults
}
