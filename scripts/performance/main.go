// Performance turns the output of `go test -bench` on standard input into the
// table of docs/performance.md on standard output. A benchmark that is named
// here and missing from the input is an error: a table that leaves a row out
// would read as if it had been met.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// row is one promise of speed.
type row struct {
	what   string
	bench  string // prefix of the benchmark's name; those that fit are taken together
	metric string // unit that is reported
	aim    string // in words
	least  float64
	most   float64 // 0: least holds
}

var rows = []row{
	{"a decision of the compiled policy, 20 purposes and 50 categories", "BenchmarkUse", "ns/op", "under 100 ns", 0, 100},
	{"allocations of a decision", "BenchmarkUse", "allocs/op", "none", 0, 0.5},
	{"batched writes of 1,000, against plain SQL", "BenchmarkBatchedWrites/1000", "x-of-plain", "0.85x", 0.85, 0},
	{"batched writes of 100, against plain SQL", "BenchmarkBatchedWrites/100", "x-of-plain", "0.85x", 0.85, 0},
	{"batched writes of values that can be looked up, against plain SQL", "BenchmarkBatchedWritesWithLookup", "x-of-plain", "0.85x", 0.85, 0},
	{"single durable writes of known people, against plain SQL", "BenchmarkSingleDurableWrites", "x-of-plain", "0.95x", 0.95, 0},
	{"reads by id, against plain SQL", "BenchmarkReadByID", "x-of-plain", "0.9x", 0.9, 0},
	{"reads by keyed index, against plain SQL", "BenchmarkReadByKeyedIndex", "x-of-plain", "0.9x", 0.9, 0},
	{"a look at a person with 100 records and its evidence, against plain SQL with an audit row", "BenchmarkLook/100", "x-of-plain", "0.9x", 0.9, 0},
	{"a look at a person with 10 records and its evidence, against the same", "BenchmarkLook/10", "x-of-plain", "0.9x", 0.9, 0},
	{"export of a person, the walk, against plain SQL", "BenchmarkExport/walk", "x-of-plain", "0.9x", 0.9, 0},
	{"export of a person with the evidence of it, against plain SQL", "BenchmarkExport/with-evidence", "x-of-plain", "0.9x", 0.9, 0},
	{"erasure, first stage, p99: records of many others against few", "BenchmarkEraseFirstStage/*-others", "x-p99", "at most 1.1x", 0, 1.1},
	{"erasure, first stage, p99: 10,000 own records against 10", "BenchmarkEraseFirstStage/10000-own", "x-p99", "at most 1.1x", 0, 1.1},
	{"a copy of everything held, of many records, against the raw reading of their rows", "BenchmarkAccessPack/many", "x-of-raw", "0.25x", 0.25, 0},
	{"memory at the peak of such a copy, against one of 1,000 records", "BenchmarkAccessPack/memory", "x-peak", "at most 1.2x", 0, 1.2},
	{"a sign-in but for the hash of its password, against plain SQL with an audit row", "BenchmarkSignIn", "x-of-plain", "0.6x", 0.6, 0},
	{"evidence from outbox to leaf, against Tessera alone", "BenchmarkOutboxToLeaf", "ratio", "0.8x", 0.8, 0},
	{"commit to signed checkpoint at half of the highest rate, p99", "BenchmarkCommitToCheckpoint", "p99-ms", "under 160 ms", 0, 160},
	{"the first page with the doors, against it without, requests/s", "BenchmarkPage/home", "x-of-bare", "0.95x", 0.95, 0},
	{"a short page with the doors, against it without, requests/s", "BenchmarkPage/short", "x-of-bare", "0.95x", 0.95, 0},
	{"a page to somebody signed in with the doors, against it without and one row read, requests/s", "BenchmarkMemberPage", "x-of-bare", "0.8x", 0.8, 0},
}

// results are the values of each metric of each benchmark, over all runs.
type results map[string]map[string][]float64

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "performance:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	found, machine, err := parse(in)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "Measured on %s.\n\n", machine)
	b.WriteString("| what | aim | median | least | greatest | runs | met |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		values, err := r.values(found)
		if err != nil {
			return err
		}
		slices.Sort(values)
		median := (values[(len(values)-1)/2] + values[len(values)/2]) / 2
		met := "yes"
		if r.most > 0 && median > r.most || r.most == 0 && median < r.least {
			met = "**no**"
		}
		fmt.Fprintf(&b, "| %s | %s | %.3g | %.3g | %.3g | %d | %s |\n", r.what, r.aim, median, values[0], values[len(values)-1], len(values), met)
	}
	_, err = io.WriteString(out, b.String())
	return err
}

const head = `# Performance

Written by ` + "`make bench`" + `. Each figure but the first two and the time to a
checkpoint is a ratio to a named baseline measured in turns in the same run, so
that it can be compared between machines. "Plain SQL" is honest: the same
engine and settings, the same columns and indexes, and no sealing, policy or
evidence. Notes on what the figures mean, and what was found where an aim is
missed, are in [performance-notes.md](performance-notes.md).

`

func (r row) values(found results) ([]float64, error) {
	ours := found.of(r.bench, r.metric)
	if len(ours) == 0 {
		return nil, fmt.Errorf("no %s of %s in the input", r.metric, r.bench)
	}
	return ours, nil
}

// of returns a metric of the benchmark with that name; a * stands for any
// number.
func (f results) of(name, metric string) []float64 {
	for have, metrics := range f {
		before, after, any := strings.Cut(name, "*")
		if have == name || any && strings.HasPrefix(have, before) && strings.HasPrefix(strings.TrimLeft(have[len(before):], "0123456789"), after) ||
			strings.HasSuffix(name, "-own") && strings.HasPrefix(have, name) {
			return metrics[metric]
		}
	}
	return nil
}

func parse(in io.Reader) (results, string, error) {
	found, machine := results{}, "an unknown machine"
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if cpu, ok := strings.CutPrefix(lines.Text(), "cpu: "); ok {
			machine = cpu
		}
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := fields[0]
		if i := strings.LastIndexByte(name, '-'); i > 0 { // the number of processors
			name = name[:i]
		}
		if found[name] == nil {
			found[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, "", fmt.Errorf("a line of %s cannot be read: %w", name, err)
			}
			found[name][fields[i+1]] = append(found[name][fields[i+1]], v)
		}
	}
	return found, machine, lines.Err()
}
