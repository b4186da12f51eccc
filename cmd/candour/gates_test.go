package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/voicemail"
	"candour/internal/web"
)

// visitorAs is whoever sends requests: nobody, or a role.
type visitorAs struct {
	role    identity.Role // empty for nobody
	surface string        // where the role signed in
	token   string
	session *identity.Session
	secret  string // a word that stands in what is theirs
}

// hire opens an account with a role and signs it in.
func (r *rig) hire(t *testing.T, role identity.Role, name string) *visitorAs {
	t.Helper()
	ctx := context.Background()
	a, err := r.app.openAccounts()
	if err != nil {
		t.Fatal(err)
	}
	address, _, err := a.Employ(ctx, role, name+"@example.com")
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(address, "token=")
	o, err := a.Finish(ctx, token, "harbour lantern twelve", identity.Device{Address: "192.0.2.9"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Session.Level == identity.Enrol {
		secret, err := a.NewSecret(ctx, o.Session)
		if err != nil {
			t.Fatal(err)
		}
		code, err := totp.GenerateCode(strings.ReplaceAll(secret.Text(), " ", ""), r.now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.SetAuthenticator(ctx, o.Session, code); err != nil {
			t.Fatal(err)
		}
		o.Token, _ = o.Session.Renewed()
	}
	if token, ok := o.Session.Renewed(); ok {
		o.Token = token
	}
	return &visitorAs{role: role, surface: o.Session.Surface, token: o.Token, session: o.Session, secret: name + "@example.com"}
}

// answer is what a request got, without what differs from one to the next.
type answer struct {
	status   int
	location string
	body     string
}

var passing = regexp.MustCompile(`(?s)<input type="hidden"[^>]*>|data-question="[^"]*"|back=[^"&]*|<code>[a-z2-7]{16}</code>`)

// send asks for a path on a surface as somebody.
func (r *rig) send(t *testing.T, as *visitorAs, surface, method, path string, header http.Header) answer {
	t.Helper()
	p := r.app.inForce().Policy()
	s, ok := p.SurfaceByID(surface)
	if !ok {
		t.Fatalf("no surface %s", surface)
	}
	req, err := http.NewRequest(method, "http://127.0.0.1:"+r.port+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = hostOf(s.Host, p.Operator.LocalDomain+":"+r.port)
	for k, v := range header {
		req.Header[k] = v
	}
	if k, ok := p.CookieByRole("signin", surface); ok && as.token != "" {
		req.AddCookie(&http.Cookie{Name: k.Name, Value: as.token})
	}
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), passing.ReplaceAllString(string(body), "")}
}

// foreign returns, for the name of an id in a path, one that belongs to
// somebody else. A route with an id of a new kind needs a row here.
func foreign(t *testing.T, r *rig, other *visitorAs) func(name string) string {
	t.Helper()
	a, err := r.app.openAccounts()
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := a.Credentials(context.Background(), other.session)
	if err != nil || len(credentials) == 0 {
		t.Fatal("somebody else has no credential", err)
	}
	var entry, record int64
	var firm string
	err = r.app.store.View(context.Background(), func(tx *store.Tx) error {
		about := int64(other.session.Account.Subject)
		if err := tx.QueryRow(context.Background(), "SELECT MAX(record) FROM records WHERE subject = $1", about).Scan(&record); err != nil {
			return err
		}
		if err := tx.QueryRow(context.Background(), "SELECT reference FROM companies WHERE id = $1", other.session.Account.Company).Scan(&firm); err != nil {
			return err
		}
		return tx.QueryRow(context.Background(), "SELECT MAX(entry) FROM evidence_about WHERE subject = $1", about).Scan(&entry)
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{
		"session": fmt.Sprint(other.session.ID), "credential": fmt.Sprint(credentials[0].ID), "account": other.session.Account.Reference,
		"entry":  fmt.Sprint(entry),
		"call":   fmt.Sprint(r.call(t, other)),
		"device": fmt.Sprint(r.device(t, other)), "forward": fmt.Sprint(r.forward(t, other)), "stop": "1", "blocked": fmt.Sprint(r.block(t, other)), "report": "1", "recording": fmt.Sprint(r.message(t, other)),
		"ticket": "7K2M-9QXT", "pass": "AAAA", "form": "record.pdf", // of nobody; whose they are is tried in internal/web/console
		"record": fmt.Sprint(record), "firm": firm,
		"block":   "7K2M-9QXT",                                                                                  // of nobody; whose they are is tried in internal/web/softphone and internal/web/console
		"contact": fmt.Sprint(record), "line": fmt.Sprint(record), "message": fmt.Sprint(record), "number": "0", // likewise in internal/web/softphone
	}
	return func(name string) string {
		if slices.Contains(declaredNames, name) {
			return "nobody-declares-this"
		}
		id, ok := ids[name]
		if !ok {
			t.Errorf("a route has the id {%s}: give this test one of somebody else's", name)
		}
		return id
	}
}

// declaredNames are the names of ids in paths that belong to nobody: those of
// the policy, words of our own, and months.
var declaredNames = []string{"form", "field", "purpose", "permission", "kind", "length", "class", "month"}

// call is one that somebody made.
func (r *rig) call(t *testing.T, by *visitorAs) int64 {
	t.Helper()
	ctx, desk := context.Background(), r.app.desks.phones
	to := r.hire(t, identity.CustomerUser, "called")
	err := r.app.store.Update(ctx, func(tx *store.Tx) error {
		_, err := desk.Give(ctx, tx, by.session.Account.ID, "7001")
		if err == nil {
			_, err = desk.Give(ctx, tx, to.session.Account.ID, "7002")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	line, err := desk.LineOf(ctx, by.session.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	target, err := desk.Route(ctx, line, "7002")
	if err != nil {
		t.Fatal(err)
	}
	call, err := desk.Begin(ctx, telecom.Start{From: line, To: target})
	if err == nil {
		err = call.Ended(ctx, telecom.End{Code: telecom.Cancelled, ByCaller: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	return call.ID()
}

// device is a phone that somebody registered on their line.
func (r *rig) device(t *testing.T, of *visitorAs) int64 {
	t.Helper()
	desk := r.app.desks.phones
	roles, err := telecom.DeviceRolesOf(r.app.inForce())
	if err != nil {
		t.Fatal(err)
	}
	var d telecom.Device
	err = r.app.store.Update(context.Background(), func(tx *store.Tx) (err error) {
		d, _, err = desk.GiveDevice(context.Background(), tx, of.session.Access(roles.Purpose), of.session.Account.ID, "theirs")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// message is one that a caller left somebody.
func (r *rig) message(t *testing.T, of *visitorAs) int64 {
	t.Helper()
	line, err := r.app.desks.phones.LineOf(context.Background(), of.session.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	var m voicemail.Message
	err = r.app.store.Update(context.Background(), func(tx *store.Tx) (err error) {
		m, err = r.app.desks.voicemail.Leave(context.Background(), tx, voicemail.Left{For: line, From: "7002", Sound: media.Tone(440, time.Second)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// lineRoutes are those for who has a telephone line, which nobody here has.
var lineRoutes = []string{
	"GET /sip", "GET /voicemail/settings", "GET /voicemail/greeting/sound", "POST /call-settings/quiet", "POST /call-settings/number", "POST /call-settings/anonymous", "POST /call-settings/bill",
	"POST /call-settings/forward", "POST /call-settings/block", "POST /call-settings/address", "POST /call-settings/address/read",
}

// shared are the routes that are no page of a surface's own: files, choices
// about cookies, reports.
var shared = []string{"/assets/{file}", "/images/{file}"}

var pathID = regexp.MustCompile(`\{([a-z]+)\}`)

// R18, R28: every route for every role, with the ids of others and with ids
// that are made up. Whoever is not signed in on a surface is led to its
// sign-in, whatever they hold of another; whoever's role has no business on a
// route, or who asks for what is not theirs, finds nothing, and learns nothing
// from how it is not found.
func TestEveryRouteForEveryRole(t *testing.T) {
	r, err := startRig(folder.Folder(t.TempDir()+"/data"), "", RunCmd{FormLimit: 100000})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}()
	people := []*visitorAs{{}}
	for i, role := range identity.Roles() {
		people = append(people, r.hire(t, role, fmt.Sprintf("somebody%d", i)))
	}
	other := r.hire(t, identity.CustomerAdministrator, "other")
	theirs := foreign(t, r, other)
	tried := 0
	for _, surface := range r.app.inForce().Policy().Surfaces {
		for _, e := range r.app.served.site.Table(surface.ID) {
			for _, who := range people {
				tried += r.tryRoute(t, surface.ID, e, who, theirs)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d requests: this test sees too little", tried)
	}
	t.Logf("%d requests", tried)
}

// tryRoute sends what a route must answer to somebody, and returns how many
// requests that were.
func (r *rig) tryRoute(t *testing.T, surface string, e web.Entry, who *visitorAs, theirs func(string) string) int {
	t.Helper()
	method, path, _ := strings.Cut(e.Pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	if e.Gate == web.Open || slices.Contains(shared, path) {
		return 0
	}
	name := fmt.Sprintf("%s of %s as %q", e.Pattern, surface, who.role)
	given := pathID.ReplaceAllStringFunc(path, func(id string) string { return theirs(strings.Trim(id, "{}")) })
	in := who.surface == surface
	switch {
	case !in:
		if got := r.send(t, who, surface, method, given, nil); got.status != http.StatusSeeOther || !strings.HasPrefix(got.location, web.SignInPath+"?back=") {
			t.Errorf("%s: %d to %q, want the sign-in", name, got.status, got.location)
		}
		return 1
	case len(e.Roles) > 0 && !slices.Contains(e.Roles, who.role):
		if got := r.send(t, who, surface, method, given, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", name, got.status)
		}
		return 1
	case given != path:
		return r.tryIDs(t, name, surface, method, path, given, who)
	case method == http.MethodGet:
		want := http.StatusOK
		if slices.Contains(lineRoutes, e.Pattern) {
			want = http.StatusNotFound
		}
		if got := r.send(t, who, surface, method, path, nil); got.status != want {
			t.Errorf("%s: %d, want %d", name, got.status, want)
		}
		return 1
	}
	cross := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	if got := r.send(t, who, surface, method, path, cross); got.status != http.StatusForbidden {
		t.Errorf("%s from another site: %d, want 403", name, got.status)
	}
	return 1
}

// tryIDs asks for what is somebody else's and for what nobody has.
func (r *rig) tryIDs(t *testing.T, name, surface, method, path, given string, who *visitorAs) int {
	t.Helper()
	want := r.send(t, who, surface, method, given, nil)
	if want.status != http.StatusNotFound && want.status != http.StatusForbidden { // a form without our token is refused before anything is looked for
		t.Errorf("%s, somebody else's: %d, want 404 or 403", name, want.status)
	}
	made := []string{"0", "1", "-1", "9223372036854775807", "9223372036854775808", "x", "AAAA-AAAA", "%00", "%2e%2e%2f", "%F0%9F%92%A5", "1%20OR%201=1", strings.Repeat("7", 1000)}
	for _, id := range made {
		got := r.send(t, who, surface, method, pathID.ReplaceAllString(path, id), nil)
		if got != want {
			t.Errorf("%s, the made up id %.20q: %d, and other words than for somebody else's", name, id, got.status)
		}
	}
	return len(made) + 1
}
