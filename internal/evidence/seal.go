package evidence

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"candour/internal/evidence/opening"
	"candour/internal/keys"
	"candour/internal/store"
)

// Labels of the ring's secrets that evidence uses.
const (
	logSecret  = "evidence log body v1"
	openSecret = "evidence open body v1"
)

// saltRandom is how much of an open body's salt is random, in bytes; the rest
// is a MAC, so that the row of an open body that has not reached the log yet
// is known to be of whoever has the keys.
const saltRandom = 16

// Sealer stores bodies and opens what was stored. It is safe for concurrent
// use.
type Sealer struct {
	*Unsealer
	ring *keys.Ring
}

// NewSealer returns the sealer of the ring.
func NewSealer(ring *keys.Ring) (*Sealer, error) {
	u, err := NewUnsealer(ring)
	return &Sealer{u, ring}, err
}

// Keys is a key ring that opens: keys.Ring, or keys.Reader for whoever must not
// write.
type Keys interface {
	Secret(label string) []byte
	Opener(ctx context.Context, tx *store.Tx, keyID int64, month keys.Month) (*keys.Cipher, error)
}

// Unsealer opens stored bodies. It is as safe for concurrent use as its keys.
type Unsealer struct {
	keys Keys
	log  cipher.AEAD // of bodies about no subject; random nonces, so fewer than 2^32 of them (NIST SP 800-38D section 8.3)
	mac  []byte
}

// NewUnsealer returns the unsealer of the keys.
func NewUnsealer(ring Keys) (*Unsealer, error) {
	block, err := aes.NewCipher(ring.Secret(logSecret))
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	log, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return &Unsealer{keys: ring, log: log, mac: ring.Secret(openSecret)}, nil
}

// seal returns the row of a body and, if it is sealed with a key of the
// subject's, the id of that key.
func (s *Sealer) seal(ctx context.Context, tx *store.Tx, id int64, b *Body) (Row, int64, error) {
	body, err := b.Canonical()
	if err != nil {
		return Row{}, 0, err
	}
	var salt opening.Salt
	_, _ = rand.Read(salt[:]) // never fails
	if b.open() {
		copy(salt[saltRandom:], s.openMAC(id, salt[:saltRandom], body))
	}
	commitment := opening.Commit(salt, body)
	row := Row{ID: id, Commitment: commitment[:]}
	plain := append(append(make([]byte, 0, len(salt)+len(body)), salt[:]...), body...)
	switch {
	case b.open():
		row.Stored = append([]byte{byte(FormOpen)}, plain...)
		return row, 0, nil
	case b.Subject == 0:
		row.Stored = s.log.Seal([]byte{byte(FormLog)}, nil, plain, bound(FormLog, id, 0))
		return row, 0, nil
	}
	c, err := s.ring.Sealer(ctx, tx, b.Subject, keys.Evidence, time.Time{})
	if err != nil {
		return Row{}, 0, fmt.Errorf("evidence: %w", err)
	}
	row.Stored = c.Seal([]byte{byte(FormSubject)}, plain, bound(FormSubject, id, c.KeyID()))
	return row, c.KeyID(), nil
}

// openMAC is the part of an open body's salt that only the ring can make.
func (s *Unsealer) openMAC(id int64, random, body []byte) []byte {
	h := hmac.New(sha256.New, s.mac)
	h.Write(bound(FormOpen, id, 0))
	h.Write(random)
	h.Write(body)
	return h.Sum(nil)[:opening.SaltSize-saltRandom]
}

// Open returns what a row commits to. ErrSealed if its key is gone, with the
// person it was about; ErrForged if the row was not written with this ring's
// keys.
func (s *Unsealer) Open(ctx context.Context, tx *store.Tx, r Row) (Content, error) {
	switch r.Form() {
	case FormOpen:
		c, err := r.Public()
		if err == nil && !hmac.Equal(c.Salt[saltRandom:], s.openMAC(r.ID, c.Salt[:saltRandom], c.Body)) {
			err = ErrForged
		}
		return c, err
	case FormLog:
		plain, err := s.log.Open(nil, nil, r.Stored[1:], bound(FormLog, r.ID, 0))
		if err != nil {
			return Content{}, ErrForged
		}
		return parseContent(plain)
	case FormSubject:
		return s.openSubject(ctx, tx, r)
	}
	return Content{}, ErrForged
}

// OpensWith reports whether a data key opens a row that is sealed for a person.
func OpensWith(c *keys.Cipher, r Row) bool {
	_, err := c.Open(nil, r.Stored[1:], bound(FormSubject, r.ID, c.KeyID()))
	return err == nil
}

func (s *Unsealer) openSubject(ctx context.Context, tx *store.Tx, r Row) (Content, error) {
	var key int64
	err := tx.QueryRow(ctx, "SELECT key FROM evidence_about WHERE entry = $1", r.ID).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return Content{}, ErrSealed
	}
	if err != nil {
		return Content{}, fmt.Errorf("evidence: %w", err)
	}
	c, err := s.keys.Opener(ctx, tx, key, 0)
	if errors.Is(err, keys.ErrKeyGone) {
		return Content{}, ErrSealed
	}
	if err != nil {
		return Content{}, fmt.Errorf("evidence: %w", err)
	}
	plain, err := c.Open(nil, r.Stored[1:], bound(FormSubject, r.ID, key))
	if err != nil {
		return Content{}, ErrForged
	}
	return parseContent(plain)
}
