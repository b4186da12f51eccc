package audit

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an empty folder:", err)
	}
	want := &Report{Format: Format, Site: "http://example.localhost", Policy: 3, Differences: []Difference{{Kind: KindCSP, Seen: "x", Page: "/"}}}
	var b bytes.Buffer
	if err := want.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, JSONFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(b.String())
	got, err := Read(dir)
	if err != nil || got.Policy != 3 || len(got.Differences) != 1 || got.Differences[0].Kind != KindCSP {
		t.Fatal(got, err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "<html>", "another format": strings.Replace(b.String(), Format, "candour-audit/9", 1), "a list": "[]", "wrong types": `{"format":"` + Format + `","policy":"x"}`,
		"too large": `{"format":"` + Format + `","site":"` + strings.Repeat("x", MaxReport) + `"}`,
	} {
		write(text)
		if _, err := Read(dir); !errors.Is(err, ErrReport) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"format":"candour-audit/1","differences":[{"state":"first"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := decode(bytes.NewReader(raw))
		if (r == nil) == (err == nil) || err == nil && r.Format != Format {
			t.Fatal(r, err)
		}
	})
}
