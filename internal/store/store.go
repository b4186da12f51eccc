// Package store opens the database and runs transactions on it.
//
// There are two engines, SQLite (embedded, the default) and PostgreSQL, and
// one text for each statement, in their common subset: parameters $1..$n in
// ascending order of first use, times as Unix milliseconds in UTC, ids as
// BIGINT, truth as 0 or 1. Only the migrations are written twice.
//
// Whoever wants to keep personal data is in the wrong package: that goes
// through the vault.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Engine is a kind of database.
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// maxConns bounds the connections to PostgreSQL and the readers of SQLite.
const maxConns = 8

// Store is an open database. It is safe for concurrent use.
type Store struct {
	engine Engine
	db     *sql.DB

	// SQLite only. writer is held by the one transaction that writes; readers
	// holds the idle reading sessions. A session's prepared statements live as
	// long as its connection, which is what makes a transaction cheap there
	// (database/sql would prepare each statement anew inside a transaction).
	writer  chan *session
	readers chan *session

	lastID atomic.Int64
	moment atomic.Uint64 // see Moment
	once   sync.Once
	closed error
}

// session is one SQLite connection with its prepared statements. Whoever took
// it from its channel owns it.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// Open opens the database at target, a file path (SQLite) or a postgres://
// address, and brings its schema up to date. It refuses a database whose
// schema is newer than this program.
func Open(ctx context.Context, target string) (*Store, error) {
	s := &Store{engine: SQLite}
	if strings.HasPrefix(target, "postgres://") || strings.HasPrefix(target, "postgresql://") {
		s.engine = PostgreSQL
	}
	var err error
	if s.engine == PostgreSQL {
		err = s.openPostgres(target)
	} else {
		err = s.openSQLite(target)
	}
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	if s.engine == SQLite {
		err = s.openSessions(ctx)
	}
	if err == nil {
		err = s.selfTest(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Engine returns which engine this store runs on.
func (s *Store) Engine() Engine { return s.engine }

// DB returns the database itself, for scans of the whole schema, leases and
// the tools of the engine. Acts go through Update and View.
func (s *Store) DB() *sql.DB { return s.db }

// Update runs fn in a transaction that may write and commits it when fn
// returns nil. On SQLite writers follow one another and a commit is on disk
// when Update returns; on PostgreSQL the isolation is READ COMMITTED. What fn
// registered with AfterCommit runs after the commit.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	if s.engine == PostgreSQL {
		return s.inPostgres(ctx, nil, fn)
	}
	return s.inSQLite(ctx, s.writer, "BEGIN IMMEDIATE", fn)
}

// View runs fn in a transaction that only reads one snapshot.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	if s.engine == PostgreSQL {
		return s.inPostgres(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, fn)
	}
	return s.inSQLite(ctx, s.readers, "BEGIN", fn)
}

// idEpoch is the instant from which NewID counts: 2024-01-01 UTC.
const idEpoch = 1704067200000

// NewID returns an id that is greater than each one before it in this process
// and grows with time, so that rows arrive at the end of their index. The
// upper 41 bits are milliseconds since 2024, the lower 22 count.
func (s *Store) NewID() int64 {
	for {
		last := s.lastID.Load()
		id := max(last+1, (time.Now().UnixMilli()-idEpoch)<<22)
		if s.lastID.CompareAndSwap(last, id) {
			return id
		}
	}
}

// Moment returns a number greater than each before it. Whoever caches what is
// read takes one after a commit that changed it, and keeps nothing that was
// read in a transaction that had Begun before: it may have read what was.
func (s *Store) Moment() uint64 { return s.moment.Add(1) }

// Close ends all connections. Transactions under way must have ended.
func (s *Store) Close() error {
	s.once.Do(func() {
		var errs []error
		if s.engine == SQLite && s.writer != nil {
			errs = append(errs, drain(s.writer), drain(s.readers))
		}
		s.closed = errors.Join(append(errs, s.db.Close())...)
	})
	return s.closed
}

func drain(sessions chan *session) error {
	var errs []error
	for range cap(sessions) {
		errs = append(errs, (<-sessions).close())
	}
	return errors.Join(errs...)
}

func (c *session) close() error {
	for _, st := range c.stmts {
		_ = st.Close() // the connection goes with it
	}
	return c.conn.Close()
}

// selfTest proves that the driver binds $n by number and not by order, which
// two of three SQLite drivers silently get wrong.
func (s *Store) selfTest(ctx context.Context) error {
	return s.View(ctx, func(tx *Tx) error {
		var a, b int64
		if err := tx.QueryRow(ctx, "SELECT CAST($1 AS BIGINT) + CAST($2 AS BIGINT) * 10, CAST($2 AS BIGINT)", 1, 2).Scan(&a, &b); err != nil {
			return fmt.Errorf("store: self-test: %w", err)
		}
		if a != 21 || b != 2 {
			return errors.New("store: self-test: the driver binds parameters wrongly; use the driver this program was built with")
		}
		return nil
	})
}
