package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"candour/policy"
	"candour/policy/export"
)

func good(t *testing.T) *policy.Policy {
	t.Helper()
	p, faults := policy.Load(os.DirFS("../testdata/good"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p.Policy
}

func write(t *testing.T, format string, p *policy.Policy) string {
	t.Helper()
	var b bytes.Buffer
	if err := export.Write(&b, format, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// L18: the record names controller, officer, purposes, people, categories,
// recipients, transfers with safeguards, time limits and security.
func TestRecordHoldsWhatArticle30Asks(t *testing.T) {
	p := good(t)
	for _, format := range []string{"ropa-csv", "ropa-html"} {
		text := write(t, format, p)
		for _, want := range []string{
			"Example Telecom Ltd", "privacy@example.net", "News you asked for", "people who use: Website", "E-mail address",
			"Stats Inc", "data-bridge", "until you withdraw", "encrypted where it is stored", "Value Added Tax Act 1994",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", format, want)
			}
		}
	}
}

func TestRecordHasOneLineForEachUse(t *testing.T) {
	p := good(t)
	lines, err := csv.NewReader(strings.NewReader(write(t, "ropa-csv", p))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	uses := 0
	for _, q := range p.Purposes {
		uses += len(q.Uses)
	}
	if len(lines) != uses+1 {
		t.Errorf("%d lines for %d uses", len(lines), uses)
	}
}

// A cell that a spreadsheet would run as a formula is written as text.
func TestRecordIsInertInSpreadsheets(t *testing.T) {
	p := good(t)
	for i, start := range []string{"=", "+", "-", "@", "\t", "\r", "|", "%"} {
		p.Purposes[i%len(p.Purposes)].Title = start + "HYPERLINK(\"https://thief.example\")"
		lines, err := csv.NewReader(strings.NewReader(write(t, "ropa-csv", p))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			for _, cell := range line {
				if cell != "" && strings.Contains("=+-@\t\r\n|%", cell[:1]) {
					t.Errorf("cell %q begins like a formula", cell)
				}
			}
		}
	}
}

func TestRecordPageEscapesAndStandsAlone(t *testing.T) {
	p := good(t)
	p.Purposes[0].Title = "<script>alert(1)</script>"
	page := write(t, "ropa-html", p)
	if strings.Contains(page, "<script") {
		t.Error("a title became a script")
	}
	for _, reach := range []string{"src=", "href=", "url(", "@import"} {
		if strings.Contains(page, reach) {
			t.Errorf("the page reaches for something else: %s", reach)
		}
	}
	for _, want := range []string{`lang="en-GB"`, "<caption>", `scope="col"`, `scope="row"`, "@media print", "<main>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

func TestJSONKeepsEveryKey(t *testing.T) {
	var v map[string]any
	text := write(t, "json", good(t))
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	if v["format"] != "candour-policy/1" || v["version"] != 3.0 {
		t.Errorf("format %v, version %v", v["format"], v["version"])
	}
	first := v["retention"].([]any)[0].(map[string]any)
	if first["period"] != "P1Y" {
		t.Errorf("period %v", first["period"])
	}
	if text != write(t, "json", good(t)) {
		t.Error("two exports of one policy differ")
	}
}

func TestLinkedDataRefersToWhatItDefines(t *testing.T) {
	var doc struct {
		Context map[string]string `json:"@context"`
		Graph   []map[string]any  `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(write(t, "dpv-jsonld", good(t))), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Context["dpv"] != "https://w3id.org/dpv#" {
		t.Errorf("context %v", doc.Context)
	}
	defined, processes := map[string]bool{}, 0
	for _, n := range doc.Graph {
		defined[n["@id"].(string)] = true
		if n["@type"] == "dpv:Process" {
			processes++
		}
	}
	if processes != 8 {
		t.Errorf("%d processes", processes)
	}
	for _, n := range doc.Graph {
		for key, v := range n {
			for _, ref := range refs(v) {
				if !defined[ref] {
					t.Errorf("%s refers to %s, which is not in the graph", key, ref)
				}
			}
		}
	}
}

func refs(v any) []string {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["@id"].(string); ok && len(v) == 1 {
			return []string{id}
		}
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, refs(e)...)
		}
		return all
	}
	return nil
}

func TestUnknownFormatIsRefused(t *testing.T) {
	if err := export.Write(&bytes.Buffer{}, "xml", good(t)); err == nil {
		t.Error("no error")
	}
}
