package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// The list of an epoch: every live data key as a salted hash, sorted into
// tiles by prefix. To prove that a key is absent, one tile and its path to the
// root are enough. The salt is new each epoch, so lists cannot be joined, and
// each tile is padded with random hashes, so that they cannot be counted.
const (
	tileBits  = 13
	tileCount = 1 << tileBits
	hashSize  = 16 // bytes of SHA-256 kept: a clash among 2^20 keys has a chance of 2^-88
	padTo     = 8  // hashes in a tile are a multiple of this, and at least this many
	saltSize  = 32
	listHead  = "candour-key-list-1\n"
)

// maxTile bounds the hashes of one tile that is read: more than any list of
// 2^28 keys has.
const maxTile = 1 << 16

// Root is the Merkle root of an epoch's list.
type Root [sha256.Size]byte

// MarshalText writes the root in hexadecimal.
func (r Root) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(r[:])), nil }

// UnmarshalText reads 64 lower-case hexadecimal digits.
func (r *Root) UnmarshalText(b []byte) error {
	sum, err := hex.DecodeString(string(b))
	if err != nil || len(sum) != len(r) || hex.EncodeToString(sum) != string(b) {
		return fmt.Errorf("%w: a root is 64 lower-case hexadecimal digits", ErrList)
	}
	*r = Root(sum)
	return nil
}

type list struct {
	epoch, bound int64
	salt         [saltSize]byte
	tiles        [tileCount][]byte // concatenated hashes, sorted
}

// hashKey is a data key's place in a list.
func hashKey(salt []byte, id int64) [hashSize]byte {
	var b [saltSize + 8]byte
	copy(b[:], salt)
	binary.BigEndian.PutUint64(b[saltSize:], uint64(id))
	sum := sha256.Sum256(b[:])
	return [hashSize]byte(sum[:hashSize])
}

func tileOf(h []byte) int { return int(binary.BigEndian.Uint16(h)) >> (16 - tileBits) }

func newList(epoch int64, ids []int64) *list {
	l := &list{epoch: epoch}
	_, _ = rand.Read(l.salt[:])
	tiles := make([][][hashSize]byte, tileCount)
	for _, id := range ids {
		h := hashKey(l.salt[:], id)
		tiles[tileOf(h[:])] = append(tiles[tileOf(h[:])], h)
		l.bound = max(l.bound, id)
	}
	for i, t := range tiles {
		t = pad(i, t)
		slices.SortFunc(t, func(a, b [hashSize]byte) int { return bytes.Compare(a[:], b[:]) })
		for _, h := range t {
			l.tiles[i] = append(l.tiles[i], h[:]...)
		}
	}
	return l
}

func pad(tile int, t [][hashSize]byte) [][hashSize]byte {
	for len(t) == 0 || len(t)%padTo != 0 {
		var h [hashSize]byte
		nonce(h[:])
		low := binary.BigEndian.Uint16(h[:]) & (1<<(16-tileBits) - 1)
		binary.BigEndian.PutUint16(h[:], uint16(tile)<<(16-tileBits)|low)
		t = append(t, h)
	}
	return t
}

func hashTile(i int, tile []byte) Root {
	h := sha256.New()
	_, _ = h.Write([]byte{0, byte(i >> 8), byte(i)})
	_, _ = h.Write(tile)
	return Root(h.Sum(nil))
}

func hashNode(l, r Root) Root {
	return sha256.Sum256(slices.Concat([]byte{1}, l[:], r[:]))
}

// levels returns the nodes of the tree, the tiles' hashes first, the root last.
func (l *list) levels() [][]Root {
	row := make([]Root, tileCount)
	for i, t := range l.tiles {
		row[i] = hashTile(i, t)
	}
	all := [][]Root{row}
	for len(row) > 1 {
		next := make([]Root, len(row)/2)
		for i := range next {
			next[i] = hashNode(row[2*i], row[2*i+1])
		}
		all, row = append(all, next), next
	}
	return all
}

func (l *list) root() Root { return l.levels()[tileBits][0] }

func (l *list) has(id int64) bool {
	h := hashKey(l.salt[:], id)
	return inTile(l.tiles[tileOf(h[:])], h[:])
}

func inTile(tile, h []byte) bool {
	for ; len(tile) >= hashSize; tile = tile[hashSize:] {
		if bytes.Equal(tile[:hashSize], h) {
			return true
		}
	}
	return false
}

func listPath(dir string, epoch int64) string {
	return filepath.Join(dir, fmt.Sprintf("epoch-%d.list", epoch))
}

func (l *list) write(path string) error {
	b := []byte(listHead)
	b = binary.BigEndian.AppendUint64(b, uint64(l.epoch))
	b = binary.BigEndian.AppendUint64(b, uint64(l.bound))
	b = append(b, l.salt[:]...)
	for _, t := range l.tiles {
		b = binary.BigEndian.AppendUint16(b, uint16(len(t)/hashSize))
		b = append(b, t...)
	}
	return writeDurably(path, b)
}

// ErrList says that the list of an epoch is not in order.
var ErrList = errors.New("keys: the list of data keys does not hold")

func readList(path string) (*list, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be read: %w", ErrList, err)
	}
	l, ok := parseList(b)
	if !ok {
		return nil, fmt.Errorf("%w: %s is not one in canonical form", ErrList, filepath.Base(path))
	}
	return l, nil
}

// parseList reads the one form that write gives: every tile sorted, without
// repeats, each hash in its own tile, nothing behind the last.
func parseList(b []byte) (*list, bool) {
	l := &list{}
	b, ok := bytes.CutPrefix(b, []byte(listHead))
	if !ok || len(b) < 16+saltSize {
		return nil, false
	}
	l.epoch, l.bound = int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))
	copy(l.salt[:], b[16:])
	b = b[16+saltSize:]
	for i := range l.tiles {
		if len(b) < 2 {
			return nil, false
		}
		n := int(binary.BigEndian.Uint16(b)) * hashSize
		if b = b[2:]; len(b) < n || !tileInOrder(i, b[:n]) {
			return nil, false
		}
		l.tiles[i], b = b[:n], b[n:]
	}
	return l, len(b) == 0
}

func tileInOrder(i int, tile []byte) bool {
	if len(tile) == 0 || len(tile)%(padTo*hashSize) != 0 || len(tile) > maxTile*hashSize {
		return false
	}
	for at := 0; at < len(tile); at += hashSize {
		h := tile[at : at+hashSize]
		if tileOf(h) != i || (at > 0 && bytes.Compare(tile[at-hashSize:at], h) >= 0) {
			return false
		}
	}
	return true
}
