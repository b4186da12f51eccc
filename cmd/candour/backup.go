package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"candour/internal/backup"
	"candour/internal/folder"
)

// BackupCmd writes a backup of a data folder, in use or not.
type BackupCmd struct {
	To   string `arg:"" help:"Folder for backups. Data goes below data/, the key ring below ring/; keep the two on different media."`
	Data string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

type backupArgs struct{ To string }

// Run prints where the two parts are.
func (c *BackupCmd) Run(ctx context.Context, out io.Writer) error {
	to, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	var made backup.Made
	if err := perform(ctx, folder.Folder(c.Data), "backup", backupArgs{to}, &made); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "data  %s\nring  %s\n%d older rings destroyed: %d are kept, because an old ring would open what was erased since\n", made.Data, made.Ring, made.Gone, backup.KeepRings)
	return err
}

func (a *app) backup(ctx context.Context, args backupArgs) (any, error) {
	return backup.Backup(ctx, backup.Source{
		Store: a.store, Target: a.target, Ring: a.ring, Keys: a.folder.Keys(), Log: a.evidence, Now: a.now,
	}, args.To)
}

// RestoreCmd restores a backup into a data folder that holds nothing yet.
type RestoreCmd struct {
	From     string `arg:"" help:"A data folder of a backup, of any age: DIR/data/TIME."`
	Ring     string `required:"" help:"The newest ring: DIR/ring/TIME. An older one is refused if people were erased since." placeholder:"DIR"`
	Data     string `help:"Data folder to restore into." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
	Database string `help:"Address of an empty PostgreSQL database, if the backup is of one." placeholder:"URL" env:"CANDOUR_DATABASE"`
	Since    string `help:"The newest checkpoint that was kept elsewhere: a file, or - for standard input." placeholder:"CHECKPOINT"`
}

// Run prints what was replayed.
func (c *RestoreCmd) Run(ctx context.Context, out io.Writer) (err error) {
	f := folder.Folder(c.Data)
	lock, err := f.Lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	target, err := database(f, c.Database)
	if err != nil {
		return err
	}
	d := backup.Destination{Data: c.From, Ring: c.Ring, Target: target, Keys: f.Keys(), Log: f.Log(), Now: time.Now}
	if c.Since != "" {
		if d.Since, err = readSince(c.Since); err != nil {
			return err
		}
	}
	done, err := backup.Restore(ctx, d)
	if err == nil {
		err = remember(f, c.Database)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "restored into %s; %d erasures since that backup were replayed (%d rows deleted)\nstart it with `candour run --data %s`, then `candour verify %s`\n",
		c.Data, done.Erasures, done.Rows, c.Data, c.Data)
	return err
}

// KeysCmd groups what the operator's engineer does with keys.
type KeysCmd struct {
	Rotate KeysRotateCmd `cmd:"" help:"Wrap every data key anew under a fresh epoch key and destroy the old one."`
}

// KeysRotateCmd rotates the epoch.
type KeysRotateCmd struct {
	Data string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Run rotates in the process that has the folder.
func (c *KeysRotateCmd) Run(ctx context.Context, out io.Writer) error {
	if err := perform(ctx, folder.Folder(c.Data), "keys-rotate", struct{}{}, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "rotated: older copies of the key ring no longer open anything")
	return err
}

func (a *app) rotate(ctx context.Context, _ struct{}) (any, error) {
	return struct{}{}, a.vault.Rotate(ctx)
}
