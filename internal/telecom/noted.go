package telecom

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// A call with a far end that is no line of ours has its record from its
// beginning: the far number stands nowhere else, and would be lost if the
// program stopped. The end of the call completes that record. Calls between
// lines are written once, at their end: their rows name both lines.

// note keeps the record that an outside call begins with, for the one side that
// is ours. What the policy does not let be kept is left out, and is no reason to
// hold up the call. A call that was noted stays as it is.
func (d *Desk) note(ctx context.Context, tx *store.Tx, c *Call) error {
	side := c.start.outside()
	if side == bothOurs || side == callerOutside && c.start.Outside.Number == "" {
		return nil // the rows say it all
	}
	noted := vault.RecordID(0)
	if err := tx.QueryRow(ctx, "SELECT record FROM calls WHERE id = $1", c.id).Scan((*int64)(&noted)); err != nil || noted != 0 {
		return err
	}
	return d.writeNote(ctx, tx, c)
}

// noteAnew gives the record of a call from outside to the person of the line
// that stood in for the one that was called.
func (d *Desk) noteAnew(ctx context.Context, tx *store.Tx, c *Call) error {
	noted := vault.RecordID(0)
	err := tx.QueryRow(ctx, "SELECT record FROM calls WHERE id = $1 AND ended_ms = 0", c.id).Scan((*int64)(&noted))
	if errors.Is(err, sql.ErrNoRows) || err == nil && noted == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := d.c.Vault.OwnPart(ctx, tx, c.callee, noted); !errors.Is(err, vault.ErrNotFound) {
		return err // it is theirs already
	}
	if err := d.retract(ctx, tx, noted); err != nil {
		return err
	}
	return d.writeNote(ctx, tx, c)
}

// writeNote writes the record of a call that is under way. Its evidence is that
// of its end.
func (d *Desk) writeNote(ctx context.Context, tx *store.Tx, c *Call) error {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil
	}
	ids, err := d.c.Vault.Write(ctx, tx, roles.own(systemActor), c.ended("").item(roles))
	if withheldByDoor(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE calls SET record = $1 WHERE id = $2", int64(ids[0]), c.id)
	return err
}

// retract takes a note back; one that is gone already is no fault.
func (d *Desk) retract(ctx context.Context, tx *store.Tx, id vault.RecordID) error {
	err := d.c.Vault.Retract(ctx, tx, id)
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrKept) {
		return nil
	}
	return err
}

// readNote finds the far number of an outside call in the record that it began
// with.
func (d *Desk) readNote(ctx context.Context, tx *store.Tx, e *ended) error {
	owner, says := e.ours()
	if says == nil || owner == 0 {
		return nil
	}
	rec, err := d.c.Vault.OwnPart(ctx, tx, owner, e.noted)
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err == nil {
		*says = parseFar(string(rec.Value()))
	}
	return err
}

// ours returns whom of an outside call the record is of, and where the number of
// the other side belongs; nil of a call between lines.
func (e *ended) ours() (owner keys.SubjectID, far *string) {
	switch e.outside {
	case callerOutside:
		return e.callee, &e.callerSays
	case calleeOutside, calleeEmergency:
		return e.caller, &e.calleeSays
	}
	return 0, nil
}

// complete writes the records of calls that are over: those that have one from
// their beginning get it completed, the others theirs together.
func (d *Desk) complete(ctx context.Context, tx *store.Tx, roles Roles, ends []*ended) ([]vault.RecordID, error) {
	ids := make([]vault.RecordID, len(ends))
	var fresh []*ended
	var places []int
	for i, e := range ends {
		if e.noted == 0 {
			fresh, places = append(fresh, e), append(places, i)
			continue
		}
		var err error
		if ids[i], err = d.completeOne(ctx, tx, roles, e); err != nil {
			return nil, err
		}
	}
	if len(fresh) == 0 {
		return ids, nil
	}
	kept, err := d.keep(ctx, tx, roles, fresh)
	if err != nil {
		return nil, err
	}
	for i, at := range places {
		ids[at], fresh[i].noted = kept[i], kept[i]
	}
	return ids, nil
}

// completeOne completes the record that a call has from its beginning; 0 if
// nothing may be kept of it any more.
func (d *Desk) completeOne(ctx context.Context, tx *store.Tx, roles Roles, e *ended) (vault.RecordID, error) {
	if owner, _ := e.ours(); owner != 0 {
		err := d.c.Vault.Rewrite(ctx, tx, roles.own(systemActor), e.noted, e.item(roles).Parts[0].Value)
		if err == nil {
			return e.noted, nil
		}
		if !withheldByDoor(err) {
			return 0, err
		}
	}
	gone := e.noted
	e.caller, e.callee, e.noted = 0, 0, 0
	return 0, d.retract(ctx, tx, gone)
}

// until is when a call was over, or was last known not to be.
func (e *ended) until() time.Time {
	if e.known.IsZero() {
		return e.at
	}
	return e.known
}

// lastKnown is when a call that nobody will end was last known to be under way.
func (d *Desk) lastKnown(ctx context.Context, tx *store.Tx, e *ended) (time.Time, error) {
	known := int64(0)
	err := tx.QueryRow(ctx, "SELECT known_ms FROM call_charges WHERE call = $1", e.id).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, err
	}
	last := e.begun
	for _, t := range []time.Time{e.answered, store.Time(known)} {
		if t.After(last) {
			last = t
		}
	}
	return last, nil
}

// NoteBeat is how often Note belongs to be called: what a call costs is charged
// for up to so much less if the program stops during it.
const NoteBeat = 15 * time.Second

// Note notes of the calls that cost and are under way here that they are.
func (d *Desk) Note(ctx context.Context) error {
	var open []int64
	err := d.c.Store.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.IDs(ctx, "SELECT call FROM call_charges WHERE ended_ms = 0")
		for _, id := range ids {
			if d.isAlive(id) {
				open = append(open, id)
			}
		}
		return err
	})
	if err != nil || len(open) == 0 {
		return wrap(err)
	}
	return wrap(d.c.Store.Update(ctx, func(tx *store.Tx) error {
		now := d.c.Now().UnixMilli()
		for _, id := range open {
			if !d.isAlive(id) {
				continue // over since: it was not under way all the time until now
			}
			if _, err := tx.Exec(ctx, "UPDATE call_charges SET known_ms = $1 WHERE call = $2 AND ended_ms = 0", now, id); err != nil {
				return err
			}
		}
		return nil
	}))
}
