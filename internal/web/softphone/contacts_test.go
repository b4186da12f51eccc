package softphone_test

import (
	"bytes"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/web/webtest"
)

// agree says yes to a permission as its page asks for it, without scripts.
func (c *caller) agree(t *testing.T, page, permission string) {
	t.Helper()
	grant := html.UnescapeString(regexp.MustCompile(`/permissions/` + permission + `/granted\?[^"]+`).FindString(c.get(page).Text))
	if a := c.press(grant); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != page {
		t.Fatal(permission, grant, a.StatusCode, a.Header.Get("Location"))
	}
}

// fill fills a form of a page in and sends it.
func (c *caller) fill(page, form string, values url.Values) *webtest.Answer {
	return c.Fill("softphone", page, form, values)
}

// upload sends a file in a form of a page.
func (c *caller) upload(t *testing.T, page, form, field, name string, data []byte) *webtest.Answer {
	t.Helper()
	action, values := c.get(page).Fields(form)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range values {
		if k != field {
			_ = w.WriteField(k, v[0])
		}
	}
	if name != "" {
		part, err := w.CreateFormFile(field, name)
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c.b.Later(3 * time.Second)
	return c.Do(http.MethodPost, host, action, w.FormDataContentType(), b.String())
}

// R10, R11: nothing is kept before its owner agreed in the place where it is
// needed; then a contact is written down, found, changed and removed without
// scripts, and is nobody else's.
func TestContacts(t *testing.T) {
	b := open(t)
	ann, bea := b.caller(t, "Ann", "1001"), b.caller(t, "Bea", "1002")
	page := ann.get("/contacts")
	if !strings.Contains(page.Text, "May the app keep your contacts?") || !strings.Contains(page.Text, "call people by name") || strings.Contains(page.Text, "/contacts/add\"") {
		t.Error("before a yes:", page.StatusCode)
	}
	if a := ann.get("/contacts/add"); a.StatusCode != http.StatusSeeOther {
		t.Error("before a yes, the form:", a.StatusCode)
	}
	ann.agree(t, "/contacts", "contacts")
	if a := ann.fill("/contacts/add", "contact-card", url.Values{"name": {""}, "number": {"call me"}, "company": {"Kept & shown"}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "Kept &amp; shown") || !strings.Contains(a.Text, "Please fill this in.") {
		t.Error("what cannot be taken:", a.StatusCode)
	}
	if a := ann.fill("/contacts/add", "contact-card", url.Values{"name": {"Bea <b>"}, "number": {"1002"}, "mobile": {"07700 900123"}}); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode, a.Text)
	}
	list := ann.get("/contacts")
	for _, words := range []string{"Bea &lt;b&gt;", `href="/dial?number=1002"`, `href="/dial?number=07700&#43;900123"`, "Take them with you"} {
		if !strings.Contains(list.Text, words) {
			t.Error("the list does not say", words)
		}
	}
	at := regexp.MustCompile(`/contacts/\d+`).FindString(list.Text)
	if found := ann.fill("/contacts", "contact-find", url.Values{"find": {"BEA"}}); found.StatusCode != http.StatusOK || !strings.Contains(found.Text, "Bea &lt;b&gt;") {
		t.Error("found:", found.StatusCode)
	}
	if found := ann.fill("/contacts", "contact-find", url.Values{"find": {"zed"}}); !strings.Contains(found.Text, "Nobody was found") || strings.Contains(found.Text, "Bea &lt;b&gt;") {
		t.Error("found:", found.StatusCode)
	}
	if n := ann.get("/contacts/names"); n.Header.Get("Content-Type") != "application/json" || !strings.Contains(n.Text, `"key":"+447700900123"`) {
		t.Error(n.Text)
	}
	bea.agree(t, "/contacts", "contacts")
	for _, path := range []string{at, "/contacts/0", "/contacts/x", "/contacts/-1"} {
		if a := bea.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else, %s: %d", path, a.StatusCode)
		}
		if a := bea.press(path + "/remove"); a.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else removes %s: %d", path, a.StatusCode)
		}
	}
	if a := ann.fill(at, "contact-card", url.Values{"name": {"Bea Box"}}); a.StatusCode != http.StatusSeeOther || !strings.Contains(ann.get("/contacts").Text, "Bea Box") {
		t.Error("changed:", a.StatusCode)
	}
	if a := ann.press(at + "/remove"); a.StatusCode != http.StatusSeeOther || strings.Contains(ann.get("/contacts").Text, "Bea Box") {
		t.Error("removed:", a.StatusCode)
	}
}

