package evidence_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/evidence/tiles"
	"candour/internal/evidence/verify"
	"candour/internal/store"
)

// exec runs a statement past every guard of the schema, as whoever holds the
// database can.
func (b *bench) exec(query string, args ...any) {
	b.t.Helper()
	if _, err := b.st.DB().Exec(query, args...); err != nil {
		b.t.Fatal(err)
	}
}

// unguard removes the triggers that keep honest programs from changing rows.
func (b *bench) unguard() {
	b.t.Helper()
	if b.st.Engine() == store.PostgreSQL {
		b.exec("DROP TRIGGER evidence_keeps ON evidence")
		b.exec("DROP TRIGGER evidence_order_keeps ON evidence_order")
		return
	}
	b.exec("DROP TRIGGER evidence_keeps")
	b.exec("DROP TRIGGER evidence_stays")
}

// id returns the id of the row at a place.
func (b *bench) id(seq uint64) (id int64) {
	b.t.Helper()
	if err := b.st.DB().QueryRow("SELECT id FROM evidence_log WHERE seq = $1", int64(seq)).Scan(&id); err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bench) column(name string, seq uint64) (value []byte) {
	b.t.Helper()
	if err := b.st.DB().QueryRow("SELECT "+name+" FROM evidence_log WHERE seq = $1", int64(seq)).Scan(&value); err != nil {
		b.t.Fatal(err)
	}
	return value
}

func (b *bench) flipColumn(name string, seq uint64, at int) {
	b.t.Helper()
	value := b.column(name, seq)
	value[at] ^= 1
	b.exec("UPDATE evidence SET "+name+" = $1 WHERE id = $2", value, b.id(seq))
}

func (b *bench) path(name string) string { return filepath.Join(b.folder(), filepath.FromSlash(name)) }

