package lint_test

import (
	"os"
	"testing"

	"candour/policy"
	"candour/policy/lint"
)

// The built-in operators keep every rule.
func TestBuiltInOperatorsKeepEveryRule(t *testing.T) {
	folders, err := os.ReadDir("../../operators")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		t.Run(f.Name(), func(t *testing.T) {
			p, faults := policy.Load(os.DirFS("../../operators/" + f.Name()))
			for _, fault := range append(faults, lint.Run(p)...) {
				t.Error(fault)
			}
		})
	}
}
