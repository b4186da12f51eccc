package policy_test

import (
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"candour/policy"
	"candour/policy/lint"
)

// checkFaults is what must hold of faults whatever was read.
func checkFaults(t *testing.T, folder fstest.MapFS, faults policy.Faults) {
	t.Helper()
	for _, f := range faults {
		if f.Line < 1 || f.Column < 1 || f.What == "" || f.Cure == "" || f.File == "" {
			t.Fatalf("a fault without a place, a reason or a cure: %#v", f)
		}
		if strings.ContainsAny(f.String(), "\n\r") {
			t.Fatalf("a fault of several lines: %q", f.String())
		}
		if file, ok := folder[f.File]; ok && f.Line > strings.Count(string(file.Data), "\n")+1 {
			t.Fatalf("%v is beyond the file's end", f)
		}
	}
}

func FuzzLoad(f *testing.F) {
	good := goodFolder(f)
	f.Add(string(good["policy.yaml"].Data), string(good["notice.md"].Data))
	for _, s := range []string{"", "a: &a [*a]", "- - - -", "version: [", "? {a: b}\n: c", "categories:\n  - ~\n  - 1\n", "operator: {<<: {id: x}}", "\"\\x00\": 1", "a: !!binary aGk="} {
		f.Add(s, "{{")
	}
	for _, s := range seeds {
		if s.file == policy.PolicyFile {
			f.Add(strings.Replace(string(good[s.file].Data), s.old, s.new, 1), "{{list rights}}")
		}
	}
	f.Fuzz(func(t *testing.T, text, notice string) {
		folder := maps.Clone(good)
		folder["policy.yaml"] = &fstest.MapFile{Data: []byte(text)}
		folder["notice.md"] = &fstest.MapFile{Data: []byte(notice)}
		p, faults := policy.Load(folder)
		checkFaults(t, folder, faults)
		found := lint.Run(p)
		checkFaults(t, folder, found)
		// A folder without a fault must compile and answer.
		c := policy.Compile(p.Policy)
		c.Use(0, 0, 0, policy.Standing{})
		p.RunCases()
		policy.Diff(p.Policy, &policy.Policy{})
		policy.Diff(&policy.Policy{}, p.Policy)
	})
}

func FuzzCases(f *testing.F) {
	good := goodFolder(f)
	f.Add(string(good["policy_test.yaml"].Data))
	f.Add("cases: [{name: x, expect: allowed}]")
	f.Add("cases: {}")
	f.Fuzz(func(t *testing.T, text string) {
		folder := maps.Clone(good)
		folder["policy_test.yaml"] = &fstest.MapFile{Data: []byte(text)}
		p, faults := policy.Load(folder)
		checkFaults(t, folder, faults)
		checkFaults(t, folder, lint.Run(p))
		for _, o := range p.RunCases() {
			if o.Passed != (o.Got.String() == o.Case.Expect) {
				t.Fatalf("%+v", o)
			}
		}
	})
}

func FuzzProse(f *testing.F) {
	text, err := os.ReadFile("testdata/good/notice.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	for _, s := range []string{"{{", "}}", "{{a b", "{{category {{x}} }}", "{{table cookies party=}}", "## 1. {#", "```\n## 1. x {#a}\n```", "{{list rights}}\r\n", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, faults := policy.ParseProse("notice.md", source, 1)
		checkFaults(t, fstest.MapFS{"notice.md": {Data: []byte(source)}}, faults)
		if !utf8.ValidString(source) {
			if len(faults) == 0 {
				t.Fatal("text that is not UTF-8 passed")
			}
			return
		}
		last := 0
		for _, m := range p.Mentions {
			if m.Start < last || m.End > len(source) || !strings.HasPrefix(source[m.Start:], "{{") || !strings.HasSuffix(source[:m.End], "}}") {
				t.Fatalf("mention %+v is not at a placeholder", m)
			}
			last = m.End
			line := strings.Split(source, "\n")[m.Line-1]
			if !strings.HasPrefix(line[m.Column-1:], "{{") {
				t.Fatalf("mention %+v is not at its line and column", m)
			}
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"P1Y", "P6M", "P2W3D", "PT1H30M", "P", "PT", "P1YT", "P1DT1H", "P00001Y", "P-1D", "P1M1Y", "1Y", "P99999D", "P100000D", "pt1h", "PT1h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := policy.ParsePeriod(s)
		if err != nil {
			if !p.IsZero() {
				t.Fatalf("%q: an error and a period", s)
			}
			return
		}
		again, err := policy.ParsePeriod(p.String())
		if err != nil || again != p {
			t.Fatalf("%q reads as %v, which reads as %v (%v)", s, p, again, err)
		}
	})
}
