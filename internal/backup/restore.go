package backup

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// Destination is where a backup is restored to: nothing is there yet.
type Destination struct {
	Data   string // folder of the data, of any age
	Ring   string // folder of the newest ring
	Target string // file of the SQLite database, or address of an empty PostgreSQL database
	Keys   string // folder of keys
	Log    string // folder of the evidence log: made again from the rows
	// Since is the newest checkpoint that was kept elsewhere, if any: a ring
	// from before it may hold keys of people erased since, and is refused.
	Since []byte
	Now   func() time.Time
}

// Restored is what Restore did.
type Restored struct {
	Erasures int64 // begun since the data was written, and replayed
	Rows     int64 // records and tags that were deleted by them
}

// ErrRefused says that these two may not be restored together. The words say
// why and what to do.
var ErrRefused = errors.New("backup: refused")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// Restore brings back data with the newest ring. Records of people who were
// erased since the data was written have no key in the ring: they are deleted
// with all that leads to them before anything is served. Restore refuses a
// ring that is older than the data, or than a checkpoint kept elsewhere, or
// beside which a newer one lies, and a destination that is not empty.
//
// The log's folder is made again from the evidence at the next start.
func Restore(ctx context.Context, d Destination) (Restored, error) {
	data, err := readManifest(d.Data, kindData)
	if err != nil {
		return Restored{}, err
	}
	ring, err := readManifest(d.Ring, kindRing)
	if err != nil {
		return Restored{}, err
	}
	if err := d.mayRestore(data, ring); err != nil {
		return Restored{}, err
	}
	if err := d.place(ctx, data.Engine); err != nil {
		return Restored{}, err
	}
	st, err := store.Open(ctx, d.Target)
	if err != nil {
		return Restored{}, err
	}
	r, err := d.join(ctx, st, data, ring)
	return r, errors.Join(err, st.Close())
}

func (d Destination) mayRestore(data, ring manifest) error {
	switch {
	case data.Ring != ring.Ring:
		return refuse("the ring is of another store; take the ring that was written with this data or after it")
	case data.Engine != ring.Engine:
		return refuse("data and ring are of two database engines")
	case ring.Entries < data.Entries:
		return refuse("the ring is older than the data: it may hold keys of people erased since; take the newest ring")
	case (data.Engine == store.PostgreSQL) != strings.HasPrefix(d.Target, "postgres"):
		return refuse("the data is of %s; restore it into a database of that engine", data.Engine)
	}
	if names, err := ringsIn(filepath.Dir(filepath.Clean(d.Ring))); err == nil && len(names) > 0 && names[len(names)-1] > filepath.Base(filepath.Clean(d.Ring)) {
		return refuse("a newer ring, %s, lies beside this one; take the newest, because an older may hold keys of people erased since", names[len(names)-1])
	}
	if len(d.Since) > 0 {
		size, ok := checkpointSize(d.Since)
		if !ok {
			return refuse("what was given as checkpoint is not one")
		}
		if ring.Entries < size {
			return refuse("the checkpoint counts %d entries of evidence and the ring only %d: people may have been erased since; take a newer ring, or if there is none leave the checkpoint out and carry out again the erasures of which receipts were given since", size, ring.Entries)
		}
	}
	return nil
}

// checkpointSize reads the second line of a checkpoint (C2SP tlog-checkpoint).
func checkpointSize(b []byte) (int64, bool) {
	lines := strings.SplitN(string(b), "\n", 3)
	if len(lines) < 3 {
		return 0, false
	}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	return n, err == nil && n >= 0
}

// place puts data and keys where they belong.
func (d Destination) place(ctx context.Context, engine store.Engine) error {
	for _, path := range []string{d.Keys, d.Log} {
		if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
			return refuse("%s is not empty; restore into a new folder, and keep the old one until the new runs", path)
		}
	}
	if engine == store.SQLite {
		if _, err := os.Lstat(d.Target); err == nil {
			return refuse("%s is there already; restore into a new folder, and keep the old one until the new runs", d.Target)
		}
		if err := os.MkdirAll(filepath.Dir(d.Target), 0o700); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		if err := copyFile(filepath.Join(d.Data, sqliteFile), d.Target); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	} else {
		if err := isEmpty(ctx, d.Target); err != nil {
			return err
		}
		if err := loadPostgres(ctx, d.Target, filepath.Join(d.Data, postgresFile)); err != nil {
			return err
		}
	}
	return copyKeys(filepath.Join(d.Ring, keysFolder), d.Keys)
}

