package folder_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"candour/internal/folder"
)

func TestOneProcessHasTheFolder(t *testing.T) {
	f := folder.Folder(t.TempDir() + "/data")
	l, err := f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Lock(); !errors.Is(err, folder.ErrInUse) {
		t.Fatalf("second lock: %v, want ErrInUse", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	l, err = f.Lock()
	if err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Folder("").Lock(); err == nil {
		t.Fatal("no folder was accepted")
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Folder(file).Lock(); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Fatalf("a file was taken for a folder: %v", err)
	}
}

func TestCommandsReachTheServer(t *testing.T) {
	f := folder.Folder(t.TempDir())
	ctx := context.Background()
	if err := f.Call(ctx, "echo", nil, nil); err == nil || !strings.Contains(err.Error(), "private socket") {
		t.Fatalf("no server: %v", err)
	}
	stop, err := f.Serve(map[string]folder.Act{
		"echo": func(_ context.Context, args json.RawMessage) (any, error) { return args, nil },
		"fail": func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("so it is") },
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.Socket())
	if err != nil || info.Mode()&fs.ModePerm != 0o600 {
		t.Fatalf("socket mode %v, err %v; want 0600 (R18)", info.Mode(), err)
	}
	var got map[string]int
	if err := f.Call(ctx, "echo", map[string]int{"a": 1}, &got); err != nil || got["a"] != 1 {
		t.Fatalf("echo: %v %v", got, err)
	}
	if err := f.Call(ctx, "fail", nil, nil); err == nil || err.Error() != "so it is" {
		t.Fatalf("fail: %v", err)
	}
	if err := f.Call(ctx, "unknown", nil, nil); err == nil || !strings.Contains(err.Error(), "unknown") {
		t.Fatalf("unknown: %v", err)
	}
	if err := f.Call(ctx, "echo", strings.Repeat("x", 2<<20), nil); err == nil {
		t.Fatal("oversized arguments were accepted")
	}
	if err := stop(ctx); err != nil {
		t.Fatal(err)
	}
	// A server that was killed leaves its socket; the next one takes its place.
	if err := os.WriteFile(f.Socket(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	stop, err = f.Serve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(ctx); err != nil {
		t.Fatal(err)
	}
}
