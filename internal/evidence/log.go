package evidence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
	"candour/internal/keys"
	"candour/internal/store"
)

// How the log is written. Tessera signs no more often than every 100 ms.
const (
	roundSize          = 256                    // rows in a round: one bundle
	roundAge           = 5 * time.Millisecond   // how long Tessera waits for more of a round that is not full
	checkpointInterval = 100 * time.Millisecond // least time between two checkpoints
	publishPoll        = 5 * time.Millisecond   // how often to look whether a checkpoint that is owed has come
	beat               = time.Second            // how often to look for rows without having been told
	retryFirst         = 100 * time.Millisecond // pause after a failure, doubled up to retryMost
	retryMost          = 5 * time.Second
	keepEvery          = time.Second // least time between two writes of the last checkpoint to the store
)

// Options of a log. The zero value of each field but Origin is usable.
type Options struct {
	// Origin names a new log: the operator's domain, then /evidence. A log
	// keeps the name it began with.
	Origin string
	// Declared reports whether an id is declared in the policy in force. Nil
	// accepts every id of the right shape.
	Declared func(id string) bool
	// Sinks get each new checkpoint, so that a log and a store rolled back
	// together can be told.
	Sinks []Sink
	// Logger gets what an operator should know. Nil is slog.Default.
	Logger *slog.Logger
	// Now is the clock of the bodies that the log writes itself.
	Now func() time.Time
}

// Log is an open evidence log. It is safe for concurrent use.
type Log struct {
	st     *store.Store
	sealer *Sealer
	dir    string
	opts   Options
	key    signer
	logger *slog.Logger

	nudges  chan struct{} // room for one: there may be rows
	waiting atomic.Int64  // committed rows that no round has looked for yet, about
	tail    tail          // owned by whoever holds the transaction that writes; SQLite
	lease   *lease        // owned by the sequencer; nil on SQLite
	lock    *os.File      // held until Close: one process owns the folder
	sinks   []*delivery

	appender *tessera.Appender
	reader   tessera.LogReader
	shutdown func(context.Context) error
	end      context.CancelFunc // ends Tessera's goroutines

	stop     chan struct{} // closed by Close
	workers  sync.WaitGroup
	failures atomic.Uint64 // of adding, reading and keeping; each is tried again

	mu         sync.Mutex
	size       uint64        // integrated: leaves that are in the tree, signed or not
	checkpoint []byte        // the last signed checkpoint
	signed     uint64        // its size
	signedAt   time.Time     // when it was seen
	kept       uint64        // size of the checkpoint kept in the store
	halted     error         // why the sequencer stopped for good
	changed    chan struct{} // closed and replaced when any of these changes
	closed     bool
}

// Open opens the log in the folder dir for the store st, makes it on first
// use, and starts the goroutine that carries rows to the log. It refuses a
// log and a store that do not fit together, with the cure: see start.go.
func Open(ctx context.Context, st *store.Store, ring *keys.Ring, dir string, opts Options) (*Log, error) {
	l, err := prepare(st, ring, dir, opts)
	if err != nil {
		return nil, err
	}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, l.release())
	}
	l.workers.Go(l.sequence)
	l.workers.Go(l.publish)
	l.workers.Go(l.keep)
	for _, d := range l.sinks {
		l.workers.Go(func() { d.run(l.stop, l.logger) })
	}
	return l, nil
}

func prepare(st *store.Store, ring *keys.Ring, dir string, opts Options) (*Log, error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	sealer, err := NewSealer(ring)
	if err != nil {
		return nil, err
	}
	l := &Log{
		st: st, sealer: sealer, dir: dir, opts: opts, logger: opts.Logger,
		nudges: make(chan struct{}, 1), stop: make(chan struct{}), changed: make(chan struct{}),
	}
	for _, s := range opts.Sinks {
		l.sinks = append(l.sinks, newDelivery(s))
	}
	secret, _ := ring.LogKey()
	l.key.secret = secret
	return l, nil
}

func (l *Log) open(ctx context.Context) error {
	if err := l.own(); err != nil {
		return err
	}
	if l.st.Engine() == store.PostgreSQL {
		var err error
		if l.lease, err = takeLease(ctx, l.st.DB()); err != nil {
			return err
		}
	}
	if err := l.start(ctx); err != nil {
		return err
	}
	return l.openTessera()
}

