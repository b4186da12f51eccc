// Package verify checks the evidence of a data folder or of a published log,
// and names what was changed.
//
// It compares four things that only the holder of the key could change
// together: the rows of the database, the entry bundles and the hash tiles of
// the log, and the signed checkpoint. Where they differ, the signed root says
// which is right.
//
// Whoever holds a data folder holds key and rows, and can write another
// history. That is found only with what is kept elsewhere: the verifier key
// (Options.Key) and an earlier checkpoint (Options.Since).
//
// Where the keys of a folder are at hand, sealed bodies are opened too and held
// against what was committed to. Those whose keys were destroyed stay dark and
// are counted: their leaves stand, and nothing in them opens.
//
// It only reads, takes no lock, and may run while a server writes.
package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
	"candour/internal/keys"
)

// Options of a verification. The zero value checks what a folder says of
// itself.
type Options struct {
	Key      string       // verifier key, from elsewhere; empty takes the one beside the log
	Since    []byte       // an earlier checkpoint of the log, from elsewhere
	Database string       // postgres:// address; empty is the SQLite database of the folder
	Client   *http.Client // fetches a published log; nil is one with a time limit
}

// checker is one verification under way.
type checker struct {
	opts   Options
	report *Report
	source tiles.Source
	folder tiles.Folder // empty for a published log
	db     *database    // nil for a published log
	key    string

	keys     *keys.Reader       // nil where they are not at hand
	unsealer *evidence.Unsealer // with them

	signed   *opening.Checkpoint // nil if the checkpoint does not hold
	kept     *opening.Checkpoint // kept in the database
	since    *opening.Checkpoint
	state    *tiles.State
	horizon  uint64 // entries that the log has, signed or not
	closed   bool   // the last server had brought every row to the log
	findings *findings

	epoch     keys.Epoch       // the last closed epoch, whose list of keys agrees with the ring
	committed map[int64]string // epoch -> root of its list, as the log says
}

// Verify checks the evidence at source, a data folder or the address of a
// published log. The report says what was found; the error is of a source that
// cannot be read at all.
func Verify(ctx context.Context, source string, opts Options) (*Report, error) {
	if strings.Contains(source, "://") {
		site, err := tiles.NewSite(source, opts.Client)
		if err != nil {
			return nil, err
		}
		c := newChecker(source, opts)
		c.source = site
		return c.report, c.run(ctx)
	}
	for {
		c := newChecker(source, opts)
		thawed, err := c.runFolder(ctx, source)
		if !thawed {
			return c.report, err
		}
	}
}

func newChecker(source string, opts Options) *checker {
	c := &checker{opts: opts, report: &Report{Source: source}, committed: map[int64]string{}}
	c.findings = &c.report.findings
	return c
}

// runFolder checks a data folder. It reports true if a server began to write
// to it meanwhile, so that what was read may not fit together.
func (c *checker) runFolder(ctx context.Context, dir string) (thawed bool, err error) {
	if c.folder, c.db, err = openFolder(ctx, dir, c.opts.Database); err != nil {
		return false, err
	}
	defer c.db.close()
	c.source = c.folder
	err = c.run(ctx)
	return c.db.thawed(), err
}

func (c *checker) run(ctx context.Context) error {
	kept, err := c.readKept(ctx) // before the log, which only grows
	if err != nil {
		return err
	}
	raw, err := c.source.Read(ctx, tiles.CheckpointPath)
	if err != nil && (!errors.Is(err, fs.ErrNotExist) || c.db == nil) {
		return fmt.Errorf("the log cannot be read: %w", err)
	}
	if err := c.openKeys(ctx); err != nil {
		return err
	}
	if err := c.findKey(ctx, raw, kept); err != nil {
		return err
	}
	c.checkpoints(raw, kept)
	if err := c.checkList(ctx); err != nil {
		return err
	}
	if err := c.readState(ctx); err != nil {
		return err
	}
	if c.signed == nil && c.state == nil {
		return nil // nothing to hold anything against
	}
	if err := c.checkTree(ctx); err != nil {
		return err
	}
	if c.db == nil {
		return nil
	}
	if err := c.checkWaiting(ctx); err != nil {
		return err
	}
	c.compareList()
	return c.checkStrays(ctx)
}

// keyFile is where a log has its verifier key, beside the checkpoint.
const keyFile = "key"

