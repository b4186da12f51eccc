package evidence_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/evidence/verify"
	"candour/internal/keys"
	"candour/internal/store"
)

func get(t *testing.T, url string) (int, string, http.Header) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

// The published log verifies from outside, and shows nobody's body.
func TestPublished(t *testing.T) {
	b := newBench(t, store.SQLite)
	log := b.open(evidence.Options{})
	for range 30 {
		b.append(consent(keys.NewSubjectID()), sweep(1), refusedMail(), consent(keys.NewSubjectID()), sweep(2), sweep(3), sweep(4), sweep(5), sweep(6), sweep(7))
	}
	b.wait(300)
	site := httptest.NewServer(log.Handler())
	defer site.Close()
	for _, source := range []string{site.URL + "/evidence", site.URL} {
		r, err := verify.Verify(t.Context(), source, verify.Options{Key: log.VerifierKey(), Since: log.Checkpoint()})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Holds() || r.Size != 301 {
			t.Errorf("%s:\n%s", source, text(t, r))
		}
	}
	for _, c := range []struct {
		path string
		code int
	}{
		{"/evidence/checkpoint", 200},
		{"/evidence/key", 200},
		{"/evidence/opening.schema.json", 200},
		{"/evidence/tile/0/000", 200},
		{"/evidence/tile/entries/000", 200},
		{"/evidence/tile/0/001.p/45", 200},
		{"/evidence/tile/0/001", 404},
		{"/evidence/tile/0/0", 404},
		{"/evidence/tile/0/000/../../../.state/treeState", 404},
		{"/evidence/tile/00/000", 404},
		{"/evidence/tile/9/000", 404},
		{"/evidence/tile/0/x999/x999/x999/x999/x999/x999/999", 404},
		{"/evidence/.state/treeState", 404},
		{"/evidence/body/0", 200},
		{"/evidence/body/1", 404}, // about a person
		{"/evidence/body/3", 404}, // for the operator
		{"/evidence/body/2", 200},
		{"/evidence/body/301", 404},
		{"/evidence/body/-1", 404},
	} {
		if code, _, _ := get(t, site.URL+c.path); code != c.code {
			t.Errorf("%s answers %d, want %d", c.path, code, c.code)
		}
	}
	_, body, header := get(t, site.URL+"/evidence/body/2")
	var o opening.Opening
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		t.Fatal(err)
	}
	if _, err := opening.VerifyOpening(log.VerifierKey(), o); err != nil {
		t.Errorf("the opening served does not verify: %v", err)
	}
	if header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error("an opening is served without nosniff")
	}
	b.close()
}

// A published log that was changed does not hold, seen from outside.
func TestPublishedTampered(t *testing.T) {
	b := newBench(t, store.SQLite)
	b.small()
	for _, c := range []struct{ path, where string }{
		{"tile/0/000.p/7", "tile/0/000.p/7"},
		{"tile/entries/000.p/7", "tile/entries/000.p/7"},
		{"checkpoint", "checkpoint"},
	} {
		good := b.file(c.path)
		b.flipFile(c.path, 60)
		site := httptest.NewServer(http.FileServerFS(os.DirFS(b.folder())))
		r, err := verify.Verify(t.Context(), site.URL, verify.Options{Key: b.log.VerifierKey()})
		site.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !names(r, c.where) {
			t.Errorf("%s flipped:\n%s", c.path, text(t, r))
		}
		write(t, b.path(c.path), good)
	}
	if _, err := verify.Verify(t.Context(), "http://log.example/evidence", verify.Options{}); err == nil {
		t.Error("a log is read over plain HTTP from another machine")
	}
}

// Refusals are counted, one entry for each kind, code and surface.
func TestCounter(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		log := b.open(evidence.Options{})
		ticks := make(chan struct{})
		c := evidence.NewCounter(log, ticks)
		for range 1000 {
			if err := c.Add(evidence.DoorRefused, "undeclared", "website", 1); err != nil {
				t.Fatal(err)
			}
		}
		ticks <- struct{}{}
		ticks <- struct{}{} // taken only when the first flush is done
		if err := c.Add(evidence.ReportReceived, "script-src", "website", 1); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []struct {
			kind evidence.Kind
			code string
		}{{evidence.ConsentDecided, "x"}, {evidence.DoorRefused, "https://tracker.example/?q=1"}, {evidence.DoorRefused, "_GA"}} {
			if err := c.Add(bad.kind, bad.code, "website", 1); err == nil {
				t.Errorf("%s %q is counted", bad.kind, bad.code)
			}
		}
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.close()
		if got := log.Size(); got != 3 {
			t.Errorf("the log has %d entries, want entry 0 and two", got)
		}
		var stored []byte
		if err := b.st.DB().QueryRow("SELECT body FROM evidence_log WHERE seq = 1").Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(stored), `"count":1000`) {
			t.Error("entry 1 does not say that a thousand were refused")
		}
	})
}

// Each new checkpoint goes to its sinks; one that is dead holds up nothing.
func TestSinks(t *testing.T) {
	b := newBench(t, store.SQLite)
	got := make(chan string, 100)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	defer site.Close()
	folder := t.TempDir()
	var sinks []evidence.Sink
	for _, target := range []string{folder, site.URL, filepath.Join(folder, "not mounted")} {
		s, err := evidence.NewSink(target)
		if err != nil {
			t.Fatal(err)
		}
		sinks = append(sinks, s)
	}
	for _, bad := range []string{"", "http://elsewhere.example/cp", "ftp://x/y", "https://"} {
		if _, err := evidence.NewSink(bad); err == nil {
			t.Errorf("%q is taken for a sink", bad)
		}
	}
	log := b.open(evidence.Options{Sinks: sinks})
	b.wait(b.append(sweep(1))...)
	b.close()
	want := string(log.Checkpoint())
	latest, err := os.ReadFile(filepath.Join(folder, "latest.checkpoint"))
	if err != nil || string(latest) != want {
		t.Errorf("the folder got %q (%v), want %q", latest, err, want)
	}
	last := ""
	for len(got) > 0 {
		last = <-got
	}
	if last != want {
		t.Errorf("the address got %q, want %q", last, want)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(log)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		m := f.GetMetric()[0]
		values[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		if len(m.GetLabel()) > 0 {
			t.Errorf("%s has labels", f.GetName())
		}
	}
	if values["candour_evidence_entries"] != 2 || values["candour_evidence_checkpoint_send_failures_total"] == 0 || values["candour_evidence_halted"] != 0 {
		t.Errorf("metrics say %v", values)
	}
}
