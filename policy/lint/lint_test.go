package lint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"candour/policy"
	"candour/policy/lint"

	"go.yaml.in/yaml/v3"
)

// Each rule's good file passes all rules, and its bad file has exactly one
// fault, found by that rule at the line marked "fault". A good.yaml or bad.yaml
// is laid over the sound declaration in policy/testdata/good: things are
// matched by their id, an empty value takes a key out, "gone: true" takes a
// thing out. good.notice.md and good.brand.yaml stand for the whole file,
// good.page.md is one page more. Among the rules: storage-region and
// transfer-safeguard (R17), app-data-marked (R10), permission-reason (R11),
// interest-stated (L17), processors-named (L19), consent-or-exemption (L22),
// traffic-data (L24), location-consent (L27), marketing-basis (L33).
func TestEachRuleFindsExactlyItsFault(t *testing.T) {
	for _, r := range lint.Rules() {
		t.Run(r.ID, func(t *testing.T) {
			good, _ := filepath.Glob(r.Folder + "/testdata/good.*")
			bad, _ := filepath.Glob(r.Folder + "/testdata/bad*.*")
			if len(good) == 0 || len(bad) == 0 {
				t.Fatal("the rule has no good or no bad file")
			}
			if faults, _, _ := judge(t, good[0]); len(faults) > 0 {
				t.Errorf("good file: %v", faults)
			}
			for _, file := range bad {
				faults, name, line := judge(t, file)
				if len(faults) != 1 {
					t.Fatalf("%s: %d faults, want one:\n%v", file, len(faults), faults)
				}
				f := faults[0]
				if f.Rule != r.ID || f.File != name || f.Line != line || f.Column < 1 {
					t.Errorf("%s: %v (rule %s), want %s:%d by %s", file, f, f.Rule, name, line, r.ID)
				}
				if f.Cure == "" || strings.Contains(f.What, "\n") {
					t.Errorf("%s: not one line with a cure: %v", file, f)
				}
			}
		})
	}
}

func TestRulesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	date := regexp.MustCompile(`^[12][0-9]{3}-[01][0-9]-[0-3][0-9]$`)
	for _, r := range lint.Rules() {
		if seen[r.ID] {
			t.Errorf("two rules are called %s", r.ID)
		}
		seen[r.ID] = true
		if r.Title == "" || r.Source == "" || r.Reason == "" || r.Cure == "" || !date.MatchString(r.InForce) {
			t.Errorf("rule %s lacks words or a date", r.ID)
		}
	}
}

// judge returns the faults of a fixture laid over the good folder, and where
// its mark stands.
func judge(t *testing.T, fixture string) (faults policy.Faults, file string, line int) {
	t.Helper()
	folder := goodFolder(t)
	text := read(t, fixture)
	switch name := filepath.Base(fixture); {
	case strings.HasSuffix(name, ".notice.md"):
		file = policy.NoticeFile
	case strings.HasSuffix(name, ".brand.yaml"):
		file = policy.BrandFile
	case strings.HasSuffix(name, ".page.md"):
		file = "pages/more.md"
	default:
		file = policy.PolicyFile
		text = overlay(t, folder[file].Data, text)
	}
	folder[file] = &fstest.MapFile{Data: text}
	line = 1
	for i, l := range strings.Split(string(text), "\n") {
		if strings.Contains(l, "# fault") || strings.Contains(l, "<!-- fault -->") {
			line = i + 1
		}
		if strings.Contains(l, "<!-- fault below -->") {
			line = i + 2
		}
	}
	p, found := policy.Load(folder)
	return append(found, lint.Run(p)...), file, line
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func goodFolder(t *testing.T) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	for _, name := range []string{"policy.yaml", "notice.md", "brand.yaml", "policy_test.yaml", "logo.svg", "pages/home.md"} {
		folder[name] = &fstest.MapFile{Data: read(t, "../testdata/good/"+name)}
	}
	return folder
}

// overlay lays one YAML text over another and returns the whole, comments and
// all.
func overlay(t *testing.T, base, over []byte) []byte {
	t.Helper()
	var a, b yaml.Node
	if err := yaml.Unmarshal(base, &a); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(over, &b); err != nil {
		t.Fatal(err)
	}
	merge(a.Content[0], b.Content[0])
	text, err := yaml.Marshal(&a)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func merge(a, b *yaml.Node) {
	for i := 0; i+1 < len(b.Content); i += 2 {
		key, v := b.Content[i], b.Content[i+1]
		at := keyOf(a, key.Value)
		switch {
		case v.Tag == "!!null" && at >= 0:
			a.Content = append(a.Content[:at], a.Content[at+2:]...)
		case at < 0:
			a.Content = append(a.Content, key, v)
		case v.Kind == yaml.MappingNode && a.Content[at+1].Kind == yaml.MappingNode:
			merge(a.Content[at+1], v)
		case v.Kind == yaml.SequenceNode && len(v.Content) > 0 && keyOf(v.Content[0], "id") >= 0:
			mergeList(a.Content[at+1], v)
		default:
			a.Content[at], a.Content[at+1] = key, v
		}
	}
}

func mergeList(a, b *yaml.Node) {
	for _, item := range b.Content {
		at := -1
		for i, old := range a.Content {
			if old.Content[keyOf(old, "id")+1].Value == item.Content[keyOf(item, "id")+1].Value {
				at = i
			}
		}
		switch {
		case at < 0:
			a.Content = append(a.Content, item)
		case keyOf(item, "gone") >= 0:
			a.Content = append(a.Content[:at], a.Content[at+1:]...)
		default:
			a.Content[at].Style = 0
			merge(a.Content[at], item)
		}
	}
}

// keyOf is the place of a key in a mapping's content, or -1.
func keyOf(n *yaml.Node, key string) int {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}
