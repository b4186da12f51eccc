package house_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// obligationsFile is the one place that says what is promised or asked by law,
// how far it is kept today, and which test proves it.
const obligationsFile = "docs/obligations.md"

// The ids there are. A row for each must stand in the table, so that what is
// not kept yet is said and not forgotten.
const (
	promises = 29 // R1 to R29: the published policy
	laws     = 46 // L1 to L46: the law
)

// obligation is a row of the table.
type obligation struct {
	id     string
	status string
	proof  []citation
}

// citation names a test: in Go a function, elsewhere a title in the file, and
// for a script of the command line the file itself.
type citation struct{ path, name string }

// statuses of a row. What is kept must have a proof.
var statuses = []string{"kept", "partly", "later"}

var (
	obligationRow = regexp.MustCompile(`(?m)^\| ([RL][0-9]+) \|(.*)\|$`)
	citedTest     = regexp.MustCompile("`([a-z0-9_./-]+\\.(?:go|ts|mjs|txtar))(?::([^`]+))?`")
	citedID       = regexp.MustCompile(`\b[RL][0-9]{1,2}\b`)
)

func obligations(t *testing.T) map[string]obligation {
	t.Helper()
	table := map[string]obligation{}
	for _, row := range obligationRow.FindAllStringSubmatch(string(read(t, obligationsFile)), -1) {
		cells := strings.Split(row[2], "|")
		if len(cells) != 5 {
			t.Errorf("%s: the row of %s has %d cells after its id, want 5: source, asks, today, how, proof", obligationsFile, row[1], len(cells))
			continue
		}
		o := obligation{id: row[1], status: strings.TrimSpace(cells[2])}
		for _, c := range citedTest.FindAllStringSubmatch(cells[4], -1) {
			o.proof = append(o.proof, citation{c[1], c[2]})
		}
		if _, twice := table[o.id]; twice {
			t.Errorf("%s: %s has two rows", obligationsFile, o.id)
		}
		table[o.id] = o
	}
	return table
}

// Every obligation has its row, and nothing else has one.
func TestEveryObligationIsInTheTable(t *testing.T) {
	table := obligations(t)
	for _, set := range []struct {
		letter string
		count  int
	}{{"R", promises}, {"L", laws}} {
		for n := 1; n <= set.count; n++ {
			id := fmt.Sprintf("%s%d", set.letter, n)
			if _, ok := table[id]; !ok {
				t.Errorf("%s: %s has no row", obligationsFile, id)
			}
			delete(table, id)
		}
	}
	for id := range table {
		t.Errorf("%s: %s is no id of ours", obligationsFile, id)
	}
}

// What is said to be kept is proven by a test that is there and says so
// itself: a reader who searches for the id finds the proof from either end.
func TestWhatIsKeptIsProven(t *testing.T) {
	table := obligations(t)
	there := files(t, "*_test.go", "*.test.ts", "*.test.mjs", "*.txtar")
	for _, id := range slices.Sorted(maps.Keys(table)) {
		o := table[id]
		if !slices.Contains(statuses, o.status) {
			t.Errorf("%s: %s is %q; say one of %v", obligationsFile, id, o.status, statuses)
		}
		if o.status == "kept" && len(o.proof) == 0 {
			t.Errorf("%s: %s is said to be kept and cites no test", obligationsFile, id)
		}
		for _, c := range o.proof {
			if !slices.Contains(there, c.path) {
				t.Errorf("%s: %s cites %s, which is no test file", obligationsFile, id, c.path)
				continue
			}
			text := string(read(t, c.path))
			if !c.in(text) {
				t.Errorf("%s: %s cites %s:%s, and there is no such test", obligationsFile, id, c.path, c.name)
			}
			if !slices.Contains(citedID.FindAllString(text, -1), id) {
				t.Errorf("%s: %s cites %s, which does not mention it", obligationsFile, id, c.path)
			}
		}
	}
}

// in reports whether the cited test is in the file's text.
func (c citation) in(text string) bool {
	switch {
	case strings.HasSuffix(c.path, ".txtar"):
		return c.name == ""
	case strings.HasSuffix(c.path, ".go"):
		return c.name != "" && strings.Contains(text, "\nfunc "+c.name+"(")
	}
	return c.name != "" && strings.Contains(text, "('"+c.name)
}

// A test that cites an id the table does not know proves nothing that anybody
// asked for: the id is mistyped.
func TestCitedObligationsAreKnown(t *testing.T) {
	table := obligations(t)
	for _, path := range files(t, "*_test.go", "*.test.ts", "*.test.mjs", "*.txtar") {
		if strings.HasPrefix(path, "internal/house/") {
			continue
		}
		for i, line := range strings.Split(string(read(t, path)), "\n") {
			for _, id := range citedID.FindAllString(line, -1) {
				if _, known := table[id]; !known {
					t.Errorf("%s:%d cites %s, which %s does not know", path, i+1, id, obligationsFile)
				}
			}
		}
	}
}

var (
	namedTest = regexp.MustCompile("`(?:[^`]*:)?((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	namedFile = regexp.MustCompile("`((?:cmd|deploy|docs|e2e|frontend|internal|operators|policy|scripts)/[\\w./-]+)(?::[^`]*)?`")
	localLink = regexp.MustCompile(`\]\(([^):#]+)(?:#[^)]*)?\)`)
)

// A document that names a test or a file that is gone misleads whoever follows
// it.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	tests := map[string]bool{}
	for _, path := range files(t, "*_test.go") {
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(read(t, path)), -1) {
			tests[m[1]] = true
		}
	}
	for _, path := range files(t, "*.md") {
		if !strings.HasPrefix(path, "docs/") && strings.Contains(path, "/") {
			continue // pages of an operator
		}
		text := string(read(t, path))
		for _, m := range namedTest.FindAllStringSubmatch(text, -1) {
			if !tests[m[1]] {
				t.Errorf("%s names the test %s, which is not there", path, m[1])
			}
		}
		for _, m := range namedFile.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s names the file %s, which is not there", path, m[1])
			}
		}
		for _, m := range localLink.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
	}
}
