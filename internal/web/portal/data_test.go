package portal_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/internal/web/webtest"
)

// link is the address of a link on a page whose path begins so.
func link(t *testing.T, a *webtest.Answer, path string) string {
	t.Helper()
	for n := range a.Tree().Descendants() {
		if n.Data == "a" && strings.HasPrefix(webtest.Attr(n, "href"), path) {
			return webtest.Attr(n, "href")
		}
	}
	t.Fatalf("no link leads to %s", path)
	return ""
}

// What hands everything out, or ends it, asks first whether it is still them;
// the page says so before, and its person comes back to it (R24, L8).
func TestExportAsksForAFreshProof(t *testing.T) {
	b := open(t)
	v := b.signedUp(t, "ann@example.org")
	const says = "we ask for your password first"
	a := v.get("/data")
	if a.StatusCode != http.StatusOK || strings.Contains(a.Text, says) {
		t.Errorf("just signed in: %d", a.StatusCode)
	}
	if !strings.Contains(a.Text, ", for: Managing your account. Kept ") {
		t.Error("no record says what it is held for")
	}
	b.Later(11 * time.Minute)
	if a := v.get("/data"); !strings.Contains(a.Text, says) {
		t.Error("the page does not say that it will ask")
	}
	for _, path := range []string{"/data/file", "/data/take/json", "/data/take/csv", "/data/erase"} {
		a := v.Do(http.MethodPost, host, path, "", "")
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/prove?back=") || strings.Contains(a.Text, "ann@") {
			t.Errorf("%s with an old proof: %d %s", path, a.StatusCode, a.Header.Get("Location"))
		}
	}
	if a := v.Do(http.MethodGet, host, "/data/erase", "", ""); a.Header.Get("Location") != "/prove?back=%2Fdata%2Ferase" {
		t.Errorf("%d %s", a.StatusCode, a.Header.Get("Location"))
	}
	a = v.get("/prove?back=%2Fdata")
	action, values := a.Fields("prove")
	values.Set("current-password", secret)
	if a := v.post(action, values); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "<h1>Your data</h1>") {
		t.Errorf("after the proof: %d", a.StatusCode)
	}
	file := v.post("/data/file", nil)
	var pack struct {
		Records []struct{ Value string }
		History []struct{ What string }
	}
	if err := json.Unmarshal([]byte(file.Text), &pack); err != nil || len(pack.Records) < 3 || len(pack.History) < 3 || file.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("%v %v", err, file.Header)
	}
}

// L7: one's own record is put right and another's is not there; a value that
// cannot be taken stays in the form.
func TestCorrectOneself(t *testing.T) {
	b := open(t)
	ann, bob := b.signedUp(t, "ann@example.org"), b.signedUp(t, "bob@example.org")
	path := link(t, ann.get("/data"), "/data/correct/")
	page := ann.get(path)
	action, values := page.Fields("your-data-correct")
	if action != path || !strings.Contains(page.Text, ">Ann Example</textarea>") {
		t.Errorf("%s %s", action, page.Text)
	}
	values.Set("value", "")
	if a := ann.post(path, values); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "Nothing was changed") {
		t.Errorf("%d", a.StatusCode)
	}
	values.Set("value", "Ann <b>Changed</b>")
	if a := ann.post(path, url.Values{"value": {"Ann Forged"}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("without its token: %d", a.StatusCode)
	}
	if a := ann.post(path, values); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "It is put right") {
		t.Errorf("%d", a.StatusCode)
	}
	if a := ann.get("/data"); !strings.Contains(a.Text, "Ann &lt;b&gt;Changed") || strings.Contains(a.Text, "Ann Forged") {
		t.Error("the page shows something else")
	}
	if a := bob.get(path); a.StatusCode != http.StatusNotFound {
		t.Errorf("another's record: %d", a.StatusCode)
	}
	_, theirs := bob.get(link(t, bob.get("/data"), "/data/correct/")).Fields("your-data-correct")
	theirs.Set("value", "Mine now")
	if a := bob.post(path, theirs); a.StatusCode != http.StatusNotFound || !strings.Contains(ann.get("/data").Text, "Ann &lt;b&gt;Changed") {
		t.Errorf("another's record with one's own token: %d", a.StatusCode)
	}
}

