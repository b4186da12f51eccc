package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
)

// How often a guess is free (ASVS 5.0 6.3.1; NIST SP 800-63B section 3.2.2).
const (
	triesPerAddress = 10 // of an address that signs in, whether or not it has an account
	triesWindow     = 15 * time.Minute
	triesPerAccount = 10      // of a step-up, and of a code after the right password
	countEntries    = 1 << 16 // kept in memory; beyond it what is new takes the place of what was there
	evictLooks      = 8       // at so many, for one that is not over
)

// counts counts by a key that it keeps only as a hash under a secret of this
// process. It is safe for concurrent use.
type counts struct {
	most   int
	window time.Duration
	now    func() time.Time
	secret [32]byte

	mu   sync.Mutex
	ends time.Time
	all  map[[16]byte]int
}

func newCounts(most int, window time.Duration, now func() time.Time) *counts {
	c := &counts{most: most, window: window, now: now, all: map[[16]byte]int{}}
	_, _ = rand.Read(c.secret[:]) // never fails
	return c
}

func (c *counts) key(s string) (k [16]byte) {
	m := hmac.New(sha256.New, c.secret[:])
	m.Write([]byte(s))
	copy(k[:], m.Sum(nil))
	return k
}

// turn begins a new window if the old is over. Whoever is counted is counted
// for a window and what is left of it, never longer.
func (c *counts) turn() {
	if now := c.now(); !now.Before(c.ends) {
		c.ends, c.all = now.Add(c.window), map[[16]byte]int{}
	}
}

// over reports whether no more is free.
func (c *counts) over(s string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn()
	return c.all[c.key(s)] >= c.most
}

// add counts one and reports whether it was the one that used the last up.
func (c *counts) add(s string) (last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn()
	k := c.key(s)
	if _, known := c.all[k]; !known && len(c.all) >= countEntries {
		c.evict()
	}
	c.all[k]++
	return c.all[k] == c.most
}

// evict makes room. It takes one that is over only if it finds no other: to
// have a count forgotten costs more guesses than it gives. A count that all
// share once there is no room would let a flood of made-up addresses lock
// everybody out.
func (c *counts) evict() {
	var gone [16]byte
	looked := 0
	for k, n := range c.all { // in no order that anybody knows
		gone = k
		if looked++; n < c.most || looked == evictLooks {
			break
		}
	}
	delete(c.all, gone)
}

// clear forgets what was counted: it was the right person.
func (c *counts) clear(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, c.key(s))
}

// failures are sign-ins that failed, by account, until Flush writes them down:
// one entry for each would let a flood fill the log, and writing at once would
// take longer where there is an account.
type failures struct {
	mu  sync.Mutex
	all map[int64]int64
}

func (f *failures) add(account int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[int64]int64{}
	}
	if _, known := f.all[account]; known || len(f.all) < countEntries {
		f.all[account]++
	}
}

func (f *failures) take() map[int64]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.all
	f.all = nil
	return all
}

// Flush writes the sign-ins that failed since the last one into the histories
// of those whose accounts they were aimed at. It is called on a beat and at
// the end.
func (a *Accounts) Flush(ctx context.Context) error {
	all := a.failed.take()
	if len(all) == 0 {
		return nil
	}
	d, err := a.declared()
	if err != nil {
		return err
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		for id, n := range all {
			x, err := a.ByID(ctx, tx, id)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountRefused, Subject: x.Subject, Ref: x.ID, Count: n, Actor: systemActor}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for id, n := range all {
			for range n {
				a.failed.add(id)
			}
		}
	}
	return err
}
