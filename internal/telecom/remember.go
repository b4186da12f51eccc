package telecom

import (
	"sync"
	"time"

	"candour/internal/store"
	"candour/policy"
)

const (
	// rememberTime is how long a phone that was looked up is remembered. What
	// ends a phone is told at once where one process owns the database; another
	// process, and a change of what its person is called, is heeded within it.
	rememberTime = 2 * time.Minute
	// maxRemembered phones are about 50 MB.
	maxRemembered = 1 << 17
)

// memory remembers phones by what they sign in as, so that one that says every
// minute that it is still there need not be looked for. Names that nobody has
// are not remembered: they are anybody's to make up.
type memory struct {
	mu         sync.RWMutex
	young, old map[string]*remembered // a full young generation replaces the old one
	changed    uint64                 // the store's moment when something was last forgotten
}

type remembered struct {
	device Device
	hashes HA1
	until  time.Time
	policy *policy.Compiled // under which it was looked up
}

func (m *memory) get(username string, now time.Time, in *policy.Compiled) *remembered {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.young[username]
	if r == nil {
		r = m.old[username]
	}
	if r == nil || r.policy != in || !now.Before(r.until) {
		return nil
	}
	return r
}

// add keeps what a transaction read that began at the store's moment begun,
// unless something was forgotten since: it may have read what was.
func (m *memory) add(username string, r *remembered, begun uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if begun < m.changed {
		return
	}
	if m.young == nil || len(m.young) >= maxRemembered/2 {
		m.old, m.young = m.young, map[string]*remembered{}
	}
	m.young[username] = r
}

// clear forgets all: what ends a phone or changes an account is rare.
func (m *memory) clear(moment uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changed = max(m.changed, moment)
	m.young, m.old = nil, nil
}

// forgets has what is remembered of phones forgotten once the transaction is
// committed.
func (d *Desk) forgets(tx *store.Tx) {
	tx.AfterCommit(func() { d.memory.clear(d.c.Store.Moment()) })
}
