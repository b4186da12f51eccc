package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/softphone"
)

// contactPages are the pages of address books, each with everything and with
// next to nothing in it.
func contactPages() map[string][]any {
	find := web.Form{ID: "contact-find", Title: "Find", Action: "/contacts/find", Submit: "Find", Fields: []web.Field{{ID: "contact-find-find", Name: "find", Label: hostile, Value: hostile, Reason: hostile, MaxLength: 200}}, Hidden: []web.HiddenField{{Name: "t", Value: hostile}}}
	permit := &softphone.Permit{ID: "permit-contacts", Ask: "May it?", Words: []string{"Contacts", hostile, hostile, hostile, hostile}, Without: hostile, Grant: "/permissions/contacts/granted", Refuse: "/permissions/contacts/refused"}
	return map[string][]any{
		"contacts": {
			softphone.Contacts{
				Base: base(), Find: find, All: 2, Looked: true, Style: "/assets/phone.css", Script: "/assets/contacts.js", Kept: hostile, Revoke: "/permissions", People: "/directory",
				Contacts: []softphone.ContactView{{Name: hostile, Company: hostile, Email: hostile, Note: hostile, Numbers: []softphone.NumberView{{Label: hostile, Number: hostile, Call: "/dial?number=1", Write: "/contacts/1/write/0"}}, Edit: "/contacts/1"}, {Name: "B", Edit: "/contacts/2"}},
			},
			softphone.Contacts{Base: base(), Permit: permit},
			softphone.Contacts{Base: base(), Looked: true, All: 1, Find: find},
			softphone.Contacts{Base: base()},
		},
		"directory": {
			softphone.Directory{Base: base(), Find: find, People: []softphone.ColleagueView{{Name: hostile, Extension: hostile, Call: "/dial?number=1", Write: "/chat/7"}}, All: 1, Looked: true, In: true, Name: hostile, Own: hostile, Words: []string{hostile}, Leave: "/directory/leave", Correct: "/profile", Style: "/assets/phone.css"},
			softphone.Directory{Base: base(), Own: "1001", Join: "/directory/join"},
			softphone.Directory{Base: base(), Looked: true},
		},
		"contact_edit": {softphone.ContactEdit{Base: base(), Form: form(), Reason: hostile, New: true, Back: "/contacts"}, softphone.ContactEdit{Base: base(), Form: form(), Remove: "/contacts/1/remove", Back: "/contacts"}},
		"contact_import": {
			softphone.ContactImport{Base: base(), Form: form(), Most: 1000, Size: "4 MB", Back: "/contacts", Report: &softphone.ImportReport{Added: 1, Not: []softphone.NotTakenView{{Place: 1, Name: hostile, Why: hostile}, {Place: 2, Why: hostile}}, Left: []string{hostile}}},
			softphone.ContactImport{Base: base(), Form: form(), Back: "/contacts"},
		},
	}
}
