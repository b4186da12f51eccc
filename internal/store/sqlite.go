package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the SQLite driver, in pure Go
)

// busyWait is how long a statement waits for a lock of another process.
const busyWait = 10 * time.Second

// pragmas of every connection. secure_delete=ON and not FAST, because FAST
// leaves freed pages as they were; synchronous=FULL, because an acknowledged
// act is on disk. Of pages each connection holds few: what a reader misses the
// system still has in its memory, there are many readers, and the driver's memory
// gives each page of 4 KiB twice that.
var pragmas = []string{
	fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()),
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"secure_delete(ON)",
	"foreign_keys(ON)",
	"temp_store(MEMORY)",
	"cache_size(-2048)", // KiB
}

func (s *Store) openSQLite(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	// Created with the right mode before SQLite creates it with a wider one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("store: cannot open the database for writing: %w; check the owner and mode of the data folder", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	q := url.Values{"_pragma": pragmas}
	s.db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// How a session differs from other connections. The one that writes has larger
// transactions, and a cache in KiB to hold their pages.
const (
	asReader = "PRAGMA query_only = ON"
	asWriter = "PRAGMA cache_size = -16384"
)

func (s *Store) openSessions(ctx context.Context) error {
	open := func(n int, as string) (chan *session, error) {
		pool := make(chan *session, n)
		for range n {
			conn, err := s.db.Conn(ctx)
			if err == nil {
				_, err = conn.ExecContext(ctx, as)
			}
			if err != nil {
				return nil, fmt.Errorf("store: %w", err)
			}
			pool <- &session{conn: conn, stmts: map[string]*sql.Stmt{}}
		}
		return pool, nil
	}
	var err error
	if s.readers, err = open(maxConns, asReader); err != nil {
		return err
	}
	s.writer, err = open(1, asWriter)
	return err
}

// checkpointTries and checkpointWait bound how long TruncateLog waits for
// readers that hold the write-ahead log: five seconds. Each try holds the
// writer, so that no new reader can hold the log, and lets it go again, so
// that a reader of hours holds up nobody's write for more than one wait.
const (
	checkpointTries = 50
	checkpointWait  = 100 * time.Millisecond
)

// ErrLogBusy says that readers held SQLite's write-ahead log all the time that
// TruncateLog waited for. Trying again later is right.
var ErrLogBusy = errors.New("store: the write-ahead log is held by a reader")

// TruncateLog empties SQLite's write-ahead log, so that what was overwritten
// or deleted no longer stands in it. A PASSIVE checkpoint would leave it there.
// On PostgreSQL, whose log is not ours to cut, it does nothing.
func (s *Store) TruncateLog(ctx context.Context) error {
	if s.engine != SQLite {
		return nil
	}
	for range checkpointTries {
		if done, err := s.checkpoint(ctx); done || err != nil {
			return err
		}
	}
	return ErrLogBusy
}

// checkpoint tries once to truncate the log, and reports whether it did.
func (s *Store) checkpoint(ctx context.Context) (done bool, err error) {
	var sess *session
	select {
	case sess = <-s.writer:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { s.writer <- sess }()
	if err := sess.waitForLocks(ctx, checkpointWait); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, sess.waitForLocks(context.WithoutCancel(ctx), busyWait)) }()
	var busy, log, moved int
	if err := sess.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return false, fmt.Errorf("store: truncating the write-ahead log: %w", err)
	}
	return busy == 0, nil
}

// waitForLocks sets how long the session's statements wait for locks.
func (s *session) waitForLocks(ctx context.Context, d time.Duration) error {
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds())); err != nil {
		return fmt.Errorf("store: setting how long to wait for locks: %w", err)
	}
	return nil
}

// isNoTransaction recognises SQLite's answer to a ROLLBACK after it has
// already rolled back by itself (on a full disk, for instance).
func isNoTransaction(err error) bool {
	return strings.Contains(err.Error(), "no transaction is active")
}
