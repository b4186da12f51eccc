package tiles

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"

	"candour/internal/evidence/opening"
)

// Width is how many hashes a full tile holds, and how many entries a bundle.
const Width = layout.TileWidth

// CheckpointPath is the path of the checkpoint.
const CheckpointPath = layout.CheckpointPath

// Tree is a log as of a size.
type Tree struct {
	Source Source
	Size   uint64
}

// ErrForm says that a file of the log is not of the form that it must have.
var ErrForm = errors.New("not in the form of a tiled log")

// Path returns where the tile of a level and index stands in a tree of the
// size; level -1 are the entry bundles.
func Path(level int, index uint64, size uint64) string {
	l := uint64(max(level, 0))
	return PathOf(level, index, layout.PartialTileSize(l, index, size))
}

// PathOf returns the path of a tile of the width, 0 for full.
func PathOf(level int, index uint64, width uint8) string {
	if level < 0 {
		return layout.EntriesPath(index, width)
	}
	return layout.TilePath(uint64(level), index, width)
}

// ParsePath is the reverse of PathOf, for canonical paths only.
func ParsePath(path string) (level int, index uint64, width uint8, ok bool) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return 0, 0, 0, false
	}
	lv, n, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, 0, 0, false
	}
	var err error
	level = -1
	if lv != "entries" {
		l, lerr := layout.ParseTileLevel(lv)
		level, err = int(l), lerr
	}
	if err == nil {
		index, width, err = layout.ParseTileIndexPartial(n)
	}
	if err != nil || PathOf(level, index, width) != path {
		return 0, 0, 0, false
	}
	return level, index, width, true
}

// Read returns the file of a tile or bundle as of the tree's size, and its
// path. Once a tile is full its partial forms may be gone, and the full one
// stands for them.
func (t Tree) Read(ctx context.Context, level int, index uint64) (data []byte, path string, err error) {
	path = Path(level, index, t.Size)
	data, err = t.Source.Read(ctx, path)
	if full := PathOf(level, index, 0); path != full && errors.Is(err, fs.ErrNotExist) {
		if b, ferr := t.Source.Read(ctx, full); ferr == nil {
			return b, full, nil
		}
	}
	return data, path, err
}

// fetch gives Tessera's client a tile of the width p, whatever width it now
// has: a log that was made again from its rows has other partial tiles.
func (t Tree) fetch(ctx context.Context, level, index uint64, p uint8) ([]byte, error) {
	b, path, err := t.Read(ctx, int(level), index)
	if err != nil {
		return nil, err
	}
	if p > 0 {
		if len(b) < int(p)*opening.HashSize {
			return nil, fmt.Errorf("%s: %w", path, ErrForm)
		}
		b = b[:int(p)*opening.HashSize]
	}
	return b, nil
}

var ranges = compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// NewRange returns an empty range from which a tree is grown leaf by leaf.
func NewRange() *compact.Range { return ranges.NewEmptyRange(0) }

// Range returns the compact range of the first n entries, read from the tiles.
func (t Tree) Range(ctx context.Context, n uint64) (*compact.Range, error) {
	if n > t.Size {
		return nil, fmt.Errorf("the log has %d entries, not %d", t.Size, n)
	}
	hashes, err := client.FetchRangeNodes(ctx, n, t.fetch)
	if err != nil {
		return nil, err
	}
	return ranges.NewRange(0, n, hashes)
}

// Root returns the root of the first n entries, computed from the tiles.
func (t Tree) Root(ctx context.Context, n uint64) (opening.Hash, error) {
	r, err := t.Range(ctx, n)
	if err != nil {
		return opening.Hash{}, err
	}
	return RootOf(r)
}

// RootOf returns the root of a range; that of no entries is the hash of
// nothing (RFC 6962 section 2.1).
func RootOf(r *compact.Range) (opening.Hash, error) {
	if r.End() == 0 {
		return opening.Hash(rfc6962.DefaultHasher.EmptyRoot()), nil
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		return opening.Hash{}, err
	}
	return opening.Hash(root), nil
}

// Inclusion returns the proof that the entry at index is in the tree.
func (t Tree) Inclusion(ctx context.Context, index uint64) ([]opening.Hash, error) {
	pb, err := client.NewProofBuilder(ctx, t.Size, t.fetch)
	if err != nil {
		return nil, err
	}
	raw, err := pb.InclusionProof(ctx, index)
	if err != nil {
		return nil, err
	}
	proof := make([]opening.Hash, len(raw))
	for i, h := range raw {
		proof[i] = opening.Hash(h)
	}
	return proof, nil
}

// ParseBundle splits an entry bundle: each entry after its length of two
// bytes, big endian. Every sequence of entries has exactly one encoding.
func ParseBundle(raw []byte) ([][]byte, error) {
	var entries [][]byte
	for len(raw) > 0 {
		if len(raw) < 2 {
			return nil, fmt.Errorf("%w: a length is cut short", ErrForm)
		}
		n := int(binary.BigEndian.Uint16(raw))
		if len(raw) < 2+n {
			return nil, fmt.Errorf("%w: entry %d is cut short", ErrForm, len(entries))
		}
		if len(entries) == Width {
			return nil, fmt.Errorf("%w: more than %d entries", ErrForm, Width)
		}
		entries = append(entries, raw[2:2+n])
		raw = raw[2+n:]
	}
	return entries, nil
}

// Bundle returns the encoding of a bundle of leaves.
func Bundle(leaves []opening.Leaf) []byte {
	b := make([]byte, 0, len(leaves)*(2+opening.LeafSize))
	for _, l := range leaves {
		b = binary.BigEndian.AppendUint16(b, uint16(opening.LeafSize))
		b = append(b, l.Bytes()...)
	}
	return b
}

// ParseTile splits a tile into its hashes.
func ParseTile(raw []byte) ([]opening.Hash, error) {
	if len(raw)%opening.HashSize != 0 || len(raw) > Width*opening.HashSize {
		return nil, fmt.Errorf("%w: %d bytes are not up to %d hashes", ErrForm, len(raw), Width)
	}
	hashes := make([]opening.Hash, len(raw)/opening.HashSize)
	for i := range hashes {
		hashes[i] = opening.Hash(raw[i*opening.HashSize:])
	}
	return hashes, nil
}
