package identity

import (
	"bufio"
	"bytes"
	"crypto/sha1" //nolint:gosec // the format of the lists, not a protection
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Breached is the operator's list of passwords that are known to others, beside
// the common ones that are in the program: a file of SHA-1
// hashes in hexadecimal, one a line and sorted, each maybe followed by a colon
// and a count, as the public collections have it. It is searched on disk, so
// its size costs no memory. Nil is an empty list. It is safe for concurrent
// use.
type Breached struct {
	file *os.File
	size int64
}

// hashLength is that of a SHA-1 in hexadecimal.
const hashLength = 2 * sha1.Size

// longestLine bounds one line of the list, in octets.
const longestLine = 128

// OpenBreached opens a list. The error says what is wrong with the file.
func OpenBreached(path string) (*Breached, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the list of breached passwords cannot be opened: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	b := &Breached{file: f}
	if err == nil {
		b.size = info.Size()
		err = b.sorted()
	}
	if err != nil {
		_ = f.Close() // only read
		return nil, fmt.Errorf("the list of breached passwords %s cannot be used: %w; give a file of SHA-1 hashes in hexadecimal, one a line, sorted", path, err)
	}
	return b, nil
}

// sorted looks at the first lines, so that a list of another form is refused
// at the start.
func (b *Breached) sorted() error {
	lines := bufio.NewScanner(io.NewSectionReader(b.file, 0, 64*longestLine))
	last := ""
	for n := 1; lines.Scan() && n <= 32; n++ {
		h := strings.ToUpper(lines.Text())
		if len(h) < hashLength || len(h) > hashLength && h[hashLength] != ':' {
			return fmt.Errorf("line %d is not a hash", n)
		}
		if _, err := hex.DecodeString(h[:hashLength]); err != nil {
			return fmt.Errorf("line %d is not a hash", n)
		}
		if h[:hashLength] < last {
			return fmt.Errorf("line %d comes before the one above it", n)
		}
		last = h[:hashLength]
	}
	if last == "" {
		return errors.New("it is empty")
	}
	return nil
}

// Close closes the file.
func (b *Breached) Close() error {
	if b == nil {
		return nil
	}
	return b.file.Close()
}

// Has reports whether a password is on the list.
func (b *Breached) Has(password string) (bool, error) {
	if b == nil {
		return false, nil
	}
	sum := sha1.Sum([]byte(password))
	want := []byte(strings.ToUpper(hex.EncodeToString(sum[:])))
	low, high := int64(0), b.size // the line we look for begins in [low, high)
	for low < high {
		mid := low + (high-low)/2
		start, line, err := b.lineAt(mid, low)
		if err != nil {
			return false, err
		}
		switch c := bytes.Compare(bytes.ToUpper(line[:min(len(line), hashLength)]), want); {
		case c == 0:
			return true, nil
		case c < 0:
			low = max(start+int64(len(line))+1, low+1)
		default:
			high = start
		}
	}
	return false, nil
}

// lineAt returns the line that the octet at belongs to, and where it begins;
// none begins before low.
func (b *Breached) lineAt(at, low int64) (start int64, line []byte, err error) {
	from := max(low, at-longestLine)
	buf := make([]byte, at-from+longestLine)
	n, err := b.file.ReadAt(buf, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, errors.New("identity: the list of breached passwords cannot be read")
	}
	buf = buf[:n]
	offset := int(at - from)
	begin := 0
	if i := bytes.LastIndexByte(buf[:min(offset, len(buf))], '\n'); i >= 0 {
		begin = i + 1
	}
	end := len(buf)
	if i := bytes.IndexByte(buf[begin:], '\n'); i >= 0 {
		end = begin + i
	}
	return from + int64(begin), buf[begin:end], nil
}
