package web_test

import (
	"testing"

	"github.com/jba/templatecheck"

	"candour/internal/web"
	"candour/internal/web/account"
	"candour/internal/web/console"
	"candour/internal/web/firstpage"
	"candour/internal/web/member"
	"candour/internal/web/own"
	"candour/internal/web/softphone"
	"candour/internal/web/templates"
	"candour/internal/web/website"
	"candour/internal/web/yourdata"
)

// structs is what each page's template is executed with.
var structs = map[string]any{
	"home": website.Home{}, "page": website.Page{}, "products": website.Products{}, "contact": website.Contact{}, "contact_sent": website.ContactSent{},
	"newsletter": website.Newsletter{}, "newsletter_check": website.NewsletterCheck{}, "newsletter_confirmed": website.NewsletterConfirmed{}, "newsletter_left": website.NewsletterLeft{},
	"your_data": website.YourData{}, "your_data_sent": website.YourDataSent{}, "your_data_choices": website.YourDataChoices{}, "your_data_view": website.YourDataView{},
	"your_data_correct": yourdata.Correct{}, "your_data_erase": yourdata.Erase{}, "your_data_done": yourdata.Done{}, "your_data_receipt": website.YourDataReceipt{},
	"complaint": website.Complaint{}, "complaint_sent": website.ComplaintSent{},
	"privacy": website.Privacy{}, "privacy_versions": website.PrivacyVersions{}, "privacy_changes": website.PrivacyChanges{}, "cookies": website.Cookies{}, "surface_first": firstpage.SurfaceFirst{}, "error": web.ErrorPage{},
	"spending": own.Spending{}, "console_stop": console.Stop{}, "spending_people": own.Colleagues{}, "statement": own.Statement{}, "spending_form": own.SpendingForm{}, "spending_block": own.Block{},
	"console_blocks": console.Blocks{}, "console_block": console.BlockPage{},
	"devices": own.Devices{}, "device_add": own.DeviceAdd{}, "device_added": own.DeviceAdded{},
	"call_settings": own.CallSettings{}, "call_report": softphone.CallReport{}, "console_reports": console.Reports{}, "console_report": console.ReportPage{},
	"voicemail": own.Voicemail{}, "voicemail_set": own.VoicemailSet{},
	"data": own.Data{}, "requests": own.Requests{},
	"history": own.History{}, "history_entry": own.HistoryEntry{}, "access": own.Access{},
	"account_form": account.Ask{}, "account_done": account.Done{}, "account_security": account.Security{}, "account_authenticator": account.Authenticator{},
	"console_home": console.Home{}, "console_enquiries": console.Enquiries{}, "console_enquiry": console.Enquiry{}, "console_firms": console.Firms{}, "console_firm": console.FirmPage{},
	"console_policy": console.Policy{}, "console_data_map": console.DataMap{},
	"console_evidence": console.Evidence{}, "console_work": console.Work{}, "console_telephone": console.TelephoneView{}, "console_audit": console.Audit{},
	"console_people_search": console.PeopleSearch{}, "console_people_found": console.PeopleFound{}, "console_person": console.Person{},
	"account_codes": account.Codes{}, "account_people": account.People{}, "surface_welcome": member.Welcome{}, "portal_home": member.Home{},
	"this_device": softphone.ThisDevice{}, "quality": softphone.Quality{},
	"phone": softphone.Phone{}, "calls": softphone.Calls{}, "permissions": softphone.Permissions{}, "recordings": softphone.Recordings{},
	"contacts": softphone.Contacts{}, "contact_edit": softphone.ContactEdit{}, "contact_import": softphone.ContactImport{},
	"chats": softphone.Chats{}, "chat": softphone.Chat{}, "directory": softphone.Directory{},
	"portal_profile": own.Profile{}, "portal_preferences": own.Preferences{}, "portal_choices": own.ChoiceHistory{},
}

// A template asks for nothing that its page's struct does not have, in
// branches too that no test takes.
func TestTemplatesFitTheirPages(t *testing.T) {
	for _, name := range templates.Pages() {
		page, ok := structs[name]
		if !ok {
			t.Errorf("the page %s has no struct", name)
			continue
		}
		tmpl, err := templates.Page(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := templatecheck.CheckHTML(tmpl.Lookup("base"), page); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range []string{"consent_message", "consent_preferences"} {
			if err := templatecheck.CheckHTML(tmpl.Lookup(part), web.Consent{}); err != nil {
				t.Errorf("%s: %v", part, err)
			}
		}
		delete(structs, name)
	}
	for name := range structs {
		t.Errorf("the page %s has no template", name)
	}
}
