// Package storetest gives tests a store on each engine: SQLite in a temporary
// folder, and a real PostgreSQL server of the test process's own, started on
// first use on a free port of loopback and stopped by Main.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // creates the databases of the tests

	"candour/internal/store"
)

var (
	mu       sync.Mutex
	running  *server
	startErr error
	count    atomic.Int64
)

// Main runs the tests of a package and then stops the PostgreSQL server they
// may have started. Use it as
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	mu.Lock()
	defer mu.Unlock()
	if running != nil {
		running.stop()
		running = nil
	}
	return code
}

// Each runs fn as one subtest on SQLite and one on PostgreSQL, each with a
// fresh store that is closed afterwards. Its schema is that of the migrations,
// which one database of each engine went through for all tests of the process:
// the others are copies of it.
func Each(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			fn(t, Open(t, Migrated(t, engine)))
		})
	}
}

// Migrated is Target for a database whose schema is up to date.
func Migrated(tb testing.TB, engine store.Engine) string {
	tb.Helper()
	if engine == store.PostgreSQL {
		return database(tb, " TEMPLATE "+patterns.postgres(tb))
	}
	file := filepath.Join(tb.TempDir(), "candour.db")
	if err := os.WriteFile(file, patterns.sqlite(tb), 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

// Open opens the store at target and closes it when the test ends.
func Open(tb testing.TB, target string) *store.Store {
	tb.Helper()
	s, err := store.Open(context.Background(), target)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("closing the store: %v", err)
		}
	})
	return s
}

// Target returns where a fresh, empty database of the engine is: a file path
// or an address for store.Open.
func Target(tb testing.TB, engine store.Engine) string {
	tb.Helper()
	if engine == store.SQLite {
		return filepath.Join(tb.TempDir(), "candour.db")
	}
	return database(tb, "")
}

// database makes one of PostgreSQL, and returns its address.
func database(tb testing.TB, from string) string {
	tb.Helper()
	srv, err := shared()
	if err != nil {
		tb.Fatalf("starting PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("t%d", count.Add(1))
	admin, err := sql.Open("pgx", srv.address("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Exec("CREATE DATABASE " + name + from); err != nil {
		tb.Fatal(err)
	}
	return srv.address(name)
}

func shared() (*server, error) {
	mu.Lock()
	defer mu.Unlock()
	if running == nil && startErr == nil {
		running, startErr = start()
	}
	return running, startErr
}
