package vault

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Limits of what is written.
const (
	MaxValue = 1 << 20 // bytes of a part
	maxParts = 64      // of a record
)

// place packs where a row stands in its record, and how the person is tied to
// it, into one number: copy in bits 0-7, part in 8-15, kind of edge in 16-17,
// and whether the record has other rows and this is not the first of them.
func place(part, copy int, kind OwnerKind, alone, first bool) int64 {
	n := int64(kind)<<16 | int64(part)<<8 | int64(copy)
	if !alone {
		n |= 1 << 18
	}
	if !first {
		n |= 1 << 19
	}
	return n
}

func partOf(place int64) int       { return int(place>>8) & 0xff }
func kindOf(place int64) OwnerKind { return OwnerKind(place>>16) & 3 }
func isAlone(place int64) bool     { return place&(1<<18) == 0 }
func isFirst(place int64) bool     { return place&(1<<19) == 0 }

// row is one part, or one copy of it, ready to be written.
type row struct {
	id, record  int64
	subject     keys.SubjectID
	place       int64
	label       int64
	key         int64
	expires     int64
	collectedMS int64
	sealed      []byte

	// Until it is sealed: what is, with what. No cipher: there is no value.
	value    []byte
	cipher   *keys.Cipher
	category string
}

// tagRow is one entry of the look-up by value.
type tagRow struct {
	tag     []byte
	part    int64
	subject keys.SubjectID
	kind    OwnerKind
}

// Put writes records and returns their ids, with their evidence. Either
// all are written or none: ErrUndeclared, ErrNoConsent or ErrObjected if the
// policy refuses one, ErrNotFound if an owner is not there, ErrInput if it
// makes no sense.
//
// A consent that is given with the data must be set first: SetConsent in the
// same transaction.
func (v *Vault) Put(ctx context.Context, tx *store.Tx, a Access, items ...Item) ([]RecordID, error) {
	w := &writer{v: v, ctx: ctx, tx: tx, a: a, e: v.current(), now: v.now()}
	ids, err := w.put(items)
	if err != nil {
		return nil, err
	}
	return ids, w.evidence(items, ids)
}

