package rights

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"strings"
	"time"

	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Format is the form of a file to take along.
type Format string

// The formats: both structured, commonly used and machine-readable.
const (
	JSON Format = "json" // by PortabilitySchema
	CSV  Format = "csv"  // RFC 4180, with a line of names
)

// Portability writes what a person gave us, or we observed, on the basis of
// consent or a contract (UK GDPR Art 20(1)): not what we derived, nor what we
// hold for interests or duties of our own. As Access does, it holds little at a
// time, and counts only if it was written to its end.
func (d *Desk) Portability(ctx context.Context, p Person, format Format, w io.Writer) (Request, error) {
	write := d.writePortableJSON
	if format == CSV {
		write = d.writePortableCSV
	}
	return d.handOut(ctx, p, Portability, Given, func(tx *store.Tx) (int, error) { return write(ctx, tx, p, w) })
}

// portable reports whether a record is the person's to take along.
func portable(c *policy.Compiled, r *vault.Record) bool {
	declared, ok := c.Policy().CategoryByID(r.Category)
	k, kok := c.Category(r.Category)
	if !ok || !kok || secret(c.Policy(), r.Category) || declared.Source != "given" && declared.Source != "observed" {
		return false
	}
	if len(r.Parts) > 0 && r.Parts[0].Kind == vault.Mentioned {
		return false // somebody else gave it
	}
	for _, id := range r.Purposes {
		q, ok := c.Purpose(id)
		if !ok {
			continue
		}
		if use, ok := c.UseOf(k, q); ok && (use.Basis == policy.Consent || use.Basis == policy.Contract) {
			return true
		}
	}
	return false
}

// walkPortable hands fn what is to be taken along.
func (d *Desk) walkPortable(ctx context.Context, tx *store.Tx, p Person, fn func(Item) error) (n int, err error) {
	c := d.c.InForce()
	err = d.walk(ctx, tx, p, func(r vault.Record) error {
		if !portable(c, &r) {
			return nil
		}
		n++
		return fn(itemOf(c, r))
	})
	return n, err
}

// taken is an item as it is taken along: without what concerns us alone.
type taken struct {
	Category  string    `json:"category"`
	Title     string    `json:"title"`
	Source    string    `json:"source"`
	Collected time.Time `json:"collected"`
	Encoding  string    `json:"encoding"`
	Value     string    `json:"value"`
}

func (d *Desk) writePortableJSON(ctx context.Context, tx *store.Tx, p Person, w io.Writer) (int, error) {
	f := &file{w: bufio.NewWriterSize(w, flushAt)}
	f.text("{\n")
	f.member("format", portabilityFormat)
	f.member("made", d.c.Now().UTC().Truncate(time.Second))
	f.member("controller", controllerOf(d.c.InForce().Policy()))
	f.begin("records")
	n, err := d.walkPortable(ctx, tx, p, func(it Item) error {
		f.element(taken{it.Category, it.Title, it.Source, it.Collected, it.Encoding, it.Value})
		return f.err
	})
	if err != nil {
		return 0, err
	}
	f.end()
	f.last("complete", struct {
		Records int `json:"records"`
	}{n})
	return n, f.close()
}

func (d *Desk) writePortableCSV(ctx context.Context, tx *store.Tx, p Person, w io.Writer) (int, error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 section 2
	err := out.Write(strings.Split("category,title,source,collected,encoding,value", ","))
	if err != nil {
		return 0, err
	}
	n, err := d.walkPortable(ctx, tx, p, func(it Item) error {
		return out.Write([]string{it.Category, it.Title, it.Source, it.Collected.Format(time.RFC3339), it.Encoding, it.Value})
	})
	if err != nil {
		return 0, err
	}
	out.Flush()
	return n, out.Error()
}
