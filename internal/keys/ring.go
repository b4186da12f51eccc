package keys

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"candour/internal/store"
)

// ErrRoot says that the root key is missing, or is not the one this store was
// made with.
var ErrRoot = errors.New("keys: no usable root key")

// ErrKeyGone says that the key was destroyed: what it sealed is erased.
var ErrKeyGone = errors.New("keys: the key is destroyed")

// Ring is the open key ring of a store. It is safe for concurrent use.
type Ring struct {
	st    *store.Store
	dir   string
	root  *root
	index *tagger
	log   noteKeys
	id    []byte // binds the folder to the database
	cache *cache

	mu      sync.RWMutex
	epochs  map[int64]*box // the epoch keys at hand: one, or two during a rotation
	current int64          // wraps new data keys; the greatest of epochs
	months  map[Month][]byte

	rotating sync.Mutex // held across a rotation
	onEpoch  func(context.Context, *store.Tx, Epoch) error
}

// Option changes how Open behaves.
type Option func(*options)

type options struct{ kms string }

// WithKMS has a root that does not exist yet sealed by the key at uri of a key
// management service, instead of lying in a file. The program registers the
// service's client with Tink's registry. A root that exists opens as it was
// made.
func WithKMS(uri string) Option { return func(o *options) { o.kms = uri } }

// Open opens the key ring of st with the folder dir, and makes both on first
// use. It refuses, with the cure, a root or epoch key that is missing or wrong
// and a folder that belongs to another database.
func Open(ctx context.Context, st *store.Store, dir string, opts ...Option) (*Ring, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if err := os.MkdirAll(filepath.Join(dir, monthDir), 0o700); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	r := &Ring{st: st, dir: dir, epochs: map[int64]*box{}, months: map[Month][]byte{}, cache: newCache()}
	state, err := r.readState(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.openFiles(o, state); err != nil {
		return nil, err
	}
	if state == nil {
		if err := r.insertState(ctx); err != nil {
			return nil, err
		}
	}
	return r, r.finishRotation(ctx)
}

// Close forgets the keys held in memory.
func (r *Ring) Close() { r.cache.clear() }

// Secret returns 32 bytes derived from the root for one use, named by label:
// the key of a MAC over a cookie, for instance. The same label always gives
// the same bytes.
func (r *Ring) Secret(label string) []byte { return r.root.derive("secret " + label) }

// ringState is the row by which a database knows its ring.
type ringState struct {
	ring  []byte
	epoch int64
}

func (r *Ring) readState(ctx context.Context) (*ringState, error) {
	var s ringState
	err := r.st.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT ring, epoch FROM ring_state WHERE id = $1", 1).Scan(&s.ring, &s.epoch)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &s, err
}

func (r *Ring) insertState(ctx context.Context) error {
	return r.st.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO ring_state (id, ring, epoch, list_bound, list_root) VALUES ($1, $2, $3, $4, $5)",
			1, r.id, r.current, 0, []byte{})
		return err
	})
}

// idFile and its kind: the ring's id, sealed by the root.
const (
	idFile    = "ring.id"
	kindID    = "ring id"
	kindIndex = "index 1"
)

// openFiles reads the folder. A folder whose database has no ring yet may be
// half made, by a start that was cut short: what is there is used, what is
// missing is made. The files are written before the database's row, so a row
// without its files is a loss.
func (r *Ring) openFiles(o options, state *ringState) error {
	fresh := state == nil
	// A root is only made where no other file could depend on one.
	_, err := os.Stat(filepath.Join(r.dir, idFile))
	rootless := errors.Is(err, fs.ErrNotExist)
	if r.root, err = openRoot(r.dir, o.kms, fresh && rootless); err != nil {
		return err
	}
	if r.id, err = r.root.openOrMake(filepath.Join(r.dir, idFile), kindID, fresh); err != nil {
		return missing(err, idFile)
	}
	if !fresh && string(r.id) != string(state.ring) {
		return fmt.Errorf("keys: the folder %s belongs to another database; put back the folder of keys of this one", r.dir)
	}
	index, err := r.root.openOrMake(filepath.Join(r.dir, indexFile), kindIndex, fresh)
	if err != nil {
		return missing(err, indexFile)
	}
	r.index = newTagger(index)
	if err := r.openLogKey(fresh); err != nil {
		return missing(err, logFile)
	}
	if fresh {
		return r.openEpochs(firstEpoch, true)
	}
	return r.openEpochs(state.epoch, false)
}

func missing(err error, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keys: %s is missing from the folder of keys; put it back from the newest ring backup", name)
	}
	return err
}

const firstEpoch = 1

func epochFile(n int64) string { return fmt.Sprintf("epoch-%d.key", n) }
func kindEpoch(n int64) string { return fmt.Sprintf("epoch %d", n) }

// openEpochs opens the key of the closed epoch, and that of the next if a
// rotation to it was begun. Where a data key's row says an epoch that is not
// here, the row's key is gone.
func (r *Ring) openEpochs(closed int64, make bool) error {
	for n := closed; n <= closed+1; n++ {
		key, err := r.root.openOrMake(filepath.Join(r.dir, epochFile(n)), kindEpoch(n), make && n == closed)
		if errors.Is(err, fs.ErrNotExist) && n > closed {
			break
		}
		if err != nil {
			return missing(err, epochFile(n))
		}
		if err := r.addEpoch(n, key); err != nil {
			return err
		}
	}
	return nil
}

func (r *Ring) addEpoch(n int64, key []byte) error {
	b, err := newBox(key)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epochs[n], r.current = b, max(r.current, n)
	return nil
}

func (r *Ring) epoch(n int64) (*box, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	b, ok := r.epochs[n]
	return b, ok
}

func (r *Ring) newest() (int64, *box) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.current, r.epochs[r.current]
}

// newEpochKey makes and stores the key of the epoch after the current one and
// has new data keys wrapped by it.
func (r *Ring) newEpochKey() error {
	n, _ := r.newest()
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	if err := r.root.writeSealed(filepath.Join(r.dir, epochFile(n+1)), kindEpoch(n+1), key); err != nil {
		return err
	}
	return r.addEpoch(n+1, key)
}

// context of a data key: what its wrapping is bound to, so that a row cannot
// be moved to another person, class, matter or purpose.
func (r *Ring) keyContext(id int64, s Scope, epoch int64) []byte {
	b := make([]byte, 0, 128)
	b = append(b, "candour data key v1"...)
	b = append(b, r.id...)
	for _, n := range []int64{id, int64(s.Subject), s.Matter, epoch} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(s.Class)))
	b = append(b, s.Class...)
	return append(b, s.Purpose...)
}
