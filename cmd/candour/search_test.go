package main

import (
	"context"
	"path/filepath"
	"testing"

	"candour/internal/evidence"
	"candour/internal/folder"
)

// R28: a command that finds nobody, or may not look, is seen as a search in the
// console is, whatever file or error it ends with.
func TestACommandThatFindsNobodyIsSeen(t *testing.T) {
	r, err := startRig(folder.Folder(t.TempDir()+"/data"), "", RunCmd{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}()
	out := filepath.Join(t.TempDir(), "copy.json")
	for _, c := range []struct {
		purpose string
		kind    evidence.Kind
		stated  string
	}{
		{"support", evidence.SearchEmpty, "support"},
		{"tax-records", evidence.SearchRefused, "tax-records"},
		{"security", evidence.SearchRefused, "security"},
		{"no word of ours", evidence.SearchRefused, ""},
	} {
		for _, act := range []func(context.Context, personArgs) (any, error){r.app.export, r.app.erase} {
			if _, err := act(t.Context(), personArgs{"nobody@example.org", c.purpose, out}); err == nil {
				t.Fatalf("%s: somebody was found", c.purpose)
			}
			list, _, err := r.app.evidence.Searches(t.Context(), 1)
			if err != nil || len(list) != 1 {
				t.Fatalf("%s: %v, %v", c.purpose, list, err)
			}
			if b := list[0].Body; b.Kind != c.kind || b.Actor != engineer || b.Purpose != c.stated || b.Code != "email" || b.Hash != nil || b.Subject != 0 {
				t.Errorf("%s: %+v", c.purpose, b)
			}
		}
	}
	if _, total, err := r.app.evidence.Searches(t.Context(), 1); err != nil || total != 8 {
		t.Errorf("%d searches, %v", total, err)
	}
}
