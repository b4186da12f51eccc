package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
	"candour/internal/store"
)

// A start goes on only when log, store and key fit together:
//
//	the folder is written by another process    refused
//	the folder cannot be written                refused
//	another server holds the database's lease   refused
//	the key is not that of entry 0              refused
//	a checkpoint is not signed by the key       refused
//	the log is longer than the rows             refused: the database is of the past
//	roots do not follow from the tiles          refused
//	the last leaves differ from their rows      refused
//	the kept checkpoint differs from the rows   refused
//	the log is shorter than the rows            the rest is added
//	rows came while no server had the log       refused
//	there is no log, but rows                   the log is made again from them

// ErrStart says that the log and the store do not fit together. The words say
// what is wrong and what to do.
var ErrStart = errors.New("evidence: the log cannot be opened")

func refuseStart(what, cure string) error {
	return fmt.Errorf("%w: %s; %s", ErrStart, what, cure)
}

const (
	cureRebuild = "move the log folder aside and start again: the log is made again from the rows and compared with the last checkpoint"
	curePast    = "restore the newest backup of the database; if there is none, keep log and database as they are, because together they show what is lost, and ask the maintainers"
	cureKey     = "put back log.key in the folder of keys that was made with this log"
)

// lastLeaves is how many leaves at the end of the log are compared with their
// rows at start. All are by verify.
const lastLeaves = 2 * tiles.Width

// own takes the folder for this process and checks that it can be written:
// Tessera panics where it may not lock.
func (l *Log) own() error {
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return refuseStart("its folder cannot be made: "+reason(err), "give the user that runs candour the data folder")
	}
	path := filepath.Join(l.dir, ".lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return refuseStart("its folder cannot be written: "+reason(err), "give the user that runs candour the folder "+l.dir)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close() // nothing was written
		return refuseStart("another process writes to it", "stop that one first")
	}
	l.lock = file
	for _, dir := range []string{l.dir, filepath.Join(l.dir, ".state"), filepath.Join(l.dir, "tile")} {
		if err := tryWrite(dir); err != nil {
			return refuseStart("its folder cannot be written: "+reason(err), "free space on the disk and give the user that runs candour the folder "+l.dir)
		}
	}
	return nil
}

// tryWrite writes a file into a folder, if there is that folder, and removes
// it.
func tryWrite(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("candour")
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// reason is the cause of an error of the file system, without the path.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return "unknown cause"
}

// findings is what a start finds.
type findings struct {
	rows   uint64 // rows with a place in the log
	state  tiles.State
	fresh  bool // no log in the folder
	file   []byte
	kept   []byte
	closed bool // the last server had brought every row to the log
}

func (l *Log) start(ctx context.Context) error {
	f, err := l.find(ctx)
	if err != nil {
		return err
	}
	if err := l.key.name(origin(f, l.opts.Origin)); err != nil {
		return err
	}
	if f.rows == 0 {
		if !f.fresh && f.state.Size > 0 || f.kept != nil {
			return refuseStart("there is a log, and the database has no evidence", curePast)
		}
		if err := l.begin(ctx); err != nil {
			return err
		}
		f.rows = 1
	}
	for _, check := range []func(context.Context, *findings) error{l.checkKey, l.checkFile, l.checkLast, l.checkKept} {
		if err := check(ctx, f); err != nil {
			return err
		}
	}
	if err := l.checkClosed(ctx, f); err != nil {
		return err
	}
	l.size = f.state.Size
	return l.showKey()
}

// checkClosed refuses rows that came while no server had the log, and notes
// that one has it now.
func (l *Log) checkClosed(ctx context.Context, f *findings) error {
	if f.closed && f.rows > l.kept {
		return refuseStart(fmt.Sprintf("%d rows were added to the database while no server ran", f.rows-l.kept), curePast)
	}
	return l.markClosed(ctx, false)
}

// showKey puts the verifier key beside the log, for whoever has nothing
// better. It is checked against entry 0 and against what is kept elsewhere.
func (l *Log) showKey() error {
	path, text := filepath.Join(l.dir, "key"), l.key.verifier+"\n"
	if have, err := os.ReadFile(path); err == nil && string(have) == text {
		return nil
	}
	if err := replace(path, []byte(text)); err != nil {
		return refuseStart("its key cannot be written: "+err.Error(), "free space on the disk and give the user that runs candour the folder "+l.dir)
	}
	return nil
}

