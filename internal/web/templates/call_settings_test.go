package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/console"
	"candour/internal/web/own"
	"candour/internal/web/softphone"
)

// settingsPages are the pages of what people set of their lines and of calls
// they report, each with everything and with next to nothing in it.
func settingsPages() map[string][]any {
	one := func() *web.Form { f := form(); return &f }
	named := func(id string) *web.Form {
		return &web.Form{ID: id, Title: hostile, Action: "/call-settings/" + id, Submit: hostile}
	}
	report := console.ReportView{Kind: hostile, Called: hostile, Reported: hostile, Number: hostile, Href: "/call-reports/7"}
	call := softphone.CallView{Kind: "in", Who: hostile, What: hostile, When: hostile, Stamp: "2026-05-01T12:00:00+01:00"}
	return map[string][]any{
		"call_settings": {
			own.CallSettings{
				Base: base(), Extension: hostile, Support: "/contact", Helped: hostile, QuietUntil: hostile, Kept: hostile, Data: "/data",
				Quiet: named("a"), Number: named("b"), Anonymous: named("c"), Bill: named("d"), Forward: named("e"), Block: named("h"),
				Forwards:  []own.ForwardView{{When: hostile, To: hostile, Stopped: hostile, Remove: "/call-settings/forward/7/remove"}},
				Incoming:  []own.IncomingView{{Who: hostile, What: hostile, Act: "/call-settings/forwarded/7/stop"}, {Who: hostile, What: hostile, Stopped: true, Act: "/call-settings/forwarded/8/allow"}},
				Blocks:    []own.BlockView{{Who: hostile, Added: hostile, Remove: "/call-settings/block/7/remove"}},
				Emergency: &own.EmergencyView{Lines: []string{hostile, hostile}, Form: *one(), Warned: hostile, Read: "/call-settings/address/read"},
			},
			own.CallSettings{Base: base(), Extension: "1001", Emergency: &own.EmergencyView{Form: form(), Read: "/call-settings/address/read"}, Support: "/contact", Data: "/data"},
			own.CallSettings{Base: base(), Support: "/contact", Data: "/data"},
		},
		"call_report": {softphone.CallReport{Base: base(), Call: call, Form: form(), Back: "/calls", Blocked: "/call-settings#blocked"}},
		"console_reports": {
			console.Reports{Base: base(), Reports: []console.ReportView{report}, Next: "/call-reports?after=7"}, console.Reports{Base: base()},
		},
		"console_report": {
			console.ReportPage{Base: base(), Report: report, Open: true, Seen: true, Happened: hostile, Caller: hostile, Close: "/call-reports/7/close"},
			console.ReportPage{Base: base(), Report: report, Seen: true}, console.ReportPage{Base: base(), Report: report},
		},
	}
}
