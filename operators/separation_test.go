package operators_test

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Fernhill exists to prove that the program holds no fact of Invoco, so no
// program text may name either. Tests and documents may, comments included.
func TestNoFactOfAnOperatorInTheProgram(t *testing.T) {
	fact := regexp.MustCompile(`(?i)invoco|fernhill|bromsgrove|worcestershire|B60 [23]|04465219|GB825306641|306 ?000`)
	programs := []string{".go", ".ts", ".html", ".tmpl", ".css"}
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch base := d.Name(); {
			case base == "operators", base == "node_modules", base == "docs", base == "testdata", base == "e2e", len(base) > 2 && base[0] == '.':
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(programs, filepath.Ext(name)) || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".test.ts") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if filepath.Ext(name) == ".go" {
			text = withoutComments(text)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := fact.FindString(line); m != "" {
				t.Errorf("%s:%d names %q; take it from the profile", name, i+1, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// withoutComments blanks the comments of a Go file and keeps its lines.
func withoutComments(text []byte) []byte {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(text))
	s.Init(file, text, nil, scanner.ScanComments)
	out := slices.Clone(text)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return out
		}
		if tok != token.COMMENT {
			continue
		}
		for i := range len(lit) {
			if at := file.Offset(pos) + i; at < len(out) && out[at] != '\n' {
				out[at] = ' '
			}
		}
	}
}
