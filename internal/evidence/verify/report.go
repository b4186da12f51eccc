package verify

import (
	"fmt"
	"io"

	"candour/internal/evidence/opening"
)

// Report is what a verification found.
type Report struct {
	Source  string
	Origin  string       // name of the log
	Key     string       // verifier key it was held against
	Size    uint64       // entries under the signed checkpoint
	Root    opening.Hash // of those
	Rows    uint64       // rows held against their leaves
	Waiting uint64       // rows that are not in the log yet
	Opened  uint64       // bodies that were opened and are what was committed to
	Dark    uint64       // bodies that no key opens any more: the person was erased
	Sealed  uint64       // bodies that were left sealed, because the keys are not at hand
	Notes   []string     // what a reader should know; no fault

	findings findings
}

// Finding is something that was changed.
type Finding struct {
	Where string // a file of the log, a row, a checkpoint
	What  string
}

// String returns the finding on a line.
func (f Finding) String() string { return f.Where + ": " + f.What }

// Findings returns what was changed, roughly in the order of the log.
func (r *Report) Findings() []Finding { return r.findings.list }

// Holds reports whether the evidence holds.
func (r *Report) Holds() bool { return len(r.findings.list) == 0 }

func (r *Report) note(text string) { r.Notes = append(r.Notes, text) }

// maxFindings bounds how many changes are named; the rest are counted.
const maxFindings = 1000

// findings collects what was changed, each once.
type findings struct {
	list []Finding
	more int
}

func (f *findings) add(where, what string) {
	if len(f.list) >= maxFindings {
		f.more++
		return
	}
	f.list = append(f.list, Finding{where, what})
}

// Write writes the report for a person to read.
func (r *Report) Write(w io.Writer) error {
	p := printer{w: w}
	if r.Origin != "" {
		p.line("log %s, %d entries signed, root %x", r.Origin, r.Size, r.Root)
	}
	if r.Rows > 0 || r.Waiting > 0 {
		p.line("%d rows held against their leaves, %d waiting for the log", r.Rows, r.Waiting)
		p.line("%d bodies opened, %d dark because their keys were destroyed, %d left sealed", r.Opened, r.Dark, r.Sealed)
	}
	for _, n := range r.Notes {
		p.line("note: %s", n)
	}
	for _, f := range r.findings.list {
		p.line("CHANGED %s", f)
	}
	if r.findings.more > 0 {
		p.line("and %d changes more", r.findings.more)
	}
	if r.Holds() {
		p.line("the evidence holds")
	} else {
		p.line("the evidence does not hold")
	}
	return p.err
}

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
