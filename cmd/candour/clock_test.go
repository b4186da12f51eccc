package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candour/internal/folder"
)

// A clock that is set before the first policy, as that of a machine without a
// battery, is refused at the start; set back later it takes no policy away.
func TestClockBeforeTheFirstPolicy(t *testing.T) {
	profile, err := loadOperator("invoco", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	conf := appConfig{
		folder: folder.Folder(filepath.Join(t.TempDir(), "data")), profile: profile,
		log: slog.New(slog.DiscardHandler), now: func() time.Time { return now },
	}
	a, err := openApp(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	right := now
	now = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if a.inForce() == nil {
		t.Error("no policy")
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err = openApp(t.Context(), conf); err == nil || !strings.Contains(err.Error(), "set the clock right") {
		t.Fatalf("started with the clock of 1970: %v", err)
	}
	now = right
	if a, err = openApp(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