func isEmpty(ctx context.Context, address string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return errors.New("backup: the PostgreSQL address cannot be read")
	}
	defer db.Close()
	var n int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'").Scan(&n); err != nil {
		return errors.New("backup: the PostgreSQL database does not answer; create an empty one and give its address")
	}
	if n > 0 {
		return refuse("the PostgreSQL database is not empty; create a new one and restore into it")
	}
	return nil
}

// join puts the ring's rows into the store and deletes what they say is
// erased, in one transaction, and then sees that the keys open.
func (d Destination) join(ctx context.Context, st *store.Store, data, ring manifest) (Restored, error) {
	from, err := openRing(filepath.Join(d.Ring, ringFile))
	if err != nil {
		return Restored{}, err
	}
	defer from.Close()
	var r Restored
	err = st.Update(ctx, func(tx *store.Tx) error {
		if err := fillRing(ctx, from, tx); err != nil {
			return err
		}
		r, err = replay(ctx, tx)
		return err
	})
	if err != nil {
		return Restored{}, err
	}
	if err := st.TruncateLog(ctx); err != nil {
		return Restored{}, err
	}
	return r, d.evidence(ctx, st, &r, data, ring)
}

// inTx is a transaction of the store as a rowWriter.
type inTx struct{ tx *store.Tx }

func (w inTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return w.tx.Exec(ctx, query, args...)
}

func fillRing(ctx context.Context, from *sql.DB, tx *store.Tx) error {
	for _, table := range ringTables() {
		var n int
		if err := from.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE name = $1", table).Scan(&n); err != nil {
			return fmt.Errorf("%w: the ring's rows cannot be read", ErrDamaged)
		}
		if n == 0 {
			continue
		}
		rows, err := from.QueryContext(ctx, "SELECT * FROM "+table)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		columns, err := rows.Columns()
		if err == nil {
			err = copyRows(ctx, rows, inTx{tx}, table, columns)
		}
		if err = errors.Join(err, rows.Close()); err != nil {
			return fmt.Errorf("backup: table %s: %w", table, err)
		}
	}
	return nil
}

// replay deletes the rows of the data that the ring knows no key or person
// for. A record that ended since, by its own event or day, goes the same way.
func replay(ctx context.Context, tx *store.Tx) (r Restored, err error) {
	for _, query := range []string{
		"DELETE FROM records WHERE key_id <> 0 AND NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.key_id = records.key_id)",
		"DELETE FROM records WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = records.subject)",
		"DELETE FROM tags WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = tags.part)",
		"DELETE FROM tags WHERE owner_kind < 3 AND EXISTS (SELECT 1 FROM purges p WHERE p.subject = tags.subject AND p.key_id = 0)",
	} {
		n, err := tx.Change(ctx, query)
		if err != nil {
			return r, fmt.Errorf("backup: replaying erasures: %w", err)
		}
		r.Rows += n
	}
	return r, nil
}

// evidence opens the ring and the log, which proves that all fits together,
// and writes down that it was restored and from what.
func (d Destination) evidence(ctx context.Context, st *store.Store, r *Restored, data, from manifest) error {
	ring, err := keys.Open(ctx, st, d.Keys)
	if err != nil {
		return err
	}
	defer ring.Close()
	if err := verify(ring, data, from); err != nil {
		return err
	}
	log, err := evidence.Open(ctx, st, ring, d.Log, evidence.Options{Origin: data.origin(), Now: d.Now, Logger: slog.New(slog.DiscardHandler)}) // it is made again from the rows, as it should be
	if err != nil {
		return err
	}
	err = st.Update(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM erasures").Scan(&r.Erasures); err != nil {
			return err
		}
		r.Erasures -= data.Erasures
		sum := sha256.Sum256(data.signed)
		_, err := log.Append(ctx, tx, evidence.Body{Kind: evidence.RestoreDone, At: d.Now(), Hash: sum[:], Count: r.Erasures})
		return err
	})
	return errors.Join(err, log.Close(ctx))
}
