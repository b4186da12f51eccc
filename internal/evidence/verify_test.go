package evidence_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/keys"
)

// small fills a log with seven entries, each under a checkpoint of its own so
// that superseded partial tiles lie about, and closes it.
func (b *bench) small() {
	b.t.Helper()
	b.open(evidence.Options{})
	who := keys.NewSubjectID()
	for _, body := range []evidence.Body{consent(who), sweep(3), refusedMail(), consent(keys.NewSubjectID()), sweep(4), consent(who)} {
		b.wait(b.append(body)...)
	}
	b.close()
}

func (b *bench) wait(ids ...int64) {
	b.t.Helper()
	for _, id := range ids {
		if err := b.log.Integrated(b.t.Context(), id); err != nil {
			b.t.Fatal(err)
		}
	}
}

// verify verifies the folder; with opens says that bodies are opened too.
func (b *bench) verify(opts verify.Options) *verify.Report {
	b.t.Helper()
	opts.Database = b.database
	report, err := verify.Verify(b.t.Context(), b.dir, opts)
	if err != nil {
		b.t.Fatal(err)
	}
	return report
}

func text(t testing.TB, r *verify.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Evidence that nobody touched holds, with and without the keys at hand.
func TestVerifyHolds(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.small()
		for _, opts := range []verify.Options{{}, {Key: b.log.VerifierKey(), Since: b.log.Checkpoint()}} {
			r := b.verify(opts)
			if !r.Holds() {
				t.Fatalf("untouched evidence does not hold:\n%s", text(t, r))
			}
			if r.Rows != 7 || r.Size != 7 || r.Waiting != 0 {
				t.Errorf("rows %d, size %d, waiting %d; want 7, 7, 0", r.Rows, r.Size, r.Waiting)
			}
			if r.Opened != 7 || r.Dark+r.Sealed > 0 {
				t.Errorf("%d bodies opened with the keys, %d dark, %d sealed; want all 7 opened", r.Opened, r.Dark, r.Sealed)
			}
		}
		if err := os.Rename(filepath.Join(b.dir, "keys"), filepath.Join(b.dir, "away")); err != nil {
			t.Fatal(err)
		}
		r := b.verify(verify.Options{})
		if got := text(t, r); !r.Holds() || r.Opened != 3 || r.Sealed != 4 || !strings.Contains(got, "the keys are not here") {
			t.Errorf("without the keys 3 bodies are open to everyone and 4 sealed; got\n%s", got)
		}
	})
}

// Verification runs beside a server that writes.
func TestVerifyWhileWriting(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.open(evidence.Options{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 200 {
				b.append(sweep(int64(i+1)), sweep(1), sweep(2))
			}
		}()
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			if r := b.verify(verify.Options{}); !r.Holds() {
				t.Fatalf("evidence under way does not hold:\n%s", text(t, r))
			}
		}
		b.close()
		if r := b.verify(verify.Options{}); !r.Holds() || r.Size != 601 {
			t.Fatalf("after 601 entries:\n%s", text(t, r))
		}
	})
}

// files returns the files of the log that are evidence: tiles, bundles,
// checkpoint.
func (b *bench) files() []string {
	b.t.Helper()
	found := []string{filepath.Join(b.folder(), "checkpoint"), filepath.Join(b.folder(), ".state", "treeState")}
	err := filepath.WalkDir(filepath.Join(b.folder(), "tile"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// One bit flipped in any file of the log is found, and the file is named.
func TestEveryByteOfTheLog(t *testing.T) {
	b := newBench(t, "sqlite")
	b.open(evidence.Options{})
	for i := range 3 {
		b.wait(b.append(sweep(int64(i + 1)))...)
	}
	b.close()
	flips := 0
	for _, path := range b.files() {
		name, err := filepath.Rel(b.folder(), path)
		if err != nil {
			t.Fatal(err)
		}
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << (flips % 8)
			flips++
			write(t, path, bad)
			if r := b.verify(verify.Options{}); !names(r, name) {
				t.Fatalf("bit %d of byte %d of %s flipped, and the report is\n%s", (flips-1)%8, i, name, text(t, r))
			}
		}
		write(t, path, good)
	}
	if r := b.verify(verify.Options{}); !r.Holds() {
		t.Fatalf("put back as it was, the evidence does not hold:\n%s", text(t, r))
	}
	t.Logf("%d flips in %d files", flips, len(b.files()))
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// names reports whether a finding is about the place.
func names(r *verify.Report, where string) bool {
	for _, f := range r.Findings() {
		if f.Where == where || strings.HasPrefix(f.Where, where+" ") {
			return true
		}
	}
	return false
}
