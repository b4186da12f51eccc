package telecom

import (
	"context"
	"database/sql"
	"errors"

	"candour/internal/keys"
	"candour/internal/store"
)

// sweepBatch is how many rows one transaction looks at.
const sweepBatch = 500

// Resume closes the calls that an earlier process left open when it died, each
// with its record, as interrupted. It is called once at the start, and may be
// cut short and called again.
func (d *Desk) Resume(ctx context.Context) error {
	for after := int64(0); ; {
		var ids []int64
		err := d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.IDs(ctx, "SELECT id FROM calls WHERE ended_ms = 0 AND id > $1 ORDER BY id LIMIT $2", after, maxTogether)
			return err
		})
		if err != nil || len(ids) == 0 {
			return wrap(err)
		}
		after = ids[len(ids)-1]
		err = d.commit(ctx, func(tx *store.Tx) error { return d.interrupt(ctx, tx, ids) })
		if err != nil {
			return wrap(err)
		}
	}
}

// interrupt closes those of the calls that are not under way here.
func (d *Desk) interrupt(ctx context.Context, tx *store.Tx, ids []int64) error {
	var ends []*ended
	for _, id := range ids {
		if d.isAlive(id) {
			continue
		}
		e, err := d.orphan(ctx, tx, id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		ends = append(ends, e)
	}
	return d.end(ctx, tx, ends)
}

// orphan reads a call that nobody will end.
func (d *Desk) orphan(ctx context.Context, tx *store.Tx, id int64) (*ended, error) {
	e := &ended{id: id, actor: systemActor, at: d.c.Now(), code: Interrupted}
	var begun, answered, callerLine, calleeLine, origin int64
	err := tx.QueryRow(ctx, "SELECT caller, callee, caller_line, callee_line, withheld, video, begun_ms, answered_ms, outside, origin, record FROM calls WHERE id = $1", id).
		Scan((*int64)(&e.caller), (*int64)(&e.callee), &callerLine, &calleeLine, &e.withheld, &e.video, &begun, &answered, (*int64)(&e.outside), &origin, (*int64)(&e.noted))
	if err != nil {
		return nil, err
	}
	e.begun, e.answered = store.Time(begun), store.Time(answered)
	if e.known, err = d.lastKnown(ctx, tx, e); err != nil {
		return nil, err
	}
	if e.callerSays, err = d.extension(ctx, tx, callerLine); err == nil {
		e.calleeSays, err = d.extension(ctx, tx, calleeLine)
	}
	if err == nil {
		err = d.forwardedFrom(ctx, tx, e, origin, callerLine)
	}
	if err == nil && e.noted != 0 {
		err = d.readNote(ctx, tx, e)
	}
	return e, err
}

// extension returns that of a line; empty if it is gone.
func (d *Desk) extension(ctx context.Context, tx *store.Tx, line int64) (string, error) {
	l, err := scanLine(tx.QueryRow(ctx, selectLine+"WHERE id = $1", line))
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return "", nil // no longer declared: nothing will be kept
	}
	_, err = d.fill(ctx, tx, roles.own(systemActor), &l)
	if errors.Is(err, ErrNoLine) {
		return "", nil
	}
	return l.Extension, err
}

// Sweep removes what is over: calls whose record came to its day (PECR reg 7),
// calls and lines whose person the retention sweep took, and what Resume would
// close. It belongs on the beat of the retention sweep (R12, L24).
func (d *Desk) Sweep(ctx context.Context) error {
	if err := d.Resume(ctx); err != nil {
		return err
	}
	if err := d.sweepPeople(ctx); err != nil {
		return wrap(err)
	}
	if err := d.sweepSpending(ctx); err != nil {
		return wrap(err)
	}
	if err := d.sweepReports(ctx); err != nil {
		return wrap(err)
	}
	return wrap(d.sweepCalls(ctx))
}

// sweepCalls removes the rows of calls whose record came to its day. They are
// found in the order of their ids, which grow as the days do, so that there is
// no index of days to write with each call.
func (d *Desk) sweepCalls(ctx context.Context) error {
	today := d.c.Now().UnixMilli() / dayMillis
	for after := int64(0); ; {
		var ids []int64
		err := d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.IDs(ctx, "SELECT id FROM calls WHERE id > $1 AND ended_ms > 0 AND expires_day <= $2 ORDER BY id LIMIT $3", after, today, sweepBatch)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		last := ids[len(ids)-1]
		err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM calls WHERE id > $1 AND id <= $2 AND ended_ms > 0 AND expires_day <= $3", after, last, today)
			return err
		})
		if err != nil {
			return err
		}
		after = last
	}
}

// sweepPeople drops what is left of people who are there no more. They are
// looked for in transactions that hold up no call.
func (d *Desk) sweepPeople(ctx context.Context) error {
	for _, query := range []string{
		"SELECT l.subject FROM lines l LEFT JOIN subjects s ON s.subject = l.subject WHERE s.subject IS NULL ORDER BY l.id LIMIT $1",
		"SELECT d.subject FROM devices d LEFT JOIN subjects s ON s.subject = d.subject WHERE s.subject IS NULL ORDER BY d.id LIMIT $1",
		"SELECT c.subject FROM call_charges c LEFT JOIN subjects s ON s.subject = c.subject WHERE s.subject IS NULL ORDER BY c.call LIMIT $1",
		"SELECT b.subject FROM call_blocks b LEFT JOIN subjects s ON s.subject = b.subject WHERE s.subject IS NULL ORDER BY b.id LIMIT $1",
		"SELECT x.subject FROM call_reports x LEFT JOIN subjects s ON s.subject = x.subject WHERE s.subject IS NULL ORDER BY x.id LIMIT $1",
		"SELECT c.caller FROM calls c LEFT JOIN subjects s ON s.subject = c.caller WHERE s.subject IS NULL AND c.caller <> 0 ORDER BY c.id LIMIT $1",
		"SELECT c.callee FROM calls c LEFT JOIN subjects s ON s.subject = c.callee WHERE s.subject IS NULL AND c.callee <> 0 ORDER BY c.id LIMIT $1",
	} {
		for {
			var gone []int64
			err := d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
				gone, err = tx.IDs(ctx, query, sweepBatch)
				return err
			})
			if err != nil {
				return err
			}
			if len(gone) == 0 {
				break
			}
			err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
				for _, s := range gone {
					if err := d.Erased(ctx, tx, keys.SubjectID(s)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