func (b *bench) file(name string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

func (b *bench) flipFile(name string, at int) {
	b.t.Helper()
	data := b.file(name)
	data[at] ^= 1
	write(b.t, b.path(name), data)
}

// tamperings are changes that whoever holds the folder can make, and the words
// that must name each (acceptance: at least twelve).
var tamperings = []struct {
	name  string
	do    func(b *bench)
	opts  func(b *bench) verify.Options
	where string
	what  string
}{
	{name: "row body flipped", where: "row 3", what: "its column body (or id) is not what its leaf was made of",
		do: func(b *bench) { b.flipColumn("body", 3, 40) }},
	{name: "row commitment flipped", where: "row 4", what: "its column commitment is not what its leaf was made of",
		do: func(b *bench) { b.flipColumn("commitment", 4, 0) }},
	{name: "row deleted", where: "row 2", what: "missing: the log has its leaf",
		do: func(b *bench) { b.exec("DELETE FROM evidence WHERE id = $1", b.id(2)) }},
	{name: "last row deleted", where: "row 6", what: "missing",
		do: func(b *bench) { b.exec("DELETE FROM evidence WHERE id = $1", b.id(6)) }},
	{name: "row inserted", where: "row 7", what: "inserted: it is not in the log",
		do: func(b *bench) { b.insertRow() }},
	{name: "row inserted and the mark of the closed log removed", where: "row 7", what: "was not written with the keys",
		do: func(b *bench) {
			b.insertRow()
			b.exec("UPDATE evidence_checkpoint SET closed = 0")
		},
		opts: func(b *bench) verify.Options { return verify.Options{} }},
	{name: "rows exchanged", where: "row 2", what: "it holds what belongs to entry 5: rows were moved",
		do: func(b *bench) { b.exchange(2, 5) }},
	{name: "hash tile flipped", where: "tile/0/000.p/7", what: "hash 4 was changed",
		do: func(b *bench) { b.flipFile("tile/0/000.p/7", 4*32+5) }},
	{name: "entry bundle flipped", where: "tile/entries/000.p/7", what: "entry 5 was changed",
		do: func(b *bench) { b.flipFile("tile/entries/000.p/7", 5*90+40) }},
	{name: "length in an entry bundle flipped", where: "tile/entries/000.p/7", what: "byte 270, at entry 3",
		do: func(b *bench) { b.flipFile("tile/entries/000.p/7", 3*90) }},
	{name: "superseded bundle flipped", where: "tile/entries/000.p/4", what: "entry 1 was changed",
		do: func(b *bench) { b.flipFile("tile/entries/000.p/4", 90+50) }},
	{name: "superseded tile flipped", where: "tile/0/000.p/3", what: "hash 2 was changed",
		do: func(b *bench) { b.flipFile("tile/0/000.p/3", 70) }},
	{name: "tile removed", where: "tile/0/000.p/7", what: "missing",
		do: func(b *bench) { remove(b.t, b.path("tile/0/000.p/7")) }},
	{name: "checkpoint signature", where: "checkpoint", what: "line 5: the signature does not fit the text",
		do: func(b *bench) { b.resign(func(sig []byte) { sig[20] ^= 1 }) }},
	{name: "checkpoint size", where: "checkpoint", what: "line 5: the signature does not fit the text",
		do: func(b *bench) {
			write(b.t, b.path("checkpoint"), bytes.Replace(b.file("checkpoint"), []byte("\n7\n"), []byte("\n6\n"), 1))
		}},
	{name: "checkpoint size with a zero in front", where: "checkpoint", what: "line 2: the size is not a plain number",
		do: func(b *bench) {
			write(b.t, b.path("checkpoint"), bytes.Replace(b.file("checkpoint"), []byte("\n7\n"), []byte("\n07\n"), 1))
		}},
	{name: "bits behind the base64 of the root", where: "checkpoint", what: "line 3: the root is not 32 bytes of canonical base64",
		do: func(b *bench) { b.loosen(2) }},
	{name: "bits behind the base64 of the signature", where: "checkpoint", what: "line 5: the signature is not canonical base64",
		do: func(b *bench) { b.loosen(4) }},
	{name: "white space in the base64", where: "checkpoint", what: "not in canonical form",
		do: func(b *bench) {
			cp := b.file("checkpoint")
			write(b.t, b.path("checkpoint"), append(cp[:len(cp)-9:len(cp)-9], append([]byte("\r"), cp[len(cp)-9:]...)...))
		}},
	{name: "checkpoint removed", where: "checkpoint", what: "missing",
		do: func(b *bench) { remove(b.t, b.path("checkpoint")) }},
	{name: "kept checkpoint's size", where: "checkpoint kept in the database", what: "another size",
		do: func(b *bench) { b.exec("UPDATE evidence_checkpoint SET size = 6") }},
	{name: "kept checkpoint's note", where: "checkpoint kept in the database", what: "the signature does not fit",
		do: func(b *bench) {
			note := bytes.Replace(b.file("checkpoint"), []byte("\n7\n"), []byte("\n5\n"), 1)
			b.exec("UPDATE evidence_checkpoint SET note = $1, size = 5", note)
		}},
	{name: "state of the tree", where: tiles.StatePath, what: "says 8 entries, and there are 7 rows",
		do: func(b *bench) {
			write(b.t, b.path(tiles.StatePath), bytes.Replace(b.file(tiles.StatePath), []byte(`"size":7`), []byte(`"size":8`), 1))
		}},
	{name: "a file that does not belong there", where: "tile/0/notes.txt", what: "does not belong to a log",
		do: func(b *bench) { write(b.t, b.path("tile/0/notes.txt"), []byte("x")) }},
	{name: "row, bundle and tile changed together", where: "checkpoint", what: "the signed root does not follow from the entries",
		do: func(b *bench) { b.rewrite(4) }},
	{name: "row and bundle changed together", where: "row 4", what: "changed",
		do: func(b *bench) { b.rewrite(4, "tile/0/") }},
	{name: "whom an entry is about", where: "row 4", what: "about another person",
		do:   func(b *bench) { b.exec("UPDATE evidence_about SET subject = subject - 1 WHERE entry = $1", b.id(4)) },
		opts: func(b *bench) verify.Options { return verify.Options{} }},
	{name: "link of a row to its person deleted", where: "row 4", what: "its link to the person in the table evidence_about was deleted",
		do: func(b *bench) { b.exec("DELETE FROM evidence_about WHERE entry = $1", b.id(4)) }},
	{name: "every link of rows to people deleted", where: "row 6", what: "its link to the person in the table evidence_about was deleted",
		do: func(b *bench) { b.exec("DELETE FROM evidence_about") }},
	{name: "link of a row deleted and its key moved to another person", where: "table data_keys", what: "was changed, or moved to another person",
		do: func(b *bench) {
			b.exec("UPDATE data_keys SET subject = 99 WHERE key_id = (SELECT key FROM evidence_about WHERE entry = $1)", b.id(4))
			b.exec("DELETE FROM evidence_about WHERE entry = $1", b.id(4))
		}},
	{name: "another key given", where: "verifier key", what: "not the one that entry 0 names",
		do: func(*bench) {},
		opts: func(b *bench) verify.Options {
			o := newBench(b.t, store.SQLite)
			return verify.Options{Key: o.open(evidence.Options{}).VerifierKey()}
		}},
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// insertRow adds a copy of a row at the end.
func (b *bench) insertRow() {
	b.t.Helper()
	commitment, body := b.column("commitment", 2), b.column("body", 2)
	if b.st.Engine() == store.SQLite {
		b.exec("INSERT INTO evidence (commitment, body) VALUES ($1, $2)", commitment, body)
		return
	}
	id := b.st.NewID()
	b.exec("INSERT INTO evidence (id, commitment, body) VALUES ($1, $2, $3)", id, commitment, body)
	b.exec("INSERT INTO evidence_order (seq, id) VALUES (7, $1)", id)
}

// exchange has two rows change places.
func (b *bench) exchange(one, other uint64) {
	b.t.Helper()
	if b.st.Engine() == store.PostgreSQL {
		a, c := b.id(one), b.id(other)
		b.exec("UPDATE evidence_order SET seq = 99 WHERE id = $1", a)
		b.exec("UPDATE evidence_order SET seq = $1 WHERE id = $2", int64(one), c)
		b.exec("UPDATE evidence_order SET seq = $1 WHERE id = $2", int64(other), a)
		return
	}
	for _, step := range [][2]int64{{int64(one), 99}, {int64(other), int64(one)}, {99, int64(other)}} {
		b.exec("UPDATE evidence SET id = $1 WHERE id = $2", step[1], step[0])
	}
	b.exec("UPDATE sqlite_sequence SET seq = 6 WHERE name = 'evidence'")
}

// resign writes the checkpoint with its signature changed.
func (b *bench) resign(change func(sig []byte)) {
	b.t.Helper()
	lines := strings.Split(string(b.file("checkpoint")), "\n")
	words := strings.Split(lines[4], " ")
	sig, err := base64.StdEncoding.DecodeString(words[2])
	if err != nil {
		b.t.Fatal(err)
	}
	change(sig)
	words[2] = base64.StdEncoding.EncodeToString(sig)
	lines[4] = strings.Join(words, " ")
	write(b.t, b.path("checkpoint"), []byte(strings.Join(lines, "\n")))
}

// loosen writes the same bytes of a base64 word in another way: bits that the
// standard decoder passes over are set.
func (b *bench) loosen(line int) {
	b.t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	lines := strings.Split(string(b.file("checkpoint")), "\n")
	at := strings.IndexByte(lines[line], '=')
	if at < 0 {
		b.t.Fatalf("line %d has no padding to hide bits before", line+1)
	}
	c := strings.IndexByte(alphabet, lines[line][at-1])
	lines[line] = lines[line][:at-1] + string(alphabet[c^1]) + lines[line][at:]
	write(b.t, b.path("checkpoint"), []byte(strings.Join(lines, "\n")))
}

// rewrite changes an entry in its row and in every file of the log, but those
// whose path begins with one of skip, so that they agree with one another.
func (b *bench) rewrite(seq uint64, skip ...string) {
	b.t.Helper()
	row := evidence.Row{Seq: seq, ID: b.id(seq), Commitment: b.column("commitment", seq), Stored: b.column("body", seq)}
	before, err := row.Leaf()
	if err != nil {
		b.t.Fatal(err)
	}
	b.flipColumn("commitment", seq, 7)
	row.Commitment = b.column("commitment", seq)
	after, err := row.Leaf()
	if err != nil {
		b.t.Fatal(err)
	}
	oldHash, newHash := before.Hash(), after.Hash()
	for _, path := range b.files() {
		rel, err := filepath.Rel(b.folder(), path)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(skip) > 0 && strings.HasPrefix(filepath.ToSlash(rel), skip[0]) {
			continue
		}
		data := bytes.ReplaceAll(b.file(rel), before.Bytes(), after.Bytes())
		write(b.t, path, bytes.ReplaceAll(data, oldHash[:], newHash[:]))
	}
}

func TestTamperings(t *testing.T) {
	each(t, func(t *testing.T, untouched *bench) {
		sqlite := untouched.st.Engine() == store.SQLite
		if sqlite {
			untouched.small()
			untouched.unguard()
		}
		for _, c := range tamperings {
			if !sqlite && !strings.Contains(c.name, "row") {
				continue // what is in the folder is the same on both engines
			}
			t.Run(c.name, func(t *testing.T) {
				var b *bench
				if sqlite {
					b = untouched.copyTo(t, t.TempDir())
				} else {
					b = newBench(t, store.PostgreSQL)
					b.small()
					b.unguard()
				}
				c.do(b)
				var opts verify.Options
				if c.opts != nil {
					opts = c.opts(b)
				}
				r := b.verify(opts)
				for _, f := range r.Findings() {
					if f.Where == c.where && strings.Contains(f.What, c.what) {
						return
					}
				}
				t.Errorf("want %s: ... %s, got\n%s", c.where, c.what, text(t, r))
			})
		}
	})
}

// A flipped bit in any column of any row is found, and the row is named.
func TestEveryByteOfTheRows(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.open(evidence.Options{})
		b.append(consent(5), sweep(1), refusedMail())
		b.close()
		b.unguard()
		flips := 0
		stride := 1
		if b.st.Engine() == store.PostgreSQL {
			stride = 11 // what the columns hold is the same on both engines
		}
		for seq := range uint64(4) {
			for _, column := range []string{"commitment", "body"} {
				good, id := b.column(column, seq), b.id(seq)
				for i := 0; i < len(good); i += stride {
					bad := bytes.Clone(good)
					bad[i] ^= 1 << (flips % 8)
					flips++
					b.exec("UPDATE evidence SET "+column+" = $1 WHERE id = $2", bad, id)
					if r := b.verify(verify.Options{}); !names(r, fmt.Sprintf("row %d", seq)) {
						t.Fatalf("byte %d of %s of row %d flipped, and the report is\n%s", i, column, seq, text(t, r))
					}
				}
				b.exec("UPDATE evidence SET "+column+" = $1 WHERE id = $2", good, id)
			}
			for bit := 0; bit < 62; bit += stride {
				b.flipID(seq, bit)
			}
		}
		if r := b.verify(verify.Options{}); !r.Holds() {
			t.Fatalf("put back as it was, the evidence does not hold:\n%s", text(t, r))
		}
		t.Logf("%d flips of columns", flips)
	})
}

