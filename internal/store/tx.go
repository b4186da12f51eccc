package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Tx is a transaction. It belongs to one goroutine and ends with the function
// it was given to.
type Tx struct {
	store *Store
	sess  *session // SQLite
	pg    *sql.Tx  // PostgreSQL
	after []func()
	began uint64
	reads bool
	stays bool // committed
}

// Committed reports whether the transaction was committed. It may be asked by
// whoever holds a later transaction that writes, on SQLite.
func (tx *Tx) Committed() bool { return tx.stays }

// Begun returns the last Moment of the store before the transaction began.
func (tx *Tx) Begun() uint64 { return tx.began }

// ReadOnly reports whether the transaction is a View.
func (tx *Tx) ReadOnly() bool { return tx.reads }

// Store returns the store the transaction runs on.
func (tx *Tx) Store() *Store { return tx.store }

// AfterCommit has fn run once the transaction is committed, in the order of
// registration, on the goroutine that ran it. It does not run after a
// rollback.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// Exec runs a statement that returns no rows.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if tx.pg != nil {
		return tx.pg.ExecContext(ctx, query, args...)
	}
	st, err := tx.sess.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

// Change runs a statement that writes rows and returns how many it met: none,
// where another was first or what it is about is not there.
func (tx *Tx) Change(ctx context.Context, query string, args ...any) (met int64, err error) {
	res, err := tx.Exec(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query runs a statement that returns rows; close them before the next
// statement of the same transaction.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if tx.pg != nil {
		return tx.pg.QueryContext(ctx, query, args...)
	}
	st, err := tx.sess.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// Row is the one row of a query, to be scanned at once.
type Row struct {
	row *sql.Row
	err error
}

// Scan copies the columns of the row; sql.ErrNoRows if there is none.
func (r Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	return r.row.Scan(dest...)
}

// QueryRow runs a statement that returns at most one row.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) Row {
	if tx.pg != nil {
		return Row{row: tx.pg.QueryRowContext(ctx, query, args...)}
	}
	st, err := tx.sess.prepare(ctx, query)
	if err != nil {
		return Row{err: err}
	}
	return Row{row: st.QueryRowContext(ctx, args...)}
}

// IDs returns the ids that a query of one column gives, in its order.
func (tx *Tx) IDs(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, errors.Join(rows.Err(), rows.Close())
}

func (c *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	st, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = st
	return st, nil
}

func (s *Store) inPostgres(ctx context.Context, opts *sql.TxOptions, fn func(*Tx) error) (err error) {
	began := s.moment.Load()
	pg, err := s.db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	tx := &Tx{store: s, pg: pg, began: began, reads: opts != nil && opts.ReadOnly}
	defer func() {
		if p := recover(); p != nil {
			_ = pg.Rollback()
			panic(p)
		}
	}()
	if err := fn(tx); err != nil {
		if rerr := pg.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			err = errors.Join(err, rerr)
		}
		return err
	}
	if err := pg.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = ctx.Err() // database/sql rolled back when the context ended
		}
		return fmt.Errorf("store: commit: %w", err)
	}
	tx.stays = true
	tx.runAfter()
	return nil
}

// inSQLite runs fn on a session of the given pool between begin and COMMIT.
// The rollback does not depend on ctx: a cancelled request must not leave its
// transaction open on a connection that the next one takes.
func (s *Store) inSQLite(ctx context.Context, pool chan *session, begin string, fn func(*Tx) error) (err error) {
	var sess *session
	select {
	case sess = <-pool:
	case <-ctx.Done():
		return ctx.Err()
	}
	tx := &Tx{store: s, sess: sess, began: s.moment.Load(), reads: pool == s.readers}
	done := false
	defer func() {
		if !done {
			err = errors.Join(err, s.rollback(sess))
		}
		pool <- sess
		if err == nil && done {
			tx.runAfter()
		}
	}()
	// A context that ends just now has the driver answer with its error although
	// the transaction was begun, so a failed begin is rolled back too.
	if _, err := tx.Exec(ctx, begin); err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	if err := fn(tx); err != nil {
		return err
	}
	if _, err := tx.Exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	done, tx.stays = true, true
	return nil
}

func (s *Store) rollback(sess *session) error {
	st, err := sess.prepare(context.Background(), "ROLLBACK")
	if err != nil {
		return err
	}
	if _, err := st.ExecContext(context.Background()); err != nil && !isNoTransaction(err) {
		return fmt.Errorf("store: rollback: %w", err)
	}
	return nil
}

func (tx *Tx) runAfter() {
	for _, fn := range tx.after {
		fn()
	}
	tx.after = nil
}
