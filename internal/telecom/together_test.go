package telecom_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// gate holds transactions back until it is opened, and counts them.
type gate struct {
	mu      sync.Mutex
	commits int
	fail    func(n int) error // of the nth, before it
	lost    func(n int) error // of the nth, reported though it was done
	entered chan struct{}     // gets one for each that comes
	open    chan struct{}
}

func hold(d *telecom.Desk) *gate {
	g := &gate{entered: make(chan struct{}, 10_000), open: make(chan struct{})}
	d.OnCommit(func(commit func() error) error {
		g.mu.Lock()
		n := g.commits
		g.commits++
		g.mu.Unlock()
		g.entered <- struct{}{}
		<-g.open
		if g.fail != nil {
			if err := g.fail(n); err != nil {
				return err
			}
		}
		if err := commit(); err != nil {
			return err
		}
		if g.lost != nil {
			return g.lost(n)
		}
		return nil
	})
	return g
}

// many begins n calls at once, of which the first is being committed while the
// others gather.
func (x *exchange) many(g *gate, from telecom.Line, dialled string, n int, act func(*telecom.Call) error) []error {
	x.t.Helper()
	to, err := x.desk.Route(ctx, from, dialled)
	x.must(err)
	errs := make([]error, n)
	var all sync.WaitGroup
	one := func(i int) {
		c, err := x.desk.Begin(ctx, telecom.Start{From: from, To: to})
		if err == nil && act != nil {
			err = act(c)
		}
		errs[i] = err
	}
	all.Go(func() { one(0) })
	<-g.entered
	for i := 1; i < n; i++ {
		all.Go(func() { one(i) })
	}
	x.gather(n - 1)
	close(g.open)
	all.Wait()
	return errs
}

// gather returns once n acts wait for their turn.
func (x *exchange) gather(n int) {
	for x.desk.Waiting() < n {
		runtime.Gosched()
	}
}

// A hundred calls that are begun at once, and then ended at once, are a handful
// of transactions, and each has its record.
func TestCallsAreCommittedTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		g := hold(x.desk)
		var mu sync.Mutex
		var calls []*telecom.Call
		for _, err := range x.many(g, ann, "1002", 100, func(c *telecom.Call) error {
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, c)
			return nil
		}) {
			x.must(err)
		}
		x.want("transactions to begin 100 calls", g.commits, 2)
		x.want("open calls", x.count("SELECT COUNT(*) FROM calls WHERE ended_ms = 0"), 100)

		g.open = make(chan struct{})
		<-g.entered // of the second transaction
		var all sync.WaitGroup
		end := func(c *telecom.Call) {
			if err := c.Ended(ctx, telecom.End{Code: telecom.NoAnswer}); err != nil {
				t.Error(err)
			}
		}
		all.Go(func() { end(calls[0]) })
		<-g.entered
		for _, c := range calls[1:] {
			all.Go(func() { end(c) })
		}
		x.gather(99)
		close(g.open)
		all.Wait()
		x.want("transactions to end them", g.commits, 4)
		x.want("Ann's list", len(x.words(ann)), 100)
		x.want("Bob's list", len(x.words(bob)), 100)
		x.want("evidence", []any{len(x.told(ann.Subject)), len(x.told(bob.Subject))}, []any{100, 100})
		x.must(x.Vault.Check(ctx))
	})
}

// Two lines talk before the disk has that one answered, and it is in the record.
func TestAnAnswerWaitsForNoDisk(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		to, err := x.desk.Route(ctx, ann, "1002")
		x.must(err)
		c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
		x.must(err)
		g := hold(x.desk)
		x.must(c.Answered(ctx, bob)) // which does not return if it waits
		<-g.entered
		var end sync.WaitGroup
		end.Go(func() {
			if err := c.Ended(ctx, telecom.End{Code: telecom.Completed}); err != nil {
				t.Error(err)
			}
		})
		x.gather(1)
		close(g.open)
		end.Wait()
		x.want("Ann's list", x.words(ann), []string{"Call to 1002, answered"})
	})
}

// An act is not lost with the request that it came from: the end of a call is
// kept though its context is over, and so is what waits behind it.
func TestContextDoesNotLoseARecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		over, cancel := context.WithCancel(ctx)
		cancel()
		to, err := x.desk.Route(ctx, ann, "1002")
		x.must(err)
		c, err := x.desk.Begin(over, telecom.Start{From: ann, To: to})
		x.must(err)
		x.must(c.Answered(over, bob))
		x.must(c.Ended(over, telecom.End{Code: telecom.Completed}))
		x.want("Ann's list", x.words(ann), []string{"Call to 1002, answered"})

		g := hold(x.desk)
		leading, stop := context.WithCancel(ctx)
		calls := make(chan *telecom.Call, 2)
		begin := func(ctx context.Context) {
			c, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
			if err != nil {
				t.Error(err)
			}
			calls <- c
		}
		go begin(leading)
		<-g.entered
		go begin(ctx)
		x.gather(1)
		stop() // the leader's request ends with two acts in its hands
		close(g.open)
		for range 2 {
			x.must((<-calls).Ended(over, telecom.End{Code: telecom.Cancelled}))
		}
		x.want("Bob's list", len(x.words(bob)), 3)
	})
}

