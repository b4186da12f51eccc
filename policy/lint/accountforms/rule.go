// Package accountforms holds the rule about the forms of an account's own pages.
package accountforms

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "account-forms",
	Title:   "The form about-you rests on consent, the form profile does not, and the form preferences has a box for each channel that is chosen there.",
	Source:  "UK GDPR Art 6(1), Art 7; PECR reg 22",
	InForce: "2018-05-25",
	Reason:  "The program asks for consent with about-you and not with profile, and a channel without a box could never be allowed.",
	Cure:    cure,
	Check:   check,
}

const cure = "Move the field to the other form or the form to another purpose; name a box by the id of the channel, with control: consent."

// The forms that the program gives a meaning to (internal/profile,
// internal/consent/people).
const (
	details, aboutMe, choices = "profile", "about-you", "preferences"
)

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i := range p.Policy.Forms {
		f := &p.Policy.Forms[i]
		q, ok := p.Policy.PurposeByID(f.Purpose)
		if !ok {
			continue // the rule of references says so
		}
		var what string
		switch f.ID {
		case details:
			what = rests(f, q, false)
		case aboutMe:
			what = rests(f, q, true)
		case choices:
			what = boxes(p.Policy, f)
		}
		if what != "" {
			faults = append(faults, p.Place("forms", i, "purpose").Fault(what, cure))
		}
	}
	return faults
}

// rests says which field of a form rests on consent where it must not, or does
// not where it must.
func rests(f *policy.Form, q *policy.Purpose, consent bool) string {
	for _, x := range f.Fields {
		for _, u := range q.Uses {
			if x.Category != "" && slices.Contains(u.Categories, x.Category) && (u.Basis == policy.Consent) != consent {
				return fmt.Sprintf("form %s asks for %s, which its purpose %s uses on %s", f.ID, x.Category, q.ID, u.Basis.Words())
			}
		}
	}
	return ""
}

// boxes says which channel has no box. A purpose with one channel needs none:
// it has a button.
func boxes(p *policy.Policy, f *policy.Form) string {
	for _, q := range p.Purposes {
		if len(q.Channels) < 2 || q.Marketing != "opt-in" {
			continue
		}
		for _, c := range q.Channels {
			if x, ok := f.FieldNamed(c); !ok || x.Control != "consent" {
				return fmt.Sprintf("form %s has no box %s, by which purpose %s comes", f.ID, c, q.ID)
			}
		}
	}
	return ""
}
