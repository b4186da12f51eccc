package website_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/web/webtest"
	"candour/operators"
)

var linkInMail = regexp.MustCompile(`http://[a-z.]+(/your-data/[^\s"<]+)`)

// linkOf is the address of the link in the mail of a kind.
func linkOf(t *testing.T, letters []mailtest.Letter, kind mail.Kind) string {
	t.Helper()
	for _, l := range letters {
		if m := linkInMail.FindStringSubmatch(l.Raw); l.Kind == kind && m != nil {
			return m[1]
		}
	}
	t.Fatalf("no %s among %d letters", kind, len(letters))
	return ""
}

// askFor sends the form that asks for a link.
func askFor(t *testing.T, b *webtest.Bench, br *webtest.Browser, email string) *webtest.Answer {
	t.Helper()
	_, values := br.Get("/your-data").Fields("your-data")
	b.Pass(5 * time.Second)
	values.Set("email", email)
	values.Set("right", "access")
	return br.Post("/your-data", values)
}

// pressTo presses the button that leads to a path on a page.
func pressTo(t *testing.T, br *webtest.Browser, page *webtest.Answer, path string) *webtest.Answer {
	t.Helper()
	for _, form := range elements(page.Tree(), "form") {
		if !strings.HasPrefix(webtest.Attr(form, "action"), path) {
			continue
		}
		values := url.Values{}
		for _, in := range elements(form, "input", "textarea") {
			values.Set(webtest.Attr(in, "name"), webtest.Attr(in, "value"))
		}
		return br.Post(webtest.Attr(form, "action"), values)
	}
	t.Fatalf("no button leads to %s: %s", path, textOf(page.ByID("content")))
	return nil
}

// opened has a browser open the link of somebody of whom something is held.
func opened(t *testing.T, b *webtest.Bench, br *webtest.Browser, email string) (link string, page *webtest.Answer) {
	t.Helper()
	b.Held(email, "My planted words")
	askFor(t, b, br, email)
	link = linkOf(t, b.Mails(), mail.RightsLink)
	return link, br.Get(link)
}

// R5, R24, L6: a person without an account asks, follows the link, sees and
// takes what is held, for every operator; and nothing of it stays in a cache,
// in a search engine or in the log.
func TestStoryOfALink(t *testing.T) {
	for _, operator := range operators.IDs() {
		b := webtest.Open(t, operator)
		br := b.Browser()
		link, page := opened(t, b, br, "ann@example.org")
		if page.StatusCode != http.StatusOK || strings.Contains(page.Text, "planted") || strings.Contains(page.Text, "ann@") {
			t.Errorf("%s: the page of the link: %d, or it shows what is held: %s", operator, page.StatusCode, page.Text)
		}
		seen := pressTo(t, br, page, "/your-data/act/see")
		text := textOf(seen.ByID("content"))
		for _, want := range []string{"My planted words", "ann@example.org", "Who receives it", "Decisions by a computer alone", "How long we keep it", "You may complain to the"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the page does not say %q: %s", operator, want, text)
			}
		}
		file := pressTo(t, br, page, "/your-data/act/file")
		var pack struct {
			Complete *struct{ Records int }
		}
		if err := json.Unmarshal([]byte(file.Text), &pack); err != nil || pack.Complete == nil || pack.Complete.Records < 3 || file.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment; filename=") {
			t.Errorf("%s: %v, %s", operator, err, file.Text)
		}
		for _, a := range []*webtest.Answer{page, seen, file} {
			if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Robots-Tag") != "noindex" || a.Header.Get("Referrer-Policy") != "same-origin" || a.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: %v", operator, a.Header)
			}
		}
		if a := pressTo(t, br, page, "/your-data/act/take/csv"); !strings.HasPrefix(a.Text, "category,title,source,collected,encoding,value\r\n") || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") {
			t.Errorf("%s: %s", operator, a.Text)
		}
		if a := pressTo(t, br, page, "/your-data/act/take/json"); !strings.Contains(a.Text, `"format": "candour-portability-1"`) {
			t.Errorf("%s: %s", operator, a.Text)
		}
		code := link[strings.IndexByte(link, '=')+1:]
		if log := b.Logged.String(); strings.Contains(log, code) || strings.Contains(log, "ann@") || strings.Contains(log, "planted") {
			t.Errorf("%s: the log (R9): %s", operator, log)
		}
	}
}

