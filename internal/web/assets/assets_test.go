package assets_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"candour/internal/web/assets"
)

func TestEveryBuiltFileIsInTheManifest(t *testing.T) {
	names := assets.Names()
	for _, plain := range []string{"site.css", "site.js", "member.css"} {
		if names[plain] == "" || assets.Name(plain) != names[plain] {
			t.Errorf("the build has no %s", plain)
		}
	}
	built := map[string]bool{assets.ManifestFile: true}
	for plain, name := range names {
		built[name] = true
		if _, err := assets.FS.ReadFile(name); err != nil {
			t.Errorf("%s leads to %s: %v", plain, name, err)
		}
		if !regexp.MustCompile(`-[A-Z0-9]{8}\.\w+$`).MatchString(name) {
			t.Errorf("%s has no hash in its name, but is served as immutable", name)
		}
	}
	entries, err := fs.ReadDir(assets.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !built[e.Name()] {
			t.Errorf("%s is embedded and not in the manifest", e.Name())
		}
	}
	if assets.Name("nothing.css") != "" {
		t.Error("a name was given for a file that is not there")
	}
}

// What the style sheet names must be there, under the same folder and of our
// own: a page asks nobody else for a font or a picture (R25, R26).
func TestStyleNamesOnlyOwnFiles(t *testing.T) {
	css, err := assets.FS.ReadFile(assets.Name("site.css"))
	if err != nil {
		t.Fatal(err)
	}
	urls := regexp.MustCompile(`url\("?([^")]+)"?\)`).FindAllSubmatch(css, -1)
	if len(urls) == 0 {
		t.Fatal("the style sheet names no font")
	}
	for _, u := range urls {
		name, own := strings.CutPrefix(string(u[1]), "./")
		if _, err := assets.FS.ReadFile(name); !own || err != nil {
			t.Errorf("the style sheet asks for %s", u[1])
		}
	}
	if bytes.Contains(css, []byte("@import")) {
		t.Error("the style sheet imports another")
	}
}

// The first page may weigh 60 KB in all; this is the share of what each page
// has in common, as sent.
func TestWeight(t *testing.T) {
	const limit = 24 << 10
	total := 0
	for _, plain := range []string{"site.css", "site.js"} {
		body, err := assets.FS.ReadFile(assets.Name(plain))
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		total += packed.Len()
	}
	font, err := assets.FS.ReadFile(assets.Name("figtree-core.woff2"))
	if err != nil {
		t.Fatal(err)
	}
	if total += len(font); total > limit {
		t.Errorf("style, script and font are %d bytes as sent, over %d", total, limit)
	}
}
