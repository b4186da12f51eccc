package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// skipped folders hold nothing of ours.
var skipped = []string{".git", "node_modules", "bin", "data", "output"}

// files returns the paths of all files below root whose name matches one of
// the patterns, with slashes and relative to root.
func files(t *testing.T, patterns ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skipped, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		for _, p := range patterns {
			if ok, err := filepath.Match(p, d.Name()); err != nil {
				return err
			} else if ok {
				rel, err := filepath.Rel(root, path)
				if err != nil {
					return err
				}
				found = append(found, filepath.ToSlash(rel))
				return nil
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no files match %v: this test sees nothing", patterns)
	}
	return found
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// layers gives each part of the tree its height. A package may import only
// packages of its own part or of lower ones, so that dependencies point one
// way and the code behind a door never reaches around it.
var layers = []struct {
	prefix string
	height int
}{
	{"policy/lint", 1}, // the rules know the policy, the policy knows no rule
	{"policy", 0},
	{"operators", 0},
	{"internal/reference", 0},
	{"internal/udp", 0},
	{"internal/store", 1},
	{"internal/folder", 1},
	{"internal/certs", 1},
	{"internal/keys", 2},
	{"internal/evidence", 3},
	{"internal/vault", 4},
	{"internal/retention", 5},
	{"internal/consent", 5},
	{"internal/notice", 5},
	{"internal/analytics", 5},
	{"internal/media", 5},
	{"internal/history", 5},
	{"internal/mail", 6},
	{"internal/backup", 6},
	{"internal/marketing", 7},
	{"internal/support", 7},
	{"internal/identity", 7},
	{"internal/profile", 7},
	{"internal/rights", 7},
	{"internal/audit", 7},
	{"internal/trunk", 5},
	{"internal/telecom", 8},
	{"internal/push", 8},
	{"internal/contacts", 9},
	{"internal/chat", 9},
	{"internal/voicemail", 8},
	{"internal/recording", 8},
	{"internal/sip", 9},
	{"internal/demo", 9},
	{"internal/web", 9},
	{"internal/inspector", 10},
	{"internal/house", 11},
	{"cmd", 11},
	{"scripts", 11},
}

func height(path string) (int, bool) {
	for _, l := range layers {
		if path == l.prefix || strings.HasPrefix(path, l.prefix+"/") {
			return l.height, true
		}
	}
	return 0, false
}

func TestDependenciesPointOneWay(t *testing.T) {
	for _, path := range files(t, "*.go") {
		if strings.HasSuffix(path, "_test.go") {
			continue // a test may stand on anything
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		own, ok := height(dir)
		if !ok {
			t.Errorf("%s: the folder has no place in the layers of this test; give it one", path)
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			other, ours := strings.CutPrefix(name, "candour/")
			if !ours {
				continue
			}
			if h, ok := height(other); !ok || h > own {
				t.Errorf("%s imports %s, which stands above it", path, other)
			}
		}
	}
}

// A reader finds what a package is for in one place.
func TestEachPackageHasOneDoc(t *testing.T) {
	docs := map[string]int{}
	for _, path := range files(t, "*.go") {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/testdata/") {
			continue
		}
		dir := filepath.Dir(path)
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			docs[dir]++
		} else {
			docs[dir] += 0
		}
		if slices.Contains([]string{"util", "utils", "common", "helpers", "misc"}, f.Name.Name) {
			t.Errorf("%s: a package is named after what it does, not %q", path, f.Name.Name)
		}
	}
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("%s: %d package comments, want 1", dir, n)
		}
	}
}

// maxLines is where a file has grown a second thing inside it.
const maxLines = 500

func TestFilesStaySmall(t *testing.T) {
	for _, path := range files(t, "*.go", "*.ts", "*.css", "*.mjs") {
		b := read(t, path)
		if bytes.Contains(b, []byte("Code generated")) || strings.Contains(path, "/dist/") {
			continue
		}
		if n := bytes.Count(b, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines; look for the second thing living in it", path, n)
		}
	}
}

// Only one file may say that text is HTML already: whoever looks for a
// cross-site scripting hole reads that one.
func TestOnlyOneFileTrustsHTML(t *testing.T) {
	var found []string
	for _, path := range files(t, "*.go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "template" && slices.Contains([]string{"HTML", "JS", "CSS", "URL", "HTMLAttr", "JSStr", "Srcset"}, sel.Sel.Name) && !slices.Contains(found, path) {
				found = append(found, path)
			}
			return true
		})
	}
	if len(found) > 1 {
		t.Errorf("template.HTML and its like in %v; want one file", found)
	}
}

// banned patterns, each with the reason it is kept out.
var banned = []struct {
	in      []string // file name patterns
	pattern string
	reason  string
	except  []string // path prefixes of code that looks for the pattern in others' pages, or where the reason does not hold
	unless  string   // a file with this text may: sleeping in a synctest bubble takes no time
}{
	{[]string{"*.go", "*.ts", "*.html"}, `watchPosition`, "R11: location is one fix a press; a track must not be possible", []string{"internal/audit/"}, ""},
	{[]string{"*_test.go"}, `time\.Sleep\(`, "a test waits for the event or injects the clock", nil, `"testing/synctest"`},
	{[]string{"*.ts", "*.mjs"}, `waitForTimeout`, "a test waits for the event", nil, ""},
	{[]string{"*.go", "*.ts", "*.html", "*.css"}, `strict-dynamic`, "it voids the list of hosts that consent allows", []string{"internal/audit/"}, ""},
	// The frame of a mail is no page: mail programs know no other style.
	{[]string{"*.html"}, `(?i)<script[^>]*>[^<]|<style|\son[a-z]+=|\sstyle=|speculationrules`, "no inline script or style: the policy of the page is computed and allows none", []string{"internal/mail/templates/layout.html"}, ""},
	{[]string{"*.go", "*.ts", "*.sh"}, `\b(TODO|FIXME|XXX)\b`, "unfinished work belongs in the tracker, known holes in a BUG comment", nil, ""},
	{[]string{"*.ts"}, `localStorage\.setItem|sessionStorage\.setItem|document\.cookie\s*=`, "L23: storage on the device goes through the cookie door; these two keep what the policy declares of the softphone, once its person asked for it",
		[]string{"frontend/src/phone/equipment.ts", "frontend/src/phone/notes.ts"}, ""},
}

func TestBannedPatterns(t *testing.T) {
	for _, b := range banned {
		re := regexp.MustCompile(b.pattern)
		for _, path := range files(t, b.in...) {
			if strings.HasPrefix(path, "internal/house/") || strings.Contains(path, "/testdata/") || slices.ContainsFunc(b.except, func(p string) bool { return strings.HasPrefix(path, p) }) {
				continue
			}
			text := string(read(t, path))
			if b.unless != "" && strings.Contains(text, b.unless) {
				continue
			}
			for i, line := range strings.Split(text, "\n") {
				if re.MatchString(line) {
					t.Errorf("%s:%d: %s", path, i+1, b.reason)
				}
			}
		}
	}
}
