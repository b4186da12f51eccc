package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candour/internal/folder"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// A folder whose database is PostgreSQL remembers its address, and `candour
// verify` finds it there, beside the running server and after it; rows that
// were changed in it are named.
func TestVerifyOnPostgreSQL(t *testing.T) {
	dir := t.TempDir()
	r, err := startRig(folder.Folder(dir), storetest.Target(t, store.PostgreSQL), RunCmd{})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	defer func() {
		if !stopped {
			_ = r.stop() // the test has failed already
		}
	}()
	if err := r.browser(1).write("/contact", aContact("only")); err != nil {
		t.Fatal(err)
	}
	if err := r.settle(); err != nil {
		t.Fatal(err)
	}
	verified := func(code int, want ...string) {
		t.Helper()
		var out, errs bytes.Buffer
		got := run(context.Background(), []string{"verify", dir}, &out, &errs)
		for _, w := range want {
			if got != code || !strings.Contains(out.String()+errs.String(), w) {
				t.Fatalf("exit code %d, want %d and %q:\n%s%s", got, code, w, &out, &errs)
			}
		}
	}
	verified(0, "the evidence holds", "0 left sealed")
	if _, err := os.Stat(filepath.Join(dir, "candour.db")); err == nil {
		t.Error("verifying made a SQLite database")
	}
	_, err = r.app.store.DB().Exec("ALTER TABLE evidence DISABLE TRIGGER ALL")
	if err == nil {
		_, err = r.app.store.DB().Exec("UPDATE evidence SET commitment = decode(repeat('00', 32), 'hex') WHERE id = (SELECT id FROM evidence_order WHERE seq = 2)")
	}
	if err != nil {
		t.Fatal(err)
	}
	verified(1, "CHANGED row 2: ", "the evidence does not hold")
	stopped = true
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	verified(1, "CHANGED row 2: ")

	// An address that cannot be read is not told: it holds a password.
	secret := "postgres://candour:hunter2@127.0.0.1:1/candour?sslmode=disable"
	if err := os.WriteFile(filepath.Join(dir, "database"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	if code := run(context.Background(), []string{"verify", dir}, io.Discard, &errs); code != 1 || strings.Contains(errs.String(), "hunter2") || !strings.Contains(errs.String(), "the database cannot be read") {
		t.Errorf("exit code %d, and the words\n%s", code, &errs)
	}
}
