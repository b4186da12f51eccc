// Package sections holds the rule about the notice's order and content.
package sections

import (
	"fmt"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "notice-sections",
	Title:   "The notice has numbered sections with anchors and tells all that Article 13 asks for.",
	Source:  "UK GDPR Art 12(1), Art 13(1) and (2)",
	InForce: "2018-05-25",
	Reason:  "People are sent to a section by a link; a section that has gone or a fact that is missing leaves them standing.",
	Cure:    "Number the sections from 1 and end each heading with {#anchor}; add the missing placeholder.",
	Check:   check,
}

// asked is what Art 13 wants told, and the placeholders that tell it.
var asked = []struct {
	what string
	any  []string
	need func(*policy.Policy) bool
}{
	{"who the controller is (Art 13(1)(a))", []string{"operator name"}, always},
	{"how to reach the data protection officer (Art 13(1)(b))", []string{"operator officer.email"}, always},
	{"what the data is used for and on which basis (Art 13(1)(c))", []string{"table purposes"}, always},
	{"who receives the data (Art 13(1)(e))", []string{"table recipients"}, func(p *policy.Policy) bool { return len(p.Recipients) > 0 }},
	{"how long data is kept (Art 13(2)(a))", []string{"table retention"}, always},
	{"which rights people have (Art 13(2)(b))", []string{"list rights"}, always},
	{"where to complain (Art 13(2)(d))", []string{"regulator name"}, always},
	{"which cookies are set (PECR reg 6)", []string{"table cookies"}, func(p *policy.Policy) bool { return len(p.Cookies) > 0 }},
}

func always(*policy.Policy) bool { return true }

func check(p *policy.Profile) policy.Faults {
	if p.Notice == nil {
		return nil // told of by notice-complete
	}
	faults := numbered(p.Notice)
	told := map[string]bool{}
	for _, m := range p.Notice.Mentions {
		told[m.Kind+" "+m.ID] = true
	}
	for _, a := range asked {
		found := !a.need(p.Policy)
		for _, placeholder := range a.any {
			found = found || told[placeholder]
		}
		if !found {
			faults = append(faults, policy.Position{File: p.Notice.File, Line: 1, Column: 1}.Fault(
				"the notice does not say "+a.what, fmt.Sprintf("add {{%s}} where it belongs", a.any[0])))
		}
	}
	return faults
}

func numbered(n *policy.Prose) policy.Faults {
	var faults policy.Faults
	next := 1
	for _, s := range n.Sections {
		if s.Level != 2 {
			continue
		}
		switch {
		case s.Number != next:
			faults = append(faults, s.Fault(
				fmt.Sprintf("the section %q is not number %d", s.Title, next), fmt.Sprintf("write ## %d. %s {#anchor}", next, s.Title)))
			next = max(s.Number, next)
		case s.Anchor == "":
			faults = append(faults, s.Fault(fmt.Sprintf("section %d has no anchor", s.Number), "end the heading with {#name}"))
		case s.Title == "":
			faults = append(faults, s.Fault(fmt.Sprintf("section %d has no title", s.Number), "say what it is about"))
		}
		next++
	}
	return faults
}
