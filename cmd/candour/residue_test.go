package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candour/internal/backup"
	"candour/internal/folder"
	"candour/internal/keys"
	"candour/internal/retention"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// A person of whom twenty values are held (R9, L8) is
// erased, and none of the values is found in the database, its write-ahead
// log, the keys, the evidence, the earlier backups, the server's log or its
// metrics, as they are or opened with the keys of today; ten times of ten.
func TestResidue(t *testing.T) {
	for run := range 10 {
		t.Run(fmt.Sprint(store.SQLite, run), func(t *testing.T) { residue(t, "", func() string { return "" }, (*tester).erase) })
	}
	t.Run(string(store.PostgreSQL), func(t *testing.T) {
		residue(t, storetest.Target(t, store.PostgreSQL), func() string { return storetest.Target(t, store.PostgreSQL) }, (*tester).erase)
	})
}

// tester is one run.
type tester struct {
	*testing.T
	*rig
	office     *postOffice
	dir        string
	planted    []string // of the person who is erased
	bystanders []string // of others
	address    string   // of the person, by which they ask
	noted      string   // the value in it, once the law on rights keeps it
	people     []keys.SubjectID
	sealed     map[int64]keys.Month // the keys of their records
	stolen     string               // copy of the ring from before the erasure
}

func residue(t *testing.T, database string, fresh func() string, erase func(*tester)) {
	x := &tester{T: t, dir: t.TempDir(), office: openPostOffice(t)}
	var err error
	x.rig, err = startRig(folder.Folder(x.dir+"/data"), database, RunCmd{SMTP: x.office.url})
	x.must(err)
	defer func() {
		if x.rig != nil {
			x.must(x.stop())
		}
	}()
	x.plant()
	x.held()
	x.sealed = x.keysOf(x.people)
	before := x.backup()
	x.stolen = x.dir + "/stolen/" + filepath.Base(before.Ring)
	x.must(os.CopyFS(x.stolen, os.DirFS(before.Ring)))
	x.pass(time.Minute)
	erase(x)
	x.scanAll("after erasure")
	x.dark(x.rig, x.sealed)
	x.pass(time.Minute)
	after := x.backup()
	if after.Gone != 1 {
		x.Errorf("%d older rings were destroyed by the backup after the erasure, want 1", after.Gone)
	}
	x.scanAll("after another backup")
	x.revive(before, after, fresh)
	x.others(x.rig)
	x.must(x.stop())
	x.scan("after the end", x.dir, x.rig.log.String())
	x.rig = nil
}

func (x *tester) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// word returns a word that is nowhere else.
func word() string {
	var b strings.Builder
	b.WriteString("zq")
	for range 10 {
		b.WriteByte('a' + byte(rand.IntN(26)))
	}
	return b.String()
}

func (x *tester) token() string {
	x.planted = append(x.planted, word())
	return x.planted[len(x.planted)-1]
}

func (x *tester) number() string {
	x.planted = append(x.planted, fmt.Sprintf("07%09d", rand.IntN(1e9)))
	return x.planted[len(x.planted)-1]
}

func (x *tester) bystander() string {
	x.bystanders = append(x.bystanders, word())
	return x.bystanders[len(x.bystanders)-1]
}

// plant has the person send both forms several times, with twenty values, and
// others send theirs between.
func (x *tester) plant() {
	email, second, reader, unsure := x.token()+"@example.com", x.token()+"@example.net", x.token()+"@example.com", x.token()+"@example.org"
	secret := x.token()
	x.address = email
	visitor, other := x.browser(1), x.browser(2)
	// What a browser says of itself must not be kept either (R9).
	visitor.header.Set("User-Agent", "Browser/1 ("+secret+")")
	visitor.header.Set("Referer", "https://search.example/?q="+secret)
	visitor.header.Set("X-Forwarded-For", secret)
	for i, fields := range []map[string]string{
		{"name": x.token() + " " + x.token(), "business": x.token() + " Ltd", "email": email, "telephone": x.number(), "message": x.token() + " asks " + x.token() + " about " + secret},
		{"name": x.token(), "email": email, "message": x.token() + "\n\n" + x.token()},
		{"name": x.token(), "email": second, "about": "data", "message": "Please send me what you have about " + x.token() + "."},
		{"name": "Sam", "business": x.token(), "email": strings.ToUpper(email), "message": x.token() + " again"},
	} {
		if fields["about"] == "" {
			fields["about"] = "support"
		}
		x.must(visitor.write("/contact?from="+secret, fields))
		x.must(other.write("/contact", map[string]string{"name": x.bystander(), "email": fmt.Sprintf("%s@example.com", x.bystander()), "about": "products", "message": x.bystander(), "telephone": fmt.Sprintf("01632 96%04d", i)}))
	}
	x.must(visitor.write("/newsletter", map[string]string{"email": reader, "name": x.token()}))
	x.must(visitor.write("/newsletter", map[string]string{"email": unsure, "name": x.token()}))
	x.must(other.write("/newsletter", map[string]string{"email": x.bystander() + "@example.com"}))
	letters := x.office.take(11)
	form, err := visitor.open(linkTo(letters, reader), "/newsletter/confirm")
	x.must(err)
	if status, page, err := visitor.post(form); err != nil || status != http.StatusOK {
		x.Fatalf("confirming: %d %v\n%s", status, err, page)
	}
	x.office.take(1) // the welcome
	x.broken(visitor, secret)
	for _, address := range []string{email, second, reader, unsure} {
		x.find(address)
	}
}