// flipID flips a bit of a row's id, verifies, and puts it back.
func (b *bench) flipID(seq uint64, bit int) {
	b.t.Helper()
	id := b.id(seq)
	other := id ^ 1<<bit
	var taken int
	if err := b.st.DB().QueryRow("SELECT COUNT(*) FROM evidence WHERE id = $1", other).Scan(&taken); err != nil {
		b.t.Fatal(err)
	}
	if taken > 0 {
		return // the primary key does not let it
	}
	b.exec("UPDATE evidence SET id = $1 WHERE id = $2", other, id)
	if r := b.verify(verify.Options{}); !names(r, fmt.Sprintf("row %d", seq)) {
		b.t.Fatalf("bit %d of the id of row %d flipped, and the report is\n%s", bit, seq, text(b.t, r))
	}
	b.exec("UPDATE evidence SET id = $1 WHERE id = $2", id, other)
}

// A store and a log that are rolled back together are consistent; only a
// checkpoint from elsewhere tells.
func TestRolledBackTogether(t *testing.T) {
	b := newBench(t, store.SQLite)
	b.small()
	old := b.copyTo(t, t.TempDir())
	b.open(evidence.Options{})
	b.append(sweep(9), sweep(10))
	b.close()
	later := b.log.Checkpoint()
	if r := old.verify(verify.Options{}); !r.Holds() {
		t.Fatalf("the older state by itself:\n%s", text(t, r))
	}
	r := old.verify(verify.Options{Since: later})
	if got := text(t, r); !strings.Contains(got, "signs 9 entries, the log has 7: log and database were rolled back to an older state") {
		t.Errorf("with the later checkpoint:\n%s", got)
	}
}

