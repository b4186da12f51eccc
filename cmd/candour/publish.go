package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // dates are London's also where the machine has no zones

	"candour/internal/folder"
	"candour/policy"
)

// PolicyPublishCmd stores a version of the policy, which then never changes.
type PolicyPublishCmd struct {
	Path string `arg:"" help:"The operator's folder."`
	From string `required:"" help:"Day from which it applies, as 2027-01-31, in London." placeholder:"DATE"`
	Data string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

type publishArgs struct{ Path, From string }

type publishAnswer struct {
	Version int
	From    time.Time
	Hash    string
}

// Run checks the folder here, where its faults can be read, and then has it
// published.
func (c *PolicyPublishCmd) Run(ctx context.Context, out io.Writer) error {
	if _, err := checked(out, c.Path); err != nil {
		return err
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return err
	}
	var got publishAnswer
	if err := perform(ctx, folder.Folder(c.Data), "policy-publish", publishArgs{path, c.From}, &got); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "published version %d, in force from %s, sha256 %s\n", got.Version, got.From.In(policy.London).Format("2006-01-02 15:04 MST"), got.Hash)
	return err
}

func (a *app) publish(ctx context.Context, args publishArgs) (any, error) {
	from, err := time.ParseInLocation(time.DateOnly, args.From, policy.London)
	if err != nil {
		return nil, fmt.Errorf("%q is not a day; write it as 2027-01-31", args.From)
	}
	now := a.now()
	if y, m, d := now.In(policy.London).Date(); from.Before(time.Date(y, m, d, 0, 0, 0, 0, policy.London)) {
		return nil, fmt.Errorf("%s is in the past; a version applies from today at the earliest", args.From)
	}
	profile, err := loadOperator(args.Path, os.Stderr)
	if err != nil {
		return nil, err
	}
	ver, err := a.versions.Publish(ctx, profile, from, now)
	if err != nil {
		return nil, err
	}
	return publishAnswer{ver.Number, ver.From, fmt.Sprintf("%x", ver.Hash)}, nil
}
