package door

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// Limit counts what comes from one network address, so that a robot cannot
// flood a form. An address is personal data (R9): it is kept only in memory,
// as a keyed hash whose salt is thrown away, with all counts, at the end of
// each window. It is safe for concurrent use.
type Limit struct {
	most   int
	window time.Duration
	now    func() time.Time

	mu     sync.Mutex
	salt   [32]byte
	ends   time.Time
	counts map[[16]byte]int
}

// limitEntries bounds the memory of a Limit; beyond it addresses that are new
// in the window share one count.
const limitEntries = 1 << 16

// NewLimit returns a limit of so many a window.
func NewLimit(most int, window time.Duration, now func() time.Time) *Limit {
	return &Limit{most: most, window: window, now: now}
}

// Take counts one from a remote address (host:port) and reports whether it is
// within the limit. Addresses of one IPv6 network of 64 bits count together:
// one household has them all.
func (l *Limit) Take(remote string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.now(); l.counts == nil || !now.Before(l.ends) {
		_, _ = rand.Read(l.salt[:]) // never fails
		l.ends, l.counts = now.Add(l.window), map[[16]byte]int{}
	}
	key := l.key(remote)
	if _, known := l.counts[key]; !known && len(l.counts) >= limitEntries {
		key = [16]byte{}
	}
	l.counts[key]++
	return l.counts[key] <= l.most
}

func (l *Limit) key(remote string) (key [16]byte) {
	network := remote
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		a := ap.Addr().Unmap().WithZone("")
		bits := 32
		if a.Is6() {
			bits = 64
		}
		if p, err := a.Prefix(bits); err == nil {
			network = p.String()
		}
	}
	m := hmac.New(sha256.New, l.salt[:])
	m.Write([]byte(network))
	copy(key[:], m.Sum(nil))
	return key
}
