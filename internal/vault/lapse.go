package vault

import (
	"sync"

	"candour/policy"
)

// covered knows what consents to earlier versions of the policy cover under the
// one in force. Published versions never change, so each is compared once.
type covered struct {
	version func(int) *policy.Policy // nil: every yes is taken for one to what is in force

	mu    sync.Mutex
	under *policy.Compiled
	since map[int]*policy.Lapses
}

// Versions tells the vault where published policies are, by number, so that a
// yes to an earlier one covers no more than that one said (UK GDPR Art 4(11)).
// nil is an unknown version, to which nothing is covered. It belongs to the
// wiring, before the first use.
func (v *Vault) Versions(version func(int) *policy.Policy) { v.covered.version = version }

// lapse returns what a consent to a purpose, given under an earlier version,
// does not cover under c, and whether there is any such thing.
func (v *Vault) lapse(c *policy.Compiled, p policy.PurposeIndex, version int) (policy.Lapse, bool) {
	m := &v.covered
	if m.version == nil || version >= c.Policy().Version {
		return policy.Lapse{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.under != c {
		m.under, m.since = c, map[int]*policy.Lapses{}
	}
	l, known := m.since[version]
	if !known {
		l = c.Since(m.version(version))
		m.since[version] = l
	}
	return l.Of(p)
}
