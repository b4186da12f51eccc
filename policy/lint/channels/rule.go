// Package channels holds the rule about the ways in which marketing comes.
package channels

import (
	"fmt"
	"slices"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "marketing-channels",
	Title:   "Marketing names its channels once each, and uses the data that each needs; nothing else has channels.",
	Source:  "PECR regs 19 to 22; UK GDPR Art 7",
	InForce: "2003-12-11",
	Reason:  "A person may say yes to letters and no to calls, so each way is asked about on its own, and a way that has no number or address to use is an empty question.",
	Cure:    "Name each channel once, add the category it needs to a use, or take the channel out.",
	Check:   check,
}

// formats of the data that each channel needs.
var formats = map[string]string{"email": "email", "telephone": "telephone", "text": "telephone", "post": "address"}

func check(p *policy.Profile) policy.Faults {
	var faults policy.Faults
	for i := range p.Policy.Purposes {
		q := &p.Policy.Purposes[i]
		if len(q.Channels) > 0 && q.Marketing == "" {
			faults = append(faults, p.Place("purposes", i, "channels").Fault(
				fmt.Sprintf("purpose %s has channels but is no marketing", q.ID),
				"take channels out, or write marketing: opt-in or soft-opt-in"))
			continue
		}
		for j, c := range q.Channels {
			if fault := channel(p.Policy, q, c, slices.Contains(q.Channels[:j], c)); fault != "" {
				faults = append(faults, p.Place("purposes", i, "channels", j).Fault(fault, "take the channel out, or add the category that it needs to a use of the purpose"))
			}
		}
	}
	return faults
}

// channel says what is wrong with a channel of a purpose, empty if nothing is.
func channel(p *policy.Policy, q *policy.Purpose, channel string, twice bool) string {
	format, known := formats[channel]
	switch {
	case !known:
		return "" // not one of them: found where the file is read
	case twice:
		return fmt.Sprintf("purpose %s names the channel %s twice", q.ID, channel)
	case !uses(p, q, format):
		return fmt.Sprintf("purpose %s comes by %s but uses no category of the format %s", q.ID, policy.ChannelWords(channel), format)
	}
	return ""
}

func uses(p *policy.Policy, q *policy.Purpose, format string) bool {
	for _, u := range q.Uses {
		for _, id := range u.Categories {
			// What is not declared may be meant: the rule of references says so.
			if c, ok := p.CategoryByID(id); !ok || c.Format == format {
				return true
			}
		}
	}
	return false
}
