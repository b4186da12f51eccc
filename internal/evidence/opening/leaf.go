package opening

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Sizes of the parts of a leaf, in bytes.
const (
	HashSize = sha256.Size
	SaltSize = 32
	LeafSize = len(leafVersion) + 8 + 2*HashSize
)

// The domains keep the hashes of one use from being taken for those of
// another, and carry the version of each format.
const (
	leafVersion  = "candour-leaf/v1\n"
	bodyVersion  = "candour-body/v1\n"
	rowVersion   = "candour-row/v1\n"
	seqOffset    = len(leafVersion)
	commitOffset = seqOffset + 8
	rowOffset    = commitOffset + HashSize
)

// Hash is a SHA-256 hash.
type Hash [HashSize]byte

// Salt hides a body from whoever guesses at it. Each body has its own: one for
// a person would be a public pseudonym for ever.
type Salt [SaltSize]byte

// Leaf is what the public log holds of an entry. It is a function of the entry
// and nothing else, so a lost log can be made again to the same root:
//
//	"candour-leaf/v1\n" || sequence (8 bytes, big endian) || commitment (32) || row hash (32)
//
// It tells a reader of the log nothing but that there is an entry.
type Leaf struct {
	Seq        uint64 // the entry's place in the log, counted from 0
	Commitment Hash   // of salt and body, see Commit
	Row        Hash   // of the row as stored, see RowHash
}

// Commit returns the commitment to a body under its salt:
// SHA-256("candour-body/v1\n" || salt || body).
func Commit(salt Salt, body []byte) Hash {
	h := sha256.New()
	h.Write([]byte(bodyVersion))
	h.Write(salt[:])
	h.Write(body)
	return Hash(h.Sum(nil))
}

// RowHash returns the hash that binds a stored row, sealed as it is, to its
// leaf: SHA-256("candour-row/v1\n" || id (8 bytes, big endian) || stored).
func RowHash(id int64, stored []byte) Hash {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64([]byte(rowVersion), uint64(id)))
	h.Write(stored)
	return Hash(h.Sum(nil))
}

// Bytes returns the leaf as it stands in the log.
func (l Leaf) Bytes() []byte {
	b := make([]byte, 0, LeafSize)
	b = append(b, leafVersion...)
	b = binary.BigEndian.AppendUint64(b, l.Seq)
	b = append(b, l.Commitment[:]...)
	return append(b, l.Row[:]...)
}

// Hash returns the leaf's hash in the Merkle tree (RFC 6962 section 2.1).
func (l Leaf) Hash() Hash { return LeafHash(l.Bytes()) }

// LeafHash returns the RFC 6962 leaf hash of an entry of the log.
func LeafHash(entry []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(entry)
	return Hash(h.Sum(nil))
}

// ErrLeaf says that an entry of the log is not a leaf of a known version.
var ErrLeaf = errors.New("not an evidence leaf of a known version")

// ParseLeaf reads an entry of the log. Each leaf has exactly one encoding.
func ParseLeaf(b []byte) (Leaf, error) {
	if len(b) != LeafSize {
		return Leaf{}, fmt.Errorf("%w: it has %d bytes, a leaf has %d", ErrLeaf, len(b), LeafSize)
	}
	if !bytes.HasPrefix(b, []byte(leafVersion)) {
		return Leaf{}, ErrLeaf
	}
	return Leaf{
		Seq:        binary.BigEndian.Uint64(b[seqOffset:]),
		Commitment: Hash(b[commitOffset:rowOffset]),
		Row:        Hash(b[rowOffset:]),
	}, nil
}
