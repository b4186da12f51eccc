package console_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"candour/internal/audit"
	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/store"
)

// The evidence page shows what is open for everyone, and nothing about
// somebody; who answers for the whole has all of it checked.
func TestEvidence(t *testing.T) {
	b := one(t)
	b.planted()
	var last int64
	b.act(func(tx *store.Tx) (err error) {
		last, err = b.Evidence.Append(ctx, tx, evidence.Body{Kind: evidence.SweepDone, At: b.Clock(), Count: 4321})
		return err
	})
	b.must(b.Evidence.Integrated(ctx, last))
	marketing, officer, engineer := b.as(identity.Marketing), b.as(identity.Officer), b.as(identity.Engineer)
	a := marketing.get("/evidence")
	for _, want := range []string{"The log takes entries", "sweep.done", "4,321 in all", "policy.published", "test.example/evidence"} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, not := range []string{"record.collected", "account.opened", "consent.decided", "Check the evidence now"} {
		if strings.Contains(a.Text, not) {
			t.Errorf("%q is there", not)
		}
	}
	if a := marketing.press("/evidence/verify"); a.StatusCode != http.StatusNotFound {
		t.Error("marketing has it checked:", a.StatusCode)
	}
	check := func(want string) {
		t.Helper()
		if a := engineer.press("/evidence/verify"); a.StatusCode != http.StatusSeeOther {
			t.Fatal(a.StatusCode)
		}
		if a := officer.get("/evidence"); !strings.Contains(a.Text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	check("The evidence holds: nothing was changed")
	b.fails = errors.New("no such folder")
	check("The check could not be done: no such folder")
}

// What is owed is counted, and what is behind is said.
func TestWork(t *testing.T) {
	b := one(t)
	s := b.planted()
	b.enquire("support", "My line is planted.")
	if _, err := b.vault.Erase(ctx, s); err != nil {
		t.Fatal(err)
	}
	c := b.as(identity.Engineer)
	a := c.get("/work")
	for _, want := range []string{"To be sent", "Nothing opens any more, rows still to be deleted", "Everything that came to its day has gone.", "No mail server is set"} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(strings.ToLower(a.Text), "planted") {
		t.Error("the page holds somebody's words")
	}
	b.Pass(8 * 365 * 24 * time.Hour)
	c = b.as(identity.Engineer)
	if a := c.get("/work"); !strings.Contains(a.Text, "Some of what came to its day is still stored") {
		t.Error("a sweep that never came is not told")
	}
}

// The last report is shown, or how one is made; a damaged one is said to be.
func TestAudit(t *testing.T) {
	b := one(t)
	c := b.as(identity.Officer)
	if a := c.get("/audit"); !strings.Contains(a.Text, "No audit has been left here yet") || !strings.Contains(a.Text, "candour audit http://invoco.localhost/ --as all --data DIR") {
		t.Error(a.Text)
	}
	if a := c.get("/audit/report.html"); a.StatusCode != http.StatusNotFound {
		t.Error("a report that is not there:", a.StatusCode)
	}
	b.write(audit.JSONFile, "{")
	if a := c.get("/audit"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "cannot be read") {
		t.Error("a damaged report:", a.StatusCode)
	}
	report := audit.Report{Format: audit.Format, Site: "http://invoco.localhost", Policy: 7, Browser: "Chromium", Differences: []audit.Difference{{State: "first", Page: "/", Seen: "<b>cookie</b> x", Declared: "none"}}}
	var text strings.Builder
	b.must(report.WriteJSON(&text))
	b.write(audit.JSONFile, text.String())
	b.write(audit.HTMLFile, "<!doctype html><title>x</title>")
	a := c.get("/audit")
	for _, want := range []string{"first /: &lt;b&gt;cookie&lt;/b&gt; x; the policy declares none", "policy version 7", "Version 1 of the policy is in force now"} {
		if !strings.Contains(a.Text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if a := c.get("/audit/report.html"); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Error("the report:", a.StatusCode, a.Header)
	}
	if a := b.as(identity.Support).get("/audit/report.html"); a.StatusCode != http.StatusNotFound {
		t.Error("support gets the report:", a.StatusCode)
	}
}
