package telecom

import (
	"context"

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

// CalledForHelp is what a call to an emergency service does to its line.
func (d *Desk) CalledForHelp(ctx context.Context, tx *store.Tx, l Line) error {
	return d.calledForHelp(ctx, tx, l)
}
