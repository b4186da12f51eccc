package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// set is a set of purposes by their bits in the store, which hold for every
// version of the policy.
type set [2]uint64

func (s set) has(bit int) bool { return s[bit>>6]&(1<<(bit&63)) != 0 }

func (s *set) put(bit int, on bool) {
	if on {
		s[bit>>6] |= 1 << (bit & 63)
	} else {
		s[bit>>6] &^= 1 << (bit & 63)
	}
}

// standing is a row of the table subjects: what a person has decided, compact,
// because every read consults it.
type standing struct {
	erased     bool // only what law obliges to keep is left
	restricted bool
	shut       policy.KindSet    // kinds of actor shut out (R29)
	grants     [shutKinds]uint32 // until when each is let in all the same, Unix seconds, as far as 2106; 0: not
	consents   set
	decided    set // consent was given or refused
	objections set
	given      versions
}

// versions are the policy versions under which standing consents were given:
// versionSize bytes for each, the bit and then the version, sorted by bit. A
// string, so that a standing can be compared, and costs nothing where nobody
// consented.
type versions string

const versionSize = 1 + 4

// of returns the version under which the consent of a bit was given. Of one
// that was kept without it the oldest is taken.
func (v versions) of(bit int) int {
	for i := 0; i < len(v); i += versionSize {
		if int(v[i]) == bit {
			return int(binary.BigEndian.Uint32([]byte(v[i+1 : i+versionSize])))
		}
	}
	return 1
}

// with returns the versions with that of a bit; 0 takes it out.
func (v versions) with(bit, version int) versions {
	var out []byte
	put := func() {
		if version > 0 {
			out = binary.BigEndian.AppendUint32(append(out, byte(bit)), uint32(version))
		}
		version = 0
	}
	for i := 0; i < len(v); i += versionSize {
		if int(v[i]) >= bit {
			put()
		}
		if int(v[i]) != bit {
			out = append(out, v[i:i+versionSize]...)
		}
	}
	put()
	return versions(out)
}

// readVersions reads what encode wrote.
func readVersions(b []byte) (versions, bool) {
	last := -1
	for i := 0; i < len(b); i += versionSize {
		if len(b)-i < versionSize || int(b[i]) <= last || binary.BigEndian.Uint32(b[i+1:]) == 0 {
			return "", false
		}
		last = int(b[i])
	}
	return versions(b), len(b) > 0
}

// shutKinds is how many kinds of actor can be shut out: the bits of KindSet.
const shutKinds = 2

// A standing is written without its end while nobody is shut out, as it was
// before anybody could be.
const (
	standingSize = 1 + 3*16
	shutSize     = standingSize + shutKinds*4
	shutShift    = 2                            // of the bits of KindSet in the first byte
	versionsBit  = 1 << (shutShift + shutKinds) // of the first byte: versions follow, to the end
)

var errStanding = errors.New("vault: a person's standing cannot be read; the table subjects was changed")

func decodeStanding(b []byte) (s standing, err error) {
	if len(b) == 0 {
		return s, nil
	}
	if len(b) > standingSize && b[0]&versionsBit != 0 {
		end := standingSize
		if b[0]>>shutShift&(1<<shutKinds-1) != 0 {
			end = shutSize
		}
		var ok bool
		if s.given, ok = readVersions(b[min(end, len(b)):]); !ok {
			return s, errStanding
		}
		b = b[:end]
	}
	if len(b) != standingSize && len(b) != shutSize {
		return s, errStanding
	}
	s.erased, s.restricted = b[0]&1 != 0, b[0]&2 != 0
	for i, f := range []*set{&s.consents, &s.decided, &s.objections} {
		f[0], f[1] = binary.BigEndian.Uint64(b[1+16*i:]), binary.BigEndian.Uint64(b[9+16*i:])
	}
	if len(b) == shutSize {
		s.shut = policy.KindSet(b[0] >> shutShift & (1<<shutKinds - 1))
		for i := range s.grants {
			s.grants[i] = binary.BigEndian.Uint32(b[standingSize+4*i:])
		}
	}
	return s, nil
}

// encode returns no bytes for a person who has decided nothing.
func (s standing) encode() []byte {
	if s == (standing{}) {
		return []byte{}
	}
	b := make([]byte, 1, shutSize)
	if s.erased {
		b[0] |= 1
	}
	if s.restricted {
		b[0] |= 2
	}
	for _, f := range []set{s.consents, s.decided, s.objections} {
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, f[0]), f[1])
	}
	if s.shut != 0 {
		b[0] |= byte(s.shut) << shutShift
		for _, until := range s.grants {
			b = binary.BigEndian.AppendUint32(b, until)
		}
	}
	if s.given != "" {
		b[0] |= versionsBit
		b = append(b, s.given...)
	}
	return b
}

