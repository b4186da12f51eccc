package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/softphone"
)

// phonePages are the pages of the softphone, each with everything and with next
// to nothing in it.
func phonePages() map[string][]any {
	calls := []softphone.CallView{
		{Kind: "out", Who: hostile, What: hostile, When: hostile, Stamp: "2026-05-01T12:00:00+01:00", Dial: "1002", Forget: "/calls/7/forget"},
		{Kind: "missed", Who: "Number withheld", What: "Missed call", When: "Today 12:00", Stamp: "2026-05-01T12:00:00+01:00"},
	}
	full := softphone.PermissionView{
		ID: "permission-a", Title: hostile, Meaning: hostile, Reason: hostile, Without: hostile, State: hostile, Tag: "needed", Since: hostile,
		Notice: "/privacy/versions/1", Words: []string{hostile}, Next: hostile, Link: &web.Link{Label: hostile, Href: "/security"}, Revoke: "/permissions/a/revoked",
	}
	needed := softphone.PermissionView{ID: "permission-b", Title: "B", Meaning: "M", Reason: "R", Needed: true, State: "Not asked so far", Tag: "optional"}
	return map[string][]any{
		"phone": {
			softphone.Phone{
				Base: base(), Name: hostile, Extension: hostile, Form: web.Form{ID: "dial", Title: "Make a call", Action: "/", Purpose: hostile, Kept: hostile},
				Number: web.Field{ID: "dial-number", Name: "number", Label: hostile, Hint: hostile, Reason: hostile, MaxLength: 32, Describes: "dial-number-hint dial-number-reason"},
				Asks: []softphone.Ask{
					{Device: "microphone", Words: []string{"Microphone", hostile, hostile}, Needed: true, Grant: "/permissions/a/granted?shown=00", Refuse: "/permissions/a/refused"},
					{Device: "camera", Words: []string{"Camera", hostile, hostile, hostile, hostile}, Given: true, Grant: "/permissions/b/granted", Refuse: "/permissions/b/refused"},
				},
				Keys: []softphone.Key{{Digit: "1"}, {Digit: "2", Letters: "ABC"}, {Digit: "*", Name: "star"}}, Calls: calls, More: "/calls",
				Voicemail: &softphone.Waiting{On: true, Fresh: 2, Old: 1, Page: "/voicemail"},
				Script:    "/assets/phone.js", Style: "/assets/phone.css", Session: "/session", Flow: "/sip",
			},
			softphone.Phone{Base: base(), Form: web.Form{ID: "dial", Title: "Make a call"}, More: "/calls"},
		},
		"calls":       {softphone.Calls{Base: base(), Calls: calls, Older: "/calls?before=3", Newest: "/calls", Kept: hostile}, softphone.Calls{Base: base(), Newest: "/calls"}, softphone.Calls{Base: base()}},
		"permissions": {softphone.Permissions{Base: base(), Asked: []softphone.PermissionView{full, needed}, Later: []softphone.PermissionView{{ID: "permission-c", Title: "C", State: "Not used yet"}}}, softphone.Permissions{Base: base()}},
	}
}
