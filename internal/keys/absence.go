package keys

import (
	"context"
	"database/sql"
	"fmt"
)

// Absence is the proof that one data key is not in the list of an epoch. It
// proves what the list says and no more: that the list names every key the
// operator holds is for VerifyEpochList, on the operator's store, to check.
type Absence struct {
	Epoch int64  `json:"epoch"`
	KeyID int64  `json:"key"`
	Salt  []byte `json:"salt"`
	Tile  []byte `json:"tile"` // all hashes of the tile, 16 bytes each, sorted
	Path  []Root `json:"path"` // the sister nodes from the tile to the root
}

// Verify checks the proof against the root of the epoch's list, which the
// evidence log holds.
func (a Absence) Verify(root Root) error {
	if len(a.Salt) != saltSize || len(a.Path) != tileBits {
		return fmt.Errorf("%w: the proof is not complete", ErrList)
	}
	h := hashKey(a.Salt, a.KeyID)
	i := tileOf(h[:])
	if !tileInOrder(i, a.Tile) {
		return fmt.Errorf("%w: the proof's tile is not in order", ErrList)
	}
	if inTile(a.Tile, h[:]) {
		return fmt.Errorf("%w: data key %d is in the list of epoch %d", ErrList, a.KeyID, a.Epoch)
	}
	node := hashTile(i, a.Tile)
	for _, sister := range a.Path {
		if i&1 == 0 {
			node = hashNode(node, sister)
		} else {
			node = hashNode(sister, node)
		}
		i >>= 1
	}
	if node != root {
		return fmt.Errorf("%w: the proof does not lead to the root of epoch %d", ErrList, a.Epoch)
	}
	return nil
}

// Absences returns the closed epoch and, for each of the data keys, the proof
// that it is not in the epoch's list.
func (r *Ring) Absences(ctx context.Context, ids []int64) (Epoch, []Absence, error) {
	state, err := r.readState(ctx)
	if err != nil {
		return Epoch{}, nil, err
	}
	l, err := readList(listPath(r.dir, state.epoch))
	if err != nil {
		return Epoch{}, nil, err
	}
	levels := l.levels()
	proofs := make([]Absence, 0, len(ids))
	for _, id := range ids {
		h := hashKey(l.salt[:], id)
		i := tileOf(h[:])
		a := Absence{Epoch: l.epoch, KeyID: id, Salt: l.salt[:], Tile: l.tiles[i]}
		if inTile(a.Tile, h[:]) {
			return Epoch{}, nil, fmt.Errorf("%w: data key %d is in the list", ErrList, id)
		}
		for level, at := 0, i; level < tileBits; level, at = level+1, at/2 {
			a.Path = append(a.Path, levels[level][at^1])
		}
		proofs = append(proofs, a)
	}
	return Epoch{l.epoch, l.bound, levels[tileBits][0]}, proofs, nil
}

// VerifyEpochList checks that the ring and the list of its last closed epoch
// agree: the list's file leads to the root that the database holds, and every
// live data key that is not newer than the list is in it. A key kept out of
// the list would make proofs of absence worthless. It only reads, and needs no
// key. The caller compares the root with the one in the evidence log. An epoch
// of number zero: none was closed yet.
func VerifyEpochList(ctx context.Context, db *sql.DB, dir string) (Epoch, error) {
	var e Epoch
	var root []byte
	err := db.QueryRowContext(ctx, "SELECT epoch, list_bound, list_root FROM ring_state WHERE id = 1").Scan(&e.Number, &e.Bound, &root)
	if err == sql.ErrNoRows || (err == nil && len(root) == 0) {
		return Epoch{}, nil
	}
	if err != nil {
		return Epoch{}, err
	}
	l, err := readList(listPath(dir, e.Number))
	if err != nil {
		return Epoch{}, err
	}
	e.Root = l.root()
	if l.epoch != e.Number || l.bound != e.Bound || string(e.Root[:]) != string(root) {
		return Epoch{}, fmt.Errorf("%w: the list of epoch %d is not the one that was committed to", ErrList, e.Number)
	}
	return e, l.covers(ctx, db)
}

func (l *list) covers(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT key_id FROM data_keys WHERE key_id <= $1", l.bound)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if !l.has(id) {
			return fmt.Errorf("%w: data key %d is live and was kept out of the list of epoch %d", ErrList, id, l.epoch)
		}
	}
	return rows.Err()
}
