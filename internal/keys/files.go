package keys

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fileHead is the first line of every key file; its number changes with the
// format.
const fileHead = "candour-key-1"

// maxKeyFile bounds what is read of a key file, in bytes.
const maxKeyFile = 8 << 10

// writeKeyFile stores a key file so that it is on disk, whole, when it
// returns: written beside, synced, renamed, and the folder synced.
func writeKeyFile(path, kind string, sealed []byte) error {
	text := fileHead + "\n" + kind + "\n" + base64.StdEncoding.EncodeToString(sealed) + "\n"
	return writeDurably(path, []byte(text))
}

func writeDurably(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// readKeyFile returns the kind and the content of a key file. It refuses one
// that others may read. fs.ErrNotExist if there is none.
func readKeyFile(path string) (kind string, sealed []byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, fmt.Errorf("keys: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", nil, fmt.Errorf("keys: %s may be read by others than its owner; run chmod 600 on it, and replace it if others have used this machine", path)
	}
	if info.Size() > maxKeyFile {
		return "", nil, notAKey(path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", nil, fmt.Errorf("keys: %w", err)
	}
	kind, sealed, ok := parseKeyFile(string(text))
	if !ok {
		return "", nil, notAKey(path)
	}
	return kind, sealed, nil
}

func parseKeyFile(text string) (kind string, sealed []byte, ok bool) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != fileHead || lines[1] == "" || lines[3] != "" {
		return "", nil, false
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(sealed) < keySize || strings.ContainsAny(lines[2], "\r\n") {
		return "", nil, false
	}
	return lines[1], sealed, true
}

func notAKey(path string) error {
	return fmt.Errorf("keys: %s is not a key file of this program; put back the file from the newest ring backup", path)
}

// DestroyFile overwrites a file and removes it; one that is not there is no
// error. A file system that writes elsewhere (copy on write, a worn flash
// cell) may keep the old blocks: what lies in them is sealed by the root.
func DestroyFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		noise := make([]byte, info.Size())
		_, _ = rand.Read(noise)
		_, err = f.WriteAt(noise, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), os.Remove(path)); err != nil {
		return fmt.Errorf("keys: destroying a key file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}