// Nobody else's content is loaded where the code stands in the address and the
// data on the page, whatever this browser agreed to (R15).
func TestNothingOfOthersOnPrivatePages(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	press(t, br, br.Get("/products"), "accept")
	if a := br.Get("/products"); !strings.Contains(a.Header.Get("Content-Security-Policy"), "googletagmanager") {
		t.Fatal("nothing was agreed to, so this proves nothing")
	}
	_, page := opened(t, b, br, "ann@example.org")
	for _, a := range []*webtest.Answer{page, pressTo(t, br, page, "/your-data/act/see"), pressTo(t, br, page, "/your-data/act/erase")} {
		if strings.Contains(a.Header.Get("Content-Security-Policy"), "google") || strings.Contains(a.Text, "data-integrations") || strings.Contains(a.Text, "googletagmanager") {
			t.Error("a page about one person may load others' content")
		}
	}
}

// The form says the same for an address that is known and for one that is not,
// and keeps what was typed if it cannot be taken (R5, L13).
func TestYourDataForm(t *testing.T) {
	b := webtest.Open(t, "invoco")
	b.Held("ann@example.org", "Hello")
	known := textOf(askFor(t, b, b.Browser(), "ann@example.org").ByID("content"))
	unknown := textOf(askFor(t, b, b.Browser(), "nobody@example.org").ByID("content"))
	if known != unknown || !strings.Contains(known, "Check your e-mail") || !strings.Contains(known, "seven days") {
		t.Errorf("%s\n%s", known, unknown)
	}
	if letters := b.Mails(); len(letters) != 2 || letters[0].Kind == letters[1].Kind {
		t.Errorf("%d letters", len(letters))
	}
	bad := askFor(t, b, b.Browser(), "nobody")
	if bad.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(bad.Text, `value="nobody"`) {
		t.Error(bad.StatusCode)
	}
	if len(b.Mails()) > 0 {
		t.Error("a form that was not taken sent a mail")
	}
}

// Decisions hold at once and can be taken back; what a purpose does not allow
// has no address (L9, L11).
func TestDecisionsByLink(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	link, page := opened(t, b, br, "ann@example.org")
	for _, step := range []struct{ path, says string }{
		{"/your-data/act/restrict", "We no longer use your data"}, {"/your-data/act/lift", "We may use your data again"},
		{"/your-data/act/object/enquiries", "We have stopped"}, {"/your-data/act/allow/enquiries", "Your objection is taken back"},
	} {
		a := pressTo(t, br, br.Get(link), step.path)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, step.says) {
			t.Errorf("%s: %d %s", step.path, a.StatusCode, textOf(a.ByID("content")))
		}
		if back := pressTo(t, br, a, "/your-data/act/choose"); !strings.Contains(back.Text, "Have it left alone") {
			t.Errorf("%s leads back to nothing", step.path)
		}
	}
	_, values := page.Fields("")
	for _, path := range []string{"object/account", "object/tax-records", "object/x", "allow/supply", "withdraw/news", "withdraw/x", "correct/1", "correct/x", "correct/99999999999999999999", "nothing"} {
		if a := br.Post("/your-data/act/"+path, values); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

// A record is put right by its own form, which keeps what was typed (L7).
func TestCorrectByLink(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	link, page := opened(t, b, br, "ann@example.org")
	var form *webtest.Answer
	seen := pressTo(t, br, page, "/your-data/act/see")
	for _, f := range elements(seen.Tree(), "form") {
		if action := webtest.Attr(f, "action"); strings.HasPrefix(action, "/your-data/act/correct/") {
			if a := pressTo(t, br, seen, action); strings.Contains(a.Text, "Ann Planted") {
				form = a
			}
		}
	}
	if form == nil {
		t.Fatal("no record can be put right")
	}
	action, values := form.Fields("your-data-correct")
	values.Set("value", "")
	if a := br.Post(action, values); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "Please fill this in.") {
		t.Error(a.StatusCode)
	}
	values.Set("value", "Ann <b>Example</b>")
	if a := br.Post(action, values); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "It is put right") {
		t.Error(a.StatusCode)
	}
	if a := pressTo(t, br, br.Get(link), "/your-data/act/see"); !strings.Contains(a.Text, "Ann &lt;b&gt;Example") || strings.Contains(a.Text, "Ann Planted") {
		t.Error("the old value is shown")
	}
	// One token is not good for another's record.
	other := b.Browser()
	_, theirs := opened(t, b, other, "bob@example.org")
	_, mine := theirs.Fields("")
	if a := other.Post(strings.TrimSuffix(action, "/save"), mine); a.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else's record: %d", a.StatusCode)
	}
}

