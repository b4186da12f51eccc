package evidence_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/evidence/tiles"
	"candour/internal/evidence/verify"
	"candour/internal/store"
)

// A log, a store and a key that do not fit together are refused, and the words
// say what to do.
func TestStartRefuses(t *testing.T) {
	untouched := newBench(t, store.SQLite)
	untouched.small()
	untouched.unguard()
	for _, c := range []struct {
		name string
		do   func(b *bench)
		want string
	}{
		{"a database of the past of its log", func(b *bench) {
			b.exec("DELETE FROM evidence WHERE id > 4")
		}, "the database is of the past of its log; restore the newest backup"},
		{"a database that lost its evidence", func(b *bench) {
			b.exec("DELETE FROM evidence")
			b.exec("DELETE FROM evidence_checkpoint")
		}, "the database has no evidence; restore the newest backup"},
		{"a row at the end that was changed", func(b *bench) { b.flipColumn("body", 5, 50) },
			"rows from 0 on differ from the leaves in tile/entries/000.p/7"},
		{"a tile at the end that was changed", func(b *bench) { b.flipFile("tile/0/000.p/7", 6*32) },
			"its tiles do not lead to its root"},
		{"a state that was changed", func(b *bench) {
			write(b.t, b.path(tiles.StatePath), []byte("{}"))
		}, "move the log folder aside and start again"},
		{"a state that is missing", func(b *bench) { remove(b.t, b.path(tiles.StatePath)) },
			"treeState is missing"},
		{"a checkpoint that was changed", func(b *bench) { b.resign(func(sig []byte) { sig[9] ^= 4 }) },
			"its checkpoint does not hold"},
		{"a kept checkpoint of rows that are gone, and no log", func(b *bench) {
			b.exec("DELETE FROM evidence WHERE id > 4")
			removeAll(b.t, b.folder())
		}, "7 entries were signed and the database has only 5"},
		{"rows that were changed, and no log", func(b *bench) {
			b.flipColumn("body", 1, 50)
			removeAll(b.t, b.folder())
		}, "the rows are not those that were signed"},
		{"entry 0 that was changed", func(b *bench) { b.flipColumn("body", 0, 50) },
			"the row of entry 0 was changed"},
		{"a row that came while no server had the log", func(b *bench) { b.insertRow() },
			"1 rows were added to the database while no server ran"},
		{"a folder that is a file", func(b *bench) {
			removeAll(b.t, b.folder())
			write(b.t, b.folder(), nil)
		}, "give the user that runs candour the data folder"},
		{"a folder whose state cannot be written", func(b *bench) {
			removeAll(b.t, b.path(".state"))
			if err := os.Symlink("/proc/self", b.path(".state")); err != nil {
				b.t.Fatal(err)
			}
		}, "give the user that runs candour the folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := untouched.copyTo(t, t.TempDir())
			c.do(b)
			err := b.tryOpen(evidence.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
}

func removeAll(t testing.TB, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// One process owns the log: the folder on both engines, the lease on
// PostgreSQL.
func TestOneOwner(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.open(evidence.Options{})
		if err := b.tryOpen(evidence.Options{}); err == nil || !strings.Contains(err.Error(), "stop that one first") {
			t.Errorf("a second log on one folder: %v", err)
		}
		if b.database != "" {
			other := *b
			other.dir = t.TempDir()
			if err := other.tryOpen(evidence.Options{}); err == nil || !strings.Contains(err.Error(), "another server writes the log of this database") {
				t.Errorf("a second log on one database: %v", err)
			}
		}
		b.close()
		b.open(evidence.Options{}) // given back
		b.close()
	})
}

// A lost log is made again from the rows, to the same root, and earlier
// checkpoints still hold.
func TestLostLog(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.small()
		before := b.log.Checkpoint()
		b.open(evidence.Options{})
		b.append(sweep(11))
		b.close()
		removeAll(t, b.folder())
		b.open(evidence.Options{})
		b.close()
		r := b.verify(verify.Options{Since: before})
		if !r.Holds() || r.Size != 8 {
			t.Errorf("made again:\n%s", text(t, r))
		}
	})
}

// A log folder that is older than its rows, from a backup, is brought up to
// them.
func TestOlderLog(t *testing.T) {
	b := newBench(t, store.SQLite)
	b.small()
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(b.folder())); err != nil {
		t.Fatal(err)
	}
	b.open(evidence.Options{})
	b.append(sweep(1), sweep(2))
	b.close()
	want := b.log.Checkpoint()
	removeAll(t, b.folder())
	if err := os.CopyFS(b.folder(), os.DirFS(old)); err != nil {
		t.Fatal(err)
	}
	if r := b.verify(verify.Options{}); r.Holds() || !names(r, "checkpoint kept in the database") {
		t.Errorf("an older log beside a newer database:\n%s", text(t, r))
	}
	b.open(evidence.Options{})
	b.close()
	if got := b.log.Checkpoint(); !bytes.Equal(got, want) {
		t.Errorf("brought up to the rows, the log says\n%swant\n%s", got, want)
	}
}

// A log keeps the name it began with when the operator's domain changes, and
// goes on when the clock of the last checkpoint was ahead.
func TestNameAndClock(t *testing.T) {
	b := newBench(t, store.SQLite)
	b.small()
	ahead := time.Now().Add(time.Hour)
	if err := os.Chtimes(b.path("checkpoint"), ahead, ahead); err != nil {
		t.Fatal(err)
	}
	log, err := evidence.Open(t.Context(), b.st, b.ring, b.folder(), evidence.Options{Origin: "renamed.example/evidence"})
	if err != nil {
		t.Fatal(err)
	}
	b.log = log
	b.wait(b.append(sweep(1))...)
	if name, _, _ := strings.Cut(string(log.Checkpoint()), "\n"); name != origin {
		t.Errorf("the log is named %q, want the name it began with", name)
	}
	b.close()
}
