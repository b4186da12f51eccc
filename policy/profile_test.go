package policy_test

import (
	"os"
	"testing"

	"candour/policy"
)

// The built-in operators' folders are what the format is for: they load
// without a fault of form.
func TestLoadTakesBuiltInOperators(t *testing.T) {
	folders, err := os.ReadDir("../operators")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		t.Run(f.Name(), func(t *testing.T) {
			p, faults := policy.Load(os.DirFS("../operators/" + f.Name()))
			for _, fault := range faults {
				t.Error(fault)
			}
			if p.Hash == [32]byte{} {
				t.Error("no hash")
			}
		})
	}
}
