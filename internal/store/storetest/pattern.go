package storetest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"candour/internal/store"
)

// patterns are the migrated databases of which tests get copies.
var patterns pattern

type pattern struct {
	mu   sync.Mutex
	file []byte // of SQLite
	name string // of a database of PostgreSQL
}

// sqlite returns the file of a database that was migrated and closed: there is
// no other beside it, for the log went into it as it was closed.
func (p *pattern) sqlite(tb testing.TB) []byte {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file != nil {
		return p.file
	}
	file := filepath.Join(tb.TempDir(), "pattern.db")
	migrated(tb, file)
	if _, err := os.Stat(file + "-wal"); !os.IsNotExist(err) {
		tb.Fatalf("the pattern of SQLite's databases has a log still: %v", err)
	}
	var err error
	if p.file, err = os.ReadFile(file); err != nil {
		tb.Fatal(err)
	}
	return p.file
}

// postgres returns the name of a database to which nobody is connected.
func (p *pattern) postgres(tb testing.TB) string {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.name == "" {
		target := database(tb, "")
		migrated(tb, target)
		name, _, _ := strings.Cut(target[strings.LastIndex(target, "/")+1:], "?")
		p.name = name
	}
	return p.name
}

func migrated(tb testing.TB, target string) {
	tb.Helper()
	s, err := store.Open(context.Background(), target)
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
}
