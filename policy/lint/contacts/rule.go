// Package contacts holds the rule about how people reach the operator.
package contacts

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "contacts-complete",
	Title:   "Officer and support can be reached by e-mail, telephone and post.",
	Source:  "UK GDPR Art 13(1)(a) and (b); Company, LLP and Business (Names and Trading Disclosures) Regulations 2015 reg 25",
	InForce: "2018-05-25",
	Reason:  "A right is worth what it takes to use it; not everybody writes e-mails.",
	Cure:    "Add the missing title, telephone number or address.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for _, c := range []struct {
		key     string
		contact policy.Contact
	}{{"officer", p.Policy.Operator.Officer}, {"support", p.Policy.Operator.Support}} {
		for _, f := range []struct {
			key   string
			empty bool
		}{{"title", c.contact.Title == ""}, {"telephone", c.contact.Telephone == ""}, {"address", len(c.contact.Address) == 0}} {
			if f.empty {
				faults = append(faults, p.Place("operator", c.key).Fault(
					fmt.Sprintf("the contact %s has no %s", c.key, f.key), "add "+f.key+":"))
			}
		}
	}
	return faults
}
