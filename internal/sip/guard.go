package sip

import (
	"net/netip"
	"sync"
	"time"
)

// Strangers are slowed by where they come from, never by whom they claim to be:
// nobody can lock somebody else's phone out by guessing at its password.

// What one address may do before it has shown that it knows a password. Then
// it is answered with silence until time has given some of it back.
const (
	mayGuess  = 5 // wrong passwords
	guessBack = 30 * time.Second
	mayAsk    = 200 // messages without a password: a house of phones after a power cut
	askBack   = 100 * time.Millisecond

	// maxSources bounds what is remembered. Beyond it newcomers share one count.
	maxSources = 20_000
)

// guard counts what strangers do. Addresses are kept in memory alone, and no
// longer than their count lasts.
type guard struct {
	mu    sync.Mutex
	by    map[netip.Prefix]*tally
	swept time.Time
}

// tally is when each count will be whole again.
type tally struct{ guesses, asks time.Time }

func newGuard() *guard { return &guard{by: map[netip.Prefix]*tally{}} }

// source is what counts as one stranger: an address, or the network that one
// subscriber of IPv6 has.
func source(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}

// asks notes a message without a password, and reports whether it may be
// answered.
func (g *guard) asks(a netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.of(a, now)
	return !full(t.guesses, mayGuess*guessBack, guessBack, now) && spend(&t.asks, mayAsk*askBack, askBack, now)
}

// guesses notes a wrong password. Whether that may be told, asks told before.
func (g *guard) guesses(a netip.Addr, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	spend(&g.of(a, now).guesses, mayGuess*guessBack, guessBack, now)
}

// full reports whether nothing is left of an allowance.
func full(until time.Time, all, one time.Duration, now time.Time) bool {
	return until.Sub(now) > all-one
}

func spend(until *time.Time, all, one time.Duration, now time.Time) bool {
	if full(*until, all, one, now) {
		return false
	}
	if until.Before(now) {
		*until = now
	}
	*until = until.Add(one)
	return true
}

func (g *guard) of(a netip.Addr, now time.Time) *tally {
	if now.Sub(g.swept) > time.Minute {
		g.swept = now
		for k, t := range g.by {
			if t.guesses.Before(now) && t.asks.Before(now) {
				delete(g.by, k)
			}
		}
	}
	p := source(a)
	if g.by[p] == nil && len(g.by) >= maxSources {
		p = netip.Prefix{}
	}
	if g.by[p] == nil {
		g.by[p] = &tally{}
	}
	return g.by[p]
}
