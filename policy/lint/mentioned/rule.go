// Package mentioned holds the rule that the notice leaves nothing out.
package mentioned

import (
	"fmt"
	"slices"
	"strings"

	"candour/policy"
)

// Rule is the rule.
var Rule = policy.Rule{
	ID:      "notice-complete",
	Title:   "The notice speaks of everything that is declared.",
	Source:  "UK GDPR Art 12(1), Art 13; PECR reg 6(2)(a)",
	InForce: "2018-05-25",
	Reason:  "A declaration that people cannot read informs nobody.",
	Cure:    "Name the thing in notice.md, by itself or by a table or list that shows it.",
	Check:   check,
}

func check(p *policy.Profile) policy.Faults {
	if p.Notice == nil {
		return policy.Faults{policy.Position{File: policy.NoticeFile, Line: 1, Column: 1}.Fault("the folder has no notice", "write notice.md")}
	}
	var faults policy.Faults
	pol, told := p.Policy, map[string]bool{}
	for _, m := range p.Notice.Mentions {
		told[m.Kind+" "+m.ID] = true
		if m.Block {
			for _, shown := range shows(pol, m) {
				told[shown] = true
			}
		}
	}
	say := func(key string, i int, kind, id string) {
		if id != "" && !told[kind+" "+id] {
			faults = append(faults, p.Place(key, i, "id").Fault(
				fmt.Sprintf("the notice does not mention %s %s", kind, id),
				fmt.Sprintf("write {{%s %s}} where notice.md speaks of it, or show it in a table or list", kind, id)))
		}
	}
	for i, c := range pol.Categories {
		say("categories", i, "category", c.ID)
	}
	for i, q := range pol.Purposes {
		say("purposes", i, "purpose", q.ID)
	}
	for i, r := range pol.Recipients {
		say("recipients", i, "recipient", r.ID)
	}
	for i, c := range pol.Cookies {
		say("cookies", i, "cookie", c.ID)
	}
	for i, q := range pol.Permissions {
		say("permissions", i, "permission", q.ID)
	}
	for i, r := range pol.Rights {
		say("rights", i, "right", r.ID)
	}
	for i, t := range pol.Terms {
		say("terms", i, "term", t.ID)
	}
	for i, d := range pol.Decisions {
		say("decisions", i, "decision", d.ID)
	}
	for i, s := range pol.Surfaces {
		say("surfaces", i, "surface", s.ID)
	}
	return faults
}

// shows is what a table or list puts before the reader.
func shows(p *policy.Policy, m policy.Mention) []string {
	var shown []string
	add := func(kind, id string) { shown = append(shown, kind+" "+id) }
	switch m.ID {
	case "categories":
		for i := range p.Categories {
			if m.ShowsCategory(p, &p.Categories[i]) {
				add("category", p.Categories[i].ID)
			}
		}
	case "cookies":
		for i := range p.Cookies {
			if m.ShowsCookie(&p.Cookies[i]) {
				add("cookie", p.Cookies[i].ID)
			}
		}
	case "permissions":
		for _, q := range p.Permissions {
			if s := m.Args["surface"]; s == "" || slices.Contains(q.Surfaces, s) {
				add("permission", q.ID)
			}
		}
	default:
		kind := strings.TrimSuffix(m.ID, "s")
		for _, id := range p.Names(kind) {
			add(kind, id)
		}
	}
	return shown
}
