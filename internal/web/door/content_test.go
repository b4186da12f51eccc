package door

import (
	"strings"
	"testing"
)

// R15, R26: what is not agreed to cannot load, and what is agreed to is named
// host by host.
func TestContentPolicyFollowsConsent(t *testing.T) {
	const own = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; report-uri /csp"
	for _, choice := range []string{"", "no"} {
		if got := ContentPolicy(Loaded(declared, "website", state("website", choice)), nil); got != own {
			t.Errorf("after %q: %s", choice, got)
		}
	}
	if got := ContentPolicy(Loaded(declared, "portal", state("portal", "yes")), nil); got != own {
		t.Errorf("on a surface that declares nothing: %s", got)
	}
	got := ContentPolicy(Loaded(declared, "website", state("website", "yes")), []string{"http://portal.ours.localhost:8080"})
	for _, want := range []string{
		"; script-src 'self' https://tags.example;", "; connect-src 'self' https://*.collect.example;",
		"; frame-src http://stats.thirdparty.localhost:8123;", "; form-action 'self' http://portal.ours.localhost:8080;", "default-src 'none';",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	for _, not := range []string{"unsafe", " *", "https: ", "data:", "plain.example", "everything.example", "nonce"} {
		if strings.Contains(got, not) {
			t.Errorf("%q is in %s", not, got)
		}
	}
}

func TestIsOrigin(t *testing.T) {
	for s, want := range map[string]bool{
		"https://a.example": true, "https://*.a.example": true, "https://a.example:8443": true, "http://a.localhost:1": true,
		"https://*": false, "https://*.example": false, "*": false, "https:": false, "https://": false, "a.example": false, "http://a.example": false,
		"'self'": false, "https://a.example; script-src *": false, "https://a.example/path": false, "wss://a.example": false, "https://a.*.example": false, "http://localhost.evil.example": false, "": false,
	} {
		if IsOrigin(s) != want {
			t.Errorf("IsOrigin(%q) = %v", s, !want)
		}
	}
}

// R11: every power is denied but what is declared for the surface; what asks
// for a device's surroundings is open on the page that asks alone.
func TestPermissions(t *testing.T) {
	site, phone := Permissions(declared, "website", "microphone"), Permissions(declared, "softphone", "microphone", "camera")
	if other := Permissions(declared, "softphone"); !strings.Contains(other, "microphone=()") || !strings.Contains(other, "not-in-our-list=(self)") {
		t.Error(other)
	}
	if strings.Contains(site, "self") || !strings.Contains(site, "microphone=()") || !strings.Contains(site, "geolocation=()") {
		t.Error(site)
	}
	if !strings.Contains(phone, "microphone=(self)") || !strings.Contains(phone, "not-in-our-list=(self)") || !strings.Contains(phone, "camera=()") {
		t.Error(phone)
	}
	if strings.Count(phone, "microphone") != 1 {
		t.Error("a feature stands twice")
	}
}

func TestReport(t *testing.T) {
	for body, want := range map[string]string{
		`{"csp-report":{"effective-directive":"script-src-elem","blocked-uri":"https://x"}}`: "script-src-elem",
		`{"csp-report":{"violated-directive":"img-src 'self'"}}`:                             "img-src",
		`{"csp-report":{"effective-directive":"<b>made up"}}`:                                "other",
		`{"csp-report":{}}`: "other",
	} {
		if got, ok := Report([]byte(body)); !ok || got != want {
			t.Errorf("%s: %q, %v", body, got, ok)
		}
	}
	for _, body := range []string{"", "{}", "[]", "null", `{"csp-report":null}`, `{"csp-report":"x"}`, "{" + strings.Repeat(" ", MaxReport) + "}"} {
		if got, ok := Report([]byte(body)); ok {
			t.Errorf("%.40s: %q", body, got)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"csp-report":{"effective-directive":"script-src-elem"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if d, ok := Report(body); ok && strings.Trim(d, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Fatalf("%q is not of ours", d)
		}
	})
}

// E: the way back is a path of ours, and nothing else.
func TestBack(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "/products": "/products", "/privacy/versions/1": "/privacy/versions/1", "/a?token=secret": "/a", "/a#b": "/a",
		"": "/", "products": "/", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example": "/", "/%5cevil": "/", "/%2f/evil.example": "/",
		"/a\r\nSet-Cookie: x=1": "/", "/\tx": "/", "javascript:alert(1)": "/", "/é": "/", "/%0d%0ax": "/", "/" + strings.Repeat("a", 400): "/", "/%": "/", "/a b": "/",
	} {
		if got := Back(in); got != want {
			t.Errorf("Back(%.40q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzBack(f *testing.F) {
	f.Add("/products")
	f.Add("//evil.example")
	f.Add("/%2f%2fevil")
	f.Fuzz(func(t *testing.T, s string) {
		got := Back(s)
		if got == "" || got[0] != '/' || len(got) > 1 && (got[1] == '/' || got[1] == '\\') || strings.ContainsAny(got, "\r\n\\ ?#") {
			t.Fatalf("Back(%q) = %q", s, got)
		}
	})
}
