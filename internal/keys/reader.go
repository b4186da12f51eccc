package keys

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"candour/internal/store"
)

// ErrChanged says that a data key in the ring was changed, or moved to another
// person, class, matter or purpose.
var ErrChanged = errors.New("keys: the ring was changed")

// Reader opens with the keys of a folder and changes nothing: it makes no key,
// takes no lock, finishes no rotation and keeps no cipher, so it may stand
// beside a server that writes. It belongs to one goroutine.
type Reader struct {
	ring *Ring // without a store and a cache: only what derives and opens
}

// OpenReader opens the keys in dir for the database db. The error is
// fs.ErrNotExist where there is no such folder and fs.ErrPermission where this
// user may not read it.
func OpenReader(ctx context.Context, db *sql.DB, dir string) (*Reader, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	var state ringState
	err := db.QueryRowContext(ctx, "SELECT ring, epoch FROM ring_state WHERE id = 1").Scan(&state.ring, &state.epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errors.New("keys: the database has no key ring yet")
	}
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	r := &Ring{dir: dir, epochs: map[int64]*box{}, months: map[Month][]byte{}}
	if r.root, err = openRoot(dir, "", false); err != nil {
		return nil, err
	}
	if r.id, err = r.root.openSealed(filepath.Join(dir, idFile), kindID); err != nil {
		return nil, err
	}
	if !bytes.Equal(r.id, state.ring) {
		return nil, fmt.Errorf("keys: the folder %s belongs to another database; put back the folder of keys of this one", dir)
	}
	if err := r.openLogKey(false); err != nil {
		return nil, err
	}
	return &Reader{r}, nil
}

// Secret is Ring.Secret.
func (r *Reader) Secret(label string) []byte { return r.ring.Secret(label) }

// Verifier returns the verifier key of the evidence log under the name that it
// goes by.
func (r *Reader) Verifier(name string) (string, error) {
	_, verifier, err := r.ring.named(name)
	return verifier, err
}

// Opener is Ring.Opener, with ErrChanged for a row that was not written with
// these keys. It asks the database each time, so that a key that is
// destroyed meanwhile is gone at once.
func (r *Reader) Opener(ctx context.Context, tx *store.Tx, keyID int64, month Month) (*Cipher, error) {
	var s Scope
	var epoch int64
	var wrapped []byte
	err := tx.QueryRow(ctx, "SELECT subject, class, matter, purpose, epoch, wrapped FROM data_keys WHERE key_id = $1", keyID).
		Scan((*int64)(&s.Subject), &s.Class, &s.Matter, &s.Purpose, &epoch, &wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrKeyGone
	}
	if err != nil {
		return nil, err
	}
	if err := r.follow(epoch); err != nil {
		return nil, err
	}
	key, err := r.ring.unwrap(keyID, s, epoch, wrapped)
	if err != nil && !errors.Is(err, ErrKeyGone) {
		return nil, fmt.Errorf("%w: data key %d", ErrChanged, keyID)
	}
	if err != nil {
		return nil, err
	}
	return r.ring.cipher(key, keyID, month, s.Subject, false)
}

// LiveKeys returns the ids of up to limit data keys of a class that are greater
// than after, in order.
func LiveKeys(ctx context.Context, tx *store.Tx, class string, after int64, limit int) ([]int64, error) {
	return tx.IDs(ctx, "SELECT key_id FROM data_keys WHERE key_id > $1 AND class = $2 ORDER BY key_id LIMIT $3", after, class, limit)
}

// follow opens the key of an epoch that was not met before: a server may turn
// epochs meanwhile. One that is over has no file any more.
func (r *Reader) follow(epoch int64) error {
	if _, ok := r.ring.epoch(epoch); ok {
		return nil
	}
	key, err := r.ring.root.openSealed(filepath.Join(r.ring.dir, epochFile(epoch)), kindEpoch(epoch))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.ring.addEpoch(epoch, key)
}