// L8: erasing names what is kept, asks again, ends the link, and leaves a
// receipt behind a link of its own.
func TestEraseByLink(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	link, page := opened(t, b, br, "ann@example.org")
	ask := pressTo(t, br, page, "/your-data/act/erase")
	if !strings.Contains(ask.Text, "No law makes us keep any of it") || !strings.Contains(ask.Text, "two years after your request is closed") {
		t.Error(textOf(ask.ByID("content")))
	}
	if a := br.Get(link); a.StatusCode != http.StatusOK {
		t.Error("asking erased")
	}
	done := pressTo(t, br, ask, "/your-data/act/erase/sure")
	if done.StatusCode != http.StatusOK || !strings.Contains(done.Text, "Your data is erased") || strings.Contains(done.Text, "planted") {
		t.Fatal(done.StatusCode, done.Text)
	}
	_, values := page.Fields("")
	if a := br.Get(link); a.StatusCode != http.StatusNotFound || !strings.Contains(a.Text, "This link is not good any more") {
		t.Errorf("the link after the erasure: %d", a.StatusCode)
	}
	if a := br.Post("/your-data/act/see", values); a.StatusCode != http.StatusNotFound {
		t.Errorf("a button after the erasure: %d", a.StatusCode)
	}
	receipt := linkOf(t, b.Mails(), mail.RightsErased)
	a := b.Browser().Get(receipt)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Not yet.") || strings.Contains(a.Text, "/signed?") {
		t.Error(a.StatusCode, textOf(a.ByID("content")))
	}
	if a := b.Browser().Get(strings.Replace(receipt, "receipt?", "receipt/signed?", 1)); a.StatusCode != http.StatusNotFound {
		t.Error("a receipt that is not signed is handed out")
	}
	b.Keep()
	if a := b.Browser().Get(receipt); strings.Contains(a.Text, "Not yet.") || !strings.Contains(a.Text, "/signed?") || a.Header.Get("Cache-Control") != "no-store" {
		t.Error(textOf(a.ByID("content")))
	}
	if a := b.Browser().Get(strings.Replace(receipt, "receipt?", "receipt/signed?", 1)); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "\n\n— ") {
		t.Error(a.StatusCode, a.Text)
	}
}