// L9, L11, R16: decisions hold at once, are taken back, and stand in the list of
// requests with what came of them; what a purpose does not allow is not there.
func TestDecideAboutOneself(t *testing.T) {
	b := open(t)
	v := b.signedUp(t, "ann@example.org")
	object := button(v.get("/data"), "decide", "Object")
	for _, step := range [][2]string{
		{"/data/restrict", "We no longer use your data"}, {"/data/lift", "We may use your data again"},
		{object, "We have stopped"}, {strings.Replace(object, "/object/", "/allow/", 1), "Your objection is taken back"},
	} {
		if a := v.post(step[0], nil); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, step[1]) {
			t.Errorf("%s: %d", step[0], a.StatusCode)
		}
		if step[0] == "/data/restrict" && b.signIn(t, "ann@example.org").get("/data").StatusCode != http.StatusOK {
			t.Error("whoever restricted their data is shut out of it")
		}
	}
	for _, path := range []string{"/data/object/tax-records", "/data/object/%3Cb%3E", "/data/allow/supply", "/data/withdraw/news", "/data/withdraw/x"} {
		if a := v.post(path, nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	decided := text(v.get("/preferences/history").ByID("content"))
	for _, want := range []string{"You objected", "You took your no back", "on the page of your data"} {
		if !strings.Contains(decided, want) {
			t.Errorf("what was decided lacks %q", want)
		}
	}
	if told := text(v.get("/history?show=decisions").ByID("content")); strings.Count(told, "You made a choice.\n") != 2 {
		t.Error("the two decisions are not in the history")
	}
	listed := text(v.get("/requests").ByID("content"))
	for _, want := range []string{"You said that we may use it again", "You took your objection back", "signed in", "Reference"} {
		if !strings.Contains(listed, want) {
			t.Errorf("the list lacks %q: %s", want, listed)
		}
	}
}

// L5, R6: whoever is signed in is asked for nothing but the complaint, which is
// answered to the address they proved, whatever address is sent with it.
func TestComplainSignedIn(t *testing.T) {
	b := open(t)
	v := b.signedUp(t, "ann@example.org")
	page := v.get("/requests")
	if strings.Contains(page.Text, `name="email"`) {
		t.Error("the address is asked for, and known")
	}
	action, values := page.Fields("complaint")
	b.Later(5 * time.Second)
	if a := v.post(action, values); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without words: %d", a.StatusCode)
	}
	values.Set("message", "You did a planted thing")
	values.Set("email", "somebody@example.org")
	a := v.post(action, values)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "We have your complaint") || strings.Contains(a.Text, "planted") {
		t.Errorf("%d", a.StatusCode)
	}
	listed := text(a.ByID("content"))
	if !strings.Contains(listed, "Nobody has taken it up yet") || strings.Contains(listed, "on our website") {
		t.Error(listed)
	}
	if a := v.post(action, values); a.StatusCode != http.StatusConflict {
		t.Errorf("sent twice: %d", a.StatusCode)
	}
	b.Office.Take()
	b.Work()
	for _, l := range b.Office.Take() {
		if l.Kind == mail.ComplaintReceived && !strings.Contains(l.Raw, "ann@example.org") {
			t.Error("the acknowledgement went elsewhere")
		}
	}
	b.answered(t)
	mine := func(w *visitor) string {
		return text(w.get("/requests").ByID("content")) + text(w.get("/history?show=decisions").ByID("content"))
	}
	bob := b.signedUp(t, "bob@example.org")
	for _, words := range []string{"We looked into it and closed it", "Acknowledged ", "A complaint of yours was looked into and closed", "began to look into it: Complaint"} {
		if !strings.Contains(mine(v), words) {
			t.Errorf("it is not said: %s", words)
		}
		if strings.Contains(mine(bob), words) {
			t.Errorf("another sees: %s", words)
		}
	}
	entry := link(t, v.get("/history?show=decisions"), "/history/")
	if a := v.get(entry); a.StatusCode != http.StatusOK {
		t.Errorf("an entry of the complaint: %d", a.StatusCode)
	}
	if a := bob.get(entry); a.StatusCode != http.StatusNotFound {
		t.Errorf("an entry of the complaint, for another: %d", a.StatusCode)
	}
}

// answered has the officer take up and close the one complaint there is.
func (b *bench) answered(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	list, err := b.help.List(ctx, support.QueueRights, 0, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d tickets, %v", len(list), err)
	}
	officer := vault.Access{Actor: "dpo", Surface: "console"}
	for _, act := range []func(context.Context, vault.Access, int64) error{b.rights.Acknowledge, b.rights.CloseComplaint} {
		b.Later(time.Minute)
		if err := act(ctx, officer, list[0].ID); err != nil {
			t.Fatal(err)
		}
	}
}

