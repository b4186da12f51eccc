// Package cookielife holds the rule about the life of cookies.
package cookielife

import (
	"fmt"
	"time"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "cookie-lifetime",
	Title:   "No cookie lives longer than 400 days.",
	Source:  "PECR reg 6; draft-ietf-httpbis-rfc6265bis section 5.5",
	InForce: "2003-12-11",
	Reason:  "Browsers cut every cookie at 400 days, so a longer declaration is untrue; and the regulator asks for a life that fits the purpose.",
	Cure:    "Declare 400 days (P400D) or less.",
	Check:   check,
}

const longest = 400 // days

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	start := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, c := range p.Policy.Cookies {
		if c.Lifetime.From(start).After(start.AddDate(0, 0, longest)) {
			faults = append(faults, p.Place("cookies", i, "lifetime").Fault(
				fmt.Sprintf("cookie %s lives for %s", c.ID, c.Lifetime.Words()), "write P400D or less"))
		}
	}
	return faults
}
