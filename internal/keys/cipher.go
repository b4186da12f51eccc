package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"sync"
)

// NonceSize and tagSize are those of AES-GCM (NIST SP 800-38D), in bytes. The
// nonce stands before what is sealed.
const (
	NonceSize = 12
	tagSize   = 16
)

// Overhead is how much longer a sealed value is than its plain text, in bytes.
const Overhead = NonceSize + tagSize

// ErrSealed says that a sealed value does not open: it was changed, or belongs
// to another record.
var ErrSealed = errors.New("keys: the sealed value does not open")

// box seals with one AES-256-GCM key; the nonce, random, stands first.
type box struct{ aead cipher.AEAD }

func newBox(key []byte) (*box, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &box{aead}, nil
}

func (b *box) seal(plain, ad []byte) []byte {
	return b.sealTo(make([]byte, 0, len(plain)+Overhead), plain, ad)
}

func (b *box) sealTo(dst, plain, ad []byte) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, NonceSize)...)
	nonce(dst[at:])
	return b.aead.Seal(dst, dst[at:at+NonceSize], plain, ad)
}

func (b *box) open(sealed, ad []byte) ([]byte, error) {
	return b.openTo(nil, sealed, ad)
}

func (b *box) openTo(dst, sealed, ad []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, ErrSealed
	}
	plain, err := b.aead.Open(dst, sealed[:NonceSize], sealed[NonceSize:], ad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// noise is random bytes fetched from the system 4 KiB at a time: a call for
// each nonce would cost more than the sealing.
type noise struct {
	buf [4096]byte
	at  int
}

var noises = sync.Pool{New: func() any { return &noise{at: 4096} }}

// nonce fills b, which is shorter than a noise's buffer, with random bytes
// that are given out once.
func nonce(b []byte) {
	n := noises.Get().(*noise)
	if n.at+len(b) > len(n.buf) {
		_, _ = rand.Read(n.buf[:])
		n.at = 0
	}
	n.at += copy(b, n.buf[n.at:])
	noises.Put(n)
}

// Cipher seals and opens with one data key, and one month key where the expiry
// is known. It is safe for concurrent use.
type Cipher struct {
	box     *box
	keyID   int64
	month   Month
	subject SubjectID
	born    uint64 // generation of the cache in which it was read from the database
}

// KeyID returns the id of the data key, to be stored beside what it seals.
func (c *Cipher) KeyID() int64 { return c.keyID }

// Month returns the month whose key is part of the sealing key, zero for none.
func (c *Cipher) Month() Month { return c.month }

// Seal appends nonce and sealed value to dst. ad is bound to it and must be
// given again to open it.
func (c *Cipher) Seal(dst, plain, ad []byte) []byte { return c.box.sealTo(dst, plain, ad) }

// Open appends the plain text to dst; ErrSealed if the value or ad is not what
// was sealed.
func (c *Cipher) Open(dst, sealed, ad []byte) ([]byte, error) { return c.box.openTo(dst, sealed, ad) }
