package evidence_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// The environment by which this test binary runs as the process that is
// killed, and by which a longer run asks for more kills.
const (
	crashDir      = "CANDOUR_TEST_CRASH_DIR"
	crashDatabase = "CANDOUR_TEST_CRASH_DATABASE"
	crashKills    = "CANDOUR_TEST_KILLS" // on each engine; default 6
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, actUntilKilled(dir, os.Getenv(crashDatabase)))
		os.Exit(1)
	}
	os.Exit(storetest.Main(m))
}

// crashWriters is how many goroutines act at once in the process that is
// killed.
const crashWriters = 4

// errRefusedAct ends an act that is refused after its evidence was written.
var errRefusedAct = errors.New("the act is refused")

// actUntilKilled acts, each act with its evidence in one transaction, and
// prints each that was acknowledged.
func actUntilKilled(dir, database string) error {
	ctx := context.Background()
	target := filepath.Join(dir, "candour.db")
	if database != "" {
		target = database
	}
	st, err := store.Open(ctx, target)
	if err != nil {
		return err
	}
	log, err := openIn(ctx, st, dir)
	if err != nil {
		return err
	}
	var out sync.Mutex
	failed := make(chan error, crashWriters)
	for range crashWriters {
		go func() {
			for {
				n, entry, err := actOnce(ctx, st, log)
				if errors.Is(err, errRefusedAct) {
					continue
				}
				if err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Println(n, entry)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// actOnce acts: a row of the test's own and one or two entries. One in ten
// acts is refused at the end.
func actOnce(ctx context.Context, st *store.Store, log *evidence.Log) (n, entry int64, err error) {
	n = rand.Int64()
	err = st.Update(ctx, func(tx *store.Tx) error {
		body := sweep(1)
		body.Ref = n
		if entry, err = log.Append(ctx, tx, body); err != nil {
			return err
		}
		if n%3 == 0 {
			if _, err := log.Append(ctx, tx, refusedMail()); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "INSERT INTO acts (n, entry) VALUES ($1, $2)", n, entry); err != nil {
			return err
		}
		if n%10 == 0 {
			return errRefusedAct
		}
		return nil
	})
	return n, entry, err
}

// Killed at any moment, every acknowledged act is there with its evidence, no
// act without and no evidence without an act, and the index of each entry is
// its sequence.
func TestKilled(t *testing.T) {
	kills := 6
	if s := os.Getenv(crashKills); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	each(t, func(t *testing.T, b *bench) {
		b.exec("CREATE TABLE acts (n BIGINT NOT NULL PRIMARY KEY, entry BIGINT NOT NULL)")
		for kill := range kills {
			if err := b.st.Close(); err != nil {
				t.Fatal(err)
			}
			acknowledged := killed(t, b, 1+rand.IntN(400))
			b = benchIn(t, b.dir, b.database)
			if r := b.verify(verify.Options{}); !r.Holds() {
				t.Fatalf("kill %d, before the restart:\n%s", kill, text(t, r))
			}
			b.open(evidence.Options{})
			b.close()
			b.checkActs(acknowledged)
			r := b.verify(verify.Options{})
			if !r.Holds() || r.Waiting != 0 || r.Rows != r.Size {
				t.Fatalf("kill %d, after the restart:\n%s", kill, text(t, r))
			}
		}
	})
}

// killed runs this binary until it has acknowledged so many acts, kills it,
// and returns what it acknowledged.
func killed(t *testing.T, b *bench, acts int) map[int64]int64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+b.dir, crashDatabase+"="+b.database)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[int64]int64{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var n, entry int64
		if _, err := fmt.Sscan(lines.Text(), &n, &entry); err != nil {
			continue // a line the kill cut short
		}
		acknowledged[n] = entry
		if len(acknowledged) == acts {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait() // killed
	if len(acknowledged) < acts {
		t.Fatalf("the process ended by itself after %d acts", len(acknowledged))
	}
	return acknowledged
}

// checkActs checks that acts and entries are one to one and that every
// acknowledged act is there.
func (b *bench) checkActs(acknowledged map[int64]int64) {
	b.t.Helper()
	for n, entry := range acknowledged {
		var have int64
		err := b.st.DB().QueryRow("SELECT entry FROM acts WHERE n = $1", n).Scan(&have)
		if errors.Is(err, sql.ErrNoRows) || err == nil && have != entry {
			b.t.Fatal("an acknowledged act is lost")
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	var acts, without int64
	err := b.st.DB().QueryRow(`SELECT COUNT(*), COUNT(*) - COUNT(e.id) FROM acts a LEFT JOIN evidence_log e ON e.id = a.entry`).Scan(&acts, &without)
	if err != nil {
		b.t.Fatal(err)
	}
	if without > 0 {
		b.t.Fatalf("%d of %d acts have no evidence", without, acts)
	}
	refs := b.refs()
	if int64(len(refs)) != acts {
		b.t.Fatalf("%d acts and evidence of %d", acts, len(refs))
	}
}

// refs returns the acts that the entries of the log are about.
func (b *bench) refs() map[int64]bool {
	b.t.Helper()
	rows, err := b.st.DB().Query("SELECT seq, id, commitment, body FROM evidence_log ORDER BY seq")
	if err != nil {
		b.t.Fatal(err)
	}
	defer rows.Close()
	refs := map[int64]bool{}
	for rows.Next() {
		var r evidence.Row
		if err := rows.Scan(&r.Seq, &r.ID, &r.Commitment, &r.Stored); err != nil {
			b.t.Fatal(err)
		}
		content, err := r.Public()
		if err != nil {
			continue // for the operator
		}
		body, err := content.Check(r)
		if err != nil {
			b.t.Fatal(err)
		}
		if body.Kind != evidence.SweepDone {
			continue
		}
		if refs[body.Ref] {
			b.t.Fatal("an act has evidence twice")
		}
		refs[body.Ref] = true
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return refs
}

// breakages stop one step of adding to the log, as a full or failing disk
// does, and mend it.
var breakages = []struct{ name, path string }{
	{"the entry bundle cannot be written", "tile/entries"},
	{"the bundle is written and the tile cannot be", "tile/0"},
	{"the tree is written and its state cannot be", ".state/treeState"},
}

// After a disk that fails at any step, the log goes on by itself where it was,
// without a loss or a double.
func TestDiskFails(t *testing.T) {
	for _, c := range breakages {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, store.SQLite)
			warned := make(chan struct{}, 64)
			b.open(evidence.Options{Logger: slog.New(signal{slog.DiscardHandler, warned})})
			b.wait(b.append(sweep(1))...)
			path := b.path(c.path)
			if err := os.Rename(path, path+"-aside"); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(path, 0o500); err != nil { // a folder in place of a file, or a file of a folder
				t.Fatal(err)
			}
			if !strings.HasSuffix(c.path, "treeState") {
				remove(t, path)
				write(t, path, nil)
			}
			ids := b.append(sweep(2), sweep(3))
			<-warned
			ids = append(ids, b.append(sweep(4))...)
			<-warned
			remove(t, path)
			if err := os.Rename(path+"-aside", path); err != nil {
				t.Fatal(err)
			}
			b.wait(ids...)
			b.close()
			if r := b.verify(verify.Options{}); !r.Holds() || r.Size != 5 {
				t.Errorf("after the failure:\n%s", text(t, r))
			}
		})
	}
}

// signal is a log handler that tells of each warning.
type signal struct {
	slog.Handler
	warned chan struct{}
}

func (s signal) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (s signal) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "tries again") {
		select {
		case s.warned <- struct{}{}:
		default:
		}
	}
	return nil
}

func (s signal) WithAttrs([]slog.Attr) slog.Handler { return s }
func (s signal) WithGroup(string) slog.Handler      { return s }
