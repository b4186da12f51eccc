package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/web"
	"candour/internal/web/webtest"
)

// Who passes which gate, for every session there can be, every gate, and roles
// that fit and do not: the table beside the gate's code (ASVS 5.0 8.2.1, 8.3.1).
func TestGates(t *testing.T) {
	gates := []web.Gate{web.Again, web.Enrol, web.Whole, web.Fresh, "mistyped"}
	roles := map[string][]identity.Role{
		"any": nil, "customer": {identity.CustomerAdministrator}, "staff": {identity.Engineer, identity.Officer},
	}
	b := webtest.Open(t, "invoco")
	b.OpenAccounts(func(rt *web.Routes) {
		for _, g := range gates {
			for name, list := range roles {
				h := func(w http.ResponseWriter, _ *http.Request, me *identity.Session) error {
					_, err := fmt.Fprint(w, me.Account.Role)
					return err
				}
				path := "/gate/" + string(g) + "/" + name
				rt.Member(g, "GET "+path, h, list...)
				rt.Member(g, "POST "+path, h, list...)
			}
		}
	})
	stale := b.Customer("ann@example.org").Token
	half := halfSession(t, b)
	b.Pass(11 * time.Minute)
	sessions := []struct {
		name, label, token, role string
		level                    identity.Level
		fresh                    bool
	}{
		{name: "nobody", label: "portal"},
		{name: "a made-up token", label: "portal", token: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
		{name: "another surface's", label: "partner", token: stale},
		{name: "half", label: "console", token: half, level: identity.Half},
		{name: "owes a factor", label: "console", token: b.Staff(identity.Officer, "olga@example.org").Token, level: identity.Enrol, role: "staff", fresh: true},
		{name: "whole", label: "portal", token: stale, level: identity.Whole, role: "customer"},
		{name: "whole and fresh", label: "portal", token: b.Customer("bob@example.org").Token, level: identity.Whole, role: "customer", fresh: true},
	}
	want := func(level identity.Level, role string, fresh bool, g web.Gate, wanted string) (int, string) {
		switch {
		case level == "" || level == identity.Half:
			return http.StatusSeeOther, web.SignInPath
		case level == identity.Enrol && g != web.Enrol && g != web.Again:
			return http.StatusSeeOther, web.EnrolPath
		case wanted != "any" && wanted != role:
			return http.StatusNotFound, ""
		case g == web.Fresh && !fresh:
			return http.StatusSeeOther, web.ProvePath
		}
		return http.StatusOK, ""
	}
	for _, s := range sessions {
		for _, g := range gates {
			for name := range roles {
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
					br := b.Browser()
					br.Cookies["invocoTelecom"+map[string]string{"portal": "Portal", "partner": "Partner", "console": "Console"}[s.label]] = s.token
					a := br.Do(method, s.label+"."+b.Parent, "/gate/"+string(g)+"/"+name, "", "")
					status, place := want(s.level, s.role, s.fresh, g, name)
					to := a.Header.Get("Location")
					if a.StatusCode != status || place != "" && (len(to) < len(place) || to[:len(place)] != place) {
						t.Errorf("%s, %s, gate %s for %s: %d to %q, want %d to %q", s.name, method, g, name, a.StatusCode, to, status, place)
					}
				}
			}
		}
	}
}

// halfSession begins a half session of a member of staff and returns what the
// browser holds, which opens nothing as a sign-in's cookie.
func halfSession(t *testing.T, b *webtest.Bench) string {
	t.Helper()
	o := b.Staff(identity.Engineer, "eve@example.org")
	code, err := b.CodeOf(o.Session)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Accounts.SetAuthenticator(t.Context(), o.Session, code); err != nil {
		t.Fatal(err)
	}
	b.Mails()
	token, s, err := b.Accounts.SignIn(t.Context(), identity.Attempt{Surface: "console", Email: "eve@example.org", Password: webtest.Password})
	if err != nil || s.Level != identity.Half {
		t.Fatalf("%v", err)
	}
	return token
}

// Every route of a surface that people sign in on and that changes anything is
// kept by a gate, but for those that must be open to let people in.
func TestRoutesThatChangeAreKept(t *testing.T) {
	open := []string{
		"POST /sign-up", "POST /sign-up/finish", "POST /sign-in", "POST /sign-in/passkey", "POST /sign-in/code", "POST /reset", "POST /reset/finish", "POST /address/confirm",
		"POST /recover", "POST /recover/begin", "POST /recover/stop", "POST /recover/finish",
		"POST " + web.ConsentPath, "POST " + web.ObjectPath, "POST " + web.EndObjectionPath, "POST " + web.SeenPath, "POST /csp",
	}
	b := webtest.Open(t, "invoco")
	b.OpenAccounts()
	fresh := []string{
		"POST /security/sessions/{session}/end", "POST /security/sessions/end", "POST /security/password", "POST /security/address", "POST /security/recovery",
		"POST /security/credentials/{credential}/remove", "POST /people/invite", "POST /people/{account}/close", "POST /people/{account}/sign-out", "POST /people/{account}/appoint",
	}
	for _, e := range b.Table("portal") {
		if e.Pattern[:4] == "GET " {
			continue
		}
		if e.Gate == web.Open && !slices.Contains(open, e.Pattern) {
			t.Errorf("%s is open", e.Pattern)
		}
		if slices.Contains(fresh, e.Pattern) != (e.Gate == web.Fresh) {
			t.Errorf("%s has the gate %s", e.Pattern, e.Gate)
		}
	}
}
