package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// VersionCmd prints the version of the program, from what the toolchain
// recorded in it.
type VersionCmd struct{}

// Run prints one line.
func (VersionCmd) Run(out io.Writer) error {
	version, revision := "development", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			version = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	_, err := fmt.Fprintf(out, "candour %s (revision %s)\n", version, revision)
	return err
}