// shutAt returns who is shut out at a time: a grant ends by the clock alone.
func (s *standing) shutAt(now time.Time) policy.KindSet {
	if s.shut == 0 {
		return 0
	}
	shut, at := s.shut, now.Unix()
	for i, until := range s.grants {
		if int64(until) > at {
			shut &^= 1 << i
		}
	}
	return shut
}

// merge is the standing of two people found to be one: what the known person
// decided holds, what only the newcomer decided is added, and a restriction,
// objection or shut-out of either stands. A grant lifts only the shut-out that
// it was given to.
func (s standing) merge(from standing) standing {
	for bit := range policy.MaxPurposes {
		if from.consents.has(bit) && !s.decided.has(bit) {
			s.given = s.given.with(bit, from.given.of(bit))
		}
	}
	for i := range s.consents {
		s.consents[i] |= from.consents[i] &^ s.decided[i]
		s.decided[i] |= from.decided[i]
		s.objections[i] |= from.objections[i]
	}
	s.restricted = s.restricted || from.restricted
	for i := range s.grants {
		if s.shut&(1<<i) == 0 {
			s.grants[i] = from.grants[i]
		}
	}
	s.shut |= from.shut
	return s
}

// bits caches the table purpose_bits: position is the bit.
type bits struct{ purposes atomic.Pointer[[]string] }

func (b *bits) known() []string {
	if p := b.purposes.Load(); p != nil {
		return *p
	}
	return nil
}

// readBits reads the table anew. Bits are given out in order and never taken
// back.
func (v *Vault) readBits(ctx context.Context, tx *store.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, "SELECT purpose FROM purpose_bits ORDER BY bit")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// bitOf returns the bit of a purpose, giving out the next one to a new purpose.
func (v *Vault) bitOf(ctx context.Context, tx *store.Tx, purpose string) (int, error) {
	for i, p := range v.bits.known() {
		if p == purpose {
			return i, nil
		}
	}
	if v.st.Engine() == store.PostgreSQL {
		if _, err := tx.Exec(ctx, "LOCK TABLE purpose_bits IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return 0, err
		}
	}
	list, err := v.readBits(ctx, tx)
	if err != nil {
		return 0, err
	}
	for i, p := range list {
		if p == purpose {
			return i, nil
		}
	}
	if len(list) == policy.MaxPurposes {
		return 0, errors.New("vault: more purposes over all versions of the policy than there is room for")
	}
	if _, err := tx.Exec(ctx, "INSERT INTO purpose_bits (purpose, bit) VALUES ($1, $2)", purpose, len(list)); err != nil {
		return 0, err
	}
	list = append(list, purpose)
	tx.AfterCommit(func() { v.bits.purposes.Store(&list) })
	return len(list) - 1, nil
}

// forPolicy translates a standing into the indices of the policy in force. A
// bit that is not known here was given out by another process: the table is
// read again before anything is decided.
func (v *Vault) forPolicy(ctx context.Context, tx *store.Tx, c *policy.Compiled, s standing) (policy.Standing, error) {
	out := policy.Standing{Restricted: s.restricted || s.erased}
	if s.shut != 0 {
		out.Shut = s.shutAt(v.now())
	}
	if s.consents == (set{}) && s.objections == (set{}) {
		return out, nil
	}
	list := v.bits.known()
	if beyond(s.consents, len(list)) || beyond(s.objections, len(list)) {
		var err error
		if list, err = v.readBits(ctx, tx); err != nil {
			return out, err
		}
		tx.AfterCommit(func() { v.bits.purposes.Store(&list) })
	}
	for bit, purpose := range list {
		if !s.consents.has(bit) && !s.objections.has(bit) {
			continue
		}
		p, ok := c.Purpose(purpose)
		if !ok {
			continue // no longer declared
		}
		if s.consents.has(bit) {
			out.Consents = out.Consents.With(p)
			if l, less := v.lapse(c, p, s.given.of(bit)); less {
				out.Lapsed = append(out.Lapsed, l)
			}
		}
		if s.objections.has(bit) {
			out.Objections = out.Objections.With(p)
		}
	}
	return out, nil
}

// beyond reports whether a bit of n or higher is set.
func beyond(s set, n int) bool {
	if n >= 64 {
		return n < 128 && s[1]>>(n-64) != 0
	}
	return s[1] != 0 || s[0]>>n != 0
}

// Standing returns what a person has decided, in the indices of the policy in
// force. ErrNotFound if there is no such person.
func (v *Vault) Standing(ctx context.Context, tx *store.Tx, s keys.SubjectID) (policy.Standing, error) {
	m, err := v.member(ctx, tx, s)
	if err != nil {
		return policy.Standing{}, err
	}
	return v.forPolicy(ctx, tx, v.inForce(), m.standing)
}

