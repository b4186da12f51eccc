package portal_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"candour/internal/analytics"
	"candour/internal/consent"
	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/marketing"
	"candour/internal/notice"
	"candour/internal/profile"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/web"
	"candour/internal/web/own"
	"candour/internal/web/portal"
	"candour/internal/web/webtest"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	host   = "portal.invoco.localhost"
	secret = "harbour lantern twelve"
	urls   = "application/x-www-form-urlencoded"
)

// bench is a running portal on real parts.
type bench struct {
	*mailtest.Bench
	web      *webtest.Bench
	accounts *identity.Accounts
	rights   *rights.Desk
	help     *support.Desk
	versions *notice.Versions
	patterns []string
}

func open(t *testing.T) *bench {
	t.Helper()
	ctx := context.Background()
	b := &bench{Bench: mailtest.New(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")}
	var err error
	if b.versions, err = notice.OpenVersions(ctx, b.Store, b.Log); err != nil {
		t.Fatal(err)
	}
	loaded := webtest.Profile(t, "invoco")
	if _, err := b.versions.Publish(ctx, loaded, b.Now(), b.Now()); err != nil {
		t.Fatal(err)
	}
	b.accounts = identitytest.Open(b.Bench)
	newsletter := marketing.New(marketing.Config{Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now})
	choices := people.New(people.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, InForce: b.InForce, Now: b.Now})
	profiles := profile.New(profile.Config{Store: b.Store, Vault: b.Vault, People: choices, InForce: b.InForce})
	choices.Follow(newsletter)
	choices.Follow(profiles)
	counter := evidence.NewCounter(b.Log, make(chan time.Time))
	t.Cleanup(func() { _ = counter.Close(ctx) })
	version := func(n int) *policy.Policy {
		if v := b.versions.Get(n); v != nil {
			return v.Profile.Policy
		}
		return nil
	}
	site, err := web.New(web.Deps{
		Profile: loaded, Versions: b.versions, Desk: consent.New(b.Store, b.Log, []byte("secret"), version, b.Now), Counter: counter,
		Views: analytics.NewCounter(b.Store, b.Now), Accounts: b.accounts, People: choices, Secret: b.Ring.Secret,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: b.Now, Parents: []string{"invoco.localhost"},
	})
	if err != nil {
		t.Fatal(err)
	}
	help := support.New(support.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now})
	told := history.New(history.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, Versions: b.versions, Now: b.Now})
	desk := rights.New(rights.Config{
		Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now, Ticket: help.OpenIn, TicketDone: help.CloseIn, History: told, Choices: choices,
		Forget: []func(context.Context, *store.Tx, keys.SubjectID) error{newsletter.Forget, help.Forget, b.accounts.Forget},
	})
	b.rights, b.help = desk, help
	routes := portal.New(site, own.Deps{
		Accounts: b.accounts, Profiles: profiles, Choices: choices, Newsletter: newsletter, Store: b.Store, Vault: b.Vault, History: told, Rights: desk,
	})
	site.Handle("portal", routes)
	b.patterns = routes.Patterns()
	b.web = &webtest.Bench{Site: site, T: t, Parent: "invoco.localhost"}
	return b
}

var token = regexp.MustCompile(`token=([A-Za-z0-9_-]{32})`)

// visitor is somebody's browser at the portal.
type visitor struct {
	*webtest.Browser
	b *bench
	t *testing.T
}

// signedUp opens an account and signs a browser in to it.
func (b *bench) signedUp(t *testing.T, email string) *visitor {
	t.Helper()
	ctx := context.Background()
	err := b.accounts.SignUp(ctx, identity.SignUp{Form: url.Values{"name": {"Ann Example"}, "email": {email}}, Surface: "portal", Policy: 1})
	if err != nil {
		t.Fatal(err)
	}
	b.Work()
	o, err := b.accounts.Finish(ctx, token.FindStringSubmatch(b.Office.Take()[0].Raw)[1], secret, identity.Device{})
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{b.web.Browser(), b, t}
	v.Cookies["invocoTelecomPortal"] = o.Token
	return v
}