// origin returns the name of the log: the one it began with, where a
// checkpoint says it.
func origin(f *findings, wanted string) string {
	for _, cp := range [][]byte{f.kept, f.file} {
		if name, _, ok := strings.Cut(string(cp), "\n"); ok && name != "" {
			return name
		}
	}
	return wanted
}

func (l *Log) find(ctx context.Context) (*findings, error) {
	f := &findings{}
	var err error
	if l.lease != nil {
		if err := l.lease.numberAll(ctx); err != nil {
			return nil, err
		}
	}
	n, err := l.countRows(ctx)
	if err != nil {
		return nil, err
	}
	f.rows = n.placed
	if f.kept, f.closed, err = l.readKept(ctx); err != nil {
		return nil, err
	}
	folder := tiles.Folder(l.dir)
	f.state, err = tiles.ReadState(ctx, folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.fresh = true
	case err != nil:
		return nil, refuseStart(tiles.StatePath+" in the log folder was changed", cureRebuild)
	}
	f.file, err = folder.Read(ctx, tiles.CheckpointPath)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, refuseStart("its checkpoint cannot be read: "+reason(err), "give the user that runs candour the folder "+l.dir)
	}
	if f.fresh && f.file != nil {
		return nil, refuseStart(tiles.StatePath+" is missing from the log folder", cureRebuild)
	}
	return f, nil
}

// begin writes entry 0, which names the log's key. Its place is given by hand,
// so that SQLite counts on from it and a row's id is its place in the log.
func (l *Log) begin(ctx context.Context) error {
	hash := sha256.Sum256([]byte(l.key.verifier))
	err := l.st.Update(ctx, func(tx *store.Tx) error {
		return l.insert(ctx, tx, 0, Body{Kind: LogOpened, At: l.opts.Now(), Hash: hash[:]})
	})
	if err == nil && l.lease != nil {
		err = l.lease.numberAll(ctx)
	}
	if err != nil {
		return fmt.Errorf("evidence: writing the first entry: %w", err)
	}
	return nil
}

// checkKey compares the key with the one that entry 0 names.
func (l *Log) checkKey(ctx context.Context, _ *findings) error {
	rows, err := l.readRows(ctx, 0, 1)
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0].Seq != 0 {
		return refuseStart("the row of entry 0 is missing", curePast)
	}
	named, err := KeyHash(rows[0])
	if err != nil {
		return refuseStart("the row of entry 0 was changed", curePast)
	}
	if named != sha256.Sum256([]byte(l.key.verifier)) {
		return refuseStart("the log was begun with another key", cureKey)
	}
	return nil
}

// KeyHash returns the SHA-256 of the log's verifier key, which entry 0 names.
func KeyHash(first Row) (opening.Hash, error) {
	c, err := first.Public()
	if err != nil {
		return opening.Hash{}, err
	}
	b, err := c.Check(first)
	if err != nil {
		return opening.Hash{}, err
	}
	if b.Kind != LogOpened || len(b.Hash) != opening.HashSize {
		return opening.Hash{}, ErrForged
	}
	return opening.Hash(b.Hash), nil
}

// checkFile checks the folder's checkpoint and state against the tiles.
func (l *Log) checkFile(ctx context.Context, f *findings) error {
	if f.fresh {
		return nil
	}
	if f.state.Size > f.rows {
		return refuseStart(fmt.Sprintf("it has %d entries and the database only %d: the database is of the past of its log", f.state.Size, f.rows), curePast)
	}
	tree := tiles.Tree{Source: tiles.Folder(l.dir), Size: f.state.Size}
	if root, err := tree.Root(ctx, f.state.Size); err != nil || root != f.state.Root {
		return refuseStart("its tiles do not lead to its root: some were changed or are missing (candour verify names them)", cureRebuild)
	}
	if f.file == nil {
		return nil
	}
	cp, _, err := opening.ParseCheckpoint(f.file, l.key.verifier)
	if err != nil {
		return refuseStart("its checkpoint does not hold: "+err.Error(), cureKey+"; if the key is right, the checkpoint was changed: "+cureRebuild)
	}
	if cp.Size > f.state.Size {
		return refuseStart("its checkpoint signs more entries than it has", cureRebuild)
	}
	if root, err := tree.Root(ctx, cp.Size); err != nil || root != cp.Root {
		return refuseStart("its tiles do not lead to the root of its checkpoint: some were changed (candour verify names them)", cureRebuild)
	}
	l.checkpoint, l.signed, l.signedAt = f.file, cp.Size, time.Now()
	return l.mend()
}

