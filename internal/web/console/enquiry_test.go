package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/vault"
)

// enquire sends the contact form and returns the ticket.
func (b *bench) enquire(about, message string) support.Ticket {
	b.T.Helper()
	r, err := b.desk.Enquire(ctx, support.Enquiry{Policy: 1, Form: url.Values{
		"name": {"Ann Planted"}, "email": {"ann.planted@example.org"}, "about": {about}, "message": {message},
	}})
	b.must(err)
	t, err := b.desk.ByReference(ctx, r.Reference)
	b.must(err)
	return t
}

// R3, R28: each desk lists its own as codes; to open one shows its words and
// no others, and stands in the person's history.
func TestEnquiries(t *testing.T) {
	each(t, func(b *bench) {
		line, other := b.enquire("support", "My line is planted."), b.enquire("products", "Something else entirely.")
		data := b.enquire("data", "Please send me what you hold, planted.")
		help, officer := b.as(identity.Support), b.as(identity.Officer)

		list := help.get("/enquiries")
		if list.StatusCode != http.StatusOK || !strings.Contains(list.Text, line.Reference) || !strings.Contains(list.Text, other.Reference) || strings.Contains(list.Text, data.Reference) {
			t.Error("the support desk's list:", list.StatusCode)
		}
		if strings.Contains(strings.ToLower(list.Text), "planted") || len(b.looks(line.Subject)) != 0 {
			t.Error("the list holds somebody's words, or was a look")
		}
		a := help.get("/enquiries/" + line.Reference)
		if !strings.Contains(a.Text, "My line is planted.") || !strings.Contains(a.Text, "ann.planted@example.org") || strings.Contains(a.Text, "entirely") {
			t.Errorf("the enquiry: %d %s", a.StatusCode, b.Logged)
		}
		if looks := b.looks(line.Subject); len(looks) != 1 || looks[0].Actor != "support" || looks[0].Purpose != "enquiries" {
			t.Errorf("the look: %+v", looks)
		}
		for name, path := range map[string]string{
			"the other desk's": data.Reference, "another spelling": strings.ToLower(line.Reference), "none": "0000-0000", "no reference": "x",
		} {
			if a := help.get("/enquiries/" + path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", name, a.StatusCode)
			}
			if a := help.press("/enquiries/" + path + "/close"); a.StatusCode != http.StatusNotFound {
				t.Errorf("closing %s: %d", name, a.StatusCode)
			}
		}
		if a := officer.get("/enquiries/" + data.Reference); !strings.Contains(a.Text, "what you hold, planted") {
			t.Error("the officer's:", a.StatusCode)
		}

		if a := help.press("/enquiries/" + line.Reference + "/move"); a.StatusCode != http.StatusSeeOther {
			t.Error("to move:", a.StatusCode)
		}
		if a := help.get("/enquiries/" + line.Reference); a.StatusCode != http.StatusNotFound {
			t.Error("what was moved is still here:", a.StatusCode)
		}
		if a := officer.press("/enquiries/" + line.Reference + "/close"); a.StatusCode != http.StatusSeeOther {
			t.Error("to close:", a.StatusCode)
		}
		if got, _ := b.desk.ByReference(ctx, line.Reference); got.Closed.IsZero() || got.Queue != support.QueueRights {
			t.Errorf("%+v", got)
		}
		if a := officer.get("/enquiries/" + line.Reference); strings.Contains(a.Text, "Close the enquiry") {
			t.Error("what is closed can be closed")
		}
	})
}

// What a person stopped is not shown at the desk either, and the page says so.
func TestEnquiryOfWhoObjected(t *testing.T) {
	b := one(t)
	ticket := b.enquire("support", "My line is planted.")
	c := b.as(identity.Support)
	own := vault.Access{Actor: "contact", Purpose: "enquiries", Surface: "website"}
	b.act(func(tx *store.Tx) error { return b.vault.Object(ctx, tx, own, ticket.Subject, "enquiries", true) })
	a := c.get("/enquiries/" + ticket.Reference)
	if a.StatusCode != http.StatusOK || strings.Contains(a.Text, "planted") || !strings.Contains(a.Text, "Objected to") || len(b.looks(ticket.Subject)) != 0 {
		t.Error("objected:", a.StatusCode)
	}
	if _, err := b.vault.Erase(ctx, ticket.Subject); err != nil {
		t.Fatal(err)
	}
	if a := c.get("/enquiries/" + ticket.Reference); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "The person was erased") || strings.Contains(a.Text, "/person/") {
		t.Error("erased:", a.StatusCode)
	}
}