// put writes records and returns their ids.
func (w *writer) put(items []Item) ([]RecordID, error) {
	if err := w.check(items); err != nil {
		return nil, err
	}
	ids := make([]RecordID, len(items))
	w.rows = make([]row, 0, len(items))
	for i := range items {
		id, err := w.item(&items[i], w.plans[i])
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	w.sealAll()
	return ids, w.write()
}

// writer is one Put under way.
type writer struct {
	v   *Vault
	ctx context.Context
	tx  *store.Tx
	a   Access
	e   *edition

	now   time.Time
	plans []*plan
	one   [1]string // the access's purpose as a list
	rows  []row
	tags  []tagRow
	size  int // of the values, sealed

	// The expiry of the last copy of something collected now: most records of
	// a Put share it.
	expires  int64
	expiryOf *copyPlan

	// The last sealer, and what it is for.
	cipher *keys.Cipher
	scope  keys.Scope
	month  int64 // the day of expiry that gave its month
}

// check asks the policy for every item and every owner before anything is
// written.
func (w *writer) check(items []Item) error {
	if len(items) == 0 {
		return ErrInput
	}
	w.plans = make([]*plan, len(items))
	var subjects []keys.SubjectID
	for i := range items {
		it := &items[i]
		if err := checkShape(it); err != nil {
			return err
		}
		w.one[0] = w.a.Purpose
		purposes := it.Purposes
		if len(purposes) == 0 {
			purposes = w.one[:]
		}
		p := w.e.plan(it.Category, w.a.Surface, purposes)
		if p.verdict != policy.Allowed {
			return w.v.refuse(doorWrite, w.a, it.Category, p.verdict)
		}
		w.plans[i] = p
		for j := range it.Parts {
			w.size += (len(it.Parts[j].Value) + keys.Overhead) * len(p.copies)
			if n := len(subjects); (n == 0 || subjects[n-1] != it.Parts[j].Owner) && !w.known(it, &it.Parts[j], p) {
				subjects = append(subjects, it.Parts[j].Owner)
			}
		}
	}
	standings, err := w.standings(subjects)
	if err != nil {
		return err
	}
	for i := range items {
		if !w.plans[i].personal {
			continue
		}
		if err := w.checkOwners(&items[i], w.plans[i], standings); err != nil {
			return err
		}
	}
	return nil
}

// known reports whether a person need not be looked for: what may be written
// does not depend on their standing, and a sealer in memory says that they are
// there. On PostgreSQL another process may have erased them.
func (w *writer) known(it *Item, part *Part, p *plan) bool {
	if p.personal || part.Value == nil || w.v.st.Engine() != store.SQLite {
		return false
	}
	c := p.copies[0]
	_, ok := w.v.ring.Ready(c.scope(it, part), dayTime(w.expiry(c, w.collected(it))))
	return ok
}

func (w *writer) collected(it *Item) time.Time {
	if it.Collected.IsZero() {
		return w.now
	}
	return it.Collected
}

func (c *copyPlan) scope(it *Item, part *Part) keys.Scope {
	class := c.class
	if part.Kind == Mentioned && c.named != "" {
		class = c.named
	}
	return keys.Scope{Subject: part.Owner, Class: class, Matter: it.Matter, Purpose: c.consent}
}

func checkShape(it *Item) error {
	if len(it.Parts) == 0 || len(it.Parts) > maxParts {
		return ErrInput
	}
	for j := range it.Parts {
		p := &it.Parts[j]
		if p.Owner <= 0 || p.Kind > Mentioned || len(p.Value) > MaxValue {
			return ErrInput
		}
	}
	// Somebody must own it, or nobody could ask for it.
	if k := it.Parts[0].Kind; k != 0 && k != Owner {
		return ErrInput
	}
	return nil
}

// item seals the parts of one record into rows.
func (w *writer) item(it *Item, p *plan) (RecordID, error) {
	collected := w.collected(it)
	alone := len(it.Parts) == 1 && len(p.copies) == 1
	record := int64(0)
	for c := range p.copies {
		expires := w.expiry(p.copies[c], collected)
		if expires != 0 && expires <= dayOf(w.now) {
			continue // past its time already
		}
		lab, err := w.label(p.copies[c])
		if err != nil {
			return 0, err
		}
		for j := range it.Parts {
			kind := max(it.Parts[j].Kind, Owner)
			r := row{
				id: w.v.st.NewID(), subject: it.Parts[j].Owner, place: place(j, c, kind, alone, record == 0),
				label: lab, expires: expires, collectedMS: collected.UnixMilli(),
			}
			if record == 0 {
				record = r.id
			}
			r.record = record
			if err := w.seal(&r, it, &it.Parts[j], p.copies[c]); err != nil {
				return 0, err
			}
			if p.tag && len(it.Parts[j].Value) > 0 {
				w.tags = append(w.tags, tagRow{w.v.tag(it.Category, p.format, string(it.Parts[j].Value)), r.id, r.subject, kind})
			}
			w.rows = append(w.rows, r)
		}
	}
	if record == 0 {
		return 0, ErrInput
	}
	return RecordID(record), nil
}

func (w *writer) expiry(c *copyPlan, collected time.Time) int64 {
	if !collected.Equal(w.now) {
		return c.term.expires(collected)
	}
	if w.expiryOf != c {
		w.expiryOf, w.expires = c, c.term.expires(collected)
	}
	return w.expires
}

// label returns the number of a copy's label, which is looked up once.
func (w *writer) label(c *copyPlan) (int64, error) {
	if n := c.number.Load(); n != 0 {
		return n, nil
	}
	n, err := w.v.labelFor(w.ctx, w.tx, c.label)
	if err == nil {
		w.tx.AfterCommit(func() { c.number.Store(n) })
	}
	return n, err
}

// seal notes what a row's value is to be sealed with.
func (w *writer) seal(r *row, it *Item, part *Part, c *copyPlan) error {
	if part.Value == nil {
		r.sealed = []byte{}
		return nil // an edge only
	}
	cipher, err := w.sealer(c.scope(it, part), r.expires)
	if err != nil {
		return err
	}
	r.key, r.cipher, r.value, r.category = cipher.KeyID(), cipher, part.Value, it.Category
	return nil
}

// sealShare is how many rows are worth a goroutine: to seal one takes about as
// long as a third of a microsecond.
const sealShare = 32

// sealAll seals the rows, a large batch on several processors.
func (w *writer) sealAll() {
	room := make([]byte, w.size)
	for i := range w.rows {
		if r := &w.rows[i]; r.cipher != nil {
			n := len(r.value) + keys.Overhead
			r.sealed, room = room[:0:n], room[n:]
		}
	}
	shares := max(1, min(runtime.GOMAXPROCS(0), len(w.rows)/sealShare))
	each := (len(w.rows) + shares - 1) / shares
	var others sync.WaitGroup
	for rest := w.rows[each:]; len(rest) > 0; rest = rest[min(each, len(rest)):] {
		others.Go(func() { sealRows(rest[:min(each, len(rest))], w.e.version) })
	}
	sealRows(w.rows[:each], w.e.version)
	others.Wait()
}

func sealRows(rows []row, version int) {
	var scratch [96]byte
	ad := scratch[:]
	for i := range rows {
		r := &rows[i]
		if r.cipher == nil {
			continue
		}
		ad = associated(ad[:0], r.id, r.key, r.category, version)
		r.sealed = r.cipher.Seal(r.sealed, r.value, ad)
	}
}

// sealer returns the cipher of a scope. A key that is new is not in the ring's
// memory before the commit, so the last one is kept here.
func (w *writer) sealer(s keys.Scope, expires int64) (*keys.Cipher, error) {
	if w.cipher != nil && w.scope == s && w.month == expires {
		return w.cipher, nil
	}
	c, err := w.v.ring.SealerFor(w.ctx, w.tx, s, dayTime(expires))
	if err == nil {
		w.cipher, w.scope, w.month = c, s, expires
	}
	return c, err
}

// associated appends what a sealed value is bound to. The person is not in it:
// people are linked by aliases without sealing anew. Nor is what changes:
// purposes, consent, restriction.
func associated(b []byte, id, key int64, category string, version int) []byte {
	b = append(b, "candour record v1"...)
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	b = binary.BigEndian.AppendUint64(b, uint64(key))
	b = binary.BigEndian.AppendUint32(b, uint32(version))
	return append(b, category...)
}

// maxTold is how many people a Put tells one by one in their histories. A batch
// about more is one entry with the operator.
const maxTold = 8

// evidence writes the entries of a Put: one for each person whom it is about,
// of their own part alone (R28). Who is only mentioned is told nothing. Where
// more than maxTold people share a Put, one entry names none of them: it lies
// with the operator, and each record says when, where, why and under which
// policy it was collected.
func (w *writer) evidence(items []Item, ids []RecordID) error {
	people := toTell(items)
	if len(people) > maxTold {
		people = []keys.SubjectID{0}
	}
	for _, s := range people {
		if err := w.v.evidence(w.ctx, w.tx, w.a, w.told(items, ids, s)); err != nil {
			return err
		}
	}
	return nil
}

// toTell returns the people that items are about, up to one more than are told.
func toTell(items []Item) (people []keys.SubjectID) {
	for i := range items {
		for j := range items[i].Parts {
			p := &items[i].Parts[j]
			if p.Kind == Mentioned || slices.Contains(people, p.Owner) {
				continue
			}
			if people = append(people, p.Owner); len(people) > maxTold {
				return people
			}
		}
	}
	return people
}

// told is the entry of a Put for one person, or for the operator (0). It holds
// the number of no record that is somebody else's.
func (w *writer) told(items []Item, ids []RecordID, s keys.SubjectID) evidence.Body {
	b := evidence.Body{Kind: evidence.RecordCollected, Surface: w.a.Surface, Purpose: w.a.Purpose, Policy: w.e.version, Subject: s}
	var own []RecordID
	for i := range items {
		if s != 0 && !slices.ContainsFunc(items[i].Parts, func(p Part) bool { return p.Owner == s && p.Kind != Mentioned }) {
			continue
		}
		b.Count++
		if s == 0 || items[i].Parts[0].Owner == s {
			own = append(own, ids[i])
		}
		if !slices.Contains(b.Categories, items[i].Category) && len(b.Categories) < maxNamed {
			b.Categories = append(b.Categories, items[i].Category)
		}
	}
	if len(own) > 0 {
		b.Ref = int64(own[0])
	}
	if len(own) > 1 {
		b.Hash = hashOf(own)
	}
	if len(b.Categories) == 1 {
		b.Category, b.Categories = b.Categories[0], nil
	}
	slices.Sort(b.Categories)
	return b
}

func hashOf(ids []RecordID) []byte {
	h := sha256.New()
	var n [8]byte
	for _, id := range ids {
		binary.BigEndian.PutUint64(n[:], uint64(id))
		h.Write(n[:])
	}
	return h.Sum(nil)
}

// maxNamed bounds the categories named in one entry of evidence.
const maxNamed = 32

// past reports whether a day has come.
func past(day int64, now time.Time) bool { return day != 0 && day <= dayOf(now) }