// signIn signs another browser in.
func (b *bench) signIn(t *testing.T, email string) *visitor {
	t.Helper()
	token, _, err := b.accounts.SignIn(context.Background(), identity.Attempt{Surface: "portal", Email: email, Password: secret})
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{b.web.Browser(), b, t}
	v.Cookies["invocoTelecomPortal"] = token
	return v
}

func (v *visitor) get(path string) *webtest.Answer { return v.Do(http.MethodGet, host, path, "", "") }

// post sends a form and follows to where it leads.
func (v *visitor) post(path string, values url.Values) *webtest.Answer {
	kind := urls
	if values == nil {
		kind = ""
	}
	a := v.Do(http.MethodPost, host, path, kind, values.Encode())
	if a.StatusCode == http.StatusSeeOther {
		to, _, _ := strings.Cut(a.Header.Get("Location"), "#")
		return v.get(to)
	}
	return a
}

// button finds where a button within an element posts.
func button(a *webtest.Answer, within, label string) string {
	a.T.Helper()
	for n := range a.Tree().Descendants() {
		if n.Type != html.ElementNode || webtest.Attr(n, "id") != within || within == "" && n.Data != "body" {
			continue
		}
		for f := range n.Descendants() {
			if f.Data == "form" && strings.Contains(text(f), label) {
				return webtest.Attr(f, "action")
			}
		}
	}
	a.T.Fatalf("no button %q in %s", label, within)
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// Whoever is not signed in is led to the sign-in by every route of the profile
// and the choices, and changes nothing.
func TestOnlyWhoeverIsSignedIn(t *testing.T) {
	b := open(t)
	for _, pattern := range b.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		if !strings.HasPrefix(path, "/profile") && !strings.HasPrefix(path, "/preferences") {
			continue
		}
		path = strings.NewReplacer("{purpose}", "news", "{form}", "profile", "{field}", "telephone").Replace(path)
		a := b.web.Browser().Do(method, host, path, urls, "")
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in?back=") {
			t.Errorf("%s: %d %s", pattern, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

// R7: a form that cannot be taken keeps what was typed, beside what is wrong
// with it; a forged one changes nothing; script is text.
func TestProfileKeepsWhatWasTyped(t *testing.T) {
	b := open(t)
	v := b.signedUp(t, "ann@example.org")
	page := v.get("/profile")
	action, values := page.Fields("profile")
	if values.Get("name") != "Ann Example" || action != "/profile" {
		t.Errorf("%s %v", action, values)
	}
	values.Set("profession", `<script>alert("x")</script>`)
	values.Set("telephone", "ring me")
	a := v.post(action, values)
	_, again := a.Fields("profile")
	if a.StatusCode != http.StatusUnprocessableEntity || again.Get("profession") != values.Get("profession") || again.Get("telephone") != "ring me" || strings.Contains(a.Text, "<script>alert") {
		t.Errorf("%d %v", a.StatusCode, again)
	}
	values.Set("telephone", "01632 960123")
	forged := url.Values{}
	for name, list := range values {
		forged[name] = list
	}
	forged.Set("__RequestVerificationToken", "AAAA")
	if a := v.post(action, forged); a.StatusCode != http.StatusForbidden {
		t.Errorf("forged: %d", a.StatusCode)
	}
	if _, held := v.get("/profile").Fields("profile"); held.Get("profession") != "" {
		t.Error("a refused form was kept")
	}
	if a := v.post(action, values); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Saved.") {
		t.Errorf("%d", a.StatusCode)
	}
	a = v.post(button(v.get("/profile"), "content", "Remove Telephone number"), nil)
	if _, held := a.Fields("profile"); held.Get("telephone") != "" || held.Get("profession") == "" || !strings.Contains(a.Text, "Removed: Telephone number") {
		t.Errorf("after removal: %v", held)
	}
	for path, want := range map[string]int{
		"/profile/remove/profile/telephone": 404, "/profile/remove/profile/name": 409, "/profile/remove/contact/name": 404, "/profile/remove/profile/%3Cb%3E": 404,
	} {
		if a := v.post(path, nil); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, a.StatusCode, want)
		}
	}
	if a := v.get("/profile?removed=profile+%3Cscript%3E&saved=%3Cscript%3E"); strings.Contains(a.Text, `role="status"`) {
		t.Error("the page says what an address made up")
	}
}