// A file goes in with a report and comes out again; a yes that is taken back
// empties the book (R16).
func TestContactImport(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	ann.agree(t, "/contacts", "contacts")
	file := "BEGIN:VCARD\nVERSION:4.0\nUID:x\nFN:Bea Box\nTEL:1002\nBDAY:19850412\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nTEL:1\nEND:VCARD\n"
	a := ann.upload(t, "/contacts/import", "contact-import", "cards", "my.vcf", []byte(file))
	for _, words := range []string{"What became of your file", "Contact 2 of the file: it has no name.", "birthdays, of one contact"} {
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, words) {
			t.Error(a.StatusCode, "it does not say", words)
		}
	}
	for name, c := range map[string]struct {
		file   string
		status int
	}{
		"":          {"", http.StatusUnprocessableEntity},
		"cat.png":   {"\x89PNG\r\n", http.StatusUnprocessableEntity},
		"large.vcf": {strings.Repeat(" ", 4<<20+1), http.StatusRequestEntityTooLarge},
		"huge.vcf":  {strings.Repeat(" ", 5<<20), http.StatusRequestEntityTooLarge},
	} {
		if a := ann.upload(t, "/contacts/import", "contact-import", "cards", name, []byte(c.file)); a.StatusCode != c.status {
			t.Errorf("%q: %d", name, a.StatusCode)
		}
	}
	if a := ann.Do(http.MethodPost, host, "/contacts/import", "application/x-www-form-urlencoded", "cards=x"); a.StatusCode != http.StatusUnsupportedMediaType {
		t.Error("no file form:", a.StatusCode)
	}
	if a := ann.get("/contacts/export"); a.StatusCode != http.StatusOK || !strings.Contains(a.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(a.Text, "FN:Bea Box\r\n") || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error(a.StatusCode, a.Header)
	}
	if a := ann.press("/permissions/contacts/revoked"); a.StatusCode != http.StatusSeeOther {
		t.Fatal(a.StatusCode)
	}
	if a := ann.get("/contacts"); strings.Contains(a.Text, "Bea Box") || !strings.Contains(a.Text, "May the app keep your contacts?") {
		t.Error("after the yes was taken back")
	}
	if a := ann.get("/contacts/names"); a.Text != "[]" {
		t.Error(a.Text)
	}
}

// colleague opens an account in somebody's company, with a line.
func (c *caller) colleague(t *testing.T, name, extension string) *caller {
	t.Helper()
	_, boss, err := c.b.accounts.SignIn(ctx, identity.Attempt{Surface: "portal", Email: "ann@example.org", Password: secret})
	if err != nil {
		t.Fatal(err)
	}
	values := url.Values{"name": {name}, "email": {strings.ToLower(name) + "@example.org"}, "role": {string(identity.CustomerUser)}}
	if err := c.b.accounts.Invite(ctx, boss, identity.CustomerUser, values); err != nil {
		t.Fatal(err)
	}
	c.b.Work()
	o, err := c.b.accounts.Finish(ctx, token.FindStringSubmatch(c.b.Office.Take()[0].Raw)[1], secret, identity.Device{})
	if err != nil {
		t.Fatal(err)
	}
	err = c.b.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := c.b.phones.Give(ctx, tx, o.Session.Account.ID, extension)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	signed, me, err := c.b.accounts.SignIn(ctx, identity.Attempt{Surface: "softphone", Email: strings.ToLower(name) + "@example.org", Password: secret})
	if err != nil {
		t.Fatal(err)
	}
	out := &caller{c.b.web.Browser(), c.b, me}
	k, _ := c.b.InForce().Policy().CookieByRole("signin", "softphone")
	out.Cookies[k.Name] = signed
	return out
}

// L31: a colleague is told what a yes means, chooses, verifies, corrects where
// the name is, and withdraws; till then nobody finds them, by name or by number.
func TestCompanyDirectory(t *testing.T) {
	b := open(t)
	ann := b.caller(t, "Ann", "1001")
	bob, cal := ann.colleague(t, "Bob", "1002"), b.caller(t, "Cal", "1003")
	page := bob.get("/directory")
	for _, words := range []string{"You do not stand in it", "Bob", "What a yes means in full", "/profile"} {
		if !strings.Contains(page.Text, words) {
			t.Error("before a choice the page does not say", words)
		}
	}
	if a := ann.get("/directory"); strings.Contains(a.Text, "1002") || strings.Contains(ann.get("/contacts/names").Text, "1002") {
		t.Error("Bob is found without having chosen")
	}
	if a := bob.press("/directory/join"); a.StatusCode != http.StatusConflict {
		t.Error("a yes to no words:", a.StatusCode)
	}
	join := html.UnescapeString(regexp.MustCompile(`/directory/join\?shown=[0-9a-f]+`).FindString(page.Text))
	if a := bob.press(join); a.StatusCode != http.StatusSeeOther || !strings.Contains(bob.get("/directory").Text, "You stand in it") {
		t.Fatal(a.StatusCode)
	}
	for question, found := range map[string]bool{"bo": true, "1002": true, "zed": false} {
		a := ann.fill("/directory", "directory-find", url.Values{"find": {question}})
		if a.StatusCode != http.StatusOK || strings.Contains(a.Text, "Extension 1002") != found {
			t.Error(question, a.StatusCode)
		}
	}
	if !strings.Contains(ann.get("/contacts/names").Text, `"name":"Bob"`) || strings.Contains(cal.get("/directory").Text, "Bob") {
		t.Error("who finds Bob")
	}
	if a := bob.press("/directory/leave"); a.StatusCode != http.StatusSeeOther || strings.Contains(ann.get("/directory").Text, "Extension 1002") {
		t.Error("taken back:", a.StatusCode)
	}
}
