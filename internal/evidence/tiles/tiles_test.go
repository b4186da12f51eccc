package tiles_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
)

// Paths have one form (C2SP tlog-tiles).
func TestPaths(t *testing.T) {
	for path, want := range map[string]bool{
		"tile/0/000": true, "tile/0/000.p/1": true, "tile/0/000.p/255": true, "tile/entries/x001/234": true,
		"tile/63/x001/x234/067.p/8": true, "tile/0/x000/001": false, "tile/0/1": false, "tile/0/000.p/0": false,
		"tile/0/000.p/256": false, "tile/0/000.p/01": false, "tile/64/000": false, "tile/-1/000": false,
		"tile/0/../0/000": false, "tile/00/000": false, "tile/0/000/": false, "": false, "checkpoint": false,
	} {
		if _, _, _, ok := tiles.ParsePath(path); ok != want {
			t.Errorf("%q: %v, want %v", path, ok, want)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("tile/entries/x001/234.p/7")
	f.Fuzz(func(t *testing.T, path string) {
		if level, index, width, ok := tiles.ParsePath(path); ok && tiles.PathOf(level, index, width) != path {
			t.Errorf("%q has another form", path)
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	f.Add(tiles.Bundle([]opening.Leaf{{Seq: 0}, {Seq: 1}}))
	f.Add([]byte{0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		entries, err := tiles.ParseBundle(raw)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			again = append(binary.BigEndian.AppendUint16(again, uint16(len(e))), e...)
		}
		if !bytes.Equal(again, raw) {
			t.Errorf("%q has another encoding", raw)
		}
	})
}

func FuzzReadState(f *testing.F) {
	f.Add([]byte(`{"size":1,"root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`))
	f.Add([]byte(`{"size":-1}`))
	dir := f.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".state"), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(tiles.StatePath)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := tiles.ReadState(context.Background(), tiles.Folder(dir))
		if err != nil && !errors.Is(err, tiles.ErrForm) {
			t.Errorf("%q: %v", raw, err)
		}
	})
}

// What is not there is told as such, by folder and by site.
func TestAbsent(t *testing.T) {
	if _, err := tiles.Folder(t.TempDir()).Read(t.Context(), "checkpoint"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without a checkpoint: %v", err)
	}
	for _, bad := range []string{"", "host", "http://elsewhere.example/", "https://user@host/", "https://host/?q=1", "ftp://localhost/"} {
		if _, err := tiles.NewSite(bad, nil); err == nil {
			t.Errorf("%q is taken for a site", bad)
		}
	}
}
