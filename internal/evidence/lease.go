package evidence

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// leaseKey is the number of the advisory lock that makes one process of a
// PostgreSQL database its sequencer: the letters "candour" read as a number.
const leaseKey = 0x63616e646f7572

// numberAtOnce bounds the places given out by one statement.
const numberAtOnce = 4096

// lease is the right to give out places in the log, held as an advisory lock
// of a connection of its own. Places are given out on that same connection, so
// whoever lost the lock cannot give out any. Owned by the sequencer.
type lease struct {
	db   *sql.DB
	conn *sql.Conn // nil after it was lost
}

// The database lets go of the lock of a process that was killed once it notices
// that nobody is at the other end, a moment later: whoever starts in its place waits
// that long, looking again and again.
const (
	leaseWait = 3 * time.Second
	leaseLook = 20 * time.Millisecond
)

var errLeased = refuseStart("another server writes the log of this database", "stop that one first")

func takeLease(ctx context.Context, db *sql.DB) (*lease, error) {
	l := &lease{db: db}
	for end := time.Now().Add(leaseWait); ; {
		err := l.take(ctx)
		if !errors.Is(err, errLeased) || time.Now().After(end) {
			return l, err
		}
		select {
		case <-time.After(leaseLook):
		case <-ctx.Done():
			return l, err
		}
	}
}

func (l *lease) take(ctx context.Context) error {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	var got bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(leaseKey)).Scan(&got); err != nil {
		return errors.Join(fmt.Errorf("evidence: %w", err), conn.Close())
	}
	if !got {
		return errors.Join(errLeased, conn.Close())
	}
	l.conn = conn
	return nil
}

// number gives places to rows that have none and returns to how many.
func (l *lease) number(ctx context.Context) (int, error) {
	if l.conn == nil {
		if err := l.take(ctx); err != nil {
			return 0, err
		}
	}
	res, err := l.conn.ExecContext(ctx, `WITH gone AS (
			DELETE FROM evidence_pending WHERE id IN (SELECT id FROM evidence_pending ORDER BY id LIMIT $1) RETURNING id)
		INSERT INTO evidence_order (seq, id)
		SELECT (SELECT COALESCE(MAX(seq), -1) FROM evidence_order) + row_number() OVER (ORDER BY id), id FROM gone`, numberAtOnce)
	if err != nil {
		return 0, errors.Join(fmt.Errorf("evidence: giving out places: %w", err), l.release())
	}
	n, err := res.RowsAffected()
	return int(n), err
}

func (l *lease) numberAll(ctx context.Context) error {
	for {
		n, err := l.number(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}

// release gives the lease back. The connection is closed and not returned to
// the pool with the lock still on it.
func (l *lease) release() error {
	if l.conn == nil {
		return nil
	}
	conn := l.conn
	l.conn = nil
	_, err := conn.ExecContext(context.Background(), "SELECT pg_advisory_unlock($1)", int64(leaseKey))
	if err != nil {
		// A connection that cannot be spoken to holds no lock for long; keep it
		// out of the pool.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		return nil
	}
	return conn.Close()
}
