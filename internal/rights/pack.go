package rights

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/vault"
)

// The JSON Schemas of the files that are handed out, as published.
var (
	//go:embed access.schema.json
	AccessSchema []byte
	//go:embed portability.schema.json
	PortabilitySchema []byte
)

// Formats of the files, as they name themselves.
const (
	accessFormat      = "candour-access-1"
	portabilityFormat = "candour-portability-1"
)

// flushAt is how much of a file is held before it goes on, in bytes.
const flushAt = 64 << 10

// Access writes a copy of everything held about a person, with all that has to
// go with it (UK GDPR Art 15), as JSON by AccessSchema. It holds no more than a
// few records at a time, however many there are. The copy is one snapshot. If it
// could not be written to its end, nothing counts as handed out; the request
// stays open.
func (d *Desk) Access(ctx context.Context, p Person, w io.Writer) (Request, error) {
	return d.handOut(ctx, p, Access, Given, func(tx *store.Tx) (int, error) { return d.writeAccess(ctx, tx, p, w) })
}

// handOut is a request whose answer is a reading: written down before it, and
// answered after.
func (d *Desk) handOut(ctx context.Context, p Person, right, outcome string, read func(*store.Tx) (records int, err error)) (Request, error) {
	if err := d.may(p); err != nil {
		return Request{}, err
	}
	var r Request
	err := d.c.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if err = d.there(ctx, tx, p); err == nil {
			r, err = d.receive(ctx, tx, p, p.Subjects[0], right)
		}
		return err
	})
	if err != nil {
		return Request{}, gone(err)
	}
	records := 0
	err = d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
		records, err = read(tx)
		return err
	})
	if err != nil {
		return r, gone(err)
	}
	return r, gone(d.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := d.there(ctx, tx, p); err != nil {
			return err // erased while it was read: an entry about them would make them a new key
		}
		err := d.evidence(ctx, tx, p, evidence.Body{Kind: evidence.RecordExported, Subject: r.Subject, Count: int64(records), Ref: r.ID})
		if err != nil {
			return err
		}
		return d.answered(ctx, tx, p, &r, outcome, 0)
	}))
}

// there checks that all subjects of a person are there still.
func (d *Desk) there(ctx context.Context, tx *store.Tx, p Person) error {
	for _, s := range p.all() {
		if _, err := d.c.Vault.Standing(ctx, tx, s); err != nil {
			return err
		}
	}
	return nil
}

// walk hands fn every record of every subject of a person.
func (d *Desk) walk(ctx context.Context, tx *store.Tx, p Person, fn func(vault.Record) error) error {
	for _, s := range p.all() {
		if err := d.c.Vault.Walk(ctx, tx, s, fn); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) writeAccess(ctx context.Context, tx *store.Tx, p Person, w io.Writer) (int, error) {
	c := d.c.InForce()
	f := &file{w: bufio.NewWriterSize(w, flushAt)}
	f.text("{\n")
	f.member("format", accessFormat)
	f.member("made", d.c.Now().UTC().Truncate(time.Second))
	f.member("confirmation", "We hold personal data about you. This is a copy of all of it.")
	f.member("controller", controllerOf(c.Policy()))
	f.member("policy", c.Policy().Version)
	t := newTally()
	f.begin("records")
	err := d.walk(ctx, tx, p, func(r vault.Record) error {
		t.add(&r)
		f.element(itemOf(c, r))
		return f.err
	})
	if err != nil {
		return 0, err
	}
	f.end()
	f.begin("facts")
	facts := 0
	err = d.facts(ctx, tx, p, func(x Fact) error {
		facts++
		f.element(x)
		return f.err
	})
	if err != nil {
		return 0, err
	}
	f.end()
	f.begin("history")
	happened := 0
	err = d.happened(ctx, tx, p, func(x Happening) error {
		happened++
		f.element(x)
		return f.err
	})
	if err != nil {
		return 0, err
	}
	f.end()
	processing, err := d.processing(ctx, tx, p, t)
	if err != nil {
		return 0, err
	}
	f.member("processing", processing)
	f.last("complete", struct {
		Records int `json:"records"`
		Facts   int `json:"facts"`
		History int `json:"history"`
	}{t.records, facts, happened})
	return t.records, f.close()
}

// file writes one JSON object, a member at a time.
type file struct {
	w     *bufio.Writer
	inner bool // an element of the list at hand was written
	err   error
}

func (f *file) text(s string) {
	if f.err == nil {
		_, f.err = f.w.WriteString(s)
	}
}

func (f *file) value(v any) {
	b, err := json.Marshal(v)
	if f.err == nil {
		f.err = err
	}
	if f.err == nil {
		_, f.err = f.w.Write(b)
	}
}

func (f *file) member(name string, v any) {
	f.text("\"" + name + "\": ")
	f.value(v)
	f.text(",\n")
}

func (f *file) begin(name string) {
	f.text("\"" + name + "\": [")
	f.inner = false
}

func (f *file) element(v any) {
	if f.inner {
		f.text(",")
	}
	f.inner = true
	f.text("\n")
	f.value(v)
}

func (f *file) end() { f.text("\n],\n") }

func (f *file) last(name string, v any) {
	f.text("\"" + name + "\": ")
	f.value(v)
	f.text("\n}\n")
}

func (f *file) close() error {
	if f.err == nil {
		f.err = f.w.Flush()
	}
	return f.err
}
