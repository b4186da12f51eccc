package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"time"

	"candour/internal/store"
)

// doubleLasts is how long a step-up that was taken may come in once more: a
// button that is pressed twice sends its form twice, and the browser throws away
// the first answer, with the token in it. The second must not find its session
// gone, nor its code used up.
const doubleLasts = 10 * time.Second

// doubles remembers the last proof of each session, as a hash under a secret of
// this process, and which token it replaced. Neither opens anything: a replaced
// token is good for sending the same proof again, or another right one, and for
// nothing else. It is safe for concurrent use.
type doubles struct {
	now    func() time.Time
	secret [32]byte

	mu     sync.Mutex
	proofs map[int64]proven          // by session
	tokens map[[sha256.Size]byte]old // by hash
}

type proven struct {
	sum  [sha256.Size]byte
	ends time.Time
}

// against is a proof together with what it was held against: once the password
// or a factor is another, the proof is worth nothing more.
func (c candidate) against(proof string) string {
	var b strings.Builder
	b.WriteString(c.hash)
	for _, f := range c.factors {
		fmt.Fprintf(&b, "\x00%s %d", f.Kind, f.ID)
	}
	return b.String() + "\x00\x00" + proof
}

type old struct {
	session int64
	ends    time.Time
}

func newDoubles(now func() time.Time) *doubles {
	d := &doubles{now: now, proofs: map[int64]proven{}, tokens: map[[sha256.Size]byte]old{}}
	_, _ = rand.Read(d.secret[:]) // never fails
	return d
}

func (d *doubles) sum(proof string) (sum [sha256.Size]byte) {
	m := hmac.New(sha256.New, d.secret[:])
	m.Write([]byte(proof))
	copy(sum[:], m.Sum(nil))
	return sum
}

// prove remembers a proof that was right, with what it was held against. It is
// called before the commit with which its code is used up, so that whoever finds
// it used up finds this.
func (d *doubles) prove(session int64, proof string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if len(d.proofs) >= countEntries {
		for k, p := range d.proofs {
			if !now.Before(p.ends) {
				delete(d.proofs, k)
			}
		}
	}
	if len(d.proofs) < countEntries {
		d.proofs[session] = proven{d.sum(proof), now.Add(doubleLasts)}
	}
}

// has reports whether a proof of a session is remembered.
func (d *doubles) has(session int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.proofs[session]
	return ok && d.now().Before(p.ends)
}

// again reports whether a proof is the last right one of a session, come in
// twice.
func (d *doubles) again(session int64, proof string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.proofs[session]
	sum := d.sum(proof)
	return ok && d.now().Before(p.ends) && hmac.Equal(p.sum[:], sum[:])
}

// replace remembers the token that a session had before a proof.
func (d *doubles) replace(session int64, hash []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if len(d.tokens) >= countEntries {
		for k, t := range d.tokens {
			if !now.Before(t.ends) {
				delete(d.tokens, k)
			}
		}
	}
	if len(d.tokens) < countEntries && len(hash) == sha256.Size {
		d.tokens[[sha256.Size]byte(hash)] = old{session, now.Add(doubleLasts)}
	}
}

// session returns whose token it was a moment ago.
func (d *doubles) session(hash []byte) (int64, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tokens[[sha256.Size]byte(hash)]
	return t.session, ok && d.now().Before(t.ends)
}

// Replaced returns the session that a token was good for until a proof of a
// moment ago, so that the form of that proof can come in twice. It must be given
// to Prove and ProvePasskey alone: whoever holds the token and nothing else is
// nobody (ASVS 5.0 7.2.4). ErrNotFound if there is none, or it was ended.
func (a *Accounts) Replaced(ctx context.Context, surface, token string) (*Session, error) {
	hash, ok := tokenHash(token)
	if !ok {
		return nil, ErrNotFound
	}
	id, ok := a.doubles.session(hash)
	if !ok {
		return nil, ErrNotFound
	}
	s, err := a.session(ctx, surface, "WHERE s.id = $1", id)
	if err != nil {
		return nil, err
	}
	s.Proved, s.hash = time.Time{}, hash
	return s, nil
}

// proveTwice does for a proof that comes in twice what was done for it the
// first time: another token. ErrCode if it is no such.
func (a *Accounts) proveTwice(ctx context.Context, s *Session, proof string) error {
	if !a.doubles.has(s.ID) {
		return ErrCode
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, s); err != nil {
			return err
		}
		who := candidate{account: s.Account}
		if err := a.prepare(ctx, tx, d, &who); err != nil {
			return err
		}
		if !a.doubles.again(s.ID, who.against(proof)) {
			return ErrCode
		}
		return a.renew(ctx, tx, d, s, s.Level, a.c.Now())
	})
}
