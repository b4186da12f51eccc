package rights

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/reference"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Request is one use of a right: ids, codes and times.
type Request struct {
	ID        int64
	Reference string // to quote
	Subject   keys.SubjectID
	Right     string // declared right
	Way       Way
	Received  time.Time
	// Acknowledged is when the operator's people took a complaint up; zero before.
	Acknowledged time.Time
	Answered     time.Time // zero while open
	Outcome      string    // code; empty while open
	Ref          int64     // the erasure, ticket or record it led to; 0 for none
}

// Outcomes of requests, as codes.
const (
	Given     = "given"      // a copy was handed out
	Shown     = "shown"      // what is held was shown
	Rectified = "rectified"  // a record was put right
	Erased    = "erased"     // all went
	PartKept  = "erased-but" // all went but what a law keeps
	Stopped   = "restricted" // use is restricted
	Lifted    = "lifted"     // it no longer is
	Raised    = "stopped"    // the objection stands
	TakenBack = "taken-back" // it no longer does
	Ended     = "withdrawn"  // the consent ended
	Closed    = "closed"     // a complaint was dealt with
)

// receive writes down a request that came now, with its evidence.
func (d *Desk) receive(ctx context.Context, tx *store.Tx, p Person, s keys.SubjectID, right string) (Request, error) {
	if _, ok := d.c.InForce().Policy().RightByID(right); !ok {
		return Request{}, ErrUndeclared
	}
	r := Request{ID: d.c.Store.NewID(), Subject: s, Right: right, Way: p.Way, Received: d.c.Now().UTC()}
	for range reference.Tries {
		r.Reference = reference.New()
		n, err := tx.Change(ctx, `INSERT INTO rights_requests (id, reference, subject, right_id, way, state, received_ms, answered_ms, outcome, ref)
			VALUES ($1, $2, $3, $4, $5, 'open', $6, 0, '', 0) ON CONFLICT (reference) DO NOTHING`,
			r.ID, r.Reference, int64(s), right, string(p.Way), r.Received.UnixMilli())
		if err != nil {
			return r, fmt.Errorf("rights: %w", err)
		}
		if n == 1 {
			return r, d.evidence(ctx, tx, p, evidence.Body{Kind: evidence.RightRequested, Subject: s, Ref: r.ID, Code: right})
		}
	}
	return r, errors.New("rights: no free reference was found")
}

// answered writes down that a request was answered, with its evidence.
func (d *Desk) answered(ctx context.Context, tx *store.Tx, p Person, r *Request, outcome string, ref int64) error {
	r.Answered, r.Outcome, r.Ref = d.c.Now().UTC(), outcome, ref
	_, err := tx.Exec(ctx, "UPDATE rights_requests SET state = 'answered', answered_ms = $1, outcome = $2, ref = $3 WHERE id = $4",
		r.Answered.UnixMilli(), outcome, ref, r.ID)
	if err != nil {
		return fmt.Errorf("rights: %w", err)
	}
	return d.evidence(ctx, tx, p, evidence.Body{Kind: evidence.RightAnswered, Subject: r.Subject, Ref: r.ID, Code: outcome})
}

// act is one request that is answered at once: what fn does, the request and
// the evidence of both are one transaction.
func (d *Desk) act(ctx context.Context, p Person, right, outcome string, fn func(*store.Tx) (ref int64, err error)) (Request, error) {
	if err := d.may(p); err != nil {
		return Request{}, err
	}
	var r Request
	err := d.c.Store.Update(ctx, func(tx *store.Tx) (err error) {
		if r, err = d.receive(ctx, tx, p, p.Subjects[0], right); err != nil {
			return err
		}
		ref, err := fn(tx)
		if err != nil {
			return err
		}
		return d.answered(ctx, tx, p, &r, outcome, ref)
	})
	return r, gone(err)
}

const selectRequest = "SELECT id, reference, subject, right_id, way, received_ms, acknowledged_ms, answered_ms, outcome, ref FROM rights_requests "

func scan(row interface{ Scan(...any) error }) (r Request, err error) {
	var received, acknowledged, answered int64
	err = row.Scan(&r.ID, &r.Reference, (*int64)(&r.Subject), &r.Right, (*string)(&r.Way), &received, &acknowledged, &answered, &r.Outcome, &r.Ref)
	r.Received = time.UnixMilli(received).UTC()
	if acknowledged != 0 {
		r.Acknowledged = time.UnixMilli(acknowledged).UTC()
	}
	if answered != 0 {
		r.Answered = time.UnixMilli(answered).UTC()
	}
	return r, err
}

