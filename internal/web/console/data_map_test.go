package console_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/web/webtest"
)

// The map sets beside each other what is declared and what is held, opens no
// value, and says in words where they differ.
func TestDataMap(t *testing.T) {
	each(t, func(b *bench) {
		s := b.planted()
		c := b.as(identity.Officer)
		a := c.get("/data-map")
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "What is held is what is declared.") || !strings.Contains(a.Text, "Declared, and nothing is held.") {
			t.Fatalf("%d %s", a.StatusCode, b.Logged)
		}
		// The next version no longer declares a use, nor a surface, and keeps
		// something for another time.
		next := webtest.Profile(t, "invoco",
			[3]string{"policy.yaml", "version: 1\n", "version: 2\n"},
			[3]string{"policy.yaml", "      - categories: [app.usage, contact.message]\n", "      - categories: [contact.message]\n"},
			[3]string{"policy.yaml", "kind: traffic\n    surfaces: [softphone, portal]", "kind: traffic\n    surfaces: [portal]"},
			[3]string{"policy.yaml", "categories: [app.logs]\n        basis: legitimate-interests\n        interest: Finding the fault that you reported and sent the log for.\n        retention: support", "categories: [app.logs]\n        basis: legitimate-interests\n        interest: Finding the fault that you reported and sent the log for.\n        retention: security"})
		if _, err := b.Versions.Publish(ctx, next, b.Clock().AddDate(0, 2, 0), b.Clock()); err != nil {
			t.Fatal(err)
		}
		b.Pass(b.Clock().AddDate(0, 2, 1).Sub(b.Clock()))
		c = b.as(identity.Engineer)
		a = c.get("/data-map")
		for _, want := range []string{
			"How you use the app, for “Gathering feedback”: Held, and no longer declared: collected under version 1.",
			"Communications data, for “Supplying our products and services”: 1 collected on “Softphone”, which may no longer collect it.",
			"Device logs, for “Support and technical services”: 1 kept otherwise, as was declared when they were collected: one year after the fault or question is closed.",
		} {
			if !strings.Contains(a.Text, want) {
				t.Errorf("%q is missing", want)
			}
		}
		for _, v := range values {
			if strings.Contains(a.Text, v.value) {
				t.Errorf("the map holds %s", v.value)
			}
		}
		if n := len(b.looks(s)); n != 0 {
			t.Errorf("the map was %d looks at somebody", n)
		}
	})
}

// One purpose or category can be followed, as a picture with a table beside it.
func TestDataMapFollows(t *testing.T) {
	b := one(t)
	b.planted()
	c := b.as(identity.Engineer)
	for path, want := range map[string][]string{
		"/data-map?purpose=supply":         {"Data map: Supplying our products and services", "<svg", "Payment provider", "Nobody outside"},
		"/data-map?category=contact.email": {"Data map: E-mail address", "<svg", "Direct marketing with your permission"},
	} {
		a := c.get(path)
		for _, w := range want {
			if !strings.Contains(a.Text, w) {
				t.Errorf("%s: %q is missing", path, w)
			}
		}
	}
	for _, path := range []string{"/data-map?purpose=none", "/data-map?category=none", "/data-map?purpose=supply&category=contact.email", "/data-map?purpose=%00", "/data-map?category=" + strings.Repeat("a", 5000)} {
		if a := c.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

// L18: the record of processing is handed out in each form, and the policy page
// says who may do what as the doors answer.
func TestPolicy(t *testing.T) {
	b := one(t)
	c := b.as(identity.Marketing)
	a := c.get("/policy")
	for _, want := range []string{"Version 1 is in force", "Who may do what", "Only with consent, stopped by an objection, stopped by shutting them out", "Marketing staff"} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for form, begins := range map[string]string{"record.html": "<!doctype html>", "record.csv": "", "record.jsonld": "{", "record.json": "{"} {
		a := c.get("/policy/record/" + form)
		if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Text, begins) || !strings.Contains(a.Text, "Invoco") && form != "record.csv" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d %s", form, a.StatusCode, a.Header)
		}
		if begins == "{" && !json.Valid([]byte(a.Text)) {
			t.Errorf("%s is no JSON", form)
		}
	}
	for _, form := range []string{"x", "record", "record.pdf"} {
		if a := c.get("/policy/record/" + form); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", form, a.StatusCode)
		}
	}
}
