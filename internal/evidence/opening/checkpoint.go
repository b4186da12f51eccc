package opening

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// MaxCheckpoint bounds a checkpoint, in bytes: three lines and a handful of
// signatures.
const MaxCheckpoint = 8 << 10

// maxSignatures bounds the signature lines of a checkpoint.
const maxSignatures = 16

// Checkpoint is the signed state of a log (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   uint64 // entries
	Root   Hash
}

// Faults of a checkpoint. Each is wrapped with the line it is on.
var (
	ErrNotCanonical = errors.New("not in canonical form")
	ErrSignature    = errors.New("the signature does not fit the text: one of them was changed")
	ErrOtherKey     = errors.New("not signed by the key of this log")
)

// ParseCheckpoint checks raw against the verifier key vkey and returns what it
// says. It is stricter than C2SP signed-note, whose decoders differ on base64:
// there must be exactly one way to write each checkpoint, so anything that
// differs from it by one bit is refused. Extension lines are refused, because
// this log has none. Signatures by other keys, for instance of witnesses, are
// allowed if they are written canonically; others returns how many there are.
func ParseCheckpoint(raw []byte, vkey string) (cp Checkpoint, others int, err error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return cp, 0, errors.New("the verifier key cannot be read; it looks like name+hash+key")
	}
	cp, signatures, err := parseText(raw)
	if err != nil {
		return cp, 0, err
	}
	if cp.Origin != v.Name() {
		return cp, 0, fmt.Errorf("line 1: the origin is not that of the key: %w", ErrOtherKey)
	}
	own := 0
	for i, line := range signatures {
		mine, err := parseSignature(line, v)
		if err != nil {
			return cp, 0, fmt.Errorf("line %d: %w", i+5, err)
		}
		if mine {
			own++
		}
	}
	if own > 1 {
		return cp, 0, fmt.Errorf("signed twice by the same key: %w", ErrNotCanonical)
	}
	if own == 0 {
		return cp, 0, fmt.Errorf("line 5: %w", ErrOtherKey)
	}
	if _, err := note.Open(raw, note.VerifierList(v)); err != nil {
		return cp, 0, fmt.Errorf("line 5: %w", ErrSignature)
	}
	return cp, len(signatures) - own, nil
}

// parseText reads the three lines of the text and returns the signature lines.
func parseText(raw []byte) (cp Checkpoint, signatures []string, err error) {
	if len(raw) > MaxCheckpoint {
		return cp, nil, fmt.Errorf("longer than %d bytes: %w", MaxCheckpoint, ErrNotCanonical)
	}
	if !utf8.Valid(raw) {
		return cp, nil, fmt.Errorf("not UTF-8: %w", ErrNotCanonical)
	}
	body, ok := strings.CutSuffix(string(raw), "\n")
	if !ok {
		return cp, nil, fmt.Errorf("the last line has no end: %w", ErrNotCanonical)
	}
	lines := strings.Split(body, "\n")
	if len(lines) < 5 || len(lines) > 4+maxSignatures {
		return cp, nil, fmt.Errorf("it has %d lines: %w", len(lines), ErrNotCanonical)
	}
	if lines[3] != "" {
		return cp, nil, fmt.Errorf("line 4: not empty: %w", ErrNotCanonical)
	}
	cp.Origin = lines[0]
	if cp.Size, err = strconv.ParseUint(lines[1], 10, 64); err != nil || strconv.FormatUint(cp.Size, 10) != lines[1] || cp.Size > math.MaxInt64 {
		return cp, nil, fmt.Errorf("line 2: the size is not a plain number: %w", ErrNotCanonical)
	}
	root, err := decodeBase64(lines[2])
	if err != nil || len(root) != HashSize {
		return cp, nil, fmt.Errorf("line 3: the root is not 32 bytes of canonical base64: %w", ErrNotCanonical)
	}
	cp.Root = Hash(root)
	return cp, lines[4:], nil
}

// parseSignature checks the form of a signature line and says whether it
// claims to be of the key v.
func parseSignature(line string, v note.Verifier) (bool, error) {
	rest, ok := strings.CutPrefix(line, "\u2014 ")
	if !ok {
		return false, fmt.Errorf("not a signature line: %w", ErrNotCanonical)
	}
	name, b64, ok := strings.Cut(rest, " ")
	if !ok || name == "" || strings.ContainsAny(name, "+\t\r\v\f\u0085\u00a0") {
		return false, fmt.Errorf("not a signature line: %w", ErrNotCanonical)
	}
	sig, err := decodeBase64(b64)
	if err != nil || len(sig) < 5 {
		return false, fmt.Errorf("the signature is not canonical base64: %w", ErrNotCanonical)
	}
	hash := uint32(sig[0])<<24 | uint32(sig[1])<<16 | uint32(sig[2])<<8 | uint32(sig[3])
	return name == v.Name() && hash == v.KeyHash(), nil
}

// decodeBase64 decodes standard base64 with padding and refuses every other
// way of writing the same bytes: line ends, which the standard decoder skips,
// and bits set beyond the last byte.
func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(b) != s {
		return nil, ErrNotCanonical
	}
	return b, nil
}
