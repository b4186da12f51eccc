package templates_test

import (
	"time"

	"candour/internal/history"
	"candour/internal/web"
	"candour/internal/web/own"
)

// historyPages are the pages of what happened and of who may see what, each
// with everything and with next to nothing in it.
func historyPages() map[string][]any {
	entry := history.Entry{
		ID: 7, At: day, What: hostile, Who: hostile, ByPeople: true, Where: hostile, Why: hostile, Categories: []string{hostile, "Name"}, Count: 2,
		Choices: []history.Choice{{Title: hostile, Yes: true}, {Title: "Other"}}, Reference: hostile, Policy: 1, Times: 2,
	}
	line := own.HistoryLine{Entry: entry, URL: "/history/7", Proof: "/history/7/proof", Each: []own.HistoryEach{{Same: history.Same{ID: 6, At: day, What: hostile}, URL: "/history/6"}}}
	gate := own.AccessGate{Gate: history.Gate{Kind: "staff", Who: "our staff", Shut: true}, OpenURL: "/access/staff/open", Grants: []own.AccessGrant{{Label: hostile, Action: "/access/staff/grant/day"}}}
	timed := own.AccessGate{Gate: history.Gate{Kind: "partner", Shut: true, Until: day.Add(time.Hour)}, OpenURL: "/access/partner/open", EndURL: "/access/partner/end"}
	role := history.Role{Title: hostile, Kind: "staff", Purposes: []history.Reason{
		{Title: hostile, Description: hostile, May: []string{hostile}, MayNot: []history.Barred{{Why: "not now", Categories: []string{hostile, "Name"}}}}, {Title: "Nothing"},
	}}
	return map[string][]any{
		"history": {
			own.History{Base: base(), Shows: []web.Link{{Label: hostile, Href: "/history", Current: true}, {Label: "Other", Href: "/history?show=looks"}}, Days: []own.HistoryDay{{Day: hostile, Lines: []own.HistoryLine{line, {Entry: history.Entry{What: "Plain", At: day}}}}}, Access: "/access", Older: "/history?before=3", Newest: "/history"},
			own.History{Base: base(), Newest: "/history"}, own.History{Base: base()},
		},
		"history_entry": {
			own.HistoryEntry{Base: base(), Entry: entry, Back: "/history", Notice: "/privacy/versions/1", Proof: "/history/7/proof", Key: "/evidence/key", Program: "/evidence/check-evidence.mjs", Place: 7, Says: hostile},
			own.HistoryEntry{Base: base(), Entry: history.Entry{What: "Plain", At: day}, Back: "/history"},
		},
		"access": {
			own.Access{Base: base(), Gates: []own.AccessGate{gate, timed}, Roles: []history.Role{role, {Title: "Firm", Kind: "partner"}}, History: "/history"},
			own.Access{Base: base(), Gates: []own.AccessGate{{Gate: history.Gate{Kind: "staff"}, ShutURL: "/access/staff/shut"}}}, own.Access{Base: base()},
		},
	}
}