// Whatever spoils a transaction of many, each act that is good is done once:
// also where a commit is reported as failed and was not.
func TestOneBadActSpoilsNoOther(t *testing.T) {
	broken := errors.New("the disk is full")
	for name, faults := range map[string]struct{ fail, lost func(int) error }{
		"not done":                   {fail: func(n int) error { return map[int]error{1: broken}[n] }},
		"done but reported failed":   {lost: func(n int) error { return map[int]error{1: broken}[n] }},
		"the first of all, not done": {fail: func(n int) error { return map[int]error{0: broken}[n] }},
		"the first of all, but done": {lost: func(n int) error { return map[int]error{0: broken}[n] }},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				x := open(t, st, "invoco")
				ann, bob := x.two()
				g := hold(x.desk)
				g.fail, g.lost = faults.fail, faults.lost
				for _, err := range x.many(g, ann, "1002", 10, func(c *telecom.Call) error { return c.Ended(ctx, telecom.End{Code: telecom.Busy}) }) {
					if err != nil {
						t.Error(err)
					}
				}
				x.want("lists", []any{len(x.words(ann)), len(x.words(bob))}, []any{10, 10})
				x.want("evidence", []any{len(x.told(ann.Subject)), len(x.told(bob.Subject))}, []any{10, 10})
			})
		})
	}
}

// What cannot be committed at all is an error for whoever asked, and the call
// is closed with its record by the next sweep.
func TestAFullDisk(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		broken := errors.New("the disk is full")
		g, full := hold(x.desk), false
		close(g.open)
		g.fail = func(int) error {
			if full {
				return broken
			}
			return nil
		}
		c := x.begin(ann, "1002")
		full = true
		if err := c.Ended(ctx, telecom.End{Code: telecom.Completed}); !errors.Is(err, broken) {
			t.Error(err)
		}
		to, err := x.desk.Route(ctx, ann, "1002")
		x.must(err)
		if _, err := x.desk.Begin(ctx, telecom.Start{From: ann, To: to}); !errors.Is(err, broken) {
			t.Error(err)
		}
		full = false
		x.must(x.desk.Sweep(ctx))
		x.want("Bob's list", x.words(bob), []string{"Call from 1001, cut off because our service stopped"})
		x.want("rows", x.count("SELECT COUNT(*) FROM calls"), 1)
	})
}

// Close returns once what waits is written, and nothing comes in afterwards.
func TestCloseFlushes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		c := x.begin(ann, "1002")
		other := x.begin(bob, "1001")
		g := hold(x.desk)
		ended, closed := make(chan error, 1), make(chan error, 1)
		go func() { ended <- c.Ended(ctx, telecom.End{Code: telecom.NoAnswer}) }()
		<-g.entered
		short, cancel := context.WithCancel(ctx)
		cancel()
		if err := x.desk.Close(short); !errors.Is(err, context.Canceled) {
			t.Errorf("closed while something waits: %v", err)
		}
		go func() { closed <- x.desk.Close(ctx) }()
		close(g.open)
		x.must(<-closed)
		x.want("Ann's list as soon as it is closed", x.words(ann), []string{"Call to 1002, not answered"})
		x.must(<-ended)
		x.want("ending another", code(other.Ended(ctx, telecom.End{Code: telecom.Busy})), "closed")
		to, err := x.desk.Route(ctx, ann, "1002")
		x.must(err)
		_, err = x.desk.Begin(ctx, telecom.Start{From: ann, To: to})
		x.want("beginning one", code(err), "closed")
		x.must(x.desk.Close(ctx))
		x.desk = x.newDesk()
		x.must(x.desk.Resume(ctx))
		x.want("what was left is closed by the next", x.words(bob)[0], "Call to 1001, cut off because our service stopped")
	})
}

