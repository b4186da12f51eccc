package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the ring's rows are an SQLite file on both engines

	"candour/internal/store"
)

// writeRing writes the tables of the ring, of one snapshot, and after them the
// folder of keys: a month key that the rows need is there by then. No rotation
// is under way meanwhile.
func writeRing(ctx context.Context, src Source, dir string) (m manifest, err error) {
	err = src.Ring.Still(func() error {
		err := src.Store.View(ctx, func(tx *store.Tx) error {
			if err := copyRing(ctx, tx, filepath.Join(dir, ringFile)); err != nil {
				return err
			}
			m, err = describe(ctx, tx, src, kindRing)
			return err
		})
		if err != nil {
			return err
		}
		return copyKeys(src.Keys, filepath.Join(dir, keysFolder))
	})
	return m, err
}

// openRing opens the file of the ring's tables.
func openRing(path string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(MEMORY)&_pragma=secure_delete(ON)")
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func copyRing(ctx context.Context, tx *store.Tx, path string) (err error) {
	db, err := openRing(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	to, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer to.Rollback()
	for _, table := range ringTables() {
		there, err := exists(ctx, tx, table)
		if err != nil {
			return err
		}
		if !there {
			continue // of the other engine, or of a later version
		}
		if err := copyTable(ctx, tx, to, table); err != nil {
			return fmt.Errorf("backup: table %s: %w", table, err)
		}
	}
	return to.Commit()
}

func ringTables() []string {
	var tables []string
	for t := range inRing {
		tables = append(tables, t)
	}
	slices.Sort(tables)
	return tables
}

func exists(ctx context.Context, tx *store.Tx, table string) (bool, error) {
	query := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
	if tx.Store().Engine() == store.PostgreSQL {
		query = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name = $1"
	}
	var n int
	err := tx.QueryRow(ctx, query, table).Scan(&n)
	return n > 0, err
}

// rowWriter is what both a ring's file and a store give to write rows to.
type rowWriter interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func copyTable(ctx context.Context, tx *store.Tx, to rowWriter, table string) error {
	rows, err := tx.Query(ctx, "SELECT * FROM "+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	if _, err := to.ExecContext(ctx, "CREATE TABLE "+table+" ("+strings.Join(columns, ", ")+")"); err != nil {
		return err
	}
	return copyRows(ctx, rows, to, table, columns)
}

// copyRows inserts every row: integers, text and bytes, as both engines give
// them.
func copyRows(ctx context.Context, rows *sql.Rows, to rowWriter, table string, columns []string) error {
	insert := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + marks(len(columns)) + ")"
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok && b == nil {
				values[i] = []byte{}
			}
		}
		if _, err := to.ExecContext(ctx, insert, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

func marks(n int) string {
	m := make([]string, n)
	for i := range m {
		m[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(m, ", ")
}

// copyKeys copies the folder of keys, files only as their owner may read.
func copyKeys(from, to string) error {
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		if strings.HasSuffix(name, ".new") {
			return nil // being written, and needed by nothing yet
		}
		return copyFile(path, filepath.Join(to, name))
	})
	if err != nil {
		return fmt.Errorf("backup: copying the keys: %w", err)
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil // a month that was just destroyed
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
