package templates_test

import "candour/internal/web/softphone"

// recordingPages are the page of recordings, with everything and with next to
// nothing in it.
func recordingPages() map[string][]any {
	const stamp = "2026-05-01T12:00:00+01:00"
	return map[string][]any{"recordings": {
		softphone.Recordings{
			Base: base(), Given: true, Withdraw: "/recordings/withdraw", Kept: hostile, Longest: 30, Choices: "/preferences#choice-x", Data: "/data",
			List: []softphone.RecordingView{
				{ID: "7", Who: hostile, When: hostile, Stamp: stamp, Length: hostile, Fresh: true, Sound: "/recordings/7/both", Mine: "/recordings/7/mine", Theirs: "/recordings/7/theirs", File: "/recordings/7/file", Remove: "/recordings/7/remove"},
				{ID: "8", Who: "Extension 1002", When: "Today 12:00", Stamp: stamp, Length: "9 sec", Note: hostile, Sound: "/recordings/8/both", File: "/recordings/8/file", Remove: "/recordings/8/remove"},
				{ID: "9", Who: "Extension 1002", When: "Today 12:01", Stamp: stamp, Length: "9 sec", Going: true, Mine: "/recordings/9/mine", Theirs: "/recordings/9/theirs"},
			},
			About: []softphone.RecordingView{{ID: "10", Who: hostile, When: hostile, Stamp: stamp, Length: hostile, TakeOut: "/recordings/10/take-out"}},
		},
		softphone.Recordings{Base: base(), Words: []string{hostile}, Allow: "/recordings/allow?shown=00", Withdraw: "/recordings/withdraw", Choices: "/preferences", Data: "/data"},
		softphone.Recordings{Base: base(), Needless: true, Choices: "/preferences", Data: "/data"},
	}}
}