// openTessera starts Tessera's appender. Its antispam is not used: it would
// take a leaf for a double of another and give it that one's place.
func (l *Log) openTessera() error {
	quiet(l.logger)
	ctx, cancel := context.WithCancel(context.Background())
	l.end = cancel
	driver, err := posix.New(ctx, posix.Config{Path: l.dir})
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	opts := tessera.NewAppendOptions().
		WithCheckpointSigner(l.key.signer).
		WithBatching(roundSize, roundAge).
		WithCheckpointInterval(checkpointInterval).
		WithCheckpointRepublishInterval(0)
	l.appender, l.shutdown, l.reader, err = tessera.NewAppender(ctx, driver, opts)
	if err != nil {
		return fmt.Errorf("evidence: opening the log: %w", err)
	}
	return nil
}

// Close carries what is waiting to the log, waits for its signed checkpoint
// until ctx ends, and stops. Call it when no Append can come any more.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	already := l.closed
	l.closed = true
	l.mu.Unlock()
	if already {
		return nil
	}
	err := l.settle(ctx)
	close(l.stop)
	l.workers.Wait()
	if kerr := l.keepCheckpoint(ctx); err == nil && kerr == nil {
		err = l.closeBooks(ctx)
	} else {
		err = errors.Join(err, kerr)
	}
	return errors.Join(err, l.release())
}

// release gives back what open took, in whatever state it is.
func (l *Log) release() error {
	var errs []error
	if l.shutdown != nil {
		// Nothing is in flight, and Tessera would wait for a checkpoint that a
		// full disk may never let it write.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = l.shutdown(ctx)
	}
	if l.end != nil {
		l.end()
	}
	if l.lease != nil {
		errs = append(errs, l.lease.release())
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Close())
	}
	return errors.Join(errs...)
}

// signer is the log's key under the log's name.
type signer struct {
	secret   string // as the ring keeps it
	signer   note.Signer
	verifier string // the public verifier key
}

// VerifierKey returns the log's public key, in the form name+hash+key of
// signed notes. Whoever checks the log should have it from elsewhere.
func (l *Log) VerifierKey() string { return l.key.verifier }

// update changes the state under the lock and tells whoever waits.
func (l *Log) update(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
	close(l.changed)
	l.changed = make(chan struct{})
}

// published returns the tree of the last signed checkpoint, and that.
func (l *Log) published() (tiles.Tree, []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return tiles.Tree{Source: tiles.Folder(l.dir), Size: l.signed}, l.checkpoint
}

// Size returns how many entries are under the last signed checkpoint.
func (l *Log) Size() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.signed
}

// Checkpoint returns the last signed checkpoint.
func (l *Log) Checkpoint() []byte {
	_, cp := l.published()
	return cp
}

// Err returns why the log has stopped for good, or nil.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.halted
}

// Integrated waits until the entry with an id is under a signed checkpoint.
// It returns the context's error, or that of a log that has stopped for good.
func (l *Log) Integrated(ctx context.Context, id int64) error {
	seq, known := uint64(id), l.st.Engine() == store.SQLite
	for {
		l.mu.Lock()
		signed, halted, changed := l.signed, l.halted, l.changed
		l.mu.Unlock()
		if !known {
			var err error
			if seq, known, err = l.place(ctx, id); err != nil {
				return err
			}
		}
		if known && seq < signed {
			return nil
		}
		if halted != nil {
			return halted
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// InTree waits until the log has n entries, signed or not.
func (l *Log) InTree(ctx context.Context, n uint64) error {
	for {
		l.mu.Lock()
		size, halted, changed := l.size, l.halted, l.changed
		l.mu.Unlock()
		switch {
		case size >= n:
			return nil
		case halted != nil:
			return halted
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// place returns the place in the log of the entry with an id, if it has one.
func (l *Log) place(ctx context.Context, id int64) (seq uint64, known bool, err error) {
	err = l.st.View(ctx, func(tx *store.Tx) error {
		r, err := row(ctx, tx, id)
		seq = r.Seq
		return err
	})
	if errors.Is(err, ErrNotPublished) {
		return 0, false, nil
	}
	return seq, err == nil, err
}

// leaves returns the leaves of rows.
func leaves(rows []Row) ([]opening.Leaf, error) {
	out := make([]opening.Leaf, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.Leaf(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
