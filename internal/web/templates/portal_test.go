package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/own"
)

// portalPages are the portal's own pages, each with everything and with next to
// nothing in it.
func portalPages() map[string][]any {
	f := form()
	rows := []own.CategoryGroup{
		{Title: hostile, Rows: []own.CategoryRow{{Title: hostile, State: hostile, Detail: hostile, Href: "#f-xtext", Held: true}, {Title: "Other", State: "never stored"}}},
		{Rows: []own.CategoryRow{{Title: "Last", State: "not collected so far"}}},
	}
	ways := web.Form{ID: "preferences-a", Action: "/preferences/a/channels", Submit: "Save", Fields: []web.Field{{ID: "preferences-a-email", Name: "email", Label: hostile, Type: "checkbox", Value: "yes"}}, Hidden: []web.HiddenField{{Name: "t", Value: hostile}}}
	full := own.ChoiceView{
		ID: "choice-a", Title: hostile, Description: hostile, State: hostile, Tag: "needed", Since: hostile, VersionURL: "/privacy/versions/1", Words: []string{hostile}, Open: true,
		Channels: &ways, Yes: "/preferences/a/yes", YesLabel: hostile, No: "/preferences/a/no", NoLabel: hostile, Note: hostile, Widened: []string{hostile}, Link: &web.Link{Label: hostile, Href: "/contact"},
	}
	return map[string][]any{
		"portal_profile": {
			own.Profile{
				Base: base(), Said: hostile, Details: &f, Filled: []own.Filled{{Label: hostile, Remove: "/profile/remove/profile/a"}}, Groups: rows,
				About: &own.About{
					Form: web.Form{ID: "about-you", Title: "About", Action: "/profile/about-you", Submit: "Save"}, Words: []string{hostile}, Given: true, On: "1 May 2026",
					Filled: []own.Filled{{Label: hostile, Remove: "/profile/remove/about-you/a"}}, Withdraw: "/preferences/a/no",
				},
			},
			own.Profile{Base: base(), Account: []own.Fact{{Name: "Role", Value: hostile}}, Groups: rows},
			own.Profile{Base: base(), About: &own.About{Form: web.Form{ID: "about-you", Title: "About", Action: "/profile/about-you", Submit: "Save"}, Given: true, On: "1 May 2026", Withdraw: "/preferences/a/no"}},
		},
		"portal_preferences": {
			own.Preferences{
				Base: base(), Services: true, Calls: "/unwanted-calls",
				Sections: []own.Section{{ID: "marketing", Title: "News", Lead: hostile, Choices: []own.ChoiceView{full}}, {ID: "fixed", Title: "Needed", Choices: []own.ChoiceView{{ID: "choice-b", Title: "B", State: "Needed"}}}},
			},
			own.Preferences{Base: base()},
		},
		"portal_choices": {
			own.ChoiceHistory{
				Base: base(), Past: []own.PastView{
					{When: "now", Title: hostile, What: hostile, Where: hostile, How: hostile, Version: 1, VersionURL: "/privacy/versions/1", Words: []string{hostile}},
					{When: "then", Title: "Other", What: "You said no", VersionURL: "/privacy/versions/1", Print: "0123"},
				}, Notices: []own.NoticeView{{Version: 1, URL: "/privacy/versions/1", When: "now", How: hostile, Where: hostile}},
			},
			own.ChoiceHistory{Base: base()},
		},
	}
}
