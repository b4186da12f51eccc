// Package reference makes what people quote when they write or ring: of a
// ticket, an account, a request.
package reference

import (
	"crypto/rand"
	"strings"
)

// alphabet is Crockford's base 32: nothing in it is taken for something else
// when read aloud.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	half = 4 // letters on each side of the dash
	// Tries bounds the search for a reference that is not taken.
	Tries = 8
)

// New returns a reference such as 7K2M-9QXT. It is random, so that it tells
// nobody how many there are; 40 bits, so that two are the same once in a
// million, when the table that keeps it must refuse the second.
func New() string {
	b := make([]byte, 2*half)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b[:half]) + "-" + string(b[half:])
}

// Parse reads a reference as people write it: in any case, with or without the
// dash, with O for 0 and I or L for 1, as Crockford has it. ok is false for
// what cannot be one.
func Parse(s string) (string, bool) {
	if len(s) > 64 {
		return "", false
	}
	var b []byte
	for _, c := range strings.ToUpper(s) {
		switch c {
		case ' ', '-', '\t':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		if !strings.ContainsRune(alphabet, c) || len(b) == 2*half {
			return "", false
		}
		b = append(b, byte(c))
	}
	if len(b) != 2*half {
		return "", false
	}
	return string(b[:half]) + "-" + string(b[half:]), true
}
