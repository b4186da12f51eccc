package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/softphone"
)

// chatPages are the pages of messages, each with everything and with next to
// nothing in it.
func chatPages() map[string][]any {
	permit := &softphone.Permit{ID: "permit-a", Ask: "May it?", Words: []string{"Storage", hostile, hostile, hostile, hostile}, Grant: "/permissions/a/granted", Refuse: "/permissions/a/refused"}
	again := &softphone.Permit{ID: "permit-b", Ask: "May it?", Words: []string{"Camera", hostile}, Grant: "/permissions/b/granted"}
	words := web.Form{ID: "message", Title: "Write", Action: "/chat/7", Submit: "Send", Fields: []web.Field{{ID: "message-message", Name: "message", Label: hostile, Value: hostile, MaxLength: 2000}}, Hidden: []web.HiddenField{{Name: "t", Value: hostile}}}
	file := web.Form{ID: "message-file", Title: "Send a file", Action: "/chat/7/file", Submit: "Send", Upload: true, Fields: []web.Field{{ID: "message-file-file", Name: "file", Label: hostile, Type: "file"}}}
	photo := file
	photo.ID = "message-file-photo"
	photo.Fields = []web.Field{{ID: "message-file-photo-file", Name: "file", Label: hostile, Type: "file", Accept: "image/*", Capture: true}}
	messages := []softphone.MessageView{
		{Mine: true, Who: "You", Text: hostile, When: hostile, Stamp: "2026-05-01T12:00:00+01:00", Read: true, Forget: "/chat/7/1/forget"},
		{Who: hostile, Photo: "/chat/7/2/file", Name: hostile, Forget: "/chat/7/2/forget"},
		{Who: hostile, File: "/chat/7/3/file", Name: hostile, Forget: "/chat/7/3/forget"},
		{Mine: true, Who: "You", Place: &softphone.PlaceView{Shown: true, Where: hostile, Within: hostile, Map: "https://map.example/", Till: hostile, Back: "/chat/7/4/unshare"}, Forget: "/chat/7/4/forget"},
		{Who: hostile, Place: &softphone.PlaceView{}, Forget: "/chat/7/5/forget"},
	}
	full := softphone.Chat{
		Base: base(), Who: hostile, Messages: messages, Older: "/chat/7?before=1", Words: words, Reason: hostile, Storage: permit, Camera: again, File: file, Photo: photo, Limits: hostile,
		Sharing: &softphone.Sharing{Form: web.Form{ID: "place"}, Field: "position", Ask: &softphone.Permit{ID: "permit-c", Ask: "May it?", Words: []string{"Place"}, Grant: "/permissions/c/granted"}}, Said: hostile, Kept: hostile, Self: "/chat/7", Live: "/chat/events", Style: "/assets/phone.css", Script: "/assets/chat.js",
	}
	given := full
	place := web.Form{ID: "place", Title: "Share", Action: "/chat/7/place", Submit: "Share"}
	given.Storage, given.Camera, given.Said = nil, nil, ""
	given.Sharing = &softphone.Sharing{Form: place, Field: "position", Granted: true, Revoke: "/permissions/c/revoked"}
	return map[string][]any{
		"chats": {
			softphone.Chats{Base: base(), Threads: []softphone.ThreadView{{Who: hostile, Last: hostile, When: hostile, Stamp: "2026-05-01T12:00:00+01:00", Href: "/chat/7", New: 2}}, Form: form(), Kept: hostile, Line: true, Live: "/chat/events", Style: "/assets/phone.css", Script: "/assets/chat.js"},
			softphone.Chats{Base: base()},
		},
		"chat": {full, given, softphone.Chat{Base: base(), Who: "B", Newest: "/chat/7", Self: "/chat/7"}, softphone.Chat{Base: base(), Who: "B", Closed: true, Self: "/chat/7"}},
	}
}
