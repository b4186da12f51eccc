package keys

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"candour/internal/store"
)

// Evidence is the class of the key that seals the evidence about a person.
const Evidence = "evidence"

// Scope says what a data key is for. Two records share a key when their scopes
// are equal, and are then erased together.
type Scope struct {
	Subject SubjectID
	Class   string // retention class of the policy, or Evidence
	Matter  int64  // the enquiry, contract or order a retention event may fall for; 0 for none
	Purpose string // set where consent to this purpose is the only basis, so that withdrawal erases
}

// Sealer returns the cipher for a subject's records of a class, making the
// data key in tx if there is none. Where the time of expiry is known, at is
// that time and the key of its month becomes part of the sealing key;
// otherwise at is the zero time.
func (r *Ring) Sealer(ctx context.Context, tx *store.Tx, s SubjectID, class string, at time.Time) (*Cipher, error) {
	return r.SealerFor(ctx, tx, Scope{Subject: s, Class: class}, at)
}

// SealerFor is Sealer for a scope with a matter or a purpose.
func (r *Ring) SealerFor(ctx context.Context, tx *store.Tx, s Scope, at time.Time) (*Cipher, error) {
	month := MonthOf(at)
	if c, ok := r.cache.sealer(sealerKey{s, month}); ok {
		return c, nil
	}
	stamp := r.cache.stamp()
	id, key, err := r.findKey(ctx, tx, s)
	if errors.Is(err, sql.ErrNoRows) {
		id, key, err = r.makeKey(ctx, tx, s)
	}
	if err != nil {
		return nil, err
	}
	c, err := r.cipher(key, id, month, s.Subject, true)
	if err != nil {
		return nil, err
	}
	// Only after the commit: a key of a transaction that is rolled back must
	// not be found.
	tx.AfterCommit(func() { r.cache.addSealer(sealerKey{s, month}, c, stamp) })
	return c, nil
}

// Opener returns the cipher of a data key, with the key of the month that was
// given when the record was sealed. ErrKeyGone after either was destroyed.
func (r *Ring) Opener(ctx context.Context, tx *store.Tx, keyID int64, month Month) (*Cipher, error) {
	k := cipherKey{keyID, month}
	if c, ok := r.cache.cipher(k); ok {
		return c, nil
	}
	var s Scope
	var epoch int64
	var wrapped []byte
	err := tx.QueryRow(ctx, "SELECT subject, class, matter, purpose, epoch, wrapped FROM data_keys WHERE key_id = $1", keyID).
		Scan((*int64)(&s.Subject), &s.Class, &s.Matter, &s.Purpose, &epoch, &wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrKeyGone
	}
	if err != nil {
		return nil, err
	}
	key, err := r.unwrap(keyID, s, epoch, wrapped)
	if err != nil {
		return nil, err
	}
	c, err := r.cipher(key, keyID, month, s.Subject, false)
	if err != nil {
		return nil, err
	}
	r.cache.addCipher(k, c)
	return c, nil
}

// Ready returns the sealer of a scope if it is in memory. Where this process
// alone writes to the store, that says more: within a transaction that writes,
// the person is not erased and the key not closed, because either would have
// dropped the sealer before it was committed (see Forget), and none is added
// that was read before (see cache.addSealer).
func (r *Ring) Ready(s Scope, at time.Time) (*Cipher, bool) {
	return r.cache.sealer(sealerKey{s, MonthOf(at)})
}

func (r *Ring) findKey(ctx context.Context, tx *store.Tx, s Scope) (int64, []byte, error) {
	var id, epoch int64
	var wrapped []byte
	err := tx.QueryRow(ctx, `SELECT key_id, epoch, wrapped FROM data_keys
		WHERE subject = $1 AND class = $2 AND matter = $3 AND purpose = $4 AND closed = 0 ORDER BY key_id LIMIT 1`,
		int64(s.Subject), s.Class, s.Matter, s.Purpose).Scan(&id, &epoch, &wrapped)
	if err != nil {
		return 0, nil, err
	}
	key, err := r.unwrap(id, s, epoch, wrapped)
	return id, key, err
}

func (r *Ring) makeKey(ctx context.Context, tx *store.Tx, s Scope) (int64, []byte, error) {
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	id := r.st.NewID()
	epoch, box := r.newest()
	_, err := tx.Exec(ctx, `INSERT INTO data_keys (key_id, subject, class, matter, purpose, closed, ends_day, epoch, wrapped)
		VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7)`,
		id, int64(s.Subject), s.Class, s.Matter, s.Purpose, epoch, box.seal(key, r.keyContext(id, s, epoch)))
	return id, key, err
}

