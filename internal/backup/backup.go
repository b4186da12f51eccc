// Package backup writes a store's data without its keys, and the keys apart.
//
// A backup is two folders that belong in two places:
//
//	DST/data/TIME   everything but the ring: records sealed, and worth nothing
//	                to whoever has no ring
//	DST/ring/TIME   the ring: the folder of keys, the wrapped data keys, who is
//	                a person and what they decided, and the evidence
//
// Data may be kept as long as one likes. Of rings only the newest few are, and
// none that is older than an erasure: each Backup destroys the ones that are.
// Restore takes data of any age with the newest ring. People erased since the
// data was written are not in the ring, so their records do not open and are
// deleted: an old backup revives nobody, and losing the disk loses nobody.
//
// What people decided is part of the ring, because a consent that was
// withdrawn must not stand again; so is the evidence, because a log that was
// published cannot be taken back.
package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// Source is what is backed up: an open data folder.
type Source struct {
	Store  *store.Store
	Target string // file of the SQLite database, or address of PostgreSQL's
	Ring   *keys.Ring
	Keys   string // folder of keys
	Log    *evidence.Log
	Now    func() time.Time
}

// Made is what Backup wrote.
type Made struct {
	Data string // folder
	Ring string // folder
	Gone int    // older rings that were destroyed
}

// KeepRings is how many rings are kept.
const KeepRings = 3

// timeFormat names the folders; it sorts by time.
const timeFormat = "20060102T150405.000Z"

// ErrExists says that there is a backup of that very moment.
var ErrExists = errors.New("backup: there is one of this moment already")

// Backup writes the data to dst, its evidence, and after that the ring, and
// destroys the rings that are too old. The server may go on meanwhile.
// What is left of a backup that failed is removed.
func Backup(ctx context.Context, src Source, dst string) (Made, error) {
	name := src.Now().UTC().Format(timeFormat)
	m := Made{Data: filepath.Join(dst, "data", name), Ring: filepath.Join(dst, "ring", name)}
	sum, err := writeFolder(m.Data, src.Ring, func(dir string) (manifest, error) { return writeData(ctx, src, dir) })
	if err != nil {
		return Made{}, err
	}
	// The evidence comes before the ring, which carries the entries: so the ring
	// is not behind a checkpoint that is kept elsewhere right after the backup.
	// If the ring then fails, the entry stands for data that was removed again.
	err = src.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := src.Log.Append(ctx, tx, evidence.Body{Kind: evidence.BackupMade, At: src.Now(), Hash: sum[:]})
		return err
	})
	if err != nil {
		return Made{}, errors.Join(err, os.RemoveAll(m.Data))
	}
	if _, err := writeFolder(m.Ring, src.Ring, func(dir string) (manifest, error) { return writeRing(ctx, src, dir) }); err != nil {
		return Made{}, errors.Join(err, os.RemoveAll(m.Data))
	}
	m.Gone, err = destroyOld(ctx, src.Store, filepath.Dir(m.Ring))
	return m, err
}

// writeFolder has fill write into a folder beside dir, which becomes dir when
// it is whole, and returns the hash of its manifest.
func writeFolder(dir string, ring *keys.Ring, fill func(string) (manifest, error)) (sum [32]byte, err error) {
	if _, err := os.Lstat(dir); err == nil {
		return sum, ErrExists
	}
	part := dir + ".part"
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return sum, fmt.Errorf("backup: %w; give a folder that this user may write", err)
	}
	if err := os.RemoveAll(part); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	if err := os.Mkdir(part, 0o700); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	m, err := fill(part)
	if err != nil {
		return sum, err
	}
	if sum, err = m.write(part, ring); err != nil {
		return sum, err
	}
	if err := os.Rename(part, dir); err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	return sum, nil
}

// destroyOld destroys the rings beyond the newest few, and those from before
// the last erasure: they hold keys of people who are erased.
func destroyOld(ctx context.Context, st *store.Store, dir string) (int, error) {
	names, err := ringsIn(dir)
	if err != nil {
		return 0, err
	}
	var last int64
	err = st.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT COALESCE(MAX(started_ms), 0) FROM erasures").Scan(&last)
	})
	if err != nil {
		return 0, err
	}
	gone := 0
	for i, name := range names {
		made, err := time.Parse(timeFormat, name)
		if i == len(names)-1 || err != nil {
			break // the one just written stays
		}
		if len(names)-i <= KeepRings && made.UnixMilli() > last {
			continue
		}
		if err := destroyFolder(filepath.Join(dir, name)); err != nil {
			return gone, err
		}
		gone++
	}
	return gone, nil
}

// ringsIn returns the names of the rings in a folder, oldest first.
func ringsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	var names []string
	for _, e := range entries {
		if _, err := time.Parse(timeFormat, e.Name()); err == nil && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func destroyFolder(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return keys.DestroyFile(path)
	})
	return errors.Join(err, os.RemoveAll(dir))
}
