package evidence

import (
	"encoding/binary"
	"errors"
	"fmt"

	"candour/internal/evidence/opening"
)

// Row is an entry as it is stored. It never changes.
type Row struct {
	Seq        uint64 // place in the log, counted from 0
	ID         int64  // on SQLite the same as Seq
	Commitment []byte
	Stored     []byte // form, then salt and body: open or sealed
}

// Leaf returns the row's leaf, a function of the row and nothing else.
func (r Row) Leaf() (opening.Leaf, error) {
	if len(r.Commitment) != opening.HashSize {
		return opening.Leaf{}, fmt.Errorf("evidence: row %d: the commitment has not the length of one", r.Seq)
	}
	return opening.Leaf{Seq: r.Seq, Commitment: opening.Hash(r.Commitment), Row: opening.RowHash(r.ID, r.Stored)}, nil
}

// Form is how salt and body are stored: the first byte of Row.Stored.
type Form byte

// The forms.
const (
	FormOpen    Form = 0 // in clear, for everyone
	FormSubject Form = 1 // sealed with the subject's key
	FormLog     Form = 2 // sealed with a key of the log, for the operator
	noForm      Form = 255
)

// Form returns how the row is stored.
func (r Row) Form() Form {
	if len(r.Stored) == 0 {
		return noForm
	}
	return Form(r.Stored[0])
}

// sealVersion is the domain of the data that is bound to a stored body.
const sealVersion = "candour-evidence/v1\n"

// bound is what a stored body is bound to: its form, its row and its key. A
// body that was copied to another row does not open.
func bound(form Form, id, key int64) []byte {
	b := append(make([]byte, 0, len(sealVersion)+17), sealVersion...)
	b = append(b, byte(form))
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	return binary.BigEndian.AppendUint64(b, uint64(key))
}

// Content is what a row commits to.
type Content struct {
	Salt opening.Salt
	Body []byte // canonical
}

// Ways in which the content of a row cannot be had.
var (
	ErrForged = errors.New("evidence: the stored body does not open: it was changed, or written without the keys")
	ErrSealed = errors.New("evidence: the body is sealed and its key is not there")
)

// Public returns the content of a row that is open to everyone, ErrSealed of
// any other.
func (r Row) Public() (Content, error) {
	if r.Form() != FormOpen {
		return Content{}, ErrSealed
	}
	return parseContent(r.Stored[1:])
}

func parseContent(plain []byte) (Content, error) {
	if len(plain) <= opening.SaltSize {
		return Content{}, ErrForged
	}
	return Content{opening.Salt(plain[:opening.SaltSize]), plain[opening.SaltSize:]}, nil
}

// Check reports whether the content is what the row commits to, and a body.
func (c Content) Check(r Row) (Body, error) {
	if string(r.Commitment) != string(hashBytes(opening.Commit(c.Salt, c.Body))) {
		return Body{}, ErrForged
	}
	return DecodeBody(c.Body)
}

func hashBytes(h opening.Hash) []byte { return h[:] }
