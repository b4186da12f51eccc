// Package vault is the one door to personal data: every record is sealed,
// owned by the people it is about, and read only as the policy in force allows.
//
// A record belongs to a category and to purposes the policy declares. Each of
// its parts is sealed under a key of the person it is about, and a copy is
// kept for each way in which its purposes end: what is held on consent, what
// ends on a date and what the law obliges to keep are different rows under
// different keys, so each goes on its own day and none takes another along.
//
// Which call for what:
//
//	Put, Rectify, Remove    write, change, take away one record
//	Write, OwnPart,         the same of records that several people share, each
//	RemovePart, RemoveParts with their own part
//	Read, ReadSubject       use for a purpose; the policy is asked each time
//	Find, Lookup            from an e-mail address or number to people, records
//	SetConsent, Object,     what a person has decided, as the doors need it;
//	Restrict, Lift,         who decided when stands in the package consent
//	ShutOut, Grant
//	Look, LookSubject       read for a person at a desk, with its evidence
//	ConsentUnder,           the same of a yes to an earlier version; what hangs on a
//	EraseConsented          consent goes, and the consent stands
//	Event                   an event fell from which retention counts
//	Held, Own               what is held about a person, for their own eyes
//	Export                  everything held about a person, of all categories
//	Erase, Resume           erasure in stages, each recorded
//	Sweep                   what is past its time goes
//
// A category that is added to the policy needs no code here for any of them.
//
// Methods with a transaction act in it, and their evidence commits with them.
// A Vault is safe for concurrent use.
package vault

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Vault is the door to the personal data of a store.
type Vault struct {
	st      *store.Store
	ring    *keys.Ring
	log     *evidence.Log
	inForce func() *policy.Compiled
	now     func() time.Time

	edition  atomic.Pointer[edition] // of the policy last seen in force
	labels   labels
	bits     bits
	runs     runs
	refusals refusals
	people   people
	covered  covered
	refused  *prometheus.CounterVec // door, code

	// loose says that records were removed one by one since the write-ahead log
	// was last truncated; at a start that is not known, so it holds.
	loose atomic.Bool

	stages sync.Mutex // held across the later stages of erasures and across a sweep
}

// New returns the vault of a store. inForce returns the policy in force, which
// may change at any time; now is the clock.
func New(st *store.Store, ring *keys.Ring, log *evidence.Log, inForce func() *policy.Compiled, now func() time.Time) *Vault {
	v := &Vault{st: st, ring: ring, log: log, inForce: inForce, now: now, refused: newRefused()}
	v.labels.init()
	v.runs.init()
	v.people.init()
	v.loose.Store(true)
	ring.OnEpoch(v.epochClosed)
	return v
}

// epochClosed writes the evidence of an epoch, in the transaction that closes
// it: the root of the list of live keys is what proofs of absence lead to.
func (v *Vault) epochClosed(ctx context.Context, tx *store.Tx, e keys.Epoch) error {
	_, err := v.log.Append(ctx, tx, evidence.Body{Kind: evidence.KeyEpoch, At: v.now(), Ref: e.Number, Hash: e.Root[:]})
	return err
}

// Access says who acts, for which purpose, on which surface: ids of the policy.
type Access struct {
	Actor, Purpose, Surface string
	// Own says that the person whose data it is asked for this use themselves,
	// just now: signing in, seeing or changing what is held. What their role may
	// do with the data of others is then no matter, nor is a restriction (UK GDPR
	// Art 18(2): with the subject's consent). What is left after an erasure
	// stays shut.
	Own bool
}

// RecordID names a record. Ids grow with time.
type RecordID int64

// OwnerKind is how a person is tied to a part of a record.
type OwnerKind uint8

// The kinds of edge between a person and a part.
const (
	Owner     OwnerKind = 1 // it is their data
	Party     OwnerKind = 2 // they took part: the other side of a call or conversation
	Mentioned OwnerKind = 3 // it names somebody: found by value, but nobody's identity
)

// Part is a piece of a record about one person. A part without a value is an
// edge only. It prints as a fixed word.
type Part struct {
	Owner keys.SubjectID
	Kind  OwnerKind // zero is Owner
	Value []byte
}

// Item is one record to be written.
type Item struct {
	Category  string
	Purposes  []string // empty: the purpose of the access
	Parts     []Part
	Matter    int64     // the enquiry, contract or order whose events end its retention; 0 for the person as a whole
	Collected time.Time // zero: now
}

// Record is a record as it is read. It prints as a fixed word.
type Record struct {
	ID        RecordID
	Category  string
	Purposes  []string
	Retention string // retention class
	Surface   string // where it was collected
	Policy    int    // policy version at collection
	Collected time.Time
	Expires   time.Time // the day from which it is gone; zero while that hangs on an event
	Parts     []Part
}

// Value returns the value of the record's first part that was readable.
func (r Record) Value() []byte {
	if len(r.Parts) == 0 {
		return nil
	}
	return r.Parts[0].Value
}

// day is a day in UTC, counted from 1970: expiry is kept no finer, so that it
// needs no index of instants.
const dayMillis = 24 * 60 * 60 * 1000

// dayAfter returns the first day on which something that ends at t is gone:
// the day that begins at t or next after it.
func dayAfter(t time.Time) int64 { return (t.UnixMilli() + dayMillis - 1) / dayMillis }

func dayOf(t time.Time) int64 { return t.UnixMilli() / dayMillis }

func dayTime(day int64) time.Time {
	if day == 0 {
		return time.Time{}
	}
	return time.UnixMilli(day * dayMillis).UTC()
}
