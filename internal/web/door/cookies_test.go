package door

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/consent"
	"candour/policy"
)

var now = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

var declared = &policy.Policy{
	Version:  1,
	Settings: policy.Settings{ConsentPeriod: policy.Period{Months: 6}, GlobalPrivacyControl: true},
	Surfaces: []policy.Surface{{ID: "website"}, {ID: "portal", Host: "portal"}, {ID: "softphone", Host: "softphone"}},
	CookieGroups: []policy.CookieGroup{
		{ID: "necessary", Exemption: "strictly-necessary"}, {ID: "analytics", Consent: true},
	},
	Cookies: []policy.Cookie{
		{ID: "form", Name: "FormToken", Role: "antiforgery", Group: "necessary", SetBy: "server", Storage: "cookie", Surfaces: []string{"website"}, Scope: "host", HTTPOnly: true, Secure: true, SameSite: "strict"},
		{ID: "choice", Name: "Choice", Role: "consent", Group: "necessary", SetBy: "server", Storage: "cookie", Surfaces: []string{"website"}, Scope: "parent", Lifetime: policy.Period{Days: 180}, Secure: true, SameSite: "lax"},
		{ID: "seen", Name: "Seen", Group: "analytics", SetBy: "server", Storage: "cookie", Surfaces: []string{"website"}, Scope: "host", SameSite: "lax"},
		{ID: "ga", Name: "_ga", Group: "analytics", SetBy: "script", Storage: "cookie", Surfaces: []string{"website"}, Scope: "parent", SameSite: "lax"},
		{ID: "ga-more", Name: "_ga_*", Group: "analytics", SetBy: "script", Storage: "cookie", Surfaces: []string{"website"}, Scope: "parent", SameSite: "lax"},
		{ID: "local", Name: "stored", Group: "necessary", SetBy: "script", Storage: "local-storage", Surfaces: []string{"website"}},
	},
	Permissions: []policy.Permission{
		{ID: "microphone", Features: []string{"microphone"}, Surfaces: []string{"softphone"}},
		{ID: "new", Features: []string{"not-in-our-list"}, Surfaces: []string{"softphone"}},
	},
	Integrations: []policy.Integration{{ID: "ga", Kind: "google-analytics", Group: "analytics", Surfaces: []string{"website"}, Sources: map[string][]string{
		"script-src":  {"https://tags.example", "'unsafe-inline'", "*", "https:", "data:", "http://plain.example", "https://tags.example"},
		"connect-src": {"https://*.collect.example"},
		"frame-src":   {"http://stats.thirdparty.localhost:8123"},
		"default-src": {"https://everything.example"},
	}}},
}

// state is what a browser agreed to that decided yes or no on analytics, or
// did not decide.
func state(surface, choice string) consent.State {
	desk := consent.New(nil, nil, []byte("secret"), func(int) *policy.Policy { return declared }, func() time.Time { return now })
	if choice == "" {
		return desk.Read(declared, surface, nil, false)
	}
	d := consent.Decision{Policy: 1, Day: now.Truncate(24 * time.Hour), Choices: consent.Choices{}.With(1, choice == "yes")}
	_, value, _ := desk.Cookie(declared, "website", d)
	return desk.Read(declared, surface, []string{value}, false)
}

func cookieDoor(surface, choice string) *Cookies {
	return &Cookies{Policy: declared, Surface: surface, State: state(surface, choice), Host: "ours.localhost", Parent: "ours.localhost", Now: now}
}

