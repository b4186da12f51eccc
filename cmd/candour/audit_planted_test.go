package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"candour/internal/audit"
	"candour/internal/folder"
)

// somebody is a host that no policy declares.
const somebody = "tracker.somebody.localhost"

// meddler stands in front of the real site, as somebody would who changes what
// it sends without touching its policy.
type meddler struct {
	*httputil.ReverseProxy
	plants bool
	seen   func(*http.Request) // each request; nil for nothing
}

// plantedScript sets a cookie, calls an undeclared host and asks for a
// permission.
const plantedScript = `document.cookie = "trackscript=1; Path=/; Max-Age=3600";
new Image().src = "http://` + somebody + `/pixel.gif";
navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => {});
`

func meddle(t *testing.T, r *rig, plants bool, seen ...func(*http.Request)) *httptest.Server {
	t.Helper()
	m := &meddler{plants: plants, ReverseProxy: &httputil.ReverseProxy{
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }, // a page that was left
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + r.port})
			p.Out.Host = p.In.Host
			p.Out.Header.Set("Accept-Encoding", "identity") // so that it can be changed
		},
	}}
	if len(seen) > 0 {
		m.seen = seen[0]
	}
	if plants {
		m.ModifyResponse = plant
	}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return server
}

// submitButton is how the button of every form begins.
const submitButton = `<button class="button primary" type="submit">`

func (m *meddler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.seen != nil {
		m.seen(r)
	}
	if m.plants && r.URL.Path == "/planted.js" {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, plantedScript) // the browser may have left
		return
	}
	m.ReverseProxy.ServeHTTP(w, r)
}

// plant adds to a page: a cookie by header, a script, and on the page of the
// contact form and of a customer's details a field.
func plant(resp *http.Response) error {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return nil
	}
	resp.Header.Add("Set-Cookie", "trackhead=1; Path=/; Max-Age=3600")
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	page = bytes.Replace(page, []byte("</head>"), []byte(`<script src="/planted.js"></script></head>`), 1)
	field := `<label>Date of birth <input name="birthday" type="date"></label>`
	switch resp.Request.URL.Path {
	case "/contact":
		page = bytes.Replace(page, []byte("<textarea"), []byte(field+"<textarea"), 1)
	case "/profile":
		page = bytes.Replace(page, []byte(submitButton), []byte(field+submitButton), 1)
	}
	resp.Body = io.NopCloser(bytes.NewReader(page))
	resp.ContentLength = int64(len(page))
	resp.Header.Set("Content-Length", strconv.Itoa(len(page)))
	return nil
}

// `candour audit` finds no difference on the real site, and finds
// each of five that are planted in what it sends: an undeclared cookie by
// header (R25), one by script (R25), an undeclared host (R26), an undeclared
// field (R7) and a permission that is asked (R11).
func TestAuditFindsWhatIsPlanted(t *testing.T) {
	r, err := startRig(folder.Folder(t.TempDir()), "", RunCmd{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}()
	look := func(plants bool) (code int, report audit.Report, printed string) {
		t.Helper()
		at, err := url.Parse(meddle(t, r, plants).URL)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		var out, errs bytes.Buffer
		code = run(context.Background(), []string{
			"audit", "http://" + net.JoinHostPort(r.base.Hostname(), at.Port()) + "/contact", "--out", dir, "--max-pages", "3",
		}, &out, &errs)
		raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
		if err == nil {
			err = json.Unmarshal(raw, &report)
		}
		if err != nil {
			t.Fatalf("exit code %d, and no report: %v\n%s%s", code, err, &out, &errs)
		}
		return code, report, out.String()
	}

	code, report, printed := look(false)
	if code != 0 || len(report.Differences) > 0 {
		t.Errorf("nothing planted: exit code %d, want 0\n%s", code, printed)
	}
	if !slices.ContainsFunc(report.Pages, func(p audit.PageRun) bool { return strings.HasSuffix(p.Address, "/contact") }) {
		t.Fatalf("the contact form was not opened, so its fields were not compared: %v", report.Pages)
	}

	code, report, printed = look(true)
	if code != 1 {
		t.Errorf("five differences planted: exit code %d, want 1\n%s", code, printed)
	}
	for _, want := range []struct{ what, kind, subject string }{
		{"an undeclared cookie by header", audit.KindCookieUndeclared, "trackhead"},
		{"an undeclared cookie by script", audit.KindCookieUndeclared, "trackscript"},
		{"an undeclared host", audit.KindRequestUndeclared, somebody},
		{"an undeclared field", audit.KindFieldUndeclared, "birthday"},
		{"a permission asked", audit.KindPermissionUndeclared, "microphone"},
	} {
		found := slices.ContainsFunc(report.Differences, func(d audit.Difference) bool { return d.Kind == want.kind && d.Subject == want.subject })
		if !found || !strings.Contains(printed, want.subject) {
			t.Errorf("%s: no difference %s about %s\n%s", want.what, want.kind, want.subject, printed)
		}
	}
	for _, d := range report.Differences {
		if !slices.Contains([]string{"trackhead", "trackscript", somebody, "birthday", "microphone"}, d.Subject) {
			t.Errorf("a difference nobody planted: %s", d)
		}
	}
}
