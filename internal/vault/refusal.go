package vault

import (
	"context"
	"errors"
	"sync"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/policy"
)

// Refusals of the doors. Each is counted as evidence.
var (
	// ErrUndeclared refuses to write what the policy does not declare: the
	// category for the purpose, or its collection on this surface.
	ErrUndeclared = errors.New("vault: the policy does not declare this")
	// ErrPurpose refuses to read for a purpose that the actor may not act for,
	// that does not use the category, or that the record was not collected for.
	ErrPurpose = errors.New("vault: not for this purpose")
	// ErrRestricted refuses what the person had restricted (UK GDPR Art 18),
	// and what is kept by law alone after an erasure.
	ErrRestricted = errors.New("vault: use is restricted")
	// ErrNoConsent refuses what needs a consent that does not stand.
	ErrNoConsent = errors.New("vault: no consent stands")
	// ErrObjected refuses what the person objected to (UK GDPR Art 21).
	ErrObjected = errors.New("vault: the person objected")
	// ErrShutOut refuses staff or partners what the person shut them out of
	// (R29).
	ErrShutOut = errors.New("vault: the person shut them out")
	// ErrNotFound says that there is no such record or person: it never was,
	// it is erased, or it is somebody else's.
	ErrNotFound = errors.New("vault: not found")
	// ErrInput says that a call makes no sense: no part, no owner, a value
	// that is too long.
	ErrInput = errors.New("vault: not a record that can be kept")
)

// Names of the doors in evidence.
const (
	doorWrite = "vault-write"
	doorRead  = "vault-read"
)

type refusalKey struct {
	door    string
	verdict policy.Verdict
	access  Access
	subject string // category
}

// refusals counts what the doors refused until Flush writes it down: one entry
// for each would let a flood of requests fill the log.
type refusals struct {
	mu     sync.Mutex
	counts map[refusalKey]int64
}

// maxRefusals bounds the kinds of refusal held between two flushes. Their ids
// come from our own code, so more than this is a fault of ours.
const maxRefusals = 1 << 12

// refuse counts a refusal, for the metrics and for the evidence, and returns its
// error.
func (v *Vault) refuse(door string, a Access, category string, verdict policy.Verdict) error {
	v.refused.WithLabelValues(door, verdict.String()).Inc()
	k := refusalKey{door, verdict, a, category}
	v.refusals.mu.Lock()
	defer v.refusals.mu.Unlock()
	if v.refusals.counts == nil {
		v.refusals.counts = map[refusalKey]int64{}
	}
	if _, known := v.refusals.counts[k]; known || len(v.refusals.counts) < maxRefusals {
		v.refusals.counts[k]++
	}
	switch verdict {
	case policy.NoConsent:
		return ErrNoConsent
	case policy.Restricted:
		return ErrRestricted
	case policy.Objected:
		return ErrObjected
	case policy.ShutOut:
		return ErrShutOut
	}
	if door == doorWrite {
		return ErrUndeclared
	}
	return ErrPurpose
}

// Flush writes the refusals counted since the last one as evidence, an entry
// for each kind. It is called on a beat and at the end: a crash loses what was
// counted since, never an act.
func (v *Vault) Flush(ctx context.Context) error {
	v.refusals.mu.Lock()
	counts := v.refusals.counts
	v.refusals.counts = nil
	v.refusals.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	err := v.st.Update(ctx, func(tx *store.Tx) error {
		for k, n := range counts {
			if err := v.writeRefusal(ctx, tx, k, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		v.recount(counts)
	}
	return err
}

// writeRefusal names what the policy knows. An id it does not know is why the
// door refused, and does not enter the log.
func (v *Vault) writeRefusal(ctx context.Context, tx *store.Tx, k refusalKey, n int64) error {
	c := v.inForce()
	b := evidence.Body{Kind: evidence.DoorRefused, At: v.now(), Code: k.door + "/" + k.verdict.String(), Policy: c.Policy().Version, Count: n}
	if _, ok := c.Actor(k.access.Actor); ok {
		b.Actor = k.access.Actor
	}
	if _, ok := c.Surface(k.access.Surface); ok {
		b.Surface = k.access.Surface
	}
	if _, ok := c.Purpose(k.access.Purpose); ok {
		b.Purpose = k.access.Purpose
	}
	if _, ok := c.Category(k.subject); ok {
		b.Category = k.subject
	}
	_, err := v.log.Append(ctx, tx, b)
	return err
}

func (v *Vault) recount(counts map[refusalKey]int64) {
	v.refusals.mu.Lock()
	defer v.refusals.mu.Unlock()
	if v.refusals.counts == nil {
		v.refusals.counts = counts
		return
	}
	for k, n := range counts {
		v.refusals.counts[k] += n
	}
}