// broken sends forms that are refused, with a value in every place.
func (x *tester) broken(b *browser, secret string) {
	for _, body := range []string{
		"email=" + secret, "email=%zz" + secret, "name=" + secret + "&name=" + secret + "&message=" + strings.Repeat(secret, 9000),
	} {
		resp, _, err := b.do(http.MethodPost, x.base.JoinPath("/contact").String()+"?q="+secret, urlencoded, strings.NewReader(body))
		x.must(err)
		if resp.StatusCode < 400 || resp.StatusCode > 499 {
			x.Errorf("a broken form: status %d, want 4xx", resp.StatusCode)
		}
	}
	resp, _, err := b.do(http.MethodGet, x.base.JoinPath("/"+secret).String(), "", nil)
	x.must(err)
	if resp.StatusCode != http.StatusNotFound {
		x.Errorf("no such page: status %d", resp.StatusCode)
	}
}

// find notes the subjects that an address leads to.
func (x *tester) find(address string) {
	x.Helper()
	ctx := context.Background()
	x.must(x.app.store.View(ctx, func(tx *store.Tx) error {
		found, err := x.app.vault.Find(ctx, tx, vault.Access{Actor: "support", Purpose: "enquiries", Surface: "console"}, "contact.email", address)
		if err == nil && len(found) == 0 {
			err = errors.New("nobody is found by an address that was given")
		}
		x.people = append(x.people, found...)
		return err
	}))
}

// held checks that all values are really kept, and makes one person of the
// subjects.
func (x *tester) held() {
	x.Helper()
	ctx := context.Background()
	x.must(x.app.store.Update(ctx, func(tx *store.Tx) error {
		for _, s := range x.people[1:] {
			if err := x.app.vault.Alias(ctx, tx, s, x.people[0]); err != nil {
				return err
			}
		}
		return nil
	}))
	if len(x.planted) != 20 {
		x.Fatalf("%d values planted, want 20", len(x.planted))
	}
	kept := x.values(x.rig, x.people[0])
	for i, v := range x.planted {
		if !strings.Contains(kept, v) {
			x.Errorf("planted value %d is not held", i)
		}
	}
	x.others(x.rig)
	if !strings.Contains(x.rig.log.String(), "route=/contact status=200") {
		x.Fatal("the log that is scanned is not that of the server")
	}
}

// values returns everything held about a person, as text.
func (x *tester) values(r *rig, s keys.SubjectID) string {
	x.Helper()
	var all strings.Builder
	ctx := context.Background()
	err := r.app.vault.Export(ctx, vault.Access{Actor: "support", Purpose: "enquiries", Surface: "console"}, s, func(rec vault.Record) error {
		for _, p := range rec.Parts {
			all.Write(p.Value)
			all.WriteByte('\n')
		}
		return nil
	})
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		x.Fatal(err)
	}
	return all.String()
}

// everyone returns everything that opens, of everybody.
func (x *tester) everyone(r *rig) string {
	x.Helper()
	var all strings.Builder
	ctx := context.Background()
	var list []keys.SubjectID
	x.must(r.app.store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT subject FROM subjects")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s int64
			if err := rows.Scan(&s); err != nil {
				return err
			}
			list = append(list, keys.SubjectID(s))
		}
		return rows.Err()
	}))
	for _, s := range list {
		all.WriteString(x.values(r, s))
	}
	return all.String()
}

// others checks that what is held of bystanders opens, and nothing that was
// planted if anybody is erased.
func (x *tester) others(r *rig) {
	x.Helper()
	open := x.everyone(r)
	for i, v := range x.bystanders {
		if !strings.Contains(open, v) {
			x.Errorf("value %d of a bystander does not open", i)
		}
	}
	if len(x.people) > 0 && x.values(r, x.people[0]) == "" {
		for i, v := range x.planted {
			if v != x.noted && strings.Contains(open, v) {
				x.Errorf("planted value %d still opens", i)
			}
		}
	}
}

