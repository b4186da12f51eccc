// Package assets embeds the built styles, scripts and fonts. They are made
// from the folder frontend by `make generate`.
package assets

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
)

//go:embed dist
var embedded embed.FS

// FS holds the built files by their names, which hold a hash of the content
// (site-LKTUE6HG.css), and manifest.json. A file's name changes with its
// content, so answers with it may be kept for ever. Style sheets name fonts
// beside themselves: serve all from one folder.
var FS = mustDist()

// Files is a folder in memory.
type Files struct{ fs.FS }

// ReadFile implements fs.ReadFileFS.
func (f Files) ReadFile(name string) ([]byte, error) { return fs.ReadFile(f.FS, name) }

// ReadDir implements fs.ReadDirFS.
func (f Files) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(f.FS, name) }

func mustDist() Files {
	dist, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(err) // the name above is valid
	}
	return Files{dist}
}

// ManifestFile leads from plain names to built ones.
const ManifestFile = "manifest.json"

var manifest = mustManifest()

func mustManifest() map[string]string {
	text, err := FS.ReadFile(ManifestFile)
	if err != nil {
		panic(fmt.Errorf("assets: %w", err)) // the folder is in the binary
	}
	var m map[string]string
	if err := json.Unmarshal(text, &m); err != nil {
		panic(fmt.Errorf("assets: %s: %w", ManifestFile, err))
	}
	return m
}

// Name returns the built name of a plain one: site-LKTUE6HG.css for site.css.
// It is empty if the build made no such file.
func Name(plain string) string { return manifest[plain] }

// Names returns the built names by the plain ones. The map is the caller's.
func Names() map[string]string { return maps.Clone(manifest) }
