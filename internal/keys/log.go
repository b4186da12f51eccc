package keys

import (
	"crypto/rand"
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