// Everything at once, for the race detector: calls both ways, answers, ends by
// both sides, lists, forgetting, sweeps. Each call is in both lists, once.
func TestManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		var all sync.WaitGroup
		const each = 20
		for i := range 2 * each {
			from, to, dialled := ann, bob, "1002"
			if i%2 == 1 {
				from, to, dialled = bob, ann, "1001"
			}
			all.Go(func() {
				target, err := x.desk.Route(ctx, from, dialled)
				if err != nil {
					t.Error(err)
					return
				}
				c, err := x.desk.Begin(ctx, telecom.Start{From: from, To: target, Withheld: i%3 == 0})
				if err != nil {
					t.Error(err)
					return
				}
				var sides sync.WaitGroup
				for _, act := range []func() error{
					func() error { return c.Answered(ctx, to) },
					func() error { c.Shown(); return nil },
					func() error { return c.Ended(ctx, telecom.End{Code: telecom.Completed, ByCaller: true}) },
					func() error { return c.Ended(ctx, telecom.End{Code: telecom.Completed}) },
				} {
					sides.Go(func() {
						if err := act(); err != nil {
							t.Error(err)
						}
					})
				}
				sides.Wait()
			})
		}
		for range 3 {
			all.Go(func() {
				if err := x.desk.Sweep(ctx); err != nil {
					t.Error(err)
				}
				x.calls(ann.Subject)
			})
		}
		all.Wait()
		for _, l := range []telecom.Line{ann, bob} {
			list := x.calls(l.Subject)
			ids := map[int64]bool{}
			for _, e := range list {
				ids[e.Call] = true
			}
			x.want("calls", []any{len(list), len(ids), slices.ContainsFunc(list, func(e telecom.Entry) bool { return e.Code == telecom.Interrupted })}, []any{2 * each, 2 * each, false})
			x.want("evidence", len(x.told(l.Subject)), 2*each)
		}
		x.must(x.Vault.Check(ctx))
	})
}

// A process that dies leaves calls open in every state there is; the next closes
// each with its record, once, and leaves its own alone.
func TestResume(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		cal := x.line(x.customer("Cal"), "1003")
		ringing, talking := x.begin(ann, "1002"), x.begin(bob, "1411001")
		x.must(talking.Answered(ctx, ann))
		x.begin(cal, "1002")
		x.begin(ann, "1003")
		x.update(func(tx *store.Tx) error { return x.desk.Take(ctx, tx, x.own(), cal.Account) })
		ended := x.begin(ann, "1002")
		x.must(ended.Ended(ctx, telecom.End{Code: telecom.Busy}))
		x.Later(time.Hour)

		x.desk = x.newDesk() // the other process died here
		x.must(x.again(cal, "1003"))
		mine := x.begin(ann, "1002")
		x.must(x.desk.Resume(ctx))
		x.want("Ann's list", x.words(ann), []string{
			"Call to 1002, the line was busy", "Call to a number that is gone, cut off because our service stopped",
			"Call from a withheld number, cut off because our service stopped", "Call to 1002, cut off because our service stopped",
		})
		x.want("Bob's list", x.words(bob), []string{
			"Call from 1001, the line was busy", "Call from a number that is gone, cut off because our service stopped",
			"Call to 1001, cut off because our service stopped, your number withheld", "Call from 1001, cut off because our service stopped",
		})
		for _, e := range x.calls(ann.Subject) {
			if e.Call == talking.ID() {
				x.want("answered, for an unknown time", []any{e.Answered.IsZero(), e.Talked()}, []any{false, time.Duration(0)})
			}
			if e.Call == ringing.ID() {
				x.want("never answered", e.Answered.IsZero(), true)
			}
		}
		told := fmt.Sprint(x.told(ann.Subject), x.told(bob.Subject))
		x.must(x.desk.Resume(ctx))
		x.want("evidence after another", fmt.Sprint(x.told(ann.Subject), x.told(bob.Subject)), told)
		x.must(mine.Ended(ctx, telecom.End{Code: telecom.NoAnswer}))
		x.want("one's own goes on", x.words(ann)[0], "Call to 1002, not answered")
		x.must(x.Vault.Check(ctx))
	})
}

// again gives a line again to whoever had one.
func (x *exchange) again(l telecom.Line, extension string) error {
	return x.Store.Update(ctx, func(tx *store.Tx) error { _, err := x.desk.Give(ctx, tx, l.Account, extension); return err })
}

// More calls than are closed in one transaction are closed all the same.
func TestResumeOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := open(t, st, "invoco")
		ann, bob := x.two()
		g := hold(x.desk)
		for _, err := range x.many(g, ann, "1002", 230, nil) {
			x.must(err)
		}
		x.desk = x.newDesk()
		x.must(x.desk.Resume(ctx))
		x.want("open", x.count("SELECT COUNT(*) FROM calls WHERE ended_ms = 0"), 0)
		x.want("kept", x.count("SELECT COUNT(*) FROM calls WHERE callee = $1 AND record <> 0", int64(bob.Subject)), 230)
	})
}
