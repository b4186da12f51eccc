// Package automated holds the rule about decisions that software makes alone,
// and about the limits of calls, which it watches over.
package automated

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "decisions-fair",
	Title:   "A decision made by software alone says by which numbers, uses no special data, and is answered by a person in time.",
	Source:  "UK GDPR Art 22A to 22D, 13(2)(f)",
	InForce: "2026-02-05",
	Reason:  "Whoever is stopped by a computer must be able to know why, and to reach a person.",
	Cure:    "Give each pattern the numbers that its kind needs, and the decision a time within which a person answers.",
	Check:   check,
}

// Bounds of what may be declared.
const (
	longestAnswer = 31 // days, within a month (Art 12(3), 12A)
	hours         = 24
)

func check(p *policy.Profile) policy.Faults {
	faults := calling(p)
	for i, d := range p.Policy.Decisions {
		say := func(key, what, cure string) {
			faults = append(faults, p.Place("decisions", i, key).Fault("decision "+d.ID+" "+what, cure))
		}
		if w := d.Within; w.IsZero() || w.Years > 0 || w.Months > 1 || w.Months == 1 && w.Days > 0 || w.Days > longestAnswer {
			say("within", "does not say that a person answers within a month", "add within: with at most P1M")
		}
		for _, id := range d.Categories {
			if c, ok := p.Policy.CategoryByID(id); ok && c.Kind == "special" {
				say("categories", "rests on "+id+", which is special", "leave special data out of what a computer decides by (Article 22B)")
			}
		}
		for j, q := range d.Patterns {
			if what, cure := lacks(&q); what != "" {
				faults = append(faults, p.Place("decisions", i, "patterns", j, "kind").Fault(fmt.Sprintf("the pattern %s %s", q.ID, what), cure))
			}
		}
	}
	return faults
}

// lacks says which number a pattern lacks.
func lacks(q *policy.Pattern) (what, cure string) {
	switch {
	case q.Count < 1:
		return "has no count", "add count: with a number from 1"
	case q.Kind != "at-once" && q.Within.IsZero():
		return "does not say how far back it looks", "add within: with a period such as PT10M"
	case q.Kind == "short-calls" && q.Seconds < 1:
		return "does not say how short a call must be", "add seconds: with a number from 1"
	case q.Kind == "sudden-spend" && q.Pence < 1:
		return "does not say how much must be spent", "add pence: with a number from 1"
	case q.Kind == "at-night" && (q.From == q.Until || q.From >= hours || q.Until >= hours):
		return "does not say when the night is", "add from: and until: with two different hours from 0 to 23"
	}
	return "", ""
}

func calling(p *policy.Profile) policy.Faults {
	c := &p.Policy.Calling
	fault := func(key, what, cure string) policy.Faults {
		return policy.Faults{p.Place("calling", key).Fault(what, cure)}
	}
	switch {
	case !c.Offered() && c.Cap > 0:
		return fault("cap", "calls may cost something, but what they may cost at the most is not declared", "add most: with pence")
	case !c.Offered():
		return nil
	case c.Cap > c.Most:
		return fault("cap", "what an account may spend at first is more than what it may spend at all", "make cap no more than most")
	case c.Hourly < 1:
		return fault("hourly", "no number of calls an hour is declared", "add hourly: with a number from 1")
	case c.Longest.IsZero():
		return fault("longest", "how long a call may last is not declared", "add longest: with a period such as PT2H")
	}
	return nil
}