// Covers returns which categories a person's consent to a purpose covers, as the
// policy in force has it; none if it does not stand. ErrNotFound if there is no
// such person.
func (v *Vault) Covers(ctx context.Context, tx *store.Tx, s keys.SubjectID, purpose string) (func(category string) bool, error) {
	st, err := v.Standing(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	c := v.inForce()
	p, ok := c.Purpose(purpose)
	return func(category string) bool {
		k, known := c.Category(category)
		return ok && known && st.Covers(k, p)
	}, nil
}

// change applies fn to the standing of a person and of all who are the same
// person.
func (v *Vault) change(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(*standing)) error {
	group, err := v.group(ctx, tx, s, true)
	if err != nil {
		return err
	}
	for _, m := range group {
		fn(&m.standing)
		if _, err := tx.Exec(ctx, "UPDATE subjects SET standing = $1 WHERE subject = $2", m.standing.encode(), int64(m.subject)); err != nil {
			return err
		}
		v.personChanged(tx, m.subject)
	}
	return nil
}

// SetConsent records in the standing row that a person's consent to a purpose
// stands, given to the policy in force, or does not. When it ends, what was held on that consent alone is
// erased in the same transaction, or at the end of the period its retention
// class gives. Who consented to what and when is the caller's to evidence.
func (v *Vault) SetConsent(ctx context.Context, tx *store.Tx, s keys.SubjectID, purpose string, stands bool) error {
	version := 0
	if stands {
		version = v.inForce().Policy().Version
	}
	return v.setConsent(ctx, tx, s, purpose, version)
}

// ConsentUnder is SetConsent of a yes to what an earlier version said, such as
// one that is confirmed after another came into force. It covers no more than
// that version.
func (v *Vault) ConsentUnder(ctx context.Context, tx *store.Tx, s keys.SubjectID, purpose string, version int) error {
	return v.setConsent(ctx, tx, s, purpose, max(version, 1))
}

// EraseConsented erases what is held on a consent alone, which stands as it was
// given: so that it can be written anew, and nobody is asked.
func (v *Vault) EraseConsented(ctx context.Context, tx *store.Tx, s keys.SubjectID, purpose string) error {
	return v.endConsent(ctx, tx, s, purpose)
}

// setConsent records a consent to a version of the policy, or with 0 that it
// does not stand.
func (v *Vault) setConsent(ctx context.Context, tx *store.Tx, s keys.SubjectID, purpose string, version int) error {
	stands := version > 0
	if _, ok := v.inForce().Purpose(purpose); !ok {
		return v.refuse(doorWrite, Access{Purpose: purpose}, "", policy.Undeclared)
	}
	bit, err := v.bitOf(ctx, tx, purpose)
	if err != nil {
		return err
	}
	err = v.change(ctx, tx, s, func(st *standing) {
		st.consents.put(bit, stands)
		st.decided.put(bit, true)
		st.given = st.given.with(bit, version)
	})
	if err != nil || stands {
		return err
	}
	return v.endConsent(ctx, tx, s, purpose)
}

// Object records an objection to a purpose, or that it was taken back (UK GDPR
// Art 21).
func (v *Vault) Object(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, purpose string, stands bool) error {
	if _, ok := v.inForce().Purpose(purpose); !ok {
		return v.refuse(doorWrite, Access{Purpose: purpose}, "", policy.Undeclared)
	}
	bit, err := v.bitOf(ctx, tx, purpose)
	if err != nil {
		return err
	}
	if err := v.change(ctx, tx, s, func(st *standing) { st.objections.put(bit, stands) }); err != nil {
		return err
	}
	code := "raised"
	if !stands {
		code = "taken-back"
	}
	return v.evidence(ctx, tx, a, evidence.Body{Kind: evidence.SubjectObjected, Purpose: purpose, Subject: s, Code: code})
}

// Restrict has a person's data stored and nothing else, save what Art 18(2)
// leaves free.
func (v *Vault) Restrict(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID) error {
	if err := v.change(ctx, tx, s, func(st *standing) { st.restricted = true }); err != nil {
		return err
	}
	return v.evidence(ctx, tx, a, evidence.Body{Kind: evidence.SubjectRestricted, Subject: s})
}

// Lift ends a restriction. The person is told before (Art 18(3)): that is the
// caller's part.
func (v *Vault) Lift(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID) error {
	if err := v.change(ctx, tx, s, func(st *standing) { st.restricted = false }); err != nil {
		return err
	}
	return v.evidence(ctx, tx, a, evidence.Body{Kind: evidence.SubjectLifted, Subject: s})
}

// evidence appends an entry with what every act has in common.
func (v *Vault) evidence(ctx context.Context, tx *store.Tx, a Access, b evidence.Body) error {
	_, err := v.entry(ctx, tx, a, b)
	return err
}

// entry is evidence that returns the id of the entry.
func (v *Vault) entry(ctx context.Context, tx *store.Tx, a Access, b evidence.Body) (int64, error) {
	b.At, b.Actor, b.Surface = v.now(), a.Actor, a.Surface
	if b.Purpose == "" {
		b.Purpose = a.Purpose
	}
	if b.Policy == 0 {
		b.Policy = v.inForce().Policy().Version
	}
	return v.log.Append(ctx, tx, b)
}