// mend gives a checkpoint whose time lies in the future the present one:
// Tessera signs no other until the time of the last is past.
func (l *Log) mend() error {
	path := filepath.Join(l.dir, tiles.CheckpointPath)
	info, err := os.Stat(path)
	if err == nil && info.ModTime().After(time.Now()) {
		err = os.Chtimes(path, time.Now(), time.Now())
	}
	if err != nil {
		return refuseStart("its checkpoint cannot be touched: "+reason(err), "give the user that runs candour the folder "+l.dir)
	}
	return nil
}

// checkLast compares the last leaves of the log with their rows.
func (l *Log) checkLast(ctx context.Context, f *findings) error {
	size := f.state.Size
	if size == 0 {
		return nil
	}
	first := (max(size, lastLeaves) - lastLeaves) / tiles.Width
	for index := first; index*tiles.Width < size; index++ {
		n := int(min(tiles.Width, size-index*tiles.Width))
		rows, err := l.readRows(ctx, index*tiles.Width, n)
		if err != nil {
			return err
		}
		ls, err := leaves(rows)
		if err != nil {
			return refuseStart(err.Error(), curePast)
		}
		raw, path, err := tiles.Tree{Source: tiles.Folder(l.dir), Size: size}.Read(ctx, -1, index)
		if err != nil {
			return refuseStart(path+" is missing from the log folder", cureRebuild)
		}
		if want := tiles.Bundle(ls); len(rows) != n || len(raw) < len(want) || string(raw[:len(want)]) != string(want) {
			return refuseStart(fmt.Sprintf("rows from %d on differ from the leaves in %s (candour verify names them)", index*tiles.Width, path), curePast)
		}
	}
	return nil
}

// checkKept compares the checkpoint kept in the store with the log or, where
// the log is shorter than that, with what the log will become from the rows.
func (l *Log) checkKept(ctx context.Context, f *findings) error {
	if f.kept == nil {
		return nil
	}
	cp, _, err := opening.ParseCheckpoint(f.kept, l.key.verifier)
	if err != nil {
		return refuseStart("the last checkpoint, kept in the database, does not hold: "+err.Error(), cureKey)
	}
	if cp.Size > f.rows {
		return refuseStart(fmt.Sprintf("%d entries were signed and the database has only %d", cp.Size, f.rows), curePast)
	}
	tree := tiles.Tree{Source: tiles.Folder(l.dir), Size: f.state.Size}
	r, err := tree.Range(ctx, min(cp.Size, f.state.Size))
	if err != nil {
		return refuseStart("tiles are missing from the log folder", cureRebuild)
	}
	for r.End() < cp.Size {
		rows, err := l.readRows(ctx, r.End(), int(min(4*tiles.Width, cp.Size-r.End())))
		if err != nil {
			return err
		}
		ls, err := leaves(rows)
		if err != nil || len(ls) == 0 {
			return refuseStart("rows that were signed are missing", curePast)
		}
		for _, leaf := range ls {
			h := leaf.Hash()
			if leaf.Seq != r.End() || r.Append(h[:], nil) != nil {
				return refuseStart(fmt.Sprintf("row %d, which was signed, is missing", r.End()), curePast)
			}
		}
	}
	if root, err := tiles.RootOf(r); err != nil || root != cp.Root {
		return refuseStart("the rows are not those that were signed: some were changed", curePast)
	}
	if f.state.Size < cp.Size {
		l.logger.Warn("the evidence log is shorter than its last checkpoint and is made again from the rows", "has", f.state.Size, "signed", cp.Size)
	}
	l.kept = cp.Size
	return nil
}
