package trunk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Open reads a file of trunks and the files of their passwords, whose names are
// taken from the folder that it lies in.
func Open(name string) (File, error) {
	b, err := readFile(name, maxFile)
	if err != nil {
		return File{}, err
	}
	return Parse(b, func(of string) (Secret, error) {
		if !filepath.IsAbs(of) {
			of = filepath.Join(filepath.Dir(name), of)
		}
		return password(of)
	})
}

// password reads the file of a password: one line, and nobody else's to read.
func password(name string) (Secret, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("there is no such file")
	}
	if err != nil || !info.Mode().IsRegular() {
		return "", errors.New("it is no file that can be read")
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", errors.New("everybody on this machine may read the file: chmod o-rwx it")
	}
	b, err := readFile(name, maxText+2)
	if err != nil {
		return "", err
	}
	word := strings.TrimRight(string(b), "\r\n")
	if word == "" || len(word) > maxText || strings.ContainsFunc(word, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", errors.New("the file must hold one line with the password and nothing else")
	}
	return Secret(word), nil
}

func readFile(name string, most int64) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no such file")
	}
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil || int64(len(b)) > most {
		return nil, fmt.Errorf("the file cannot be read, or is larger than %d bytes", most)
	}
	return b, nil
}
