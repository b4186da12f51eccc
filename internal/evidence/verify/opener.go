package verify

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// keysFolder is where a data folder has its keys, beside the log.
func (c *checker) keysFolder() string {
	return filepath.Join(filepath.Dir(string(c.folder)), "keys")
}

// openKeys opens the keys of the folder to be read, where they are at hand:
// without them the sealed bodies are left sealed, and the report says so.
func (c *checker) openKeys(ctx context.Context) error {
	if c.db == nil {
		return nil
	}
	var err error
	if c.keys, err = keys.OpenReader(ctx, c.db.db, c.keysFolder()); err == nil {
		c.unsealer, err = evidence.NewUnsealer(c.keys)
		return err
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrPermission):
		c.report.note("the keys cannot be read by this user: what is sealed with them was left sealed")
	case errors.Is(err, fs.ErrNotExist):
		c.report.note("the keys are not here: what is sealed with them was left sealed")
	default:
		c.report.note("the keys cannot be used, so what is sealed with them was left sealed: " + strings.TrimPrefix(err.Error(), "keys: "))
	}
	return nil
}

// open opens a body with the keys, or where there are none, with the eyes of
// everyone. evidence.ErrSealed where its key is gone or not at hand,
// evidence.ErrForged where the row was not written with the keys.
func (c *checker) open(ctx context.Context, tx *store.Tx, r evidence.Row) (evidence.Content, error) {
	if c.unsealer != nil {
		return c.unsealer.Open(ctx, tx, r)
	}
	return r.Public()
}

// taken reports whether the key of a row that does not open was taken out of
// the ring past every program: an erasure and a sweep owe, from the
// transaction in which a key goes, that the link from the row to the person
// goes too.
func taken(ctx context.Context, tx *store.Tx, r evidence.Row) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM evidence_about a WHERE a.entry = $1
		AND NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.key_id = a.key)
		AND NOT EXISTS (SELECT 1 FROM purges p WHERE p.subject = a.subject AND p.key_id = 0)`, r.ID).Scan(&n)
	return n > 0, err
}

// keptKey returns the verifier key that the signing key in the folder of keys
// has under the name of the log. Of several names that one is right whose key
// entry 0 knows; if none is, the first is taken.
func (c *checker) keptKey(names []string, fits func(string) bool) string {
	first := ""
	for _, name := range names {
		key, err := c.keys.Verifier(name)
		switch {
		case err != nil:
		case fits(key):
			return key
		case first == "":
			first = key
		}
	}
	return first
}

// namesOf returns what the log is called in its key file and its checkpoints,
// each of which may have been changed.
func namesOf(keyFile string, notes ...[]byte) []string {
	var names []string
	if name, _, ok := strings.Cut(keyFile, "+"); ok {
		names = append(names, name)
	}
	for _, note := range notes {
		if name, _, ok := strings.Cut(string(note), "\n"); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// keyBeside reads the verifier key beside the log, empty if there is none.
func (c *checker) keyBeside(ctx context.Context) (string, error) {
	raw, err := c.source.Read(ctx, keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSuffix(string(raw), "\n"), err
}
