package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const kindLog = "log signer"

// noteKeys are the keys of the evidence log in the format of signed notes
// (C2SP signed-note: Ed25519).
type noteKeys struct{ signer, verifier string }

// LogKey returns the evidence log's keys as signed notes write them: the
// secret signer key and the public verifier key. The name in them is the
// log's own, random and made with the ring.
func (r *Ring) LogKey() (signer, verifier string) { return r.log.signer, r.log.verifier }

// Sign returns text, which ends in a newline, as a note signed with the log's
// key under the given name: the name the evidence log goes by, so that its
// verifier key checks what is signed here too.
func (r *Ring) Sign(name, text string) ([]byte, error) {
	secret, _, err := r.named(name)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return note.Sign(&note.Note{Text: text}, signer)
}

// Verify returns the text of a note that Sign made under the name.
func (r *Ring) Verify(name string, signed []byte) (string, error) {
	_, public, err := r.named(name)
	if err != nil {
		return "", err
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return "", fmt.Errorf("keys: the signature does not fit: %w", err)
	}
	return n.Text, nil
}

// named returns the log's keys under another name than their own. The hash in
// a note key covers the name.
func (r *Ring) named(name string) (signer, verifier string, err error) {
	parts := strings.SplitN(r.log.signer, "+", 5) // PRIVATE+KEY+name+hash+key
	if len(parts) != 5 {
		return "", "", notAKey(logFile)
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", "", notAKey(logFile)
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if verifier, err = note.NewEd25519VerifierKey(name, public); err != nil {
		return "", "", fmt.Errorf("keys: %w", err)
	}
	hash := strings.SplitN(verifier, "+", 3)[1]
	return strings.Join([]string{"PRIVATE", "KEY", name, hash, parts[4]}, "+"), verifier, nil
}

func (r *Ring) openLogKey(fresh bool) error {
	path := filepath.Join(r.dir, logFile)
	text, err := r.root.openSealed(path, kindLog)
	if errors.Is(err, fs.ErrNotExist) && fresh {
		text, err = r.makeLogKey(path)
	}
	if err != nil {
		return err
	}
	signer, verifier, ok := strings.Cut(string(text), "\n")
	if !ok {
		return notAKey(path)
	}
	r.log = noteKeys{signer, verifier}
	return nil
}

func (r *Ring) makeLogKey(path string) ([]byte, error) {
	var b [4]byte
	_, _ = rand.Read(b[:])
	signer, verifier, err := note.GenerateKey(rand.Reader, "candour/log/"+hex.EncodeToString(b[:]))
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	text := []byte(signer + "\n" + verifier)
	return text, r.root.writeSealed(path, kindLog, text)
}
