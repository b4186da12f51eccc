package keys

import (
	"sync"
	"time"
)

// CacheBound is the longest that a process may hold a key after another
// process destroyed it.
const CacheBound = time.Minute

// cacheSize bounds the ready ciphers, about 1 KiB each.
const cacheSize = 1 << 16

// generations is how many half-lives an entry may be served for: a generation
// lasts CacheBound/2, so an entry read in the last one is gone after two.
const generations = 2

type cipherKey struct {
	id    int64
	month Month
}

// cache keeps ciphers in two generations: a new generation replaces the older
// one when the younger is half full or half of CacheBound has passed. It costs
// one map look-up for a hit and needs no list.
type cache struct {
	mu         sync.Mutex
	now        uint64 // the generation
	forgotten  uint64 // how often something was forgotten
	young, old generation
	timer      *time.Timer // runs while there are entries; nil otherwise
}

type generation struct {
	ciphers  map[cipherKey]*Cipher
	sealers  map[sealerKey]*Cipher
	subjects map[SubjectID]*owned
	dead     map[int64]bool // destroyed data keys: a reader of an old snapshot must not bring one back
}

// owned is what to forget with a subject.
type owned struct {
	ciphers []cipherKey
	sealers []sealerKey
}

type sealerKey struct {
	Scope
	month Month
}

func newGeneration() generation {
	return generation{map[cipherKey]*Cipher{}, map[sealerKey]*Cipher{}, map[SubjectID]*owned{}, map[int64]bool{}}
}

func (g *generation) size() int { return len(g.ciphers) + len(g.sealers) + len(g.dead) }

func newCache() *cache { return &cache{now: generations, young: newGeneration(), old: newGeneration()} }

func (c *cache) cipher(k cipherKey) (*Cipher, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x, ok := c.young.ciphers[k]; ok && c.fresh(x) {
		return x, true
	}
	x, ok := c.old.ciphers[k]
	if !ok || !c.fresh(x) {
		return nil, false
	}
	c.keepCipher(k, x)
	return x, true
}

func (c *cache) sealer(k sealerKey) (*Cipher, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x, ok := c.young.sealers[k]; ok && c.fresh(x) {
		return x, true
	}
	x, ok := c.old.sealers[k]
	if !ok || !c.fresh(x) {
		return nil, false
	}
	c.keepSealer(k, x)
	return x, true
}

func (c *cache) fresh(x *Cipher) bool { return c.now-x.born < generations }

func (c *cache) addCipher(k cipherKey, x *Cipher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young.dead[k.id] || c.old.dead[k.id] {
		return
	}
	x.born = c.now
	c.keepCipher(k, x)
}

// stamp is taken before a sealer is read from the database, and given when it
// is added.
func (c *cache) stamp() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.forgotten
}

// addSealer adds a sealer unless something was forgotten since its stamp: it
// may have been this, by a transaction that came in between, and a key that is
// closed must not seal.
func (c *cache) addSealer(k sealerKey, x *Cipher, stamp uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten != stamp {
		return
	}
	x.born = c.now
	c.keepSealer(k, x)
	c.keepCipher(cipherKey{x.keyID, x.month}, x)
}

func (c *cache) keepCipher(k cipherKey, x *Cipher) {
	c.room()
	if _, there := c.young.ciphers[k]; !there {
		o := c.young.owned(x.subject)
		o.ciphers = append(o.ciphers, k)
	}
	c.young.ciphers[k] = x
}

func (c *cache) keepSealer(k sealerKey, x *Cipher) {
	c.room()
	if _, there := c.young.sealers[k]; !there {
		o := c.young.owned(k.Subject)
		o.sealers = append(o.sealers, k)
	}
	c.young.sealers[k] = x
}

func (g *generation) owned(s SubjectID) *owned {
	o := g.subjects[s]
	if o == nil {
		o = &owned{}
		g.subjects[s] = o
	}
	return o
}

// room turns the generation when the young one is full, and starts the clock
// for the first entry.
func (c *cache) room() {
	if c.young.size() >= cacheSize/2 {
		c.old, c.young = c.young, newGeneration()
	}
	if c.timer == nil {
		c.timer = time.AfterFunc(CacheBound/generations, c.turn)
	}
}

// turn ends a generation of time, and stops the clock once all is forgotten.
func (c *cache) turn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now++
	c.old, c.young = c.young, newGeneration()
	if c.timer == nil {
		return
	}
	if c.old.size() == 0 {
		c.timer = nil
		return
	}
	c.timer.Reset(CacheBound / generations)
}

// forget drops all that belongs to the subjects. Its cost does not depend on
// how much the cache holds of others.
func (c *cache) forget(subjects []SubjectID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten++
	for _, g := range []*generation{&c.young, &c.old} {
		for _, s := range subjects {
			o := g.subjects[s]
			if o == nil {
				continue
			}
			for _, k := range o.ciphers {
				delete(g.ciphers, k)
			}
			for _, k := range o.sealers {
				delete(g.sealers, k)
			}
			delete(g.subjects, s)
		}
	}
}

// bury keeps a destroyed key from being added by who read it before.
func (c *cache) bury(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room()
	c.young.dead[id] = true
}

// clear drops everything, and stops the clock.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten++
	c.young, c.old = newGeneration(), newGeneration()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}