func (d *Desk) request(ctx context.Context, tx *store.Tx, id int64) (Request, error) {
	r, err := scan(tx.QueryRow(ctx, selectRequest+"WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("rights: %w", err)
	}
	return r, nil
}

// Reference returns what a person quotes for a request. ErrNotFound if there is
// none with that id.
func (d *Desk) Reference(ctx context.Context, tx *store.Tx, id int64) (string, error) {
	r, err := d.request(ctx, tx, id)
	return r.Reference, err
}

// RequestsOf returns the requests of a person, oldest first.
func (d *Desk) RequestsOf(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Request, error) {
	rows, err := tx.Query(ctx, selectRequest+"WHERE subject = $1 ORDER BY id", int64(s))
	if err != nil {
		return nil, fmt.Errorf("rights: %w", err)
	}
	defer rows.Close()
	var list []Request
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("rights: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// holds reports whether a subject was made to hold a request and holds nothing
// else: whoever writes to us afterwards with the same address is taken for that
// subject, which is then a person as any other.
func (d *Desk) holds(ctx context.Context, tx *store.Tx, s keys.SubjectID) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM rights_requests WHERE subject = $1 AND right_id IN ($2, $3)", int64(s), Erasure, Complaint).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("rights: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	c := d.c.InForce()
	err = d.c.Vault.Walk(ctx, tx, s, func(r vault.Record) error {
		if !byLaw(c, &r) {
			return errHeld
		}
		return nil
	})
	if errors.Is(err, errHeld) {
		return false, nil
	}
	return err == nil, err
}

// byLaw reports whether a record is held for legal obligations alone.
func byLaw(c *policy.Compiled, r *vault.Record) bool {
	k, ok := c.Category(r.Category)
	if !ok {
		return false
	}
	for _, id := range r.Purposes {
		q, ok := c.Purpose(id)
		if !ok {
			return false
		}
		if use, ok := c.UseOf(k, q); !ok || use.Basis != policy.LegalObligation {
			return false
		}
	}
	return true
}

// hold makes the subject that a request is kept as, apart from the person it
// is about, and returns who acts as that.
func (d *Desk) hold(ctx context.Context, tx *store.Tx, p Person, right string) (Request, error) {
	s, err := d.c.Vault.NewSubject(ctx, tx)
	if err != nil {
		return Request{}, err
	}
	return d.receive(ctx, tx, p, s, right)
}

// put keeps something of a request under the purpose of acting on rights.
func (d *Desk) put(ctx context.Context, tx *store.Tx, a vault.Access, r Request, category, value string) (vault.RecordID, error) {
	k, ok := d.c.InForce().Policy().CategoryByID(category)
	if !ok || len(k.Surfaces) == 0 {
		return 0, ErrUndeclared
	}
	if !slices.Contains(k.Surfaces, a.Surface) {
		a.Surface = k.Surfaces[0]
	}
	ids, err := d.c.Vault.Put(ctx, tx, a, vault.Item{Category: category, Parts: []vault.Part{{Owner: r.Subject, Value: []byte(value)}}, Matter: r.ID})
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// closed has the retention of what is kept for a request count from now (R12).
func (d *Desk) closed(ctx context.Context, tx *store.Tx, r Request, purpose string) error {
	class := retentionOf(d.c.InForce(), purpose)
	if class == nil || class.Event == policy.CollectedEvent {
		return nil
	}
	return d.c.Vault.EventFor(ctx, tx, r.Subject, class.Event, r.ID, d.c.Now())
}

// retentionOf is the longest of the retention classes of a purpose.
func retentionOf(c *policy.Compiled, purpose string) *policy.Retention {
	q, ok := c.Policy().PurposeByID(purpose)
	if !ok {
		return nil
	}
	var longest *policy.Retention
	zero := time.Unix(0, 0)
	for _, u := range q.Uses {
		r, ok := c.Policy().RetentionByID(u.Retention)
		if ok && (longest == nil || r.Period.From(zero).After(longest.Period.From(zero))) {
			longest = r
		}
	}
	return longest
}

// Sweep removes what is over: asks whose addresses are erased, marks of who was
// written to more than an hour ago, and requests past the retention that the
// policy declares for acting on rights. It belongs on the beat of the retention
// sweep (R12).
func (d *Desk) Sweep(ctx context.Context) error {
	c := d.c.InForce()
	now := d.c.Now()
	back := func(p policy.Period) int64 { return now.Add(-p.From(now).Sub(now)).AddDate(0, 0, -1).UnixMilli() }
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		sweep := func(query string, before int64) error {
			if _, err := tx.Exec(ctx, query, before); err != nil {
				return fmt.Errorf("rights: %w", err)
			}
			return nil
		}
		if roles, err := RolesOf(c); err == nil {
			if err := sweep("DELETE FROM rights_asks WHERE asked_ms < $1", back(roles.Kept.Period)); err != nil {
				return err
			}
		}
		if q, ok := purpose(c.Policy()); ok {
			if class := retentionOf(c, q); class != nil {
				if err := sweep("DELETE FROM rights_requests WHERE state = 'answered' AND answered_ms < $1", back(class.Period)); err != nil {
					return err
				}
			}
		}
		return sweep("DELETE FROM rights_notices WHERE at_ms < $1", now.Add(-noticePause).UnixMilli())
	})
}