// Every act needs the code of a link in its form, and the form to be ours; a
// code that is changed, foreign, too old or in the address does nothing.
func TestEveryActNeedsItsLink(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	link, page := opened(t, b, br, "ann@example.org")
	_, good := page.Fields("")
	foreign := webtest.Open(t, "invoco")
	theirs, _ := opened(t, foreign, foreign.Browser(), "ann@example.org")
	changed := []byte(good.Get("token"))
	changed[5] ^= 1
	acts := 0
	for _, pattern := range b.Website.Patterns() {
		method, path, _ := strings.Cut(pattern, " ")
		if !strings.HasPrefix(path, "/your-data/act/") {
			continue
		}
		acts++
		path = strings.NewReplacer("{purpose}", "enquiries", "{record}", "1").Replace(path)
		if method != http.MethodPost {
			t.Errorf("%s acts and is no POST", pattern)
		}
		if a := br.Get(path + link[strings.IndexByte(link, '?'):]); a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, a.StatusCode)
		}
		for name, token := range map[string]string{"none": "", "changed": string(changed), "foreign": theirs[strings.IndexByte(theirs, '=')+1:]} {
			values := url.Values{"__RequestVerificationToken": good["__RequestVerificationToken"], "token": {token}, "value": {"x"}}
			want := http.StatusNotFound
			if strings.HasSuffix(path, "/save") {
				want = http.StatusForbidden // its form has a forgery token of its own
			}
			if a := br.Post(path, values); a.StatusCode != want {
				t.Errorf("%s with %s code: %d", path, name, a.StatusCode)
			}
		}
		if a := br.Post(path, url.Values{"token": good["token"]}); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s from another's page: %d", path, a.StatusCode)
		}
	}
	if acts < 12 {
		t.Errorf("only %d acts", acts)
	}
	if a := br.Get(link); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Keep it, but do not use it") {
		t.Error("something was changed")
	}
	b.Pass(time.Hour)
	if a := br.Post("/your-data/act/see", good); a.StatusCode != http.StatusNotFound {
		t.Errorf("after its hour: %d", a.StatusCode)
	}
	for _, bad := range []string{"/your-data/act", "/your-data/act?token=", "/your-data/act?token=x", "/your-data/receipt", "/your-data/receipt?code=x", "/your-data/receipt/signed?code=" + good.Get("token")} {
		if a := br.Get(bad); a.StatusCode != http.StatusNotFound || !strings.Contains(a.Text, "This link is not good any more") {
			t.Errorf("%s: %d", bad, a.StatusCode)
		}
	}
}

// L5, R6: the complaint form needs no link, names the regulator and the 30
// days, and keeps what was typed if it cannot be taken.
func TestComplaintForm(t *testing.T) {
	for _, operator := range operators.IDs() {
		b := webtest.Open(t, operator)
		br := b.Browser()
		page := br.Get("/complaint")
		for _, want := range []string{"30 days", "Information Commissioner’s Office"} {
			if !strings.Contains(page.Text, want) {
				t.Errorf("%s: the form does not say %q", operator, want)
			}
		}
		_, values := page.Fields("complaint")
		b.Pass(5 * time.Second)
		values.Set("email", "ann@example.org")
		if a := br.Post("/complaint", values); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, `value="ann@example.org"`) {
			t.Errorf("%s: %d", operator, a.StatusCode)
		}
		values.Set("message", "You did a planted thing")
		a := br.Post("/complaint", values)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "We have your complaint") || strings.Contains(a.Text, "planted") {
			t.Errorf("%s: %d %s", operator, a.StatusCode, a.Text)
		}
		if letters := b.Mails(); len(letters) != 1 || letters[0].Kind != mail.ComplaintReceived || strings.Contains(letters[0].Raw, "planted") {
			t.Errorf("%s: %d letters", operator, len(letters))
		}
		if a := br.Post("/complaint", values); a.StatusCode != http.StatusConflict {
			t.Errorf("%s: sent twice: %d", operator, a.StatusCode)
		}
	}
}

// An operator that declares no such forms has no such pages.
func TestYourDataIsDeclared(t *testing.T) {
	b := webtest.Open(t, "invoco", [3]string{"policy.yaml", "- id: your-data\n", "- id: other-data\n"}, [3]string{"policy.yaml", "- id: complaint\n    title: Complain about", "- id: grumble\n    title: Complain about"}, [3]string{"policy.yaml", "- id: your-data-act\n", "- id: other-data-act\n"})
	for _, path := range []string{"/your-data", "/complaint", "/your-data/act"} {
		if a := b.Browser().Get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
		if a := b.Browser().Post(path, url.Values{"email": {"ann@example.org"}}); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, a.StatusCode)
		}
	}
}

// The schemas of the files are published where the files say.
func TestSchemasArePublished(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for _, path := range []string{"/your-data/access.schema.json", "/your-data/portability.schema.json"} {
		a := b.Browser().Get(path)
		if a.StatusCode != http.StatusOK || !json.Valid([]byte(a.Text)) || !strings.Contains(a.Text, "json-schema.org/draft/2020-12") {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}
