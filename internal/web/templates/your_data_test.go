package templates_test

import (
	"candour/internal/rights"
	"candour/internal/web"
	"candour/internal/web/own"
	"candour/internal/web/website"
	"candour/internal/web/yourdata"
	"candour/policy"
)

// yourDataPages are the pages about people's data, each with everything and
// with next to nothing in it.
func yourDataPages() map[string][]any {
	f := form()
	act := func(label string) web.Act {
		return web.Act{Action: "/your-data/act/see", Label: label, About: hostile, Look: "danger", Hidden: []web.HiddenField{{Name: "token", Value: hostile}}}
	}
	one := act("One")
	choices := []yourdata.Choice{{Title: hostile, Description: hostile, Made: true, Act: act("Back")}, {Title: "T", Act: act("On")}}
	kept := []rights.Kept{{Class: "tax", Title: hostile, Reason: hostile, Law: []string{hostile, "B"}, Categories: []string{hostile, "B"}, Until: day, Count: 2}, {Class: "x", Title: "x"}}
	category := rights.Category{ID: "contact.email", Title: hostile, Source: hostile, Kind: "ordinary", Count: 25}
	processing := rights.Processing{
		Purposes:   []rights.Purpose{{ID: "p", Title: hostile, Description: hostile, Grounds: []rights.Ground{{Categories: []string{hostile, "b"}, Basis: "contract", Why: hostile}}}},
		Recipients: []rights.Recipient{{Name: hostile, Role: hostile, What: hostile, Region: "GB", Safeguard: hostile}}, Retention: []rights.Retention{{Title: hostile, Reason: hostile}},
		Rights: []rights.Right{{ID: "access", Title: hostile, Description: hostile, How: hostile}}, Automated: hostile,
		Complaint: rights.Regulator{Name: hostile, Telephone: "1", Website: "https://regulator.example/"}, Decisions: rights.Decisions{Restricted: true, Consents: []string{hostile, "b"}, Objections: []string{hostile}},
	}
	button, link := yourdata.Way{Act: &one}, yourdata.Way{Link: &web.Link{Label: hostile, Href: "/data"}, About: hostile, Look: "danger"}
	full := yourdata.Choices{Records: 1, Restricted: true, File: one, Take: []web.Act{one}, Restrict: one, Erase: link, Object: choices, Withdraw: choices}
	held := yourdata.Held{
		Made: day, Controller: rights.Controller{Name: hostile, Address: []string{hostile}, Officer: hostile, Email: "o@example.org", Telephone: "1"}, Records: 1,
		Groups: []yourdata.Group{{Category: category, Items: []yourdata.Item{
			{Item: rights.Item{ID: "1", Value: hostile, Encoding: "text", Role: "mentioned", Until: &day, Collected: day}, For: []string{hostile, hostile}, Correct: button},
			{Item: rights.Item{Encoding: "base64", Role: "party"}, Correct: link}, {Item: rights.Item{Role: "subject"}},
		}, More: 5}},
		Facts: []rights.Fact{{Title: hostile, At: day, Code: "x"}}, MoreFacts: 3, Processing: processing,
		Happened: []rights.Happening{{Entry: "7", At: day, What: hostile, By: hostile, Where: hostile, Why: hostile}, {At: day, What: "Plain."}}, MoreHappened: true,
	}
	content, empty := content(), web.Content{Heading: "Heading"}
	return map[string][]any{
		"your_data":      {website.YourData{Base: base(), Content: content, Form: f}, website.YourData{Base: base(), Content: empty, Form: f}},
		"your_data_sent": {website.YourDataSent{Base: base(), Kept: hostile}, website.YourDataSent{Base: base()}},
		"your_data_choices": {
			website.YourDataChoices{Base: base(), Until: day, Asked: hostile, See: one, Choices: full},
			website.YourDataChoices{Base: base(), Choices: yourdata.Choices{Records: 7}},
		},
		"your_data_view": {
			website.YourDataView{Base: base(), Reference: "7K2M-9QXT", Held: held, File: one, Back: button},
			website.YourDataView{Base: base()},
		},
		"data": {own.Data{Base: base(), Held: held, Decide: full, Stale: true, Preferences: "/preferences", Requests: "/requests"}, own.Data{Base: base()}},
		"requests": {
			own.Requests{
				Base: base(), Said: hostile, Form: &f, Address: hostile, Officer: policy.Contact{Title: hostile, Email: "o@example.org", Telephone: "1"}, Regulator: policy.Regulator{Name: hostile, Complaint: "https://regulator.example/"}, Data: "/data",
				List: []own.RequestView{{Reference: "7K2M-9QXT", Title: hostile, Way: hostile, Received: "now", Acknowledged: "since", Answered: "then", State: "closed", Outcome: hostile}, {Reference: "R", Title: "Open"}},
			},
			own.Requests{Base: base(), Website: "/complaint", Data: "/data"},
		},
		"your_data_correct": {yourdata.Correct{Base: base(), What: hostile, Form: f, Back: button}},
		"your_data_erase":   {yourdata.Erase{Base: base(), Kept: kept, Held: hostile, Ends: true, Last: &yourdata.Last{Title: hostile, Words: []string{hostile}, Way: web.Link{Label: hostile, Href: "/people"}}, Erase: one, Back: link}, yourdata.Erase{Base: base()}},
		"your_data_done":    {yourdata.Done{Base: base(), Heading: hostile, Words: []string{hostile}, Reference: "R", Kept: kept, Receipt: "/your-data/receipt?code=x", Back: &button}, yourdata.Done{Base: base(), Heading: "Done"}},
		"your_data_receipt": {
			website.YourDataReceipt{Base: base(), Reference: "R", Erased: day, Stages: []website.StageView{{Words: hostile, Done: true}, {Words: "Next."}}, Kept: kept, Keys: 1, Limits: []string{hostile}, Signed: "/your-data/receipt/signed?code=x"},
			website.YourDataReceipt{Base: base(), Complete: true},
		},
		"complaint":      {website.Complaint{Base: base(), Content: content, Form: f}, website.Complaint{Base: base(), Content: empty, Form: f}},
		"complaint_sent": {website.ComplaintSent{Base: base(), Reference: "R", Officer: policy.Contact{Title: hostile, Email: "o@example.org"}, Regulator: policy.Regulator{Name: hostile, Complaint: "https://regulator.example/"}}, website.ComplaintSent{Base: base()}},
	}
}
