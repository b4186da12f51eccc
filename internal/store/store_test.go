package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"candour/internal/store"
	"candour/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const insert = "INSERT INTO policy_versions (version, from_ms, published_ms, hash, policy, notice) VALUES ($1, $2, $3, $4, $5, $6)"

func add(ctx context.Context, tx *store.Tx, n int) error {
	_, err := tx.Exec(ctx, insert, n, 1, 2, []byte{3}, []byte{4}, []byte{5})
	return err
}

func count(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	err := s.View(context.Background(), func(tx *store.Tx) error {
		return tx.QueryRow(context.Background(), "SELECT COUNT(*) FROM policy_versions").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUpdateKeepsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var after []int
		err := s.Update(ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { after = append(after, 1) })
			tx.AfterCommit(func() { after = append(after, 2) })
			return errors.Join(add(ctx, tx, 1), add(ctx, tx, 2))
		})
		if err != nil || count(t, s) != 2 || fmt.Sprint(after) != "[1 2]" {
			t.Fatalf("commit: err %v, rows %d, after %v", err, count(t, s), after)
		}
		stop := errors.New("stop")
		err = s.Update(ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { t.Error("AfterCommit ran after a rollback") })
			return errors.Join(add(ctx, tx, 3), stop)
		})
		if !errors.Is(err, stop) || count(t, s) != 2 {
			t.Fatalf("rollback: err %v, rows %d", err, count(t, s))
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = s.Update(ctx, func(tx *store.Tx) error {
				_ = add(ctx, tx, 4)
				panic("in the middle")
			})
		}()
		if count(t, s) != 2 {
			t.Fatal("a panic left its rows")
		}
		err = s.Update(ctx, func(tx *store.Tx) error { return add(ctx, tx, 1) })
		if err == nil || count(t, s) != 2 {
			t.Fatalf("duplicate key: err %v", err)
		}
	})
}

func TestCancelledUpdateLeavesNoTransactionOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(context.Background())
		err := s.Update(ctx, func(tx *store.Tx) error {
			if err := add(ctx, tx, 1); err != nil {
				return err
			}
			cancel()
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := s.Update(context.Background(), func(tx *store.Tx) error { return add(context.Background(), tx, 2) }); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s); n != 1 {
			t.Fatalf("%d rows, want 1", n)
		}
	})
}

// The driver may answer that the context ended although it began the
// transaction; the session must not go back to the others inside it.
func TestCancelledBeginLeavesNoTransactionOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i := range 2000 {
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() {
				for range i % 97 * 50 { // spread over the time a begin takes
				}
				cancel()
			})
			nothing := func(*store.Tx) error { return nil }
			if err := s.Update(ctx, nothing); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(i, err)
			}
			wg.Wait()
			if err := s.Update(context.Background(), nothing); err != nil {
				t.Fatal(i, err)
			}
		}
	})
}

func TestViewCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		if err := s.View(ctx, func(tx *store.Tx) error { return add(ctx, tx, 1) }); err == nil {
			t.Fatal("a view wrote")
		}
		if count(t, s) != 0 {
			t.Fatal("a view left a row")
		}
	})
}

func TestWritersAndReadersTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 20 {
					if err := s.Update(ctx, func(tx *store.Tx) error { return add(ctx, tx, 1+w*100+i) }); err != nil {
						t.Error(err)
					}
					count(t, s)
				}
			})
		}
		wg.Wait()
		if n := count(t, s); n != 160 {
			t.Fatalf("%d rows, want 160", n)
		}
	})
}

func TestNewIDGrows(t *testing.T) {
	s := storetest.Open(t, storetest.Target(t, store.SQLite))
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := int64(0)
			for range 5000 {
				id := s.NewID()
				if id <= last {
					t.Errorf("%d after %d", id, last)
				}
				last = id
				mu.Lock()
				if seen[id] {
					t.Errorf("%d twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			target := storetest.Target(t, engine)
			s, err := store.Open(context.Background(), target)
			if err != nil {
				t.Fatal(err)
			}
			query := "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, $1)"
			if _, err := s.DB().Exec(query, true); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = store.Open(context.Background(), target)
			if err == nil || !strings.Contains(err.Error(), "run the newer program") {
				t.Fatalf("got %v, want a refusal with its cure", err)
			}
		})
	}
}

func TestDatabaseIsPrivateAndDeletesSecurely(t *testing.T) {
	path := storetest.Target(t, store.SQLite)
	s := storetest.Open(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, err %v; want 0600", info.Mode(), err)
	}
	for pragma, want := range map[string]int{"secure_delete": 1, "synchronous": 2, "foreign_keys": 1} {
		err := s.View(context.Background(), func(tx *store.Tx) error {
			var got int
			if err := tx.QueryRow(context.Background(), "PRAGMA "+pragma).Scan(&got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s is %d, want %d", pragma, got, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A value that was deleted must be gone from the database file and from the
// write-ahead log once the log is truncated.
func TestTruncateLogLeavesNoResidue(t *testing.T) {
	path := storetest.Target(t, store.SQLite)
	s := storetest.Open(t, path)
	ctx := context.Background()
	planted := []byte("planted-value-7391")
	err := s.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, insert, 1, 1, 1, []byte{1}, planted, []byte{2})
		return err
	})
	if err != nil || !found(t, path, planted) {
		t.Fatalf("planting: %v", err)
	}
	err = s.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM policy_versions")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.TruncateLog(ctx); err != nil {
		t.Fatal(err)
	}
	if found(t, path, planted) {
		t.Fatal("the deleted value is still on disk")
	}
}

func found(t *testing.T, path string, value []byte) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), string(value)) {
			return true
		}
	}
	return false
}

func TestBadTargets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("not a database, but long enough to have a header of its own"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"a file that is no database": file,
		"a folder":                   t.TempDir(),
		"no such PostgreSQL":         "postgres://u:secret@127.0.0.1:1/x",
		"unreadable address":         "postgres://u:secret@[::1",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(context.Background(), target)
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), "secret") {
				t.Fatalf("the error quotes the password: %v", err)
			}
		})
	}
}

func TestScanOfNoRow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.View(context.Background(), func(tx *store.Tx) error {
			var n int
			return tx.QueryRow(context.Background(), "SELECT version FROM policy_versions WHERE version = $1", 1).Scan(&n)
		})
		if !errors.Is(err, sql.ErrNoRows) {
			t.Fatalf("got %v, want sql.ErrNoRows", err)
		}
	})
}
