package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/transparency-dev/tessera"
)

// The sequencer is one goroutine that carries rows to the log. Its rules, each
// kept because its absence lost or doubled entries under kills and full disks:
// one process owns the folder; a row is immutable and in the act's
// transaction; places are dense and known before a leaf is added; a leaf is a
// function of its row, its place included; where to go on is the log's own
// size, never a mark on rows; at most one round is in flight; a leaf at
// another place than its row's halts; after any other failure everything
// begins again from the log's size. At start see start.go.

// ErrHalted says that the log has stopped for good: what is in the tree is not
// what is in the rows. Acts go on and their rows wait.
var ErrHalted = errors.New("evidence: the log has stopped")

func halt(format string, args ...any) error {
	return fmt.Errorf("%w: %s; run candour verify, which names the place, and keep log and database as they are", ErrHalted, fmt.Sprintf(format, args...))
}

// sequence runs until Close or until the log must stop.
func (l *Log) sequence() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pause := retryFirst
	for {
		wait := beat
		err := l.drain(ctx)
		switch {
		case errors.Is(err, ErrHalted):
			l.logger.Error("the evidence log has stopped", "error", err)
			l.update(func() { l.halted = err })
			return
		case err != nil:
			l.logger.Warn("the evidence log could not go on and tries again", "error", err, "pause", pause)
			l.failures.Add(1)
			wait, pause = pause, min(2*pause, retryMost)
		default:
			pause = retryFirst
		}
		if !l.rest(wait, err == nil) {
			return
		}
	}
}

// rest waits for a nudge, if nudges count now, or the end of the wait. It
// reports false when the log is closing.
func (l *Log) rest(wait time.Duration, nudged bool) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	nudges := l.nudges
	if !nudged {
		nudges = nil
	}
	select {
	case <-l.stop:
		return false
	case <-nudges:
		return l.gather()
	case <-timer.C:
	}
	return true
}

// gather waits after a nudge until a round is worth its file syncs, which are
// on the disk that the acts sync too: it is full, or Tessera will sign what it
// adds at once. A round that came sooner would wait for that all the same.
func (l *Log) gather() bool {
	for {
		wait := l.untilSigning()
		if wait <= 0 || l.waiting.Load() >= roundSize {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.stop:
		case <-l.nudges:
		case <-timer.C:
		}
		timer.Stop()
		select {
		case <-l.stop:
			return false
		default:
		}
	}
}

// untilSigning returns how long it is until Tessera would sign the tree as
// soon as it has grown. Whoever closes the log waits for nothing.
func (l *Log) untilSigning() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0
	}
	return checkpointInterval - time.Since(l.signedAt)
}

// drain carries rows to the log until there are none left. The last few stay
// for the next round if more are coming.
func (l *Log) drain(ctx context.Context) error {
	l.waiting.Store(0)
	size, err := l.reader.IntegratedSize(ctx)
	if err != nil {
		return fmt.Errorf("evidence: reading the size of the log: %w", err)
	}
	l.grown(size)
	r := l.next(ctx, size)
	for r.err == nil && len(r.entries) > 0 {
		if !r.more && l.waiting.Load() > 0 && l.untilSigning() > 0 {
			l.waiting.Store(int64(len(r.entries)))
			l.nudge()
			return nil
		}
		r, size = l.carry(ctx, r, size)
	}
	return r.err
}

// grown notes the size of the tree.
func (l *Log) grown(size uint64) {
	l.mu.Lock()
	same := l.size == size
	l.mu.Unlock()
	if !same {
		l.update(func() { l.size = size })
	}
}

// round is what is added to the log at once.
type round struct {
	entries []*tessera.Entry
	more    bool // there was more than fits into one round
	err     error
}

// next makes the round of the rows from the place size on. On PostgreSQL it
// first gives places to rows that have none.
func (l *Log) next(ctx context.Context, size uint64) round {
	if l.lease != nil {
		if _, err := l.lease.number(ctx); err != nil {
			return round{err: err}
		}
	}
	rows, err := l.readRows(ctx, size, roundSize)
	if err != nil {
		return round{err: err}
	}
	r := round{more: len(rows) == roundSize}
	if r.more { // end with the bundle, so that the next rounds write full ones only
		rows = rows[:roundSize-int(size%roundSize)]
	}
	r.entries = make([]*tessera.Entry, len(rows))
	for i, row := range rows {
		leaf, err := row.Leaf()
		if err != nil {
			return round{err: halt("%v", err)}
		}
		if want := size + uint64(i); row.Seq != want {
			return round{err: halt("the row of entry %d is missing", want)}
		}
		r.entries[i] = tessera.NewEntry(leaf.Bytes())
	}
	return r
}

// carry adds a round at the place size, waits until all of it is in the tree,
// and returns the next round and the new size. While there is a backlog it
// makes that round meanwhile: reading ahead is harmless, adding ahead would
// put rows at wrong places after one failure.
func (l *Log) carry(ctx context.Context, r round, size uint64) (round, uint64) {
	futures := l.add(ctx, r.entries)
	after := size + uint64(len(futures))
	var ahead chan round
	if r.more {
		ahead = make(chan round, 1)
		go func() { ahead <- l.next(ctx, after) }()
	}
	err := await(futures, size)
	if err == nil {
		l.grown(after)
	}
	var next round
	if r.more { // also after a failure: nothing of ours runs on after this
		next = <-ahead
	} else if err == nil {
		next = l.next(ctx, after)
	}
	if err != nil {
		return round{err: err}, size
	}
	return next, after
}

// add hands leaves to Tessera and returns a future for each. Tessera cuts a
// batch when it is full or roundAge old, and two batches may pass one another
// between its goroutines. So a round must be one batch: adding stops when it
// has taken half of that time.
//
// BUG: if this goroutine stops for half of roundAge exactly between the check
// and the hand-over, and Tessera's for all of it, two batches of a round can
// still change places. Their leaves are then at wrong places, and the log
// halts.
func (l *Log) add(ctx context.Context, entries []*tessera.Entry) []tessera.IndexFuture {
	began := time.Now()
	futures := make([]tessera.IndexFuture, 0, len(entries))
	for i, e := range entries {
		if i > 0 && time.Since(began) > roundAge/2 {
			break
		}
		futures = append(futures, l.appender.Add(ctx, e))
	}
	return futures
}

// await waits for all futures of a round whose first leaf belongs at size.
func await(futures []tessera.IndexFuture, size uint64) error {
	var failed, misplaced error
	for i, future := range futures {
		got, err := future()
		switch want := size + uint64(i); {
		case err != nil:
			failed = fmt.Errorf("evidence: adding to the log: %w", err)
		case got.Index != want && misplaced == nil:
			misplaced = halt("entry %d was put at place %d", want, got.Index)
		}
	}
	return errors.Join(misplaced, failed)
}

// settle waits until every row there is now is under a signed checkpoint.
func (l *Log) settle(ctx context.Context) error {
	n, err := l.countRows(ctx)
	if err != nil {
		return err
	}
	want := n.all()
	l.nudge()
	for {
		l.mu.Lock()
		signed, halted, changed := l.signed, l.halted, l.changed
		l.mu.Unlock()
		switch {
		case signed >= want:
			return nil
		case halted != nil:
			return halted
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("evidence: %d entries are not in the signed log yet and will be after the next start: %w", want-signed, ctx.Err())
		}
	}
}
