package vault

import (
	"context"
	"sync"

	"candour/internal/keys"
	"candour/internal/store"
)

// maxPeople bounds the standings in memory, about 100 bytes each.
const maxPeople = 1 << 16

// people remembers the standing of people who are there, so that a read need
// not look for it. It serves where one process owns the database. What a
// transaction changes is forgotten before Update returns, so a restriction, an
// objection or an erasure holds for every reading that begins after it.
type people struct {
	mu         sync.RWMutex
	young, old map[keys.SubjectID]standing // a full young generation replaces the old one
	changed    uint64                      // the store's moment when something was last forgotten
}

func (p *people) init() {
	p.young, p.old = map[keys.SubjectID]standing{}, map[keys.SubjectID]standing{}
}

func (p *people) get(s keys.SubjectID) (standing, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	st, ok := p.young[s]
	if !ok {
		st, ok = p.old[s]
	}
	return st, ok
}

// add keeps what a transaction read that began at the store's moment begun,
// unless something was forgotten since: it may have read what was.
func (p *people) add(s keys.SubjectID, st standing, begun uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if begun < p.changed {
		return
	}
	if len(p.young) >= maxPeople/2 {
		p.old, p.young = p.young, map[keys.SubjectID]standing{}
	}
	p.young[s] = st
}

func (p *people) forget(s keys.SubjectID, moment uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed = max(p.changed, moment)
	delete(p.young, s)
	delete(p.old, s)
}

// standingOf returns the standing of a person; ErrNotFound if there is none.
// A transaction that writes reads it anew: it may have changed it itself.
func (v *Vault) standingOf(ctx context.Context, tx *store.Tx, s keys.SubjectID) (standing, error) {
	remembers := tx.ReadOnly() && v.st.Engine() == store.SQLite
	if remembers {
		if st, ok := v.people.get(s); ok {
			return st, nil
		}
	}
	m, err := v.member(ctx, tx, s)
	if err == nil && remembers {
		v.people.add(s, m.standing, tx.Begun())
	}
	return m.standing, err
}

// personChanged is called by whoever changes or deletes a row of the table
// subjects.
func (v *Vault) personChanged(tx *store.Tx, s keys.SubjectID) {
	tx.AfterCommit(func() { v.people.forget(s, v.st.Moment()) })
}
