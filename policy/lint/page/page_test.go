package page_test

import (
	"bytes"
	"os"
	"testing"

	"candour/policy/lint"
	"candour/policy/lint/page"
)

func TestPageIsCurrent(t *testing.T) {
	var want bytes.Buffer
	if err := page.Write(&want, os.DirFS(".."), lint.Rules()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../docs/policy-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/policy-rules.md is out of date; run go generate ./policy/lint")
	}
}
