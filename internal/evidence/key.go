package evidence

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// ed25519Algorithm is the first byte of an Ed25519 key in a signed note's key
// (C2SP signed-note).
const ed25519Algorithm = 1

// name gives the ring's key the log's name. The hash in a note key covers the
// name, so a key under another name is another key to whoever verifies.
func (s *signer) name(origin string) error {
	parts := strings.Split(s.secret, "+") // PRIVATE+KEY+name+hash+key; base64 may hold more of them
	if len(parts) < 5 || origin == "" {
		return errors.New("evidence: no signing key, or no origin for the log")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(parts[4:], "+"))
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != ed25519Algorithm {
		return errors.New("evidence: the signing key of the log is not an Ed25519 key; put back the log key of this folder")
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if s.verifier, err = note.NewEd25519VerifierKey(origin, public); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	hash := strings.Split(s.verifier, "+")[1]
	s.signer, err = note.NewSigner("PRIVATE+KEY+" + origin + "+" + hash + "+" + base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		return fmt.Errorf("evidence: the origin of the log cannot be its name: %w", err)
	}
	return nil
}
