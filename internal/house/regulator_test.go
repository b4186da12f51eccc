package house_test

import (
	"regexp"
	"strings"
	"testing"
)

// The regulator is becoming another body, with another name and address, so
// both are facts of an operator's policy and stand nowhere in the program (L45;
// Data (Use and Access) Act 2025 s119).
func TestTheRegulatorIsPolicyData(t *testing.T) {
	named := regexp.MustCompile(`Information Commission|\bico\.org\.uk`)
	for _, path := range files(t, "*.go", "*.html", "*.tmpl", "*.txt", "*.ts") {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".test.ts") || strings.Contains(path, "testdata/") {
			continue
		}
		if m := named.FindString(string(read(t, path))); m != "" {
			t.Errorf("%s names %q; take it from the policy's regulator", path, m)
		}
	}
	for _, path := range files(t, "policy.yaml") {
		if strings.HasPrefix(path, "operators/") && !strings.Contains(string(read(t, path)), "successor:") {
			t.Errorf("%s does not say who follows the regulator", path)
		}
	}
}
