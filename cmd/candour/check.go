package main

import (
	"context"
	"fmt"
	"io"

	"candour/internal/folder"
)

// CheckCmd checks what `candour verify` does not look at: that records, keys,
// tags, aliases and erasures of the vault fit together.
type CheckCmd struct {
	Data string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Run checks in the process that has the folder. Its exit code is 1 if
// something does not fit, with a line that names and counts it.
func (c *CheckCmd) Run(ctx context.Context, out io.Writer) error {
	if err := perform(ctx, folder.Folder(c.Data), "check", struct{}{}, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "the vault is in order")
	return err
}

func (a *app) check(ctx context.Context, _ struct{}) (any, error) {
	return struct{}{}, a.vault.Check(ctx)
}
