package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What cannot be audited ends with exit code 1 and words that say what to do,
// and writes no report.
func TestAuditRefusals(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken")
	if err := os.Mkdir(broken, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "policy.yaml"), []byte("version: none\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		want string // somewhere in what is printed
	}{
		{"no browser", []string{"http://invoco.localhost:1", "--chromium", filepath.Join(dir, "none")}, "install it"},
		{"a host of nobody", []string{"http://somebody.example"}, "--policy"},
		{"a folder without a policy", []string{"http://somebody.example", "--policy", dir}, "policy.yaml"},
		{"a policy with faults", []string{"http://somebody.example", "--policy", filepath.Join(broken, "policy.yaml")}, "policy.yaml:1:10"},
	} {
		var out, errs strings.Builder
		report := filepath.Join(dir, "report")
		code := run(context.Background(), append([]string{"audit", "--out", report}, c.args...), &out, &errs)
		if code != 1 || !strings.Contains(out.String()+errs.String(), c.want) {
			t.Errorf("%s: exit code %d, want 1 and words with %q:\n%s%s", c.name, code, c.want, &out, &errs)
		}
		if _, err := os.Stat(report); err == nil {
			t.Errorf("%s: a report was written", c.name)
		}
	}
}
