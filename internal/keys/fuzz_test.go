package keys

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func FuzzParseKeyFile(f *testing.F) {
	f.Add("candour-key-1\nroot\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add("candour-key-1\nroot\n\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		kind, sealed, ok := parseKeyFile(text)
		if !ok {
			return
		}
		path := filepath.Join(t.TempDir(), "k")
		if err := writeKeyFile(path, kind, sealed); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(path); err != nil || string(again) != text {
			t.Fatalf("a key file has two forms: %q and %q", text, again)
		}
	})
}

func FuzzParseList(f *testing.F) {
	path := filepath.Join(f.TempDir(), "l")
	if err := newList(3, []int64{1, 2, 3}).write(path); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(listHead))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, ok := parseList(b)
		if !ok {
			return
		}
		out := filepath.Join(t.TempDir(), "l")
		if err := l.write(out); err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(out); err != nil || !bytes.Equal(again, b) {
			t.Fatal("a list has two forms")
		}
	})
}

// The table of a list of many keys: every key in it is found, no other is
// proven absent wrongly, and each proof fails against another root.
func TestListOfManyKeys(t *testing.T) {
	ids := make([]int64, 20000)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	l := newList(1, ids)
	for _, id := range ids {
		if !l.has(id) {
			t.Fatalf("key %d is not in its list", id)
		}
	}
	if l.has(20001) {
		t.Fatal("a key that never was is in the list")
	}
}
