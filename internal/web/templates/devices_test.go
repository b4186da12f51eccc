package templates_test

import (
	"candour/internal/web/own"
)

// devicePages are the pages of people's own phones, each with everything and
// with next to nothing in it.
func devicePages() map[string][]any {
	return map[string][]any{
		"devices": {
			own.Devices{
				Base: base(), Extension: hostile, Devices: []own.DeviceView{{Name: hostile, Username: hostile, Added: hostile, Remove: "/devices/7/remove", Connected: hostile}, {Name: "B", Username: "u", Added: "1 May 2026", Remove: "/devices/8/remove"}}, Known: true, Browsers: hostile,
				Add: "/devices/add", Most: 10, Open: true, Kept: hostile, Data: "/data", Support: "/contact",
			},
			own.Devices{Base: base(), Extension: "1001", Most: 10, Full: true, Open: true, Data: "/data", Support: "/contact"},
			own.Devices{Base: base(), Extension: "1001", Known: true, Data: "/data", Support: "/contact"},
			own.Devices{Base: base(), Data: "/data", Support: "/contact"},
		},
		"device_add": {own.DeviceAdd{Base: base(), Extension: hostile, Form: form(), Back: "/devices"}},
		"device_added": {
			own.DeviceAdded{
				Base: base(), Name: hostile, Extension: hostile, Username: hostile, Password: hostile, Domain: hostile, Server: hostile, ServerTLS: hostile, Plain: true, Voicemail: hostile, Makers: []own.Maker{{Name: hostile, User: hostile, Password: hostile, Server: hostile, Proxy: hostile}},
				Picture: own.Picture{Units: 41, Path: hostile}, Back: "/devices",
			},
			own.DeviceAdded{Base: base(), Name: "kitchen", Back: "/devices", Plain: true, Picture: own.Picture{Units: 41, Path: "M4 4h1v1h-1z"}},
		},
	}
}
