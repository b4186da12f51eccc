// Package opening checks a piece of evidence without trusting, or having,
// anything of whoever gave it: a verifier key, obtained elsewhere, and the
// opening are enough.
//
// An opening (schema: opening.schema.json, published as Schema) shows one
// entry of the log to whoever may see it. VerifyOpening checks that
//
//   - the body and its salt are what the leaf commits to,
//   - the leaf stands in the log at the place it says it has,
//   - under a checkpoint that the log's key signed.
//
// The package depends on the signed-note and Merkle tree code of the Go
// checksum database and on nothing else of this module, so it can be copied.
package opening

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// Version is the format of openings.
const Version = "candour-opening/v1"

// Schema is the JSON Schema of an opening.
//
//go:embed opening.schema.json
var Schema []byte

// Program is a program for Node that checks an opening and shares no code with
// this package: check-evidence.mjs, for whoever would not run ours.
//
//go:embed check-evidence.mjs
var Program []byte

// Limits of an opening, in bytes and hashes. A tree of 2^63 entries has proofs
// of 63 hashes.
const (
	MaxOpening = 64 << 10
	MaxBody    = 4 << 10
	maxProof   = 63
)

// Opening is an entry with everything needed to check it.
type Opening struct {
	Seq        uint64 // place in the log, counted from 0
	Salt       Salt
	Body       json.RawMessage // canonical JSON (RFC 8785)
	Leaf       []byte          // the entry of the log
	Proof      []Hash          // inclusion proof (RFC 6962 section 2.1.1), from the leaf up
	Checkpoint string          // signed note the proof leads to
}

// wire is an opening as written: bytes are canonical base64.
type wire struct {
	Version    string          `json:"version"`
	Seq        uint64          `json:"seq"`
	Salt       string          `json:"salt"`
	Body       json.RawMessage `json:"body"`
	Leaf       string          `json:"leaf"`
	Proof      []string        `json:"inclusion_proof"`
	Checkpoint string          `json:"checkpoint"`
}

// MarshalJSON writes the opening in its published form.
func (o Opening) MarshalJSON() ([]byte, error) {
	enc := base64.StdEncoding.EncodeToString
	w := wire{
		Version: Version, Seq: o.Seq, Salt: enc(o.Salt[:]), Body: o.Body,
		Leaf: enc(o.Leaf), Proof: make([]string, len(o.Proof)), Checkpoint: o.Checkpoint,
	}
	for i, h := range o.Proof {
		w.Proof[i] = enc(h[:])
	}
	return json.Marshal(w)
}

// ErrMalformed says that something is not an opening at all.
var ErrMalformed = errors.New("not an opening of a known version")

// UnmarshalJSON reads the published form and refuses any other: unknown
// members, other base64, missing parts.
func (o *Opening) UnmarshalJSON(raw []byte) error {
	if len(raw) > MaxOpening {
		return fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxOpening)
	}
	var w wire
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return fmt.Errorf("%w: its members are not those of the schema", ErrMalformed)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: something follows it", ErrMalformed)
	}
	if w.Version != Version {
		return fmt.Errorf("%w: this program knows version %q", ErrMalformed, Version)
	}
	salt, err := decodeBase64(w.Salt)
	if err != nil || len(salt) != SaltSize {
		return fmt.Errorf("%w: the salt is not 32 bytes of base64", ErrMalformed)
	}
	leaf, err := decodeBase64(w.Leaf)
	if err != nil || len(leaf) != LeafSize {
		return fmt.Errorf("%w: the leaf is not %d bytes of base64", ErrMalformed, LeafSize)
	}
	if len(w.Proof) > maxProof || len(w.Body) == 0 || len(w.Body) > MaxOpening {
		return fmt.Errorf("%w: a part is missing or too long", ErrMalformed)
	}
	proof := make([]Hash, len(w.Proof))
	for i, s := range w.Proof {
		h, err := decodeBase64(s)
		if err != nil || len(h) != HashSize {
			return fmt.Errorf("%w: hash %d of the proof is not 32 bytes of base64", ErrMalformed, i)
		}
		proof[i] = Hash(h)
	}
	*o = Opening{Seq: w.Seq, Salt: Salt(salt), Body: w.Body, Leaf: leaf, Proof: proof, Checkpoint: w.Checkpoint}
	return nil
}

// Ways in which an opening can be wrong.
var (
	ErrBody       = errors.New("the body is not the one that was committed to: body or salt was changed")
	ErrPlace      = errors.New("the leaf has another place in the log than the opening says")
	ErrProof      = errors.New("the inclusion proof does not lead from the leaf to the signed root")
	ErrCheckpoint = errors.New("the checkpoint does not hold")
)

// VerifyOpening checks o against the log's verifier key and returns the
// checkpoint it stands under. The key must come from somewhere else than the
// opening does.
func VerifyOpening(vkey string, o Opening) (Checkpoint, error) {
	cp, _, err := ParseCheckpoint([]byte(o.Checkpoint), vkey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	leaf, err := ParseLeaf(o.Leaf)
	if err != nil {
		return cp, err
	}
	if leaf.Seq != o.Seq {
		return cp, ErrPlace
	}
	var body bytes.Buffer // whoever showed the opening may have indented it
	if err := json.Compact(&body, o.Body); err != nil || body.Len() > MaxBody {
		return cp, ErrBody
	}
	if Commit(o.Salt, body.Bytes()) != leaf.Commitment {
		return cp, ErrBody
	}
	if o.Seq >= cp.Size || len(o.Proof) > maxProof {
		return cp, ErrProof
	}
	proof := make(tlog.RecordProof, len(o.Proof))
	for i, h := range o.Proof {
		proof[i] = tlog.Hash(h)
	}
	if err := tlog.CheckRecord(proof, int64(cp.Size), tlog.Hash(cp.Root), int64(o.Seq), tlog.Hash(leaf.Hash())); err != nil {
		return cp, ErrProof
	}
	return cp, nil
}