// R25, L22: only declared cookies leave, only if agreed to, only as declared.
func TestWhatLeaves(t *testing.T) {
	const asDeclared = "FormToken=v; Path=/; HttpOnly; Secure; SameSite=Strict"
	for name, c := range map[string]struct{ surface, choice, line, want, code string }{
		"as declared":            {"website", "", asDeclared, asDeclared, ""},
		"longer than declared":   {"website", "", asDeclared + "; Max-Age=99", asDeclared, CookieAttributes},
		"readable by script":     {"website", "", "FormToken=v; Path=/; Secure; SameSite=Strict", asDeclared, CookieAttributes},
		"for the whole parent":   {"website", "", "FormToken=v; Path=/; Domain=ours.localhost; HttpOnly; Secure; SameSite=Strict", asDeclared, CookieAttributes},
		"parent, with a life":    {"website", "", "Choice=v", "Choice=v; Path=/; Domain=ours.localhost; Max-Age=15552000; Secure; SameSite=Lax", CookieAttributes},
		"undeclared":             {"website", "yes", "other=v; Path=/", "", CookieUndeclared},
		"of another case":        {"website", "", "formtoken=v", "", CookieUndeclared},
		"undeclared here":        {"portal", "", asDeclared, "", CookieUndeclared},
		"no decision":            {"website", "", "Seen=v", "", CookieUnagreed},
		"refused":                {"website", "no", "Seen=v", "", CookieUnagreed},
		"agreed to":              {"website", "yes", "Seen=v; Path=/; SameSite=Lax", "Seen=v; Path=/; SameSite=Lax", ""},
		"a script's, from us":    {"website", "yes", "_ga=v", "", CookieUndeclared},
		"another kind of store":  {"website", "yes", "stored=v", "", CookieUndeclared},
		"not readable":           {"website", "yes", "=;;;", "", CookieMalformed},
		"expiring anything":      {"portal", "no", "_ga=; Path=/; Max-Age=0", "_ga=; Path=/; Max-Age=0", ""},
		"expiring with a value":  {"portal", "no", "_ga=v; Path=/; Max-Age=0", "", CookieUndeclared},
		"a life that never ends": {"website", "yes", "Seen=v; Path=/; Max-Age=34560000; SameSite=Lax", "Seen=v; Path=/; SameSite=Lax", CookieAttributes},
	} {
		h := http.Header{"Set-Cookie": {c.line}}
		codes := cookieDoor(c.surface, c.choice).Out(h)
		if got := h.Get("Set-Cookie"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if (c.code == "") != (len(codes) == 0) || c.code != "" && codes[0] != c.code {
			t.Errorf("%s: codes %v, want %q", name, codes, c.code)
		}
	}
}

// R27: what is not declared or no longer agreed to is expired in each form a
// browser may hold it in.
func TestWhatIsExpired(t *testing.T) {
	for name, c := range map[string]struct {
		surface, choice, sent string
		gone                  []string
	}{
		"nothing sent":               {"website", "no", "", nil},
		"declared and needed":        {"website", "no", "FormToken=1; Choice=2", nil},
		"analytics, agreed to":       {"website", "yes", "_ga=1; _ga_ABC=2", nil},
		"analytics, refused":         {"website", "no", "_ga=1; _ga_ABC=2", []string{"_ga", "_ga_ABC"}},
		"analytics, undecided":       {"website", "", "_ga=1", []string{"_ga"}},
		"the parent's, on a sibling": {"portal", "yes", "_ga=1; Choice=2", nil},
		"a host's, on a sibling":     {"portal", "yes", "FormToken=1", []string{"FormToken"}},
		"undeclared":                 {"website", "yes", "x=1; x=2; _gax=3", []string{"x", "_gax"}},
		"the bare pattern":           {"website", "yes", "_ga_=1", []string{"_ga_"}},
		"a flood":                    {"website", "", strings.Repeat("a=1; b=1; c=1; d=1; e=1; f=1; g=1; h=1; i=1; j=1; ", 3), []string{"a", "b", "c", "d", "e", "f", "g", "h"}},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if c.sent != "" {
			r.Header.Set("Cookie", c.sent)
		}
		lines, _ := cookieDoor(c.surface, c.choice).In(r)
		var gone []string
		for _, line := range lines {
			k, err := http.ParseSetCookie(line)
			if err != nil || k.MaxAge >= 0 || k.Value != "" {
				t.Fatalf("%s: %q does not expire anything", name, line)
			}
			if !slices.Contains(gone, k.Name) {
				gone = append(gone, k.Name)
			}
		}
		if !slices.Equal(gone, c.gone) {
			t.Errorf("%s: %v went, want %v", name, gone, c.gone)
		}
	}
}

func TestEachFormOfACookieIsExpired(t *testing.T) {
	d := cookieDoor("portal", "")
	d.Host = "portal.ours.localhost"
	for name, want := range map[string][]string{
		"plain": {
			"plain=; Path=/; Max-Age=0", "plain=; Path=/; Max-Age=0; Secure",
			"plain=; Path=/; Domain=portal.ours.localhost; Max-Age=0", "plain=; Path=/; Domain=portal.ours.localhost; Max-Age=0; Secure",
			"plain=; Path=/; Domain=ours.localhost; Max-Age=0", "plain=; Path=/; Domain=ours.localhost; Max-Age=0; Secure",
		},
		"__Host-x":      {"__Host-x=; Path=/; Max-Age=0; Secure"},
		"__Host-Http-x": {"__Host-Http-x=; Path=/; Max-Age=0; HttpOnly; Secure"},
		"__Secure-x":    {"__Secure-x=; Path=/; Max-Age=0; Secure", "__Secure-x=; Path=/; Domain=portal.ours.localhost; Max-Age=0; Secure", "__Secure-x=; Path=/; Domain=ours.localhost; Max-Age=0; Secure"},
	} {
		if got := d.expire(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzCookiesOut(f *testing.F) {
	f.Add("FormToken=v; Path=/; HttpOnly; Secure; SameSite=Strict")
	f.Add("x=; Max-Age=0; Domain=evil.example")
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Set-Cookie": {line}}
		cookieDoor("website", "no").Out(h)
		for _, left := range h["Set-Cookie"] {
			c, err := http.ParseSetCookie(left)
			if err != nil {
				t.Fatalf("%q left and cannot be read", left)
			}
			if k, ok := declared.CookieNamed(c.Name, "website"); c.MaxAge >= 0 && (!ok || k.Group != "necessary") {
				t.Fatalf("%q left", left)
			}
		}
	})
}