// R16, L16: a yes counts for the words that were shown, a no always; what a
// purpose does not take is refused with words.
func TestChoicesByButton(t *testing.T) {
	b := open(t)
	v := b.signedUp(t, "ann@example.org")
	yes := button(v.get("/preferences"), "choice-personalise-sites", "Yes, do this")
	stale := yes[:len(yes)-4] + "0000"
	if a := v.post(stale, nil); a.StatusCode != http.StatusConflict || !strings.Contains(a.Text, "has changed") {
		t.Errorf("other words: %d", a.StatusCode)
	}
	a := v.post(yes, nil)
	if !strings.Contains(text(a.ByID("choice-personalise-sites")), "You said yes") {
		t.Error("a yes is not shown")
	}
	if a := v.post("/preferences/personalise-sites/no", nil); !strings.Contains(text(a.ByID("choice-personalise-sites")), "You took your yes back") {
		t.Error("a no without words is refused")
	}
	for path, want := range map[string]int{
		"/preferences/account/no": 409, "/preferences/security/no": 409, "/preferences/selling/no": 404, "/preferences/%3Cb%3E/yes": 404,
		"/preferences/direct-marketing/yes": 409, // no words were shown, and no way chosen
	} {
		if a := v.post(path, nil); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, a.StatusCode, want)
		}
	}
	action, values := v.get("/preferences").Fields("preferences-direct-marketing")
	values = url.Values{"__RequestVerificationToken": values["__RequestVerificationToken"], "post": {"yes"}}
	if a := v.post(action, values); !strings.Contains(text(a.ByID("choice-direct-marketing")), "You said yes") {
		t.Errorf("%d: ways are not taken", a.StatusCode)
	}
	values.Del("post") // none is a no
	if a := v.post(action, values); !strings.Contains(text(a.ByID("choice-direct-marketing")), "You took your yes back") {
		t.Error("no way is not taken for a no")
	}
	if a := v.post(action, url.Values{"post": {"yes"}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("a form without its token: %d", a.StatusCode)
	}
	past := text(v.get("/preferences/history").ByID("content"))
	for _, want := range []string{"You said yes, by post", "You took your yes back", "Putting first on our sites what is likely to matter to you."} {
		if !strings.Contains(past, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
}

// R1: somebody signed in is told of a new version until they have seen it, in
// whichever browser; the versions they saw stand in their history.
func TestReturningPeopleAreToldWhereverTheySawIt(t *testing.T) {
	b := open(t)
	const words = "Our privacy notice changed on"
	v := b.signedUp(t, "ann@example.org")
	if strings.Contains(v.get("/profile").Text, words) {
		t.Error("told before anything changed")
	}
	next := webtest.Profile(t, "invoco", [3]string{"policy.yaml", "version: 1\n", "version: 2\n"}, [3]string{"policy.yaml", "name: _gat\n", "name: _other\n"})
	from := b.Now().AddDate(0, 2, 0)
	if _, err := b.versions.Publish(t.Context(), next, from, b.Now()); err != nil {
		t.Fatal(err)
	}
	b.Later(from.Sub(b.Now()) + time.Hour)
	b.Bench.Policy = policy.Compile(next.Policy)
	first, second := b.signIn(t, "ann@example.org"), b.signIn(t, "ann@example.org")
	page := first.get("/preferences")
	if !strings.Contains(page.Text, words) || !strings.Contains(second.get("/profile").Text, words) {
		t.Fatal("not told")
	}
	if a := first.post(button(page, "", "I have seen this"), nil); strings.Contains(a.Text, words) {
		t.Error("told again where it was seen")
	}
	if strings.Contains(second.get("/profile").Text, words) {
		t.Error("told again in another browser")
	}
	past := text(second.get("/preferences/history").ByID("content"))
	if !strings.Contains(past, "Version 2") || !strings.Contains(past, "you said that you had seen it") || !strings.Contains(past, "Version 1") {
		t.Errorf("history: %s", past)
	}
}