// A history that was written anew with the key of the folder is told by an
// earlier checkpoint.
func TestWrittenAnew(t *testing.T) {
	b := newBench(t, store.SQLite)
	b.small()
	earlier := b.log.Checkpoint()
	b.unguard()
	b.exec("DELETE FROM evidence WHERE id = 6")
	b.exec("UPDATE sqlite_sequence SET seq = 5 WHERE name = 'evidence'")
	if err := os.RemoveAll(b.folder()); err != nil {
		t.Fatal(err)
	}
	b.exec("DELETE FROM evidence_checkpoint")
	b.exec("DELETE FROM evidence_about WHERE entry = 6")
	b.open(evidence.Options{}) // the log is made again, without the last act
	b.append(sweep(8))         // and with another in its place
	b.close()
	if r := b.verify(verify.Options{}); !r.Holds() {
		t.Fatalf("the new history by itself:\n%s", text(t, r))
	}
	r := b.verify(verify.Options{Since: earlier})
	if got := text(t, r); !strings.Contains(got, "history was written anew") {
		t.Errorf("with the earlier checkpoint:\n%s", got)
	}
}

// A log of another key in place of ours, its key file with it, is told by
// entry 0.
func TestLogOfAnotherKey(t *testing.T) {
	b := newBench(t, store.SQLite)
	b.small()
	other := newBench(t, store.SQLite)
	other.small()
	if err := os.RemoveAll(b.folder()); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(b.folder(), os.DirFS(other.folder())); err != nil {
		t.Fatal(err)
	}
	r := b.verify(verify.Options{})
	if got := text(t, r); !strings.Contains(got, "key: not the verifier key of the signing key in the folder of keys") {
		t.Errorf("another's log in the folder:\n%s", got)
	}
	if err := os.Rename(filepath.Join(b.dir, "keys"), filepath.Join(b.dir, "away")); err != nil {
		t.Fatal(err)
	}
	r = b.verify(verify.Options{})
	if got := text(t, r); !strings.Contains(got, "verifier key: not the one that entry 0 names") {
		t.Errorf("another's log in the folder, and no keys at hand:\n%s", got)
	}
	b.ring = other.ring
	if err := b.tryOpen(evidence.Options{}); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("opening it: %v", err)
	}
}

// copyTo copies the data folder of a closed log, as it lies there, and opens
// the copy.
func (b *bench) copyTo(t testing.TB, dir string) *bench {
	t.Helper()
	if err := b.st.TruncateLog(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"keys/*", "keys/*/*"} { // CopyFS does not keep their modes
		found, err := filepath.Glob(filepath.Join(dir, key))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if info, err := os.Stat(f); err == nil && !info.IsDir() {
				err = os.Chmod(f, 0o600)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return benchIn(t, dir, "")
}
