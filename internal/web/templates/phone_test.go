package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/softphone"
)

// phonePages are the pages of the softphone, each with everything and with next
// to nothing in it.
func phonePages() map[string][]any {
	calls := []softphone.CallView{
		{Kind: "out", Who: hostile, What: hostile, When: hostile, Stamp: "2026-05-01T12:00:00+01:00", Dial: "1002", Call: "/#dial=1002", Forget: "/calls/7/forget", Block: "/calls/7/block", Report: "/calls/7/report", Noted: hostile},
		{Kind: "missed", Who: "Number withheld", What: "Missed call", When: "Today 12:00", Stamp: "2026-05-01T12:00:00+01:00"},
	}
	full := softphone.PermissionView{
		ID: "permission-a", Title: hostile, Meaning: hostile, Reason: hostile, Without: hostile, State: hostile, Tag: "needed", Since: hostile,
		Notice: "/privacy/versions/1", Words: []string{hostile}, Next: hostile, Link: &web.Link{Label: hostile, Href: "/security"}, Revoke: "/permissions/a/revoked",
	}
	needed := softphone.PermissionView{ID: "permission-b", Title: "B", Meaning: "M", Reason: "R", Needed: true, State: "Not asked so far", Tag: "optional", Grant: "/permissions/b/granted", Refuse: "/permissions/b/refused"}
	asked := []softphone.Ask{
		{Device: "notifications", Words: []string{"N", hostile, hostile, hostile, hostile}, Grant: "/permissions/n/granted", Refuse: "/permissions/n/refused"},
		{Device: "headset", Words: []string{"H", hostile}, Given: true}, {Device: "phone", Words: []string{"P", hostile}}, {Device: "microphone", Words: []string{"M", hostile}, Needed: true},
	}
	return map[string][]any{
		"this_device": {
			softphone.ThisDevice{
				Base: base(), Script: "/assets/device.js", Style: "/assets/phone.css", Dial: "/dial?number=%s", Asks: asked, Wake: "/wake", Key: "AAAA", Woken: 2,
				Service: hostile, Headset: true, Phone: true, Check: "/check", Line: true,
			},
			softphone.ThisDevice{Base: base()},
		},
		"quality": {
			softphone.Quality{Base: base(), Script: "/assets/device.js", Style: "/assets/phone.css", Form: &web.Form{ID: "quality", Title: hostile, Action: "/quality", Submit: "Send", Fields: []web.Field{{ID: "quality-message", Name: "message", Label: hostile, Type: "textarea", Optional: true}}}},
			softphone.Quality{Base: base(), Reference: hostile}, softphone.Quality{Base: base(), Stopped: true},
		},
		"phone": {
			softphone.Phone{
				Base: base(), Name: hostile, Extension: hostile, Form: web.Form{ID: "dial", Title: "Make a call", Action: "/", Purpose: hostile, Kept: hostile},
				Number: web.Field{ID: "dial-number", Name: "number", Label: hostile, Hint: hostile, Reason: hostile, MaxLength: 32, Describes: "dial-number-hint dial-number-reason"},
				Asks: []softphone.Ask{
					{Device: "microphone", Words: []string{"Microphone", hostile, hostile}, Needed: true, Grant: "/permissions/a/granted?shown=00", Refuse: "/permissions/a/refused"},
					{Device: "camera", Words: []string{"Camera", hostile, hostile, hostile, hostile}, Given: true, Grant: "/permissions/b/granted", Refuse: "/permissions/b/refused"},
				},
				Keys: []softphone.Key{{Digit: "1"}, {Digit: "2", Letters: "ABC"}, {Digit: "*", Name: "star"}}, Settings: "/call-settings", Unplaced: true, Quiet: true, Calls: calls, More: "/calls",
				Recording: &softphone.Recording{Path: "/call", Grant: "/recordings/allow?shown=00", Words: []string{hostile}, Page: "/recordings"},
				Voicemail: &softphone.Waiting{On: true, Fresh: 2, Old: 1, Page: "/voicemail"},
				Script:    "/assets/phone.js", Style: "/assets/phone.css", Session: "/session", Flow: "/sip",
				Manifest: "/app.webmanifest", Worker: "/worker.js", Wake: "/wake", Key: "AAAA", Help: true,
				Rescue: &softphone.Rescue{Told: true, Address: hostile, Ask: &softphone.Ask{Device: "geolocation", Words: []string{"Place", hostile}, Given: true, Grant: "/permissions/l/granted", Refuse: "/permissions/l/refused"}},
			},
			softphone.Phone{Base: base(), Extension: "1", Form: web.Form{ID: "dial", Title: "Make a call"}, Number: web.Field{ID: "dial-number", Name: "number", Label: "Number"}, More: "/calls", Help: true, Rescue: &softphone.Rescue{Ask: &softphone.Ask{Device: "geolocation"}}},
			softphone.Phone{Base: base(), Extension: "1", Form: web.Form{ID: "dial", Title: "Make a call"}, Number: web.Field{ID: "dial-number", Name: "number", Label: "Number"}, More: "/calls", Help: true, Rescue: &softphone.Rescue{Told: true}},
			softphone.Phone{Base: base(), Form: web.Form{ID: "dial", Title: "Make a call"}, More: "/calls"},
		},
		"calls":       {softphone.Calls{Base: base(), Calls: calls, Older: "/calls?before=3", Newest: "/calls", Kept: hostile}, softphone.Calls{Base: base(), Newest: "/calls"}, softphone.Calls{Base: base()}},
		"permissions": {softphone.Permissions{Base: base(), Asked: []softphone.PermissionView{full, needed}, Later: []softphone.PermissionView{{ID: "permission-c", Title: "C", State: "Not used yet"}}}, softphone.Permissions{Base: base()}},
	}
}