// L8: an erasure says what stays, needs its own button, ends every session, has
// the browser forget, and is confirmed by mail with a receipt.
func TestEraseOneself(t *testing.T) {
	b := open(t)
	v := b.signedUp(t, "ann@example.org")
	elsewhere := b.signIn(t, "ann@example.org")
	if a := v.get("/data/erase"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "It cannot be undone") || !strings.Contains(a.Text, "Your account goes too") || !strings.Contains(a.Text, "two years after your request is closed") {
		t.Errorf("%d", a.StatusCode)
	}
	if a := v.get("/data"); a.StatusCode != http.StatusOK {
		t.Error("asking erased")
	}
	b.Office.Take()
	a := v.post("/data/erase", nil)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Your data is erased") || strings.Contains(a.Text, "/sign-out") || !strings.Contains(link(t, a, "http://invoco.localhost"), "invoco.localhost") {
		t.Fatalf("%d", a.StatusCode)
	}
	if v.Cookies["invocoTelecomPortal"] != "" || a.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("the browser is not told to forget: %v %v", v.Cookies, a.Header)
	}
	for _, who := range []*visitor{v, elsewhere} {
		if a := who.Do(http.MethodGet, host, "/data", "", ""); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
			t.Errorf("still signed in: %d", a.StatusCode)
		}
	}
	b.Work()
	confirmed := false
	for _, l := range b.Office.Take() {
		confirmed = confirmed || l.Kind == mail.RightsErased && strings.Contains(l.Raw, "/your-data/receipt?code=")
	}
	if !confirmed {
		t.Error("no mail confirms it")
	}
}

// L8: whoever is the only administrator of a firm with other people is told so
// before they erase themselves, and offered to hand the role over; nothing keeps
// them, and the firm is then one without an administrator.
func TestTheOnlyAdministratorLeaves(t *testing.T) {
	ctx := context.Background()
	for _, stays := range []bool{true, false} {
		b := open(t)
		v := b.signedUp(t, "ann@example.org")
		const warning = "Your firm would have no administrator"
		if a := v.get("/data/erase"); strings.Contains(a.Text, warning) {
			t.Error("a firm of one is warned")
		}
		bob := b.invited(t, v, "bob@example.org")
		a := v.get("/data/erase")
		if !strings.Contains(a.Text, warning) || !strings.Contains(a.Text, "one other person of your firm") || !strings.Contains(a.Text, `href="/people"`) {
			t.Errorf("nothing is said: %d", a.StatusCode)
		}
		if a := bob.get("/data/erase"); strings.Contains(a.Text, warning) {
			t.Error("a user is warned")
		}
		if stays {
			people := v.get("/people")
			appoint := ""
			for n := range people.Tree().Descendants() {
				if at := webtest.Attr(n, "action"); strings.HasSuffix(at, "/appoint") {
					appoint = at
				}
			}
			if a := bob.post(appoint, nil); a.StatusCode != http.StatusNotFound {
				t.Errorf("a user appoints themselves: %d", a.StatusCode)
			}
			if a := v.post(appoint, nil); a.StatusCode != http.StatusOK || strings.Contains(a.Text, "/appoint") {
				t.Errorf("to hand over: %d", a.StatusCode)
			}
			if a := v.get("/data/erase"); strings.Contains(a.Text, warning) {
				t.Error("warned after the role was handed over")
			}
			if a := bob.get("/people"); a.StatusCode != http.StatusOK {
				t.Errorf("who was appointed looks after nobody: %d", a.StatusCode)
			}
		}
		if a := v.post("/data/erase", nil); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Your data is erased") {
			t.Errorf("the erasure: %d", a.StatusCode)
		}
		list, err := b.accounts.Unled(ctx, 0, 10)
		if want := map[bool]int{true: 0, false: 1}[stays]; err != nil || len(list) != want {
			t.Errorf("%d firms have no administrator, want %d, %v", len(list), want, err)
		}
	}
}

// invited signs in somebody whom a visitor invited.
func (b *bench) invited(t *testing.T, by *visitor, email string) *visitor {
	t.Helper()
	action, values := by.get("/people/invite").Fields("invitation")
	values.Set("email", email)
	values.Set("name", "Bob Example")
	values.Set("role", string(identity.CustomerUser))
	b.Later(5 * time.Second)
	if a := by.post(action, values); a.StatusCode != http.StatusOK {
		t.Fatal(a.StatusCode)
	}
	b.Office.Take()
	b.Work()
	o, err := b.accounts.Finish(context.Background(), token.FindStringSubmatch(b.Office.Take()[0].Raw)[1], secret, identity.Device{})
	if err != nil {
		t.Fatal(err)
	}
	w := &visitor{b.web.Browser(), b, t}
	w.Cookies["invocoTelecomPortal"] = o.Token
	return w
}
