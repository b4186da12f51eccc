package templates_test

import (
	"candour/internal/web/console"
)

// consolePages are the pages of staff, each with everything and with next to
// nothing in it.
func consolePages() map[string][]any {
	table := []console.DecisionView{{On: "1 May 2026", Purpose: hostile, What: "Agreed"}}
	choices := &console.Timeline{From: "1 May 2026", To: "2 May 2026", Table: table, Rows: []console.TimelineRow{{Title: hostile, Now: "Agreed", Spans: []console.Span{{X: 1, Width: 2, Y: 3, Height: 4, Class: "given"}}}}}
	tickets := []console.TicketView{{Reference: "7K2M-9QXT", Opened: "1 May 2026", State: "open", Desk: "Support desk", About: hostile, Suggests: hostile, Href: "/enquiries/7K2M-9QXT"}, {Reference: "7K2M-9QXT"}}
	return map[string][]any{
		"console_people_search": {console.PeopleSearch{Base: base(), Form: form()}},
		"console_people_found":  {console.PeopleFound{Base: base(), People: []console.FoundView{{Number: 1, Reference: "7K2M-9QXT", Href: "/person/a"}, {Number: 2, Href: "/person/b"}}}, console.PeopleFound{Base: base()}},
		"console_person": {
			console.Person{
				Base: base(), Purpose: hostile, Why: hostile, Until: "12:00", Seen: true, States: []string{hostile}, Facts: []console.Fact{{Name: "Account", Value: hostile}},
				Groups:   []console.Held{{Title: hostile, Records: []console.HeldRecord{{Value: hostile, Collected: "1 May 2026", Surface: hostile, Kept: hostile}, {}}}},
				Withheld: []console.Withheld{{Title: hostile, Why: hostile}}, Unused: []string{hostile}, Tickets: tickets, Choices: choices,
			},
			console.Person{Base: base()}, console.Person{Base: base(), Seen: true},
		},
	}
}
