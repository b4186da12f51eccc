package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
)

// partials checks the superseded partial forms of a tile (or of a bundle, at
// level -1, whose entries are e) that still lie in the folder.
func (p *pass) partials(ctx context.Context, level int, index uint64, want []opening.Hash, e *entries) error {
	if p.folder == "" {
		return nil
	}
	dir := tiles.PathOf(level, index, 0) + ".p"
	files, err := os.ReadDir(filepath.Join(string(p.folder), filepath.FromSlash(dir)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	current := tiles.Path(level, index, p.horizon)
	for _, file := range files {
		path := dir + "/" + file.Name()
		_, _, width, ok := tiles.ParsePath(path)
		if !ok || path == current || int(width) > len(want) {
			continue // left to checkStrays
		}
		raw, err := p.folder.Read(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the server has just removed it
		}
		if err != nil {
			return err
		}
		if level >= 0 {
			p.hashes(path, raw, want[:width], false)
			continue
		}
		p.supersededBundle(path, raw, want[:width])
	}
	return nil
}

func (p *pass) supersededBundle(path string, raw []byte, want []opening.Hash) {
	said, err := tiles.ParseBundle(raw)
	if err != nil || len(said) != len(want) {
		p.findings.add(path, "changed: it is not the bundle its name says")
		return
	}
	_, index, _, _ := tiles.ParsePath(path)
	for i, entry := range said {
		if opening.LeafHash(entry) != want[i] {
			p.findings.add(path, fmt.Sprintf("entry %d was changed", index*tiles.Width+uint64(i)))
		}
	}
}

// checkStrays looks for files under tile/ that the tree does not have. What is
// being written, or was left by a kill, is noted and is no part of the evidence.
func (c *checker) checkStrays(ctx context.Context) error {
	root := filepath.Join(string(c.folder), "tile")
	left := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		rel, err := filepath.Rel(string(c.folder), path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		level, index, width, ok := tiles.ParsePath(rel)
		switch {
		case ok && c.inTree(level, index, width):
		case ok || leftover(rel):
			left++
		default:
			c.findings.add(rel, "does not belong to a log")
		}
		return nil
	})
	if left > 0 {
		c.report.note(fmt.Sprintf("%d files are of entries that no checkpoint covers: being written now, or left of writes that were cut short", left))
	}
	return err
}

// inTree reports whether the walk has checked the tile.
func (c *checker) inTree(level int, index uint64, width uint8) bool {
	shift := 8 * max(level, 0)
	if shift >= 64 || index > c.horizon {
		return false
	}
	need := uint64(width)
	if width == 0 {
		need = tiles.Width
	}
	return index*tiles.Width+need <= c.horizon>>shift
}

// leftover reports whether a file is the temporary form of a tile: its path
// and a number.
func leftover(path string) bool {
	cut := strings.TrimRight(path, "0123456789")
	for n := len(cut); n < len(path); n++ {
		if _, _, _, ok := tiles.ParsePath(path[:n]); ok {
			return true
		}
	}
	cut = strings.TrimSuffix(cut, "-")
	_, _, _, ok := tiles.ParsePath(cut)
	return ok && cut != path
}
