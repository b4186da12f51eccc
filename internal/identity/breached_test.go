package identity_test

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candour/internal/identity"
)

func list(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Every password of a list is found, wherever it stands, and no other.
func TestBreached(t *testing.T) {
	for _, n := range []int{1, 2, 3, 500} {
		for _, form := range []string{"%X\n", "%x\n", "%X:17\n", "%X:17\r\n"} {
			var lines []string
			for i := range n {
				lines = append(lines, fmt.Sprintf(form, sha1.Sum(fmt.Appendf(nil, "password %d", i))))
			}
			slices.Sort(lines)
			b, err := identity.OpenBreached(list(t, strings.Join(lines, "")))
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if found, err := b.Has(fmt.Sprintf("password %d", i)); err != nil || !found {
					t.Errorf("%d of %d as %q: %v, %v", i, n, form, found, err)
				}
				if found, err := b.Has(fmt.Sprintf("another %d", i)); err != nil || found {
					t.Errorf("another %d of %d as %q: %v, %v", i, n, form, found, err)
				}
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	var none *identity.Breached
	if found, err := none.Has("x"); found || err != nil || none.Close() != nil {
		t.Error("no list has something on it")
	}
}

func TestBreachedRefusesOtherFiles(t *testing.T) {
	a, b := fmt.Sprintf("%X\n", sha1.Sum([]byte("a"))), fmt.Sprintf("%X\n", sha1.Sum([]byte("b")))
	for name, text := range map[string]string{"empty": "", "words": "password\nletmein\n", "unsorted": max(a, b) + min(a, b), "half a hash": a[:20] + "\n"} {
		if _, err := identity.OpenBreached(list(t, text)); err == nil || !strings.Contains(err.Error(), "SHA-1 hashes") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := identity.OpenBreached(t.TempDir()); err == nil {
		t.Error("a folder is a list")
	}
	if _, err := identity.OpenBreached("nowhere"); err == nil {
		t.Error("a file that is not there is a list")
	}
}

func FuzzBreached(f *testing.F) {
	f.Add(strings.Repeat("A", 40) + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := identity.OpenBreached(list(t, text))
		if err != nil {
			return
		}
		defer b.Close()
		if _, err := b.Has("password"); err != nil {
			t.Error(err)
		}
	})
}
