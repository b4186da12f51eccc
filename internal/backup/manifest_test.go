package backup

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzReadManifest(f *testing.F) {
	f.Add([]byte(`{"version":1,"kind":"data","engine":"sqlite","ring":"","entries":0,"erasures":0,"files":{}}`))
	f.Add([]byte(`{"version":1,"kind":"data","files":{"../../etc/passwd":"x"}}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, manifestFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := readManifest(dir, kindData)
		if err == nil && (m.Kind != kindData || len(m.Files) != 0) {
			t.Fatal("a folder without files was taken for a whole backup of some")
		}
	})
}

func FuzzCheckpointSize(f *testing.F) {
	f.Add([]byte("origin\n12\nroot\n"))
	f.Add([]byte("\n-1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := checkpointSize(b); ok && n < 0 {
			t.Fatal("a negative size")
		}
	})
}

func TestInCopy(t *testing.T) {
	for _, c := range []struct {
		o    object
		want string
	}{
		{object{"table", "a", "CREATE TABLE a (b)"}, `CREATE TABLE copy."a" (b)`},
		{object{"table", "a", `CREATE TABLE "a" (b)`}, `CREATE TABLE copy."a" (b)`},
		{object{"index", "x_y", "CREATE UNIQUE INDEX x_y ON x (y)"}, `CREATE UNIQUE INDEX copy."x_y" ON x (y)`},
		{object{"trigger", "t", "CREATE TRIGGER t BEFORE UPDATE ON x BEGIN SELECT 1; END"}, `CREATE TRIGGER copy."t" BEFORE UPDATE ON x BEGIN SELECT 1; END`},
	} {
		if got := inCopy(c.o); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