// findKey takes the key given, or else the one that belongs to the folder of
// keys, or else the one beside the log, and compares it with the one that entry
// 0 names.
func (c *checker) findKey(ctx context.Context, notes ...[]byte) error {
	named, err := c.keyNamed(ctx)
	if err != nil {
		return err
	}
	fits := func(key string) bool { return named == nil || *named == sha256.Sum256([]byte(key)) }
	beside, err := c.keyBeside(ctx)
	if err != nil {
		return fmt.Errorf("the log cannot be read: %w", err)
	}
	c.key = strings.TrimSpace(c.opts.Key)
	switch {
	case c.key != "":
	case c.keys != nil:
		c.key = c.keptKey(namesOf(beside, notes...), fits)
		c.report.note("the verifier key is the one of the folder of keys: whoever could change the log could change it too; give one kept elsewhere with --key")
		if beside != c.key && c.key != "" {
			c.findings.add(keyFile, "not the verifier key of the signing key in the folder of keys")
		}
	default:
		c.key = beside
		c.report.note("the verifier key is the one beside the log: whoever could change the log could change it too; give one kept elsewhere with --key")
	}
	if c.key == "" {
		return errors.New("there is no verifier key beside the log; give it with --key")
	}
	c.report.Key = c.key
	if !fits(c.key) {
		c.findings.add("verifier key", "not the one that entry 0 names: the log is of another key, or the key given is of another log")
	}
	return nil
}

// keyNamed returns the hash of the verifier key that entry 0 names, nil where
// it cannot be told. A row 0 that was changed is found when it is held against
// its leaf.
func (c *checker) keyNamed(ctx context.Context) (*opening.Hash, error) {
	if c.db == nil {
		return nil, nil
	}
	rows, err := c.db.rows(ctx, 0, 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	named, err := evidence.KeyHash(rows[0])
	if err != nil {
		return nil, nil
	}
	return &named, nil
}

// checkpoints reads the three checkpoints there may be.
func (c *checker) checkpoints(raw, kept []byte) {
	if raw == nil {
		c.findings.add(tiles.CheckpointPath, "missing")
	} else {
		c.signed = c.parse(tiles.CheckpointPath, raw)
	}
	if c.signed != nil {
		c.report.Origin, c.report.Size, c.report.Root = c.signed.Origin, c.signed.Size, c.signed.Root
	}
	if kept != nil {
		c.kept = c.parse("checkpoint kept in the database", kept)
	}
	if len(c.opts.Since) > 0 {
		c.since = c.parse("checkpoint given with --since", c.opts.Since)
	}
}

func (c *checker) parse(where string, raw []byte) *opening.Checkpoint {
	cp, others, err := opening.ParseCheckpoint(raw, c.key)
	if err != nil {
		c.findings.add(where, err.Error())
		return nil
	}
	if others > 0 && c.db != nil && where == tiles.CheckpointPath {
		c.findings.add(where, "has signatures that the log did not write")
	}
	return &cp
}

func (c *checker) readKept(ctx context.Context) ([]byte, error) {
	if c.db == nil {
		return nil, nil
	}
	k, err := c.db.kept(ctx)
	if err != nil || k.note == nil {
		return nil, err
	}
	if want := fmt.Sprintf("\n%d\n", k.size); !bytes.Contains(k.note, []byte(want)) {
		c.findings.add("checkpoint kept in the database", fmt.Sprintf("its column size says %d, its note another size", k.size))
	}
	c.closed = k.closed
	return k.note, nil
}

// readState reads how far the tree of a folder is built; a published log has
// what its checkpoint says.
func (c *checker) readState(ctx context.Context) error {
	if c.signed != nil {
		c.horizon = c.signed.Size
	}
	if c.folder == "" {
		return nil
	}
	state, err := tiles.ReadState(ctx, c.folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.findings.add(tiles.StatePath, "missing")
	case errors.Is(err, tiles.ErrForm):
		c.findings.add(tiles.StatePath, "changed: it is not in the form it is written in")
	case err != nil:
		return fmt.Errorf("the log cannot be read: %w", err)
	case c.signed != nil && state.Size < c.signed.Size:
		c.findings.add(tiles.StatePath, fmt.Sprintf("says %d entries, the signed checkpoint %d", state.Size, c.signed.Size))
	case c.signed == nil && state.Size > maxUnsigned:
		c.findings.add(tiles.StatePath, "changed: its size is out of range")
	default:
		c.state = &state
		c.horizon = c.plausible(ctx, state.Size)
	}
	return nil
}

// maxUnsigned bounds the size that is believed without a signature.
const maxUnsigned = 1 << 40

// plausible bounds the unsigned size of the state by the rows there are, so
// that a changed digit does not have a million entries reported as missing.
func (c *checker) plausible(ctx context.Context, size uint64) uint64 {
	rows, err := c.db.count(ctx)
	signed := uint64(0)
	if c.signed != nil {
		signed = c.signed.Size
	}
	if err == nil && size > max(rows, signed) {
		c.findings.add(tiles.StatePath, fmt.Sprintf("says %d entries, and there are %d rows and %d signed entries", size, rows, signed))
		c.state = nil
		return max(rows, signed)
	}
	return size
}
