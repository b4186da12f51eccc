package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candour/internal/audit"
	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/inspector"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// auditAs audits the portal behind the sign-in, through somebody who may change
// what it sends.
func auditAs(ctx context.Context, t *testing.T, r *rig, data string, plants bool, seen func(*http.Request)) (code int, report audit.Report, printed string) {
	t.Helper()
	at, err := url.Parse(meddle(t, r, plants, seen).URL)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var out, errs bytes.Buffer
	code = run(ctx, []string{
		"audit", "http://" + net.JoinHostPort("portal."+r.base.Hostname(), at.Port()) + "/", "--as", "customer-user", "--data", data, "--out", dir, "--max-pages", "14",
	}, &out, &errs)
	raw, err := os.ReadFile(filepath.Join(dir, audit.JSONFile))
	if err == nil {
		err = json.Unmarshal(raw, &report)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return code, report, out.String() + errs.String()
}

// nobodyLeft checks that neither account nor person is left of an audit.
func nobodyLeft(t *testing.T, a *app) {
	t.Helper()
	for _, table := range []string{"accounts", "sessions", "credentials", "account_links", "subjects", "tags"} {
		var n int
		if err := a.store.DB().QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil || n > 0 {
			t.Errorf("%s: %d rows are left of the audit, %v", table, n, err)
		}
	}
}

// `candour audit --as` finds what is planted behind the sign-in (R7, R25, R26),
// and nothing of whom it signed in is left: not in the database or its log, the
// evidence, what the server logs, or the report (R9).
func TestAuditBehindTheSignIn(t *testing.T) {
	x := &tester{T: t, dir: t.TempDir(), planted: []string{inspector.Address(identity.CustomerUser)}}
	var err error
	x.rig, err = startRig(folder.Folder(x.dir+"/data"), "", RunCmd{})
	x.must(err)
	defer func() { x.must(x.stop()) }()
	var tokens []string
	code, report, printed := auditAs(t.Context(), t, x.rig, x.dir+"/data", true, func(r *http.Request) {
		if c, err := r.Cookie("invocoTelecomPortal"); err == nil && !slices.Contains(tokens, c.Value) {
			tokens = append(tokens, c.Value)
		}
	})
	if code != 1 || len(tokens) != 1 {
		t.Errorf("exit code %d and %d sign-ins, want one of each\n%s", code, len(tokens), printed)
	}
	for kind, subject := range map[string]string{
		audit.KindCookieUndeclared: "trackhead", audit.KindRequestUndeclared: somebody, audit.KindFieldUndeclared: "birthday",
	} {
		if !slices.ContainsFunc(report.Differences, func(d audit.Difference) bool {
			return d.Kind == kind && d.Subject == subject && slices.Equal(d.Roles, []string{"customer-user"})
		}) {
			t.Errorf("no difference %s about %s\n%s", kind, subject, printed)
		}
	}
	for _, d := range report.Differences {
		if !slices.Contains([]string{"trackhead", "trackscript", somebody, "birthday", "microphone"}, d.Subject) {
			t.Errorf("a difference nobody planted: %s", d)
		}
	}
	nobodyLeft(t, x.rig.app)
	x.planted = append(x.planted, tokens...)
	x.scanAll("after the audit")
	// That it was there stands in the evidence, as with anybody.
	var entries int
	x.must(x.app.store.DB().QueryRow("SELECT COUNT(*) FROM evidence").Scan(&entries))
	if entries < 8 {
		t.Errorf("%d entries of evidence, want those of the account, its sign-ins and its end", entries)
	}
}

// An audit that is called off leaves nobody, and writes no report.
func TestAuditCalledOff(t *testing.T) {
	data := t.TempDir()
	r, err := startRig(folder.Folder(data), "", RunCmd{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	code, report, printed := auditAs(ctx, t, r, data, false, func(r *http.Request) {
		if r.URL.Path == "/profile" {
			cancel()
		}
	})
	if code != 1 || report.Format != "" || !strings.Contains(printed, "called off") || strings.Contains(printed, "not erased") {
		t.Errorf("exit code %d:\n%s", code, printed)
	}
	nobodyLeft(t, r.app)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

// Whom an audit signs in may do what their role may, a second audit takes the
// place of one that was killed, and what that left is erased at the next start.
func TestAuditKilled(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			database := ""
			if engine == store.PostgreSQL {
				database = storetest.Target(t, engine)
			}
			data := folder.Folder(t.TempDir())
			r, err := startRig(data, database, RunCmd{})
			if err != nil {
				t.Fatal(err)
			}
			var got auditBegun
			for range 2 {
				if err := data.Call(t.Context(), "audit-begin", auditArgs{identity.Officer}, &got); err != nil {
					t.Fatal(err)
				}
			}
			var accounts int
			if err := r.app.store.DB().QueryRow("SELECT COUNT(*) FROM accounts").Scan(&accounts); err != nil || accounts != 1 || len(got.Pages) != 1 || len(got.Cookies) != 1 {
				t.Fatalf("%d accounts, %v; pages %v", accounts, err, got.Pages)
			}
			if at := got.Cookies[0]; status(t, r, at, got.Pages[0]) != http.StatusOK || status(t, r, at, "/people-search") != http.StatusOK {
				t.Error("who was signed in does not see the pages of the role")
			}
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			if r, err = startRig(data, database, RunCmd{}); err != nil {
				t.Fatal(err)
			}
			nobodyLeft(t, r.app)
			var end auditEnded
			if err := data.Call(t.Context(), "audit-end", auditArgs{identity.Officer}, &end); err != nil || end.There {
				t.Errorf("somebody is still there: %v", err)
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// status asks for a page of the console with a sign-in.
func status(t *testing.T, r *rig, in audit.SignIn, path string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+r.port+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = net.JoinHostPort(in.Hosts[0], r.port)
	req.AddCookie(&http.Cookie{Name: in.Name, Value: in.Value})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}
