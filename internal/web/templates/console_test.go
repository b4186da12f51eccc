package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/console"
	"candour/internal/web/member"
)

// consolePages are the pages of staff, each with everything and with next to
// nothing in it.
func consolePages() map[string][]any {
	table := []console.DecisionView{{On: "1 May 2026", Purpose: hostile, What: "Agreed"}}
	choices := &console.Timeline{From: "1 May 2026", To: "2 May 2026", Table: table, Rows: []console.TimelineRow{{Title: hostile, Now: "Agreed", Spans: []console.Span{{X: 1, Width: 2, Y: 3, Height: 4, Class: "given"}}}}}
	tickets := []console.TicketView{{Reference: "7K2M-9QXT", Opened: "1 May 2026", State: "open", Desk: "Support desk", About: hostile, Suggests: hostile, Href: "/enquiries/7K2M-9QXT"}, {Reference: "7K2M-9QXT"}}
	held := []console.Held{{Title: hostile, Records: []console.HeldRecord{{Value: hostile, Collected: "1 May 2026", Surface: hostile, Kept: hostile, Times: 2}, {}}}}
	facts := []console.Fact{{Name: "Account", Value: hostile}}
	links := []web.Link{{Label: hostile, Href: "/a"}}
	flows := []console.FlowGroup{{Purpose: hostile, Href: "/a", Flows: []console.FlowView{{Category: hostile, Href: "/b", From: []string{hostile}, To: []string{hostile}, Kept: hostile, Held: "7", Notes: []string{hostile}}, {}}}, {Purpose: hostile}}
	drawn := &console.Picture{Title: hostile, Description: hostile, Width: 10, Height: 20, Heads: []console.Label{{X: 1, Y: 2, Text: hostile}}, Lines: []console.Line{{X1: 1}}, Boxes: []console.Box{{Class: "box", Words: []console.Label{{Text: hostile}}}}}
	return map[string][]any{
		"console_evidence": {
			console.Evidence{
				Base: base(), Healthy: true, Health: hostile, Facts: facts, Key: hostile, Checkpoint: hostile, Verify: "/evidence/verify",
				Checked: &console.Checked{Began: "1 May 2026", Ended: "1 May 2026", Holds: true, Words: hostile, Lines: []string{hostile}}, Searches: &console.Searches{Total: "7", Last: []console.SearchView{{At: "1 May 2026", Who: hostile, Why: hostile, By: hostile, Refused: true}, {}}}, Entries: []console.EntryView{{Number: "1", At: "1 May 2026", Kind: "sweep.done", What: hostile}, {}},
			},
			console.Evidence{Base: base(), Verify: "/a", Running: true}, console.Evidence{Base: base(), Verify: "/a", Checked: &console.Checked{}}, console.Evidence{Base: base(), Searches: &console.Searches{Total: "0"}},
		},
		"console_telephone": {
			console.TelephoneView{Base: base(), At: "12:00", Parts: []console.Part{{Title: hostile, Words: hostile, Facts: facts}}, Calls: []console.CallView{{Number: "1", From: hostile, To: hostile, State: "Connected", Lasts: "2s", Sound: hostile, Heard: "1 and 2"}, {}}, More: 3, Trunks: []console.TrunkView{{ID: hostile, State: hostile, Down: true, Emergency: true, Failure: "503"}, {}}},
			console.TelephoneView{Base: base(), Help: true, Trunks: []console.TrunkView{{ID: hostile}}}, console.TelephoneView{Base: base()},
		},
		"console_work":  {console.Work{Base: base(), Parts: []console.Part{{Title: hostile, Behind: true, Words: hostile, Facts: facts}, {}}}, console.Work{Base: base()}},
		"console_audit": {console.Audit{Base: base(), Found: true, Facts: facts, Differences: []string{hostile}, More: 7, Report: "/audit/report", Fault: hostile}, console.Audit{Base: base(), Found: true}, console.Audit{Base: base()}},
		"console_policy": {
			console.Policy{
				Base: base(), Number: 2, From: "1 May 2026", Hash: "00", Notice: "/privacy", Record: links,
				Versions: []console.VersionView{{Number: 2, From: "1 May 2026", State: "in force", Notice: "/a", Since: "/b", Changes: []string{hostile}}, {Number: 1}},
				Roles:    []console.RoleGroup{{Role: hostile, Own: true, Rows: []console.RoleRow{{Purpose: hostile, Data: []string{hostile, "x"}, Ground: "Contract", Stops: hostile}, {}}}, {Role: hostile}},
			},
			console.Policy{Base: base()},
		},
		"console_data_map":  {console.DataMap{Base: base(), Policy: 1, Following: hostile, Purposes: links, Categories: links, Picture: drawn, Groups: flows, Different: []string{hostile}, Held: 7}, console.DataMap{Base: base()}},
		"console_home":      {console.Home{Base: base(), Role: hostile, Cards: []member.Card{{Title: hostile, Text: hostile, Href: "/a"}}}, console.Home{Base: base()}},
		"console_enquiries": {console.Enquiries{Base: base(), Desk: "Support desk", Tickets: tickets, Next: "/enquiries?after=1"}, console.Enquiries{Base: base()}},
		"console_enquiry": {
			console.Enquiry{Base: base(), Ticket: tickets[0], Open: true, Facts: facts, Seen: true, States: []string{hostile}, Groups: held, Person: "/person/a", Close: "/a", Move: "/b", Other: "Rights desk"},
			console.Enquiry{Base: base(), Erased: true}, console.Enquiry{Base: base(), Open: true, Complaint: true},
		},
		"console_firms":         {console.Firms{Base: base(), Firms: []console.FirmView{{Reference: "7K2M-9QXT", Opened: "1 May 2026", People: 2, Href: "/firms/7K2M-9QXT"}, {People: 1}}, Next: "/firms?after=1"}, console.Firms{Base: base()}},
		"console_firm":          {console.FirmPage{Base: base(), Reference: "7K2M-9QXT", Opened: "1 May 2026", Purpose: hostile, People: []console.FirmPerson{{Email: hostile, Reference: "7K2M-9QXT", Appoint: "/a"}, {Reference: "R", Appoint: "/b"}}}, console.FirmPage{Base: base()}},
		"console_people_search": {console.PeopleSearch{Base: base(), Form: form()}},
		"console_people_found":  {console.PeopleFound{Base: base(), People: []console.FoundView{{Number: 1, Reference: "7K2M-9QXT", Href: "/person/a"}, {Number: 2, Href: "/person/b"}}}, console.PeopleFound{Base: base()}},
		"console_person": {
			console.Person{
				Base: base(), Purpose: hostile, Why: hostile, Until: "12:00", Seen: true, States: []string{hostile}, Facts: facts, Groups: held,
				Withheld: []console.Withheld{{Title: hostile, Why: hostile}}, Unused: []string{hostile}, Tickets: tickets, Choices: choices,
			},
			console.Person{Base: base()}, console.Person{Base: base(), Seen: true, Stop: "/a"}, console.Person{Base: base(), Seen: true, Block: "/b"},
		},
	}
}