// keysOf returns the ids of the keys under which something about people is.
func (x *tester) keysOf(people []keys.SubjectID) map[int64]keys.Month {
	x.Helper()
	ctx := context.Background()
	list := map[int64]keys.Month{}
	x.must(x.app.store.View(ctx, func(tx *store.Tx) error {
		for _, s := range people {
			rows, err := tx.Query(ctx, "SELECT key_id, expires_day FROM records WHERE subject = $1", int64(s))
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id, day int64
				if err := rows.Scan(&id, &day); err != nil {
					return err
				}
				list[id] = 0
				if day != 0 {
					list[id] = keys.MonthOf(time.UnixMilli(day * 24 * 60 * 60 * 1000).UTC())
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	}))
	if len(list) == 0 {
		x.Fatal("the person's records have no keys")
	}
	return list
}

// dark checks that the ring of today opens none of the keys.
func (x *tester) dark(r *rig, sealed map[int64]keys.Month) {
	x.Helper()
	ctx := context.Background()
	x.must(r.app.store.View(ctx, func(tx *store.Tx) error {
		for id, month := range sealed {
			if _, err := r.app.ring.Opener(ctx, tx, id, month); !errors.Is(err, keys.ErrKeyGone) {
				x.Errorf("a key of the erased person: %v, want ErrKeyGone", err)
			}
		}
		return nil
	}))
}

// erase erases the person as a right to it is fulfilled, and goes through all
// stages as the keeper of retention does.
func (x *tester) erase() {
	x.Helper()
	ctx := context.Background()
	receipt, err := x.app.vault.Erase(ctx, x.people[0])
	x.must(err)
	_, err = retention.New(x.app.vault, x.now, x.app.log).Once(ctx)
	x.must(err)
	receipt, err = x.app.vault.Receipt(ctx, receipt.ID)
	x.must(err)
	if !receipt.Complete || len(receipt.Kept) > 0 {
		x.Fatalf("the erasure came to %v and kept %v, want it complete and nothing kept", receipt.Stages, receipt.Kept)
	}
	x.others(x.rig)
}

func (x *tester) backup() backup.Made {
	x.Helper()
	made, err := x.app.backup(context.Background(), backupArgs{x.dir + "/backups"})
	x.must(err)
	return made.(backup.Made)
}

// revive tries to bring the person back from the earlier backup, with the keys
// of today, in the ways there are.
func (x *tester) revive(before, after backup.Made, fresh func() string) {
	x.Helper()
	ctx := context.Background()
	// As the books say: data of any age with the newest ring. The erasure is
	// replayed; what others have opens.
	restored := x.dir + "/restored"
	x.restore(0, before.Data, after.Ring, restored, "1 erasures", "--database="+fresh())
	r, err := startRig(folder.Folder(restored), "", RunCmd{})
	x.must(err)
	if x.values(r, x.people[0]) != "" {
		x.Error("the erased person is back")
	}
	x.others(r)
	x.must(errors.Join(r.app.vault.Check(ctx), r.stop()))
	x.scan("restored", restored, r.log.String())
	if r.app.store.Engine() == store.SQLite {
		x.graft(restored)
	}

	// A copy of the ring from before the erasure, kept against the rules, with
	// the keys of today: its epoch is gone.
	mixed := x.dir + "/mixed/" + filepath.Base(x.stolen)
	x.must(os.CopyFS(mixed, os.DirFS(x.stolen)))
	x.must(os.RemoveAll(mixed + "/keys"))
	x.must(os.CopyFS(mixed+"/keys", os.DirFS(string(x.app.folder.Keys()))))
	x.restore(1, before.Data, mixed, x.dir+"/again", "is missing or was changed; take another backup", "--database="+fresh())

	// The same whole: whoever has a checkpoint from since is told.
	checkpoint := x.dir + "/latest.checkpoint"
	x.must(os.WriteFile(checkpoint, x.app.evidence.Checkpoint(), 0o600))
	x.restore(1, before.Data, x.stolen, x.dir+"/third", "take a newer ring", "--database="+fresh(), "--since", checkpoint)
	if _, err := os.Stat(before.Ring); !errors.Is(err, fs.ErrNotExist) {
		x.Errorf("the ring from before the erasure is still in its place: %v", err)
	}
}

// graft puts the wrapped keys of the stolen ring into a database, past all
// programs: with the epoch of today none of the person's opens.
func (x *tester) graft(dir string) {
	x.Helper()
	f := folder.Folder(dir)
	db, err := sql.Open("sqlite", f.Database())
	x.must(err)
	db.SetMaxOpenConns(1) // ATTACH is of one connection
	_, err = db.Exec("ATTACH DATABASE $1 AS stolen", x.stolen+"/ring.db")
	x.must(err)
	done, err := db.Exec("INSERT OR IGNORE INTO data_keys SELECT * FROM stolen.data_keys")
	x.must(err)
	n, err := done.RowsAffected()
	x.must(errors.Join(err, db.Close()))
	if n < int64(len(x.sealed)) {
		x.Fatalf("%d keys were put back, want at least %d", n, len(x.sealed))
	}
	r, err := startRig(f, "", RunCmd{})
	x.must(err)
	x.dark(r, x.sealed)
	x.must(r.stop())
}

func (x *tester) restore(code int, data, ring, to, want, database string, more ...string) {
	x.Helper()
	var out, errs bytes.Buffer
	args := append([]string{"restore", data, "--ring", ring, "--data", to}, more...)
	if database != "--database=" {
		args = append(args, database)
	}
	if got := run(context.Background(), args, &out, &errs); got != code || !strings.Contains(out.String()+errs.String(), want) {
		x.Fatalf("restore: exit code %d, want %d and %q\n%s%s", got, code, want, &out, &errs)
	}
}
