// Package operators holds the built-in operator profiles: for each provider
// its policy, notice, pages, brand and drawings, all as data. Nothing else in
// the program knows a fact about an operator; to run your own, copy one of the
// folders and pass its path.
package operators

import (
	"embed"
	"io/fs"
	"path"
	"sort"
)

// Default is the id of the profile that runs when none is asked for.
const Default = "invoco"

//go:embed invoco fernhill
var profiles embed.FS

// FS returns the folder of the built-in profile with this id, and whether
// there is one. The folder is read-only and safe for concurrent use.
func FS(id string) (fs.FS, bool) {
	if id != path.Base(id) {
		return nil, false
	}
	if _, err := fs.Stat(profiles, path.Join(id, "policy.yaml")); err != nil {
		return nil, false
	}
	sub, err := fs.Sub(profiles, id)
	return sub, err == nil
}

// IDs returns the ids of the built-in profiles in alphabetical order.
func IDs() []string {
	found, _ := fs.Glob(profiles, "*/policy.yaml")
	ids := make([]string, 0, len(found))
	for _, f := range found {
		ids = append(ids, path.Dir(f))
	}
	sort.Strings(ids)
	return ids
}
