package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the SQLite driver

	"candour/internal/evidence"
	"candour/internal/evidence/tiles"
	"candour/internal/store"
)

// database reads the rows of a store. Rows never change, so no transaction is
// kept open over a verification: it would hold up an erasure.
type database struct {
	db       *sql.DB
	postgres bool
	path     string // SQLite
	frozen   bool   // nobody wrote to it when it was opened
}

// openFolder finds the log and the database of a data folder.
func openFolder(ctx context.Context, dir, address string) (tiles.Folder, *database, error) {
	log := filepath.Join(dir, "log")
	if info, err := os.Stat(log); err != nil || !info.IsDir() {
		return "", nil, fmt.Errorf("there is no evidence log in %s; give the data folder that a server runs on, or the address of a published log", dir)
	}
	db, err := openDatabase(filepath.Join(dir, "candour.db"), address)
	if err != nil {
		return "", nil, err
	}
	if err := db.db.PingContext(ctx); err != nil {
		return "", nil, errors.Join(errors.New("the database cannot be read"), db.db.Close())
	}
	return tiles.Folder(log), db, nil
}

func openDatabase(path, address string) (*database, error) {
	if address != "" {
		config, err := pgx.ParseConfig(address)
		if err != nil {
			return nil, errors.New("the address of the database cannot be read; write postgres://user:password@host:port/database")
		}
		config.RuntimeParams["default_transaction_read_only"] = "on"
		return &database{db: stdlib.OpenDB(*config), postgres: true}, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no database %s; give the PostgreSQL address with --database", path)
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)", "busy_timeout(10000)"}}
	// Without a write-ahead log nobody writes, and SQLite is told so: it would
	// else leave files of its own, which belong to whoever verifies and may
	// keep the server's user out.
	frozen := !exists(walOf(path))
	if frozen {
		q.Set("immutable", "1")
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	return &database{db: db, path: path, frozen: frozen}, nil
}

func walOf(path string) string { return path + "-wal" }

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// thawed reports whether a server has begun to write to a database that was
// taken for one that nobody writes to.
func (d *database) thawed() bool { return d.frozen && exists(walOf(d.path)) }

func (d *database) close() { _ = d.db.Close() } // nothing was written

// rows reads the rows with places from first up to end.
func (d *database) rows(ctx context.Context, first, end uint64) ([]evidence.Row, error) {
	return d.query(ctx, "SELECT seq, id, commitment, body FROM evidence_log WHERE seq >= $1 AND seq < $2 ORDER BY seq", int64(first), int64(end))
}

// after reads up to limit rows from the place first on, however far apart
// their places are.
func (d *database) after(ctx context.Context, first uint64, limit int) ([]evidence.Row, error) {
	return d.query(ctx, "SELECT seq, id, commitment, body FROM evidence_log WHERE seq >= $1 ORDER BY seq LIMIT $2", int64(first), limit)
}

func (d *database) query(ctx context.Context, query string, args ...any) ([]evidence.Row, error) {
	rows, err := d.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the rows: %w", err)
	}
	defer rows.Close()
	var found []evidence.Row
	for rows.Next() {
		var r evidence.Row
		if err := rows.Scan(&r.Seq, &r.ID, &r.Commitment, &r.Stored); err != nil {
			return nil, fmt.Errorf("reading the rows: %w", err)
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// count returns one more than the last place that is taken.
func (d *database) count(ctx context.Context) (uint64, error) {
	query := "SELECT COALESCE(MAX(id) + 1, 0) FROM evidence"
	if d.postgres {
		query = "SELECT COALESCE(MAX(seq) + 1, 0) FROM evidence_order"
	}
	var n int64
	if err := d.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting the rows: %w", err)
	}
	return uint64(max(n, 0)), nil
}

// kept is the checkpoint kept in the database.
type kept struct {
	size   int64
	note   []byte
	closed bool // every row was in the log, and no server has opened it since
}

// kept returns the checkpoint kept in the database, empty if there is none.
func (d *database) kept(ctx context.Context) (k kept, err error) {
	var closed int64
	err = d.db.QueryRowContext(ctx, "SELECT size, note, closed FROM evidence_checkpoint").Scan(&k.size, &k.note, &closed)
	if errors.Is(err, sql.ErrNoRows) {
		return kept{}, nil
	}
	if err != nil {
		return kept{}, fmt.Errorf("reading the checkpoint kept in the database: %w", err)
	}
	k.closed = closed == 1
	return k, nil
}

// negative counts rows with a place before the first.
func (d *database) negative(ctx context.Context) (n int64, err error) {
	err = d.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM evidence_log WHERE seq < 0").Scan(&n)
	return n, err
}

// counter returns, on SQLite, the last id that was ever given and the last
// there is. On PostgreSQL they are equal.
func (d *database) counter(ctx context.Context) (given, last int64, err error) {
	if d.postgres {
		return 0, 0, nil
	}
	err = d.db.QueryRowContext(ctx, `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'evidence'), -1),
		COALESCE((SELECT MAX(id) FROM evidence), -1)`).Scan(&given, &last)
	return given, last, err
}

// placeless counts, on PostgreSQL, the rows that wait for a place, and those
// that have none and do not wait.
func (d *database) placeless(ctx context.Context) (pending, lost int64, err error) {
	if !d.postgres {
		return 0, 0, nil
	}
	err = d.db.QueryRowContext(ctx, `SELECT COUNT(p.id), COUNT(*) - COUNT(p.id) FROM evidence e
		LEFT JOIN evidence_order o ON o.id = e.id LEFT JOIN evidence_pending p ON p.id = e.id WHERE o.id IS NULL`).Scan(&pending, &lost)
	return pending, lost, err
}

// unplaced reads, on PostgreSQL, the rows that wait for a place.
func (d *database) unplaced(ctx context.Context) ([]evidence.Row, error) {
	if !d.postgres {
		return nil, nil
	}
	return d.query(ctx, "SELECT 0::bigint, e.id, e.commitment, e.body FROM evidence_pending p JOIN evidence e ON e.id = p.id")
}

// subject returns whom the database says an entry is about, 0 for nobody.
func subject(ctx context.Context, tx *store.Tx, id int64) (s int64, err error) {
	err = tx.QueryRow(ctx, "SELECT subject FROM evidence_about WHERE entry = $1", id).Scan(&s)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return s, err
}
