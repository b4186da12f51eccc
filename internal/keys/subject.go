package keys

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
)

// SubjectID is the pseudonym of a person whose data is held: random, positive,
// meaningless once the person is erased. It prints as a fixed word, so that it
// does not end in a log or an error by accident; convert it to int64 to store
// it.
type SubjectID int64

// NewSubjectID returns a random id of 63 bits: among a hundred million people
// the chance of any clash is one in two thousand, and the primary key of the
// table of subjects refuses it.
func NewSubjectID() SubjectID {
	var b [8]byte
	for {
		_, _ = rand.Read(b[:]) // never fails (crypto/rand, since Go 1.24)
		if s := SubjectID(binary.BigEndian.Uint64(b[:]) >> 1); s != 0 {
			return s
		}
	}
}

const redacted = "[subject]"

// String returns a fixed word.
func (SubjectID) String() string { return redacted }

// Format writes the fixed word under every verb, %d included.
func (SubjectID) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps the id out of structured logs.
func (SubjectID) LogValue() slog.Value { return slog.StringValue(redacted) }
