package backup

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"candour/internal/store"
)

// inRing are the tables that go with the ring and are left empty in the data,
// each with its reason. On restoring they are those of the newest ring.
var inRing = map[string]string{
	"data_keys":           "the keys",
	"ring_state":          "the epoch",
	"subjects":            "who is a person, and what stands of what they decided",
	"aliases":             "who is the same person",
	"purpose_bits":        "what the decisions mean",
	"retention_events":    "what fell since, from which retention counts",
	"purges":              "what erasures still owe",
	"erasures":            "how far erasures are, and their receipts",
	"mail_suppressed":     "who opted out since",
	"evidence":            "a published log cannot be taken back",
	"evidence_pending":    "part of the evidence",
	"evidence_order":      "part of the evidence",
	"evidence_about":      "part of the evidence",
	"evidence_searches":   "part of the evidence",
	"evidence_checkpoint": "part of the evidence",
}

// Files of a backup.
const (
	sqliteFile   = "data.db"
	postgresFile = "data.dump"
	ringFile     = "ring.db"
	keysFolder   = "keys"
)

func writeData(ctx context.Context, src Source, dir string) (m manifest, err error) {
	if src.Store.Engine() == store.SQLite {
		err = copySQLite(ctx, src.Store.DB(), filepath.Join(dir, sqliteFile))
	} else {
		err = dumpPostgres(ctx, src.Target, filepath.Join(dir, postgresFile))
	}
	if err != nil {
		return m, err
	}
	// Counted after the data: a ring with fewer entries is older than it.
	err = src.Store.View(ctx, func(tx *store.Tx) error {
		m, err = describe(ctx, tx, src, kindData)
		return err
	})
	return m, err
}

// describe fills the manifest from the store.
func describe(ctx context.Context, tx *store.Tx, src Source, kind string) (manifest, error) {
	m := manifest{Kind: kind, Engine: src.Store.Engine(), Log: src.Log.VerifierKey()}
	var ring []byte
	err := tx.QueryRow(ctx, "SELECT ring FROM ring_state WHERE id = 1").Scan(&ring)
	if err == nil {
		err = tx.QueryRow(ctx, "SELECT COUNT(*) FROM evidence").Scan(&m.Entries)
	}
	if err == nil {
		err = tx.QueryRow(ctx, "SELECT COUNT(*) FROM erasures").Scan(&m.Erasures)
	}
	m.Ring = hex.EncodeToString(ring)
	return m, err
}

// copySQLite copies schema and rows of one snapshot into a new database. It
// does not copy pages: keys that were deleted, or are not to be in the copy,
// never come near it.
func copySQLite(ctx context.Context, db *sql.DB, path string) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer conn.Close()
	run := func(query string) error {
		if _, err := conn.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("backup: copying the database: %w", err)
		}
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := run("ATTACH DATABASE " + quote(path, '\'') + " AS copy"); err != nil {
		return err
	}
	defer func() {
		_, derr := conn.ExecContext(context.WithoutCancel(ctx), "DETACH DATABASE copy")
		err = errors.Join(err, derr)
	}()
	if err := run("BEGIN"); err != nil {
		return err
	}
	if err := copyObjects(ctx, conn, run); err != nil {
		_, rerr := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, rerr)
	}
	return run("COMMIT")
}

// object is a table, index, trigger or view of a database.
type object struct{ kind, name, definition string }

func copyObjects(ctx context.Context, conn *sql.Conn, run func(string) error) error {
	rows, err := conn.QueryContext(ctx, "SELECT type, name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer rows.Close()
	var list []object
	for rows.Next() {
		var o object
		if err := rows.Scan(&o.kind, &o.name, &o.definition); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		list = append(list, o)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	// Tables with their rows first, then what refers to them.
	order := []string{"table", "index", "view", "trigger"}
	slices.SortStableFunc(list, func(a, b object) int { return slices.Index(order, a.kind) - slices.Index(order, b.kind) })
	for _, o := range list {
		if err := run(inCopy(o)); err != nil {
			return err
		}
		if _, apart := inRing[o.name]; o.kind != "table" || apart {
			continue
		}
		name := quote(o.name, '"')
		if err := run("INSERT INTO copy." + name + " SELECT * FROM main." + name); err != nil {
			return err
		}
	}
	return nil
}

// inCopy is the definition of an object with the copy's name put before its
// own.
func inCopy(o object) string {
	head, rest, _ := strings.Cut(o.definition, o.name)
	head = strings.TrimRight(head, "\"`[' ")
	rest = strings.TrimLeft(rest, "\"`]'")
	return head + " copy." + quote(o.name, '"') + rest
}

// quote puts s between two marks, doubling those in it.
func quote(s string, mark byte) string {
	m := string(mark)
	return m + strings.ReplaceAll(s, m, m+m) + m
}
