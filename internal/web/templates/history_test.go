package templates_test

import (
	"time"

	"candour/internal/history"
	"candour/internal/web"
	"candour/internal/web/portal"
)

// historyPages are the pages of what happened and of who may see what, each
// with everything and with next to nothing in it.
func historyPages() map[string][]any {
	entry := history.Entry{
		ID: 7, At: day, What: hostile, Who: hostile, ByPeople: true, Where: hostile, Why: hostile, Categories: []string{hostile, "Name"}, Count: 2,
		Choices: []history.Choice{{Title: hostile, Yes: true}, {Title: "Other"}}, Reference: hostile, Policy: 1, Times: 2,
	}
	line := portal.HistoryLine{Entry: entry, URL: "/history/7", Proof: "/history/7/proof", Each: []portal.HistoryEach{{Same: history.Same{ID: 6, At: day, What: hostile}, URL: "/history/6"}}}
	gate := portal.AccessGate{Gate: history.Gate{Kind: "staff", Who: "our staff", Shut: true}, OpenURL: "/access/staff/open", Grants: []portal.AccessGrant{{Label: hostile, Action: "/access/staff/grant/day"}}}
	timed := portal.AccessGate{Gate: history.Gate{Kind: "partner", Shut: true, Until: day.Add(time.Hour)}, OpenURL: "/access/partner/open", EndURL: "/access/partner/end"}
	role := history.Role{Title: hostile, Kind: "staff", Purposes: []history.Reason{
		{Title: hostile, Description: hostile, May: []string{hostile}, MayNot: []history.Barred{{Why: "not now", Categories: []string{hostile, "Name"}}}}, {Title: "Nothing"},
	}}
	return map[string][]any{
		"history": {
			portal.History{Base: base(), Shows: []web.Link{{Label: hostile, Href: "/history", Current: true}, {Label: "Other", Href: "/history?show=looks"}}, Days: []portal.HistoryDay{{Day: hostile, Lines: []portal.HistoryLine{line, {Entry: history.Entry{What: "Plain", At: day}}}}}, Access: "/access", Older: "/history?before=3", Newest: "/history"},
			portal.History{Base: base(), Newest: "/history"}, portal.History{Base: base()},
		},
		"history_entry": {
			portal.HistoryEntry{Base: base(), Entry: entry, Back: "/history", Notice: "/privacy/versions/1", Proof: "/history/7/proof", Key: "/evidence/key", Program: "/evidence/check-evidence.mjs", Place: 7, Says: hostile},
			portal.HistoryEntry{Base: base(), Entry: history.Entry{What: "Plain", At: day}, Back: "/history"},
		},
		"access": {
			portal.Access{Base: base(), Gates: []portal.AccessGate{gate, timed}, Roles: []history.Role{role, {Title: "Firm", Kind: "partner"}}, History: "/history"},
			portal.Access{Base: base(), Gates: []portal.AccessGate{{Gate: history.Gate{Kind: "staff"}, ShutURL: "/access/staff/shut"}}}, portal.Access{Base: base()},
		},
	}
}
