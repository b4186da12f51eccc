package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"candour/policy"
)

// The built-in operators' folders are what the format is for: they load
// without a fault of form.
func TestLoadTakesBuiltInOperators(t *testing.T) {
	folders, err := os.ReadDir("../operators")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		t.Run(f.Name(), func(t *testing.T) {
			p, faults := policy.Load(os.DirFS("../operators/" + f.Name()))
			for _, fault := range faults {
				t.Error(fault)
			}
			if p.Hash == [32]byte{} {
				t.Error("no hash")
			}
		})
	}
}

func TestLoadTellsOfWhatIsNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, file + "/missing", t.TempDir()} {
		p, faults := policy.Load(os.DirFS(path))
		if len(faults) != 1 || faults[0].File != policy.PolicyFile || p.Readable() {
			t.Errorf("%v", faults)
		}
		policy.Compile(p.Policy)
	}
}

// The hash is of names and contents alone: the order of files does not matter,
// any change of one does, and neither does what editors leave behind.
func TestHashNamesTheFolder(t *testing.T) {
	hash := func(change func(fstest.MapFS)) [32]byte {
		folder := goodFolder(t)
		change(folder)
		p, _ := policy.Load(folder)
		return p.Hash
	}
	same := hash(func(fstest.MapFS) {})
	if hash(func(f fstest.MapFS) { f[".notes.swp"] = &fstest.MapFile{}; f[".git/x"] = &fstest.MapFile{} }) != same {
		t.Error("hidden files count")
	}
	for name, change := range map[string]func(fstest.MapFS){
		"content": func(f fstest.MapFS) { f["logo.svg"].Data = append(f["logo.svg"].Data, ' ') },
		"name":    func(f fstest.MapFS) { f["mark.svg"] = f["logo.svg"]; delete(f, "logo.svg") },
		"gone":    func(f fstest.MapFS) { delete(f, "notice.md") },
		"more":    func(f fstest.MapFS) { f["empty"] = &fstest.MapFile{} },
		"moved":   func(f fstest.MapFS) { f["pages/logo.svg"] = f["logo.svg"] },
	} {
		if hash(change) == same {
			t.Errorf("%s: the hash is the same", name)
		}
	}
}

func TestLoadRefusesWhatIsTooLarge(t *testing.T) {
	deep := strings.Repeat("a: {", 40) + strings.Repeat("}", 40)
	for name, file := range map[string]string{
		"bytes":  strings.Repeat("# a line\n", 200_000),
		"depth":  "operator: {" + deep + "}",
		"values": "version: [" + strings.Repeat("1,", 120_000) + "]",
	} {
		folder := goodFolder(t)
		folder["policy.yaml"] = &fstest.MapFile{Data: []byte(file)}
		if _, faults := policy.Load(folder); len(faults) == 0 || len(faults) > 30 {
			t.Errorf("%s: %d faults", name, len(faults))
		}
	}
}

func TestCookiesAreFoundByRoleAndName(t *testing.T) {
	p, _ := policy.Load(goodFolder(t))
	if c, ok := p.Policy.CookieByRole("consent", "softphone"); !ok || c.ID != "choice" {
		t.Errorf("%v", c)
	}
	for _, c := range []struct {
		role, surface string
	}{{"signin", "website"}, {"antiforgery", "softphone"}, {"", "website"}} {
		if found, ok := p.Policy.CookieByRole(c.role, c.surface); ok {
			t.Errorf("%s on %s is %s", c.role, c.surface, found.ID)
		}
	}
	for name, want := range map[string]bool{"_st_1": true, "_st_": false, "_st": false, "formGuard": true, "formguard": false} {
		if _, ok := p.Policy.CookieNamed(name, "website"); ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

// The codes that people write for the United Kingdom, the Union and Greece are
// no countries in ISO 3166-1: a transfer to them would be declared of nowhere.
func TestRegionsThatAreNone(t *testing.T) {
	for code, none := range map[string]bool{"UK": true, "EU": true, "EL": true, "uk": true, "GBR": true, "GB": false, "US": false, "ES": false, "UA": false} {
		folder := goodFolder(t)
		text := replaceOnce(t, string(folder["policy.yaml"].Data), "regions: [EEA, GB]", "regions: [EEA, "+code+"]")
		folder["policy.yaml"] = &fstest.MapFile{Data: []byte(text)}
		_, faults := policy.Load(folder)
		if refused := len(faults) > 0; refused != none {
			t.Errorf("%s: %v", code, faults)
		}
		if none && !strings.Contains(faults.Error(), "GB for the United Kingdom") {
			t.Errorf("%s: the cure does not name what would be right: %v", code, faults)
		}
	}
}
