package telecom

import (
	"context"
	"errors"

	"candour/internal/store"
)

// OnCommit puts fn around the transactions in which acts on calls are
// committed. It belongs before anybody calls.
func (d *Desk) OnCommit(fn func(commit func() error) error) {
	update := d.commit
	d.commit = func(ctx context.Context, act func(*store.Tx) error) error {
		return fn(func() error { return update(ctx, act) })
	}
}

// Waiting is how many acts wait for their turn.
func (d *Desk) Waiting() int {
	d.group.mu.Lock()
	defer d.group.mu.Unlock()
	return len(d.group.waiting)
}

// Outside begins a call to a number of the world as the door does, with nothing
// asked but whether it may be made.
func (d *Desk) Outside(ctx context.Context, from Line, number string) (*Call, error) {
	c := &Call{d: d, id: d.c.Store.NewID(), start: Start{From: from, To: Target{Reach: ToNumber, Number: number}}, begun: d.c.Now(), actor: from.Role.Actor()}
	d.alive(c.id, true)
	var refusal error
	err := d.commit(ctx, func(tx *store.Tx) error {
		refusal = d.mayDial(ctx, tx, c)
		var r *Refusal
		if errors.As(refusal, &r) {
			return nil // as the group has it
		}
		if refusal != nil {
			return refusal
		}
		_, err := tx.Exec(ctx, `INSERT INTO calls (id, caller, callee, caller_line, callee_line, withheld, video, begun_ms, answered_ms, ended_ms, code, record, expires_day)
			VALUES ($1, $2, 0, $3, 0, 0, 0, $4, 0, 0, '', 0, 0)`, c.id, int64(from.Subject), from.ID, c.begun.UnixMilli())
		return err
	})
	if err = errors.Join(err, refusal); err != nil {
		d.alive(c.id, false)
		return nil, err
	}
	return c, nil
}

// CalledForHelp is what a call to an emergency service does to its line.
func (d *Desk) CalledForHelp(ctx context.Context, tx *store.Tx, l Line) error {
	return d.calledForHelp(ctx, tx, l)
}
