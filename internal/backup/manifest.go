package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"candour/internal/keys"
	"candour/internal/store"
)

// manifest says what a folder of a backup holds.
type manifest struct {
	Version int          `json:"version"`
	Kind    string       `json:"kind"` // data or ring
	Engine  store.Engine `json:"engine"`
	Ring    string       `json:"ring"`    // which ring it belongs to, in hexadecimal
	Log     string       `json:"log"`     // verifier key of the evidence log
	Entries int64        `json:"entries"` // of evidence when it was written: what orders data and rings
	// Erasures is how many were begun when it was written.
	Erasures int64             `json:"erasures"`
	Files    map[string]string `json:"files"` // path -> SHA-256, in hexadecimal

	signed []byte // the note it was read from
}

const (
	manifestFile    = "manifest"
	manifestVersion = 1
	maxManifest     = 1 << 20 // bytes
	kindData        = "data"
	kindRing        = "ring"
)

// ErrDamaged says that a folder is not a whole backup.
var ErrDamaged = errors.New("backup: this is not a whole backup")

// write hashes the files of dir into the manifest and writes it there, signed
// with the key of the evidence log, whole and on disk, last of all.
func (m manifest) write(dir string, ring *keys.Ring) (sum [32]byte, err error) {
	m.Version = manifestVersion
	if m.Files, err = hashFiles(dir); err != nil {
		return sum, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	signed, err := ring.Sign(m.origin(), string(text)+"\n")
	if err != nil {
		return sum, err
	}
	if err := os.WriteFile(filepath.Join(dir, manifestFile), signed, 0o600); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	return sha256.Sum256(signed), syncAll(dir)
}

// origin is the name of the evidence log.
func (m manifest) origin() string {
	name, _, _ := strings.Cut(m.Log, "+")
	return name
}

// readManifest reads the manifest of dir and checks every file against it. The
// signature is checked once the ring is open.
func readManifest(dir, kind string) (manifest, error) {
	var m manifest
	f, err := os.Open(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, fmt.Errorf("%w: %s has no manifest; give a folder under data/ or ring/ that `candour backup` wrote", ErrDamaged, dir)
	}
	defer f.Close()
	if m.signed, err = io.ReadAll(io.LimitReader(f, maxManifest)); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	text, _, _ := bytes.Cut(m.signed, []byte("\n\n"))
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("%w: the manifest of %s cannot be read", ErrDamaged, dir)
	}
	if m.Version != manifestVersion || m.Kind != kind {
		return m, fmt.Errorf("%w: %s is not a %s of version %d; the two folders may be exchanged", ErrDamaged, dir, kind, manifestVersion)
	}
	have, err := hashFiles(dir)
	if err != nil {
		return m, err
	}
	for name, sum := range m.Files {
		if have[name] != sum {
			return m, fmt.Errorf("%w: %s in %s is missing or was changed; take another backup", ErrDamaged, name, dir)
		}
	}
	if len(have) != len(m.Files) {
		return m, fmt.Errorf("%w: %s holds files that were not written by the backup", ErrDamaged, dir)
	}
	return m, nil
}

// verify checks the signatures of manifests against the ring.
func verify(ring *keys.Ring, list ...manifest) error {
	for _, m := range list {
		if _, err := ring.Verify(m.origin(), m.signed); err != nil {
			return fmt.Errorf("%w: the manifest of the %s was changed; remove what was restored and take another backup", ErrDamaged, m.Kind)
		}
	}
	return nil
}

func hashFiles(dir string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == manifestFile && filepath.Dir(path) == dir {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = hex.EncodeToString(h.Sum(nil))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	return files, nil
}

// syncAll brings the files and folders of dir to disk.
func syncAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}
