package templates_test

import (
	"candour/internal/web/console"
	"candour/internal/web/own"
	"candour/policy"
)

// spendingPages are the pages about what calls cost, each with everything and
// with next to nothing in it.
func spendingPages() map[string][]any {
	facts := []own.Fact{{Name: hostile, Value: hostile}}
	line := own.BlockLine{When: hostile, State: hostile, Href: "/spending/blocks/7K2M-9QXT"}
	f := form()
	held := []console.Held{{Title: hostile, Records: []console.HeldRecord{{Value: hostile, Collected: hostile}}}}
	return map[string][]any{
		"spending": {
			own.Spending{
				Base: base(), Whose: hostile, Month: hostile, Spent: hostile, Held: hostile, Cap: hostile, Percent: 80, Near: true, Reached: true, MayChange: true, CapHref: "/a", Price: "/b",
				Classes: []own.ClassView{{Title: hostile, State: hostile, Press: "/c", Label: hostile}, {Title: "t", State: "s", Barred: true}}, Standing: &line, Blocks: []own.BlockLine{line, {When: "w", State: "s"}},
				Months: []own.MonthLine{{Name: hostile, Value: hostile, Href: "/m"}}, Hourly: 60, Longest: hostile, Decision: &policy.Decision{ID: "toll-fraud"}, Patterns: []string{hostile}, Within: hostile, People: "/d", Privacy: "/e", Kept: hostile,
			},
			own.Spending{Base: base(), Near: true, Standing: &own.BlockLine{ByStaff: true}}, own.Spending{Base: base()},
		},
		"spending_people": {own.Colleagues{Base: base(), People: []own.ColleagueLine{{Who: hostile, Spent: hostile, Cap: hostile, Blocked: true, Href: "/a"}, {Who: "b", Href: "/b"}}, Back: "/c"}, own.Colleagues{Base: base()}},
		"statement": {
			own.Statement{
				Base: base(), Whose: hostile, Month: hostile, Total: hostile, Calls: 2, Length: hostile, More: 3, File: "/a", Back: "/b",
				Items: []own.BilledView{{When: hostile, Stamp: "2026-05-01T12:00:00+01:00", Number: hostile, Class: hostile, Length: hostile, Cost: hostile}, {}},
			},
			own.Statement{Base: base(), Plain: true, Settings: "/c"}, own.Statement{Base: base(), Plain: true, Whose: hostile}, own.Statement{Base: base(), Items: []own.BilledView{{}}, Settings: "/d"}, own.Statement{Base: base()},
		},
		"spending_form": {own.SpendingForm{Base: base(), Whose: hostile, Lead: hostile, Form: f, Answer: facts, Back: "/a"}, own.SpendingForm{Base: base(), Form: f}},
		"spending_block": {
			own.Block{
				Base: base(), Reference: hostile, Made: hostile, Stands: true, Alone: true, State: hostile, Saw: hostile, Rule: hostile, Facts: facts, Said: hostile, Reason: hostile, Form: &f, Within: hostile,
				Officer: hostile, Email: hostile, Back: "/a",
			},
			own.Block{Base: base()}, own.Block{Base: base(), ByStaff: true, Form: &f},
		},
		"console_stop":   {console.Stop{Base: base(), Account: hostile, Form: f, Person: "/a"}},
		"console_blocks": {console.Blocks{Base: base(), Blocks: []console.BlockView{{Reference: hostile, Made: hostile, State: hostile, Saw: hostile, Href: "/a", Late: true}, {Href: "/b"}}}, console.Blocks{Base: base()}},
		"console_block": {
			console.BlockPage{
				Base: base(), Reference: hostile, State: hostile, Saw: hostile, Rule: hostile, Seen: true, States: []string{hostile}, Facts: []console.Fact{{Name: hostile, Value: hostile}}, Groups: held, Form: &f,
				Classes: []console.ClassView{{Title: hostile, State: hostile, Press: "/a", Label: hostile}}, Person: "/b",
			},
			console.BlockPage{Base: base()},
		},
	}
}
