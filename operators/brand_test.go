package operators_test

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"candour/operators"

	"go.yaml.in/yaml/v3"
)

// The least contrast of text and of parts that carry meaning
// (WCAG 2.2, success criteria 1.4.3 and 1.4.11, level AA).
const (
	textContrast = 4.5
	partContrast = 3.0
)

// grounds are the tokens that text stands on; onGround what may stand there.
var (
	grounds  = []string{"surface", "surface-raised"}
	onGround = []string{"ink", "ink-soft", "brand", "brand-strong", "accent", "success", "warning", "danger"}
)

type brandFile struct {
	Tokens map[string]map[string]string `yaml:"tokens"`
}

func brandOf(t *testing.T, id string) (fs.FS, brandFile) {
	t.Helper()
	fsys, ok := operators.FS(id)
	if !ok {
		t.Fatalf("no profile %s", id)
	}
	text, err := fs.ReadFile(fsys, "brand.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var b brandFile
	if err := yaml.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return fsys, b
}

// Text must be readable in both themes of every profile.
func TestTextContrast(t *testing.T) {
	for _, id := range operators.IDs() {
		_, b := brandOf(t, id)
		for _, theme := range []string{"light", "dark"} {
			tokens := b.Tokens[theme]
			check := func(text, ground string, least float64) {
				t.Helper()
				if c := contrast(t, tokens[text], tokens[ground]); c < least {
					t.Errorf("%s, %s: %s on %s has %.2f:1, want %.1f:1", id, theme, text, ground, c, least)
				}
			}
			for _, g := range grounds {
				for _, text := range onGround {
					check(text, g, textContrast)
				}
				check("focus", g, partContrast)
			}
			check("on-brand", "brand", textContrast)
			check("on-brand", "brand-strong", textContrast)
		}
	}
}

// The mark is one file for both themes, so its colours must show on both.
func TestMarkContrast(t *testing.T) {
	colour := regexp.MustCompile(`(?:fill|stroke)="(#[0-9a-f]{6})"`)
	for _, id := range operators.IDs() {
		fsys, b := brandOf(t, id)
		mark, err := fs.ReadFile(fsys, "logo.svg")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range colour.FindAllStringSubmatch(string(mark), -1) {
			for _, theme := range []string{"light", "dark"} {
				if c := contrast(t, m[1], b.Tokens[theme]["surface"]); c < partContrast {
					t.Errorf("%s, %s: %s in the logo has %.2f:1, want %.1f:1", id, theme, m[1], c, partContrast)
				}
			}
		}
	}
}

// Drawings carry a title, hold no script, style or address of another place,
// and are well formed: they are served as they are, under a strict
// Content-Security-Policy.
func TestDrawings(t *testing.T) {
	for _, id := range operators.IDs() {
		fsys, _ := operators.FS(id)
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".svg") {
				return err
			}
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			checkDrawing(t, id+"/"+name, string(text))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkDrawing(t *testing.T, name, text string) {
	t.Helper()
	const largest = 16 << 10 // bytes; the first page has 60 KB for everything
	if len(text) > largest {
		t.Errorf("%s: %d bytes, want at most %d", name, len(text), largest)
	}
	titles, dec := 0, xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch el.Name.Local {
		case "title":
			titles++
		case "script", "style", "image", "foreignObject", "a", "use":
			t.Errorf("%s: element %s", name, el.Name.Local)
		}
		for _, a := range el.Attr {
			if n := a.Name.Local; n == "style" || n == "href" || strings.HasPrefix(n, "on") {
				t.Errorf("%s: attribute %s", name, n)
			}
		}
	}
	if titles != 1 {
		t.Errorf("%s: %d titles, want 1", name, titles)
	}
}

// contrast is the ratio of WCAG 2.2: (lighter + 0.05) / (darker + 0.05).
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is the relative luminance of an sRGB colour written #rrggbb.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 || colour[0] != '#' {
		t.Fatalf("%q is not a colour; write #rrggbb", colour)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatalf("%q is not a colour; write #rrggbb", colour)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
