package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"candour/internal/evidence"
	"candour/internal/folder"
	"candour/internal/store"
)

// fill DIR makes a data folder in which people have written, signed up and
// chosen, each entry of its evidence under a checkpoint. The verifier key is
// left in DIR.vkey and the last checkpoint in DIR.checkpoint.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	r, err := startRig(folder.Folder(dir), "", RunCmd{})
	ts.Check(err)
	for i, act := range []func(*browser) error{
		(*browser).accept,
		func(b *browser) error { return b.write("/contact", aContact("first")) },
		(*browser).accept,
		func(b *browser) error {
			return b.write("/newsletter", map[string]string{"email": "reader@example.com"})
		},
		func(b *browser) error { return b.write("/contact", aContact("second")) },
	} {
		ts.Check(act(r.browser(byte(i + 1))))
		ts.Check(r.settle())
	}
	ts.Check(os.WriteFile(dir+".vkey", []byte(r.app.evidence.VerifierKey()+"\n"), 0o600))
	ts.Check(os.WriteFile(dir+".checkpoint", r.app.evidence.Checkpoint(), 0o600))
	ts.Check(r.stop())
}

func aContact(word string) map[string]string {
	return map[string]string{
		"name": "Sam " + word, "email": word + "@example.com", "about": "support",
		"message": "Is there broadband in my street? This is my " + word + " letter.",
	}
}

// settle waits until every entry so far is under a signed checkpoint.
func (r *rig) settle() error {
	ctx := context.Background()
	var id int64
	err := r.app.store.Update(ctx, func(tx *store.Tx) error {
		var err error
		id, err = r.app.evidence.Append(ctx, tx, evidence.Body{Kind: evidence.SweepDone, At: r.now()})
		return err
	})
	if err != nil {
		return err
	}
	return r.app.evidence.Integrated(ctx, id)
}

// accept PORT accepts all cookies on the website of a running server, so that
// there is one act more with evidence.
func accept(ts *testscript.TestScript, _ bool, args []string) {
	base := &url.URL{Scheme: "http", Host: "invoco.localhost:" + args[0]}
	ts.Check((&rig{base: base, port: args[0]}).browser(1).accept())
}

// flip PATTERN OFFSET flips one bit of a file; of several that match, of the
// widest partial tile. A negative offset counts from the end.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	widest, path := -1, ""
	for _, f := range files {
		if n, err := strconv.Atoi(filepath.Base(f)); err == nil && n > widest {
			widest, path = n, f
		} else if path == "" {
			path = f
		}
	}
	if path == "" {
		ts.Fatalf("no file matches %s", args[0])
	}
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	data, err := os.ReadFile(path)
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 1
	ts.Check(os.WriteFile(path, data, 0o600))
}

// runSQL FILE STATEMENT... runs statements on a SQLite database as whoever
// holds its file can: past the triggers that keep honest programs from
// changing evidence.
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { _ = db.Close() }) // closed below, unless a statement fails
	for _, trigger := range []string{"evidence_keeps", "evidence_stays"} {
		_, err := db.Exec("DROP TRIGGER IF EXISTS " + trigger)
		ts.Check(err)
	}
	for _, statement := range args[1:] {
		done, err := db.Exec(statement)
		ts.Check(err)
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			ts.Fatalf("%s: changed nothing (%v)", statement, fmt.Sprint(err))
		}
	}
	ts.Check(db.Close())
}

// pick DIR NAME puts the path of the newest or oldest entry of a folder, by
// its name, into the environment.
func pick(ts *testscript.TestScript, args []string, newest bool) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(entries) == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
	at := 0
	if newest {
		at = len(entries) - 1
	}
	ts.Setenv(args[1], filepath.Join(ts.MkAbs(args[0]), entries[at].Name()))
}
