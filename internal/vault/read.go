package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// reader is one reading for a purpose.
type reader struct {
	v   *Vault
	ctx context.Context
	tx  *store.Tx
	a   Access
	e   *edition
	ad  []byte   // scratch
	buf [96]byte // where ad begins

	first stored // of Read: the row that is asked for

	// What the last row had: most rows of a person share both.
	label  *label
	number int64 // of label
	cipher *keys.Cipher
}

// labelOf returns the label of a row.
func (r *reader) labelOf(s *stored) (*label, error) {
	if r.label != nil && r.number == s.label {
		return r.label, nil
	}
	l, err := r.v.labelOf(r.ctx, r.tx, s.label)
	if err == nil {
		r.label, r.number = l, s.label
	}
	return l, err
}

// opener returns the cipher of a row. One reading is one transaction, so a key
// that was there for the last row is there for this one.
func (r *reader) opener(s *stored) (*keys.Cipher, error) {
	month := keys.MonthOf(dayTime(s.expires))
	if r.cipher != nil && r.cipher.KeyID() == s.key && r.cipher.Month() == month {
		return r.cipher, nil
	}
	c, err := r.v.ring.Opener(r.ctx, r.tx, s.key, month)
	if err == nil {
		r.cipher = c
	}
	return c, err
}

// readers are used again: one is larger than most of what is read with it.
var readers = sync.Pool{New: func() any { return new(reader) }}

func (v *Vault) reader(ctx context.Context, tx *store.Tx, a Access) *reader {
	r := readers.Get().(*reader)
	r.v, r.ctx, r.tx, r.a, r.e = v, ctx, tx, a, v.current()
	return r
}

// release ends the use of a reader by whoever asked for it.
func (r *reader) release() {
	*r = reader{}
	readers.Put(r)
}

// Read returns a record for the purpose of the access. ErrNotFound if there is
// none or it is erased; ErrPurpose, ErrNoConsent, ErrRestricted, ErrObjected or
// ErrShutOut if the policy refuses. Parts about other people whose standing forbids the
// use are left out. It writes nothing, so tx may be a View; a look by staff is
// evidenced by Look.
func (v *Vault) Read(ctx context.Context, tx *store.Tx, a Access, id RecordID) (Record, error) {
	r := v.reader(ctx, tx, a)
	defer r.release()
	err := v.head(ctx, tx, id, &r.first)
	if err == nil && isAlone(r.first.place) {
		return r.one(&r.first)
	}
	rows, err := v.rowsOf(ctx, tx, r.first, err)
	if err != nil {
		return Record{}, err
	}
	return r.assemble(rows)
}

// one returns the record of a row that stands alone.
func (r *reader) one(s *stored) (Record, error) {
	l, err := r.labelOf(s)
	if err != nil {
		return Record{}, err
	}
	if err := r.may(s, l); err != nil {
		return Record{}, err
	}
	value, err := r.open(s, l)
	if err != nil {
		return Record{}, err
	}
	rec := record(s, l)
	rec.Parts = []Part{{keys.SubjectID(s.subject), kindOf(s.place), value}}
	return rec, nil
}

// assemble returns the record made of rows: of each part the copy that is kept
// for the purpose. The first part decides; it is an owner's.
func (r *reader) assemble(rows []stored) (Record, error) {
	var rec Record
	err := error(ErrNotFound)
	for i := range rows {
		s := &rows[i]
		l, lerr := r.labelOf(s)
		if lerr != nil {
			return Record{}, lerr
		}
		if !l.has(r.a.Purpose) {
			if len(rec.Parts) == 0 && errors.Is(err, ErrNotFound) {
				err = r.v.refuse(doorRead, r.a, l.Category, policy.Undeclared)
			}
			continue
		}
		merr := r.may(s, l)
		if merr != nil {
			if len(rec.Parts) == 0 {
				err = merr
			}
			continue
		}
		value, oerr := r.open(s, l)
		if errors.Is(oerr, ErrNotFound) {
			continue
		}
		if oerr != nil {
			return Record{}, oerr
		}
		if len(rec.Parts) == 0 {
			rec, err = record(s, l), nil
		}
		rec.Parts = append(rec.Parts, Part{keys.SubjectID(s.subject), kindOf(s.place), value})
	}
	return rec, err
}

