package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candour/internal/demo"
	"candour/internal/evidence"
	"candour/internal/folder"
	"candour/internal/keys"
	"candour/internal/notice"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// appConfig is what an open data folder needs.
type appConfig struct {
	folder      folder.Folder
	database    string // PostgreSQL address; empty: what the folder remembers, else SQLite
	checkpoints string
	profile     *policy.Profile // nil for commands that only keep house
	log         *slog.Logger
	now         func() time.Time // nil is the machine's clock
}

// app is an open data folder, each part wired to the next.
type app struct {
	folder   folder.Folder
	lock     *folder.Lock
	target   string // of the database
	store    *store.Store
	ring     *keys.Ring
	evidence *evidence.Log
	versions *notice.Versions
	vault    *vault.Vault
	desks    *desks // made when they are first needed
	profile  *policy.Profile
	log      *slog.Logger
	now      func() time.Time
	logins   []demo.Login // of made up people
	served   *sites       // while they are; else nil
}

// openApp takes the folder and opens everything in it. Whatever is doubtful (a
// missing key, a database from the past of its log, a policy file that is not
// what was published) is refused here, before any port is open.
func openApp(ctx context.Context, c appConfig) (_ *app, err error) {
	a := &app{folder: c.folder, profile: c.profile, log: c.log, now: c.now}
	if a.now == nil {
		a.now = time.Now
	}
	if a.lock, err = c.folder.Lock(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(cured(err), a.Close(context.WithoutCancel(ctx)))
		}
	}()
	if a.target, err = database(c.folder, c.database); err != nil {
		return nil, err
	}
	if a.store, err = store.Open(ctx, a.target); err != nil {
		return nil, err
	}
	if err := remember(c.folder, c.database); err != nil {
		return nil, err
	}
	if a.ring, err = keys.Open(ctx, a.store, c.folder.Keys()); err != nil {
		return nil, err
	}
	if err := a.openEvidence(ctx, c); err != nil {
		return nil, err
	}
	if err := a.openPolicy(ctx); err != nil {
		return nil, err
	}
	a.vault = vault.New(a.store, a.ring, a.evidence, a.inForce, a.now)
	a.vault.Versions(a.policyOf)
	return a, nil
}

func (a *app) openEvidence(ctx context.Context, c appConfig) error {
	opts := evidence.Options{
		Logger: a.log,
		Now:    a.now,
		// Entries are only written once the versions are open, except the log's
		// own first, which declares nothing.
		Declared: func(id string) bool { return a.versions != nil && a.versions.Declares(id) },
	}
	if c.profile != nil {
		opts.Origin = c.profile.Policy.Operator.Domain + "/evidence"
	}
	if c.checkpoints != "" {
		sink, err := evidence.NewSink(c.checkpoints)
		if err != nil {
			return err
		}
		opts.Sinks = []evidence.Sink{sink}
	}
	var err error
	a.evidence, err = evidence.Open(ctx, a.store, a.ring, c.folder.Log(), opts)
	return err
}

// openPolicy reads the published versions. The first policy of a fresh folder
// is published at once; later ones only by `candour policy publish`, which
// gives the date from which they apply.
func (a *app) openPolicy(ctx context.Context) error {
	var err error
	if a.versions, err = notice.OpenVersions(ctx, a.store, a.evidence); err != nil || a.profile == nil {
		return err
	}
	if len(a.versions.List()) == 0 {
		_, err = a.versions.Publish(ctx, a.profile, a.now(), a.now())
		return err
	}
	if now, first := a.now(), a.versions.List()[0]; first.From.After(now) {
		return fmt.Errorf("the machine's clock says %s, but the first policy applies from %s, so none is in force; set the clock right",
			now.UTC().Format(time.RFC3339), first.From.Format(time.RFC3339))
	}
	published, err := a.versions.Matches(a.profile)
	if err != nil {
		return err
	}
	if !published {
		a.log.Warn("the policy file's version is not published, so the last published one stays in force; publish it with `candour policy publish PATH --from DATE`",
			"file", a.profile.Policy.Version, "in force", a.versions.InForce(a.now()).Number)
	}
	return nil
}

// inForce is the policy the doors ask. Should the clock be set back before the
// first version while the program runs, that version goes on to apply: without
// a policy there is no door.
func (a *app) inForce() *policy.Compiled {
	if v := a.versions.InForce(a.now()); v != nil {
		return v.Compiled
	}
	return a.versions.List()[0].Compiled
}

// Close ends everything in the reverse order of opening and gives the folder
// back.
func (a *app) Close(ctx context.Context) error {
	var errs []error
	if a.vault != nil {
		errs = append(errs, a.vault.Flush(ctx))
	}
	if a.evidence != nil {
		errs = append(errs, a.evidence.Close(ctx))
	}
	if a.ring != nil {
		a.ring.Close()
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Unlock())
	}
	return errors.Join(errs...)
}

// database returns where the database is: at the address given, or at the one
// that the folder remembers, else in the folder. Errors do not quote an
// address, because it holds a password.
func database(f folder.Folder, address string) (string, error) {
	kept, err := os.ReadFile(remembered(f))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	switch {
	case address == "" && len(kept) > 0:
		return string(kept), nil
	case address == "":
		return f.Database(), nil
	case !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://"):
		return "", errors.New("--database must be a PostgreSQL address, such as postgres://user:password@host:5432/database; without it there is a SQLite database in the data folder")
	case len(kept) == 0:
		if _, err := os.Stat(f.Database()); err == nil {
			return "", fmt.Errorf("the data folder has a SQLite database; --database needs a data folder of its own")
		}
	}
	return address, nil
}

// remember keeps the address of a database that has opened in the folder, so
// that commands and a later start need not repeat it. The file is private
// because the address holds a password.
func remember(f folder.Folder, address string) error {
	if address == "" {
		return nil
	}
	return os.WriteFile(remembered(f), []byte(address), 0o600)
}

func remembered(f folder.Folder) string { return filepath.Join(string(f), "database") }
