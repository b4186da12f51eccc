package templates_test

import (
	"candour/internal/web/own"
)

// voicemailPages are the pages of people's voicemail, each with everything and
// with next to nothing in it.
func voicemailPages() map[string][]any {
	return map[string][]any{
		"voicemail": {
			own.Voicemail{
				Base: base(), Script: "/assets/voicemail.js", Extension: hostile, Fresh: 1, On: true, Wait: 20, Mail: true, Greeting: "/voicemail/greeting/sound", Standard: "/voicemail/greeting/remove",
				Code: hostile, Set: "/voicemail/settings", Most: 100, Longest: 2, Kept: hostile, Data: "/data", Support: "/contact",
				Messages: []own.MessageView{
					{From: hostile, When: hostile, Stamp: "2026-05-01T12:00:00+01:00", Length: hostile, Fresh: true, Heard: "/voicemail/7/heard", Sound: "/voicemail/7/sound", Remove: "/voicemail/7/remove", Call: "/#dial=1001"},
					{From: "Number withheld", When: "1 May 2026 12:00", Stamp: "2026-05-01T12:00:00+01:00", Length: "9 seconds", Sound: "/voicemail/8/sound", Remove: "/voicemail/8/remove"},
				},
			},
			own.Voicemail{Base: base(), Extension: "1001", On: true, Set: "/voicemail/settings", Data: "/data", Support: "/contact"},
			own.Voicemail{Base: base(), Extension: "1001", Set: "/voicemail/settings", Data: "/data", Support: "/contact"},
			own.Voicemail{Base: base(), Data: "/data", Support: "/contact"},
		},
		"voicemail_set": {own.VoicemailSet{Base: base(), Form: form(), Code: hostile, Back: "/voicemail"}},
	}
}