func record(s *stored, l *label) Record {
	return Record{
		ID: RecordID(s.record), Category: l.Category, Purposes: l.purposes, Retention: l.term.ID, Surface: l.Surface, Policy: l.Version,
		Collected: time.UnixMilli(s.collectedMS).UTC(), Expires: dayTime(s.expires),
	}
}

// may asks the policy in force whether this row may be used. The purpose must
// be one the record was collected for (UK GDPR Art 5(1)(b)).
func (r *reader) may(s *stored, l *label) error {
	verdict, err := r.verdict(s, l)
	if err != nil || verdict == policy.Allowed {
		return err
	}
	return r.v.refuse(doorRead, r.a, l.Category, verdict)
}

func (r *reader) verdict(s *stored, l *label) (policy.Verdict, error) {
	if past(s.expires, r.v.now()) {
		return 0, ErrNotFound // owed to the sweep
	}
	if !l.has(r.a.Purpose) {
		return policy.Undeclared, nil
	}
	k, kok := r.e.c.Category(l.Category)
	p, pok := r.e.c.Purpose(r.a.Purpose)
	who, aok := r.e.c.Actor(r.a.Actor)
	if !kok || !pok {
		return policy.Undeclared, nil
	}
	if !aok {
		return policy.WrongActor, nil
	}
	var st policy.Standing
	if s.standing != (standing{}) {
		var err error
		if st, err = r.v.forPolicy(r.ctx, r.tx, r.e.c, s.standing); err != nil {
			return 0, err
		}
	}
	if r.a.Own && !s.standing.erased {
		return r.e.c.UseOwn(k, p, st), nil
	}
	return r.e.c.Use(who, k, p, st), nil
}

// open returns the value of a row; ErrNotFound if its key is destroyed.
func (r *reader) open(s *stored, l *label) ([]byte, error) {
	if s.key == 0 {
		return nil, nil
	}
	cipher, err := r.opener(s)
	if errors.Is(err, keys.ErrKeyGone) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if r.ad == nil {
		r.ad = r.buf[:]
	}
	r.ad = associated(r.ad[:0], s.id, s.key, l.Category, l.Version)
	// In place: the row's bytes are a copy of ours, and nobody else's.
	var into []byte
	if len(s.sealed) >= keys.NonceSize {
		into = s.sealed[keys.NonceSize:keys.NonceSize]
	}
	value, err := cipher.Open(into, s.sealed, r.ad)
	if err != nil {
		return nil, fmt.Errorf("vault: record %d: %w", s.record, err)
	}
	return value, nil
}

// ReadSubject returns the records of a category that a person owns or takes
// part in, for the purpose of the access, oldest first: those collected for
// it. Refusals are as in Read.
func (v *Vault) ReadSubject(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, category string) ([]Record, error) {
	group, err := v.group(ctx, tx, s, false)
	if err != nil {
		return nil, err
	}
	r := v.reader(ctx, tx, a)
	defer r.release()
	var list []Record
	for _, m := range group {
		rows, err := v.queryRows(ctx, tx, v.selects().subject, int64(m.subject))
		if err != nil {
			return nil, err
		}
		if list, err = r.ofCategory(list, rows, category); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *reader) ofCategory(list []Record, rows []stored, category string) ([]Record, error) {
	for i := range rows {
		s := &rows[i]
		l, err := r.labelOf(s)
		if err != nil {
			return nil, err
		}
		if l.Category != category || !l.has(r.a.Purpose) || kindOf(s.place) == Mentioned {
			continue
		}
		rec, err := r.one(s)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, rec)
	}
	return list, nil
}

// Look is Read for a person at a desk: the look itself becomes evidence in the
// history of each person whose part was seen (R28). Only the owner's names the
// record: its number is nothing to the others. Who is only mentioned is told
// nothing, for the record is somebody else's.
func (v *Vault) Look(ctx context.Context, tx *store.Tx, a Access, id RecordID) (Record, error) {
	rec, err := v.Read(ctx, tx, a, id)
	if err != nil {
		return rec, err
	}
	var told []keys.SubjectID
	for _, p := range rec.Parts {
		if p.Kind == Mentioned || slices.Contains(told, p.Owner) {
			continue
		}
		b := evidence.Body{Kind: evidence.RecordUsed, Category: rec.Category, Subject: p.Owner, Count: 1}
		if len(told) == 0 {
			b.Ref = int64(id)
		}
		if err := v.evidence(ctx, tx, a, b); err != nil {
			return Record{}, err
		}
		told = append(told, p.Owner)
	}
	return rec, nil
}
