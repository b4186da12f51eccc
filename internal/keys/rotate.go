package keys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"candour/internal/store"
)

// rewrapBatch is how many data keys are wrapped anew in one transaction, so
// that others can write between two.
const rewrapBatch = 500

// Epoch is a closed epoch: all live data keys are wrapped by its key, and
// committed to in its list.
type Epoch struct {
	Number int64
	Bound  int64 // the highest data key id in the list
	Root   Root  // of the list
}

// OnEpoch has fn run in the transaction that closes an epoch, to write the
// evidence. Set it before the first Rotate.
func (r *Ring) OnEpoch(fn func(context.Context, *store.Tx, Epoch) error) { r.onEpoch = fn }

// Rotating reports whether a rotation was begun and is not complete.
func (r *Ring) Rotating(ctx context.Context) (bool, error) {
	state, err := r.readState(ctx)
	if err != nil {
		return false, err
	}
	n, _ := r.newest()
	return state == nil || n > state.epoch, nil
}

// Rotate makes a new epoch key, wraps the data keys that exist with it,
// commits to their list, and destroys the old epoch key. A rotation that was
// cut short is completed instead of a new one begun: each step can be done
// twice.
//
//	crash after                 what Rotate or Open does next
//	the new key's file          wraps with it
//	some batches                the rest (both epoch keys are there)
//	the list's file             writes it anew
//	the closing transaction     truncates the log, destroys the old key
//
// Others can write all the while, except in the closing transaction, which
// reads every data key once (about a second for a million).
func (r *Ring) Rotate(ctx context.Context) error {
	r.rotating.Lock()
	defer r.rotating.Unlock()
	pending, err := r.Rotating(ctx)
	if err != nil {
		return err
	}
	if !pending {
		if err := r.newEpochKey(); err != nil {
			return err
		}
	}
	if err := r.rewrap(ctx); err != nil {
		return err
	}
	if err := r.closeEpoch(ctx); err != nil {
		return err
	}
	return r.finishRotation(ctx)
}

// Still runs fn while no rotation is under way and none begins, so that a copy
// of database and folder fits together.
func (r *Ring) Still(fn func() error) error {
	r.rotating.Lock()
	defer r.rotating.Unlock()
	return fn()
}

// rewrap walks over the data keys in batches. New ones are wrapped by the new
// epoch key already, save those of transactions that began before.
func (r *Ring) rewrap(ctx context.Context) error {
	for after := int64(0); ; {
		var batch []wrappedKey
		err := r.st.Update(ctx, func(tx *store.Tx) error {
			var err error
			if batch, err = readWrapped(ctx, tx, after, rewrapBatch); err != nil {
				return err
			}
			return r.rewrapKeys(ctx, tx, batch)
		})
		if err != nil {
			return err
		}
		if len(batch) < rewrapBatch {
			return nil
		}
		after = batch[len(batch)-1].id
	}
}

type wrappedKey struct {
	id, epoch int64
	scope     Scope
	wrapped   []byte
}

func readWrapped(ctx context.Context, tx *store.Tx, after int64, limit int) ([]wrappedKey, error) {
	rows, err := tx.Query(ctx, `SELECT key_id, epoch, subject, class, matter, purpose, wrapped FROM data_keys
		WHERE key_id > $1 ORDER BY key_id LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []wrappedKey
	for rows.Next() {
		var k wrappedKey
		if err := rows.Scan(&k.id, &k.epoch, (*int64)(&k.scope.Subject), &k.scope.Class, &k.scope.Matter, &k.scope.Purpose, &k.wrapped); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

func (r *Ring) rewrapKeys(ctx context.Context, tx *store.Tx, keys []wrappedKey) error {
	epoch, box := r.newest()
	for _, k := range keys {
		if k.epoch == epoch {
			continue
		}
		key, err := r.unwrap(k.id, k.scope, k.epoch, k.wrapped)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE data_keys SET epoch = $1, wrapped = $2 WHERE key_id = $3",
			epoch, box.seal(key, r.keyContext(k.id, k.scope, epoch)), k.id)
		if err != nil {
			return err
		}
	}
	return nil
}

// closeEpoch wraps the stragglers, writes the list and the evidence, and moves
// the database's epoch on. On PostgreSQL the lock waits for transactions that
// may still insert a key under the old epoch.
func (r *Ring) closeEpoch(ctx context.Context) error {
	return r.st.Update(ctx, func(tx *store.Tx) error {
		if r.st.Engine() == store.PostgreSQL {
			if _, err := tx.Exec(ctx, "LOCK TABLE data_keys IN SHARE ROW EXCLUSIVE MODE"); err != nil {
				return err
			}
		}
		ids, err := r.wrapStragglers(ctx, tx)
		if err != nil {
			return err
		}
		n, _ := r.newest()
		list := newList(n, ids)
		if err := list.write(listPath(r.dir, n)); err != nil {
			return err
		}
		e := Epoch{Number: n, Bound: list.bound, Root: list.root()}
		_, err = tx.Exec(ctx, "UPDATE ring_state SET epoch = $1, list_bound = $2, list_root = $3 WHERE id = 1", e.Number, e.Bound, e.Root[:])
		if err != nil || r.onEpoch == nil {
			return err
		}
		return r.onEpoch(ctx, tx, e)
	})
}

func (r *Ring) wrapStragglers(ctx context.Context, tx *store.Tx) ([]int64, error) {
	n, _ := r.newest()
	rows, err := tx.Query(ctx, "SELECT key_id, epoch FROM data_keys ORDER BY key_id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids, late []int64
	for rows.Next() {
		var id, epoch int64
		if err := rows.Scan(&id, &epoch); err != nil {
			return nil, err
		}
		ids = append(ids, id)
		if epoch != n {
			late = append(late, id)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, id := range late {
		k, err := readWrapped(ctx, tx, id-1, 1)
		if err != nil {
			return nil, err
		}
		if err := r.rewrapKeys(ctx, tx, k); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// finishRotation destroys what an epoch that is closed leaves behind: the keys
// and lists of earlier ones. The write-ahead log goes first, because it holds
// data keys wrapped by them.
func (r *Ring) finishRotation(ctx context.Context) error {
	state, err := r.readState(ctx)
	if err != nil || state == nil {
		return err
	}
	old, err := r.filesBefore(state.epoch)
	if err != nil || len(old) == 0 {
		return err
	}
	if err := r.st.TruncateLog(ctx); err != nil {
		return err
	}
	for _, name := range old {
		if err := DestroyFile(filepath.Join(r.dir, name)); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range r.epochs {
		if n < state.epoch {
			delete(r.epochs, n)
		}
	}
	return nil
}

func (r *Ring) filesBefore(epoch int64) ([]string, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, err
	}
	var old []string
	for _, e := range entries {
		middle, ok := strings.CutPrefix(e.Name(), "epoch-")
		number, _, dot := strings.Cut(middle, ".")
		n, err := strconv.ParseInt(number, 10, 64)
		if ok && dot && err == nil && n < epoch {
			old = append(old, e.Name())
		}
	}
	return old, nil
}
