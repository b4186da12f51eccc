package templates_test

import (
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/member"
)

// accountPages are the pages of accounts, each with everything and with next
// to nothing in it.
func accountPages() map[string][]any {
	f := form()
	key := web.Form{ID: "key", Title: "Passkey", Action: "/sign-in/passkey", Submit: "Use it", Passkey: "get", Question: `{"challenge":"` + hostile + `"}`}
	links := []web.Link{{Label: hostile, Href: "/security"}}
	factor := account.Factor{Added: "1 May 2026", Used: "2 May 2026", Remove: "/security/credentials/1/remove"}
	sessions := []account.SessionView{{Where: "Portal", Browser: hostile, System: "Linux", Address: "192.0.2.1", Began: "now", Seen: "now", Way: "with a passkey", Here: true}, {Where: "Portal", End: "/security/sessions/1/end"}}
	return map[string][]any{
		"account_form": {account.Ask{Base: base(), Heading: "Heading", Lead: hostile, Words: []string{hostile}, Forms: []web.Form{f, key}, Links: links, Narrow: true}, account.Ask{Base: base(), Heading: "Heading"}},
		"account_done": {account.Done{Base: base(), Heading: "Done", Words: []string{hostile}, Links: links, Confirm: "/people/1/close", ConfirmLabel: hostile}, account.Done{Base: base(), Heading: "Done"}},
		"account_security": {
			account.Security{Base: base(), Email: hostile, Reference: "7K2M-9QXT", Passkeys: []account.Factor{factor, {Added: "1 May 2026"}}, App: &factor, Codes: &factor, Sessions: sessions, Others: true},
			account.Security{Base: base(), Reference: "7K2M-9QXT"}, account.Security{Base: base(), Owes: true},
		},
		"account_authenticator": {account.Authenticator{Base: base(), Picture: "/security/authenticator/picture", Secret: hostile, Form: f}},
		"account_codes":         {account.Codes{Base: base(), Codes: []string{"aaaa-bbbb-cccc"}}},
		"account_people":        {account.People{Base: base(), People: []account.PersonView{{Email: hostile, Role: "Partner firm", Reference: "7K2M-9QXT", Self: true}, {Reference: "1", Close: "/people/1/close", Appoint: "/people/1/appoint"}}}, account.People{Base: base(), Staff: true}},
		"portal_home":           {member.Home{Base: base(), Name: hostile, Cards: []member.Card{{Title: hostile, Text: hostile, Href: "/security"}}, Later: hostile}, member.Home{Base: base(), Heading: hostile, Lead: hostile}, member.Home{Base: base()}},
		"surface_welcome":       {member.Welcome{Base: base(), Eyebrow: "Op", Heading: hostile, Words: []string{hostile}, SignUp: true, Categories: []string{hostile}, Cookies: []string{"a"}}, member.Welcome{Base: base(), Heading: "Heading"}},
	}
}
