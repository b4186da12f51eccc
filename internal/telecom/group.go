package telecom

import (
	"context"
	"sync"
	"time"

	"candour/internal/store"
)

// maxTogether is how many acts on calls are committed together, and apart is how
// long there is from one transaction of them to the next: who is alone waits for
// nobody, and of many calls at once each costs the disk less.
const (
	maxTogether = 100
	apart       = 5 * time.Millisecond
)

// op is one act on a call that waits to be committed: it began, was answered or
// ended. It is the group's until it is done.
type op struct {
	call  *Call
	begin bool
	end   *ended // nil: it was answered, unless it begins or something is given
	given *given // what of it is given to somebody else
	err   error
	done  chan struct{}
}

// group commits what waits together: while one transaction is being written,
// the acts of other calls gather for the next. An act that spoils a transaction
// is found by doing each alone.
type group struct {
	act func(context.Context, *store.Tx, []*op) error

	mu      sync.Mutex
	waiting []*op
	running bool          // somebody leads
	closed  bool          // no more acts
	idle    chan struct{} // closed once nobody leads; nil unless somebody waits for that

	last time.Time // when the last transaction began; the leader's
}

// together does an act with whatever waits beside it, and returns once it is
// committed or is known not to be. It does not end with ctx: half of what
// happened to a call is worse than its end a little later. ErrClosed after
// Close.
func (d *Desk) together(ctx context.Context, o *op) error {
	if err := d.enlist(ctx, o); err != nil {
		return err
	}
	<-o.done
	return o.err
}

// enlist gives an act to be done with whatever waits beside it, and waits for
// nothing. ErrClosed after Close.
func (d *Desk) enlist(ctx context.Context, o *op) error {
	o.done = make(chan struct{})
	g := &d.group
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return ErrClosed
	}
	g.waiting = append(g.waiting, o)
	lead := !g.running
	g.running = true
	g.mu.Unlock()
	if lead {
		go d.lead(context.WithoutCancel(ctx))
	}
	return nil
}

// lead commits until nothing waits.
func (d *Desk) lead(ctx context.Context) {
	for {
		time.Sleep(apart - time.Since(d.group.last))
		ops := d.group.take()
		if len(ops) == 0 {
			return
		}
		d.group.last = time.Now()
		d.write(ctx, ops)
		for _, o := range ops {
			close(o.done)
		}
	}
}

// take returns the next acts, in the order in which they came. None: the leader
// is done.
func (g *group) take() []*op {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), maxTogether)
	ops := g.waiting[:n:n]
	if g.waiting = g.waiting[n:]; n == 0 {
		g.running, g.waiting = false, nil
		if g.idle != nil {
			close(g.idle)
			g.idle = nil
		}
	}
	return ops
}

// Close lets no more acts on calls in, and returns once those that wait are
// committed, or with an error when ctx ends before. It comes after whatever
// ends the calls and before the store is closed. Calls that nobody ended stay
// in the table, for Resume.
func (d *Desk) Close(ctx context.Context) error {
	g := &d.group
	g.mu.Lock()
	g.closed = true
	if !g.running {
		g.mu.Unlock()
		return nil
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return wrap(ctx.Err())
	}
}

// write commits acts in one transaction, and, when that fails, each in one of
// its own: also an act that was alone, because the other side of a deadlock may
// be done by then. Each is such that doing it again changes nothing.
func (d *Desk) write(ctx context.Context, ops []*op) {
	try := func(ops []*op) error {
		return d.commit(ctx, func(tx *store.Tx) error {
			for _, o := range ops {
				o.err = nil
			}
			return d.group.act(ctx, tx, ops)
		})
	}
	if try(ops) == nil {
		return
	}
	for i := range ops {
		if err := try(ops[i : i+1]); err != nil {
			ops[i].err = err
		}
	}
}
