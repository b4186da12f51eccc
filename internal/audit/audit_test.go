package audit

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// look audits a small site in a real browser.
func look(t *testing.T, f faults, pages ...int) *Report {
	t.Helper()
	s := startSite(t, f)
	o := Options{URL: s.url(parentHost, ""), Profile: s.policy()}
	if len(pages) > 0 {
		o.MaxPages = pages[0]
	}
	r, err := Run(t.Context(), o)
	if errors.Is(err, ErrNoChromium) {
		t.Fatalf("%v: these tests look through a real browser", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A site that keeps what it declares gives no difference, in all four states
// and on every surface that answers (R25, R26).
func TestHonestSite(t *testing.T) {
	t.Parallel()
	r := look(t, faults{})
	for _, d := range r.Differences {
		t.Errorf("a difference on an honest site: %s", d)
	}
	for _, s := range r.States {
		if s.Pages < 4 {
			t.Errorf("state %s saw %d pages, want at least 4", s.State, s.Pages)
		}
	}
	answers := map[string]bool{}
	for _, s := range r.Surfaces {
		answers[s.ID] = s.Answers
	}
	if !answers["website"] || !answers["portal"] || answers["console"] {
		t.Errorf("surfaces that answer: %v, want website and portal", answers)
	}
	if slices.ContainsFunc(r.Pages, func(p PageRun) bool { return strings.Contains(p.Address, "logout") }) {
		t.Error("a link that signs out was followed")
	}
	seen := func(kind, name string, s State) bool {
		return slices.ContainsFunc(r.Sightings, func(g Sighting) bool { return g.Kind == kind && g.Name == name && slices.Contains(g.States, s) })
	}
	if !seen("cookie", "_ga", Accepted) || seen("cookie", "_ga", First) || seen("cookie", "_ga", Refused) || seen("cookie", "_ga", Withdrawn) {
		t.Error("the analytics cookie was not seen after accepting only")
	}
	if !seen("storage", "theme", First) {
		t.Error("the declared entry in local storage was not seen")
	}
}

// Every fault that is planted is found and named, in the state it shows in.
func TestPlantedDifferences(t *testing.T) {
	t.Parallel()
	r := look(t, faults{
		headerCookie: true, scriptCookie: true, localStorage: true, database: true, otherHost: true, workerHost: true,
		undeclaredField: true, noReason: true, noOptional: true, tickedBox: true, permission: true, widePermissions: true, wideCSP: true,
		outlives: true, weakCookie: true, longCookie: true, unmarkedLink: true, preconnect: true,
	})
	want := []struct {
		state         State
		kind, subject string
		why           string
	}{
		{First, KindCookieUndeclared, "trackhead", "R25: an undeclared cookie in a header"},
		{First, KindCookieUndeclared, "trackscript", "R25: an undeclared cookie by script, deleted at once"},
		{First, KindStorageUndeclared, "fingerprint", "L23: local storage"},
		{First, KindStorageUndeclared, "visit", "L23: session storage"},
		{First, KindStorageUndeclared, "profile", "L23: a database"},
		{First, KindStorageUndeclared, "pages", "L23: a cache"},
		{First, KindRequestUndeclared, otherHost, "R26: an undeclared host"},
		{First, KindFieldUndeclared, "birthday", "R7: an undeclared field"},
		{First, KindFieldUndeclared, "campaign", "R7: an undeclared hidden field"},
		{First, KindFieldReason, "email", "R7: no reason beside a field"},
		{First, KindFieldOptional, "telephone", "R7: no mark of what is optional"},
		{Refused, KindFieldTicked, "analytics", "L23: a box that is ticked"},
		{First, KindPermissionUndeclared, "microphone", "R11: a permission asked"},
		{First, KindPermissionUndeclared, "geolocation", "R11: a person followed"},
		{First, KindPermissionUndeclared, "notifications", "R11: notifications"},
		{First, KindPermissionsPolicy, "geolocation", "R11: a header that is too wide"},
		{First, KindCSP, "script-src https://cdn.elsewhere.example", "R26: a source that is not declared"},
		{Withdrawn, KindCookieWithoutConsent, "_ga", "R27: a cookie that outlives withdrawal"},
		{First, KindCookieAttribute, "form", "R25: a cookie that script can read"},
		{Accepted, KindCookieAttribute, "choice", "R25: a cookie that lives too long"},
		{First, KindLinkUnmarked, otherHost, "R4: a link without a mark"},
		{First, KindPreload, otherHost, "R4: a hint to another host"},
	}
	for _, w := range want {
		if !has(r.Differences, w.state, w.kind, w.subject) {
			t.Errorf("%s: no difference %s about %s when %s", w.why, w.kind, w.subject, w.state)
		}
	}
	worker := slices.ContainsFunc(r.Sightings, func(g Sighting) bool { return g.Kind == "request" && strings.HasSuffix(g.Name, "/worker-beacon") })
	if !worker {
		t.Error("the request of a worker was not seen")
	}
	for _, d := range r.Differences {
		if !slices.ContainsFunc(want, func(w struct {
			state              State
			kind, subject, why string
		}) bool {
			return w.kind == d.Kind && w.subject == d.Subject
		}) && d.Subject != "connect-src https://cdn.elsewhere.example" {
			t.Errorf("a difference nobody planted: %s", d)
		}
		if strings.Contains(d.String(), "id=7") {
			t.Errorf("the query of an address was told: %s", d)
		}
	}
}

// A third party that loads before consent is found in every state but the
// accepted one (R26, L22).
func TestThirdPartyBeforeConsent(t *testing.T) {
	t.Parallel()
	r := look(t, faults{earlyStats: true, asksAgain: true}, 1)
	for _, s := range []State{First, Refused, Withdrawn} {
		for kind, subject := range map[string]string{KindRequestNoConsent: statsHost, KindCookieWithoutConsent: "_ga"} {
			if !has(r.Differences, s, kind, subject) {
				t.Errorf("no difference %s when %s", kind, s)
			}
		}
	}
	if has(r.Differences, Accepted, KindRequestNoConsent, statsHost) {
		t.Error("a third party that was agreed to was called a difference")
	}
	if !has(r.Differences, Refused, KindConsentAgain, "consent message") {
		t.Error("a message that asks again after a refusal was not found (L23)")
	}
}

// A site that should ask and does not is told of (R25, L22).
func TestNoConsentMessage(t *testing.T) {
	t.Parallel()
	r := look(t, faults{noBanner: true}, 1)
	if !has(r.Differences, First, KindConsentMissing, "consent message") {
		t.Errorf("a missing consent message was not found: %v", r.Differences)
	}
	if r.States[1].Pages == 0 {
		t.Error("the cookie page was not used to refuse where there was no message")
	}
}

// Refusing must be as easy as accepting (L23).
func TestUnequalChoice(t *testing.T) {
	t.Parallel()
	r := look(t, faults{noReject: true}, 1)
	if !has(r.Differences, First, KindConsentUnequal, "consent message") {
		t.Errorf("a message without a way to refuse was not found: %v", r.Differences)
	}
}

// What cannot be audited is told in words that say what to do, and leaves no
// process and no folder behind.
func TestRefusals(t *testing.T) {
	s := startSite(t, faults{})
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, c := range []struct {
		name string
		o    Options
		want error
	}{
		{"no browser", Options{URL: s.url(parentHost, ""), Chromium: filepath.Join(temp, "none")}, ErrNoChromium},
		{"a browser that is none", Options{URL: s.url(parentHost, ""), Chromium: "/bin/false"}, nil},
		{"a host of nobody", Options{URL: "http://console.elsewhere.localhost:" + s.port + "/"}, ErrNothingAnswers},
		{"a closed port", Options{URL: "http://" + parentHost + ":1/"}, ErrNothingAnswers},
		{"no address", Options{URL: "ftp://x"}, nil},
	} {
		c.o.Profile = s.policy()
		_, err := Run(t.Context(), c.o)
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
	// Called off in the middle: the server sees the first request.
	ctx, cancel := context.WithCancel(t.Context())
	s.onRequest = cancel
	if _, err := Run(ctx, Options{URL: s.url(parentHost, ""), Profile: s.policy()}); !errors.Is(err, context.Canceled) {
		t.Errorf("an audit that was called off: %v", err)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Fatalf("processes cannot be listed: %v", err)
	}
	for _, line := range lines {
		if b, err := os.ReadFile(line); err == nil && bytes.Contains(b, []byte(temp)) {
			t.Errorf("a browser still runs: %s", line)
		}
	}
}
