package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestTableHasEveryPromise(t *testing.T) {
	var in strings.Builder
	in.WriteString("cpu: Example 2000\n")
	for _, r := range rows {
		name := strings.ReplaceAll(r.bench, "*", "1000000")
		value := 1.0
		if r.metric == "allocs/op" {
			value = 0
		}
		if r.bench == "BenchmarkPage/short" {
			value = 0.5
		}
		for range 3 {
			fmt.Fprintf(&in, "%s-2 1 %g %s 0 other\n", name, value, r.metric)
		}
	}
	var out strings.Builder
	if err := run(strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "| yes |"); n != len(rows)-1 {
		t.Errorf("%d promises met, want %d:\n%s", n, len(rows)-1, out.String())
	}
	if !strings.Contains(out.String(), "| 0.5 | 0.5 | 0.5 | 3 | **no** |") {
		t.Errorf("a page at half the speed counts as met:\n%s", out.String())
	}
	if err := run(strings.NewReader("cpu: Example 2000\n"), &out); err == nil {
		t.Error("an input without benchmarks gave a table")
	}
	if err := run(strings.NewReader("BenchmarkUse-2 1 x ns/op\n"), &out); err == nil {
		t.Error("a line that is no figure was accepted")
	}
}