func (r *Ring) unwrap(id int64, s Scope, epoch int64, wrapped []byte) ([]byte, error) {
	box, ok := r.epoch(epoch)
	if !ok {
		return nil, fmt.Errorf("%w: its epoch is over", ErrKeyGone)
	}
	key, err := box.open(wrapped, r.keyContext(id, s, epoch))
	if err != nil {
		return nil, fmt.Errorf("keys: data key %d was changed, or moved to another scope", id)
	}
	return key, nil
}

// cipher derives the sealing key. HKDF takes the month key as its salt: whoever
// lacks either secret learns nothing of the result (RFC 5869, section 3.1).
func (r *Ring) cipher(key []byte, id int64, month Month, s SubjectID, makeMonth bool) (*Cipher, error) {
	var salt []byte
	if month != 0 {
		var err error
		if salt, err = r.monthKey(month, makeMonth); err != nil {
			return nil, err
		}
	}
	sealing, err := hkdf.Key(sha256.New, key, salt, "candour record key v1", keySize)
	if err != nil {
		return nil, err
	}
	b, err := newBox(sealing)
	if err != nil {
		return nil, err
	}
	return &Cipher{box: b, keyID: id, month: month, subject: s}, nil
}

// Forget drops the subjects' ciphers from memory, at once and again after the
// commit of tx, when no other transaction can bring them back.
func (r *Ring) Forget(tx *store.Tx, subjects ...SubjectID) {
	r.cache.forget(subjects)
	tx.AfterCommit(func() { r.cache.forget(subjects) })
}

// Key is what the ring says of a data key without opening it.
type Key struct {
	KeyID int64
	Scope
	Closed  bool
	EndsDay int64 // days since 1970 on which it is to be destroyed; 0 unknown
}

// Keys returns the data keys of a subject.
func (r *Ring) Keys(ctx context.Context, tx *store.Tx, s SubjectID) ([]Key, error) {
	rows, err := tx.Query(ctx, "SELECT key_id, class, matter, purpose, closed, ends_day FROM data_keys WHERE subject = $1 ORDER BY key_id", int64(s))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []Key
	for rows.Next() {
		k := Key{Scope: Scope{Subject: s}}
		var closed int64
		if err := rows.Scan(&k.KeyID, &k.Class, &k.Matter, &k.Purpose, &closed, &k.EndsDay); err != nil {
			return nil, err
		}
		k.Closed = closed != 0
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// Destroy deletes data keys in tx: once it commits, what they sealed does not
// open. The ciphers of their subjects are forgotten.
func (r *Ring) Destroy(ctx context.Context, tx *store.Tx, keys ...Key) error {
	for _, k := range keys {
		if _, err := tx.Exec(ctx, "DELETE FROM data_keys WHERE key_id = $1", k.KeyID); err != nil {
			return err
		}
		r.Forget(tx, k.Subject)
		tx.AfterCommit(func() { r.cache.bury(k.KeyID) })
	}
	return nil
}

// Shut closes a data key in tx, so that nothing new is sealed with it, and
// sets the day (days since 1970) on which it is to be destroyed; a day that is
// set already is only ever brought forward.
func (r *Ring) Shut(ctx context.Context, tx *store.Tx, k Key, endsDay int64) error {
	if k.EndsDay != 0 && k.EndsDay <= endsDay {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE data_keys SET closed = 1, ends_day = $1 WHERE key_id = $2", endsDay, k.KeyID)
	r.Forget(tx, k.Subject)
	return err
}

// Due returns up to limit data keys whose day of destruction has come.
func (r *Ring) Due(ctx context.Context, tx *store.Tx, day int64, limit int) ([]Key, error) {
	rows, err := tx.Query(ctx, `SELECT key_id, subject, class, matter, purpose, ends_day FROM data_keys
		WHERE ends_day > 0 AND ends_day <= $1 ORDER BY ends_day LIMIT $2`, day, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []Key
	for rows.Next() {
		k := Key{Closed: true}
		if err := rows.Scan(&k.KeyID, (*int64)(&k.Subject), &k.Class, &k.Matter, &k.Purpose, &k.EndsDay); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}
