package house_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// verificationFile says how far accounts meet OWASP ASVS 5.0.
const verificationFile = "docs/asvs.md"

// verified are the requirements of ASVS 5.0.0 of levels 1 and 2 in the chapters
// that the page takes: how many there are, in a row, in each section. Those of
// level 3 stand last in their section, but for 6.4.5, 6.5.6 and the like.
var verified = map[string]int{
	"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
	"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
	"8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
	"14.1": 2, "14.2": 4, "14.3": 3,
}

var verificationRow = regexp.MustCompile(`(?m)^\| ([0-9]+\.[0-9]+\.[0-9]+) \|(.*)\|$`)

// Every requirement has one row; what is said to be met has a proof that is
// there, and what is not has a reason.
func TestVerificationTable(t *testing.T) {
	owed := map[string]bool{}
	for section, n := range verified {
		for i := 1; i <= n; i++ {
			owed[fmt.Sprintf("%s.%d", section, i)] = true
		}
	}
	there := files(t, "*_test.go", "*.test.ts", "*.test.mjs", "*.txtar")
	for _, row := range verificationRow.FindAllStringSubmatch(string(read(t, verificationFile)), -1) {
		id, cells := row[1], strings.Split(row[2], "|")
		if len(cells) != 5 {
			t.Errorf("%s: the row of %s has %d cells after its id, want 5: level, asks, today, how, proof", verificationFile, id, len(cells))
			continue
		}
		if !owed[id] {
			t.Errorf("%s: %s has two rows, or is none of levels 1 and 2", verificationFile, id)
		}
		delete(owed, id)
		level, today, how := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])
		proof := citedTest.FindAllStringSubmatch(cells[4], -1)
		switch {
		case level != "1" && level != "2":
			t.Errorf("%s: %s is of level %q", verificationFile, id, level)
		case today == "met" && len(proof) == 0:
			t.Errorf("%s: %s is said to be met and cites no test", verificationFile, id)
		case today != "met" && how == "":
			t.Errorf("%s: %s is %s, and no reason is given", verificationFile, id, today)
		case !slices.Contains([]string{"met", "partly", "not met", "none"}, today):
			t.Errorf("%s: %s is %q", verificationFile, id, today)
		}
		for _, c := range proof {
			if cited := (citation{c[1], c[2]}); !slices.Contains(there, cited.path) || !cited.in(string(read(t, cited.path))) {
				t.Errorf("%s: %s cites %s:%s, and there is no such test", verificationFile, id, cited.path, cited.name)
			}
		}
	}
	for id := range owed {
		t.Errorf("%s: %s has no row", verificationFile, id)
	}
}
