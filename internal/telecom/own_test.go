package telecom_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/history"
	"candour/internal/keys"
	"candour/internal/notice"
	"candour/internal/retention"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/operators"
	"candour/policy"
)

// forget takes a call out of somebody's list, or says why not.
func (x *exchange) forget(s keys.SubjectID, call int64) string {
	return code(x.Store.Update(ctx, func(tx *store.Tx) error { return x.desk.Forget(ctx, tx, x.own(), s, call) }))
}

// A person's list comes in pages, newest first, under all their aliases, and has
// nobody else's calls.
func TestCalls(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		cal := x.line(x.customer("Cal"), "1003")
		var ids []int64
		for i := range 7 {
			from, to := ann, "1002"
			if i%2 == 1 {
				from, to = bob, "1001"
			}
			ids = append(ids, x.talk(from, to, time.Second).ID())
		}
		x.talk(cal, "1002", time.Second)
		slices.Reverse(ids)
		page := func(before int64, n int) (got []int64) {
			x.must(x.Store.View(ctx, func(tx *store.Tx) error {
				list, err := x.desk.Calls(ctx, tx, ann.Subject, before, n)
				for _, e := range list {
					got = append(got, e.Call)
				}
				return err
			}))
			return got
		}
		x.want("the first page", page(0, 3), ids[:3])
		x.want("the second", page(ids[2], 3), ids[3:6])
		x.want("the last", page(ids[5], 3), ids[6:])
		x.want("beyond", page(ids[6], 3), []int64{})
		x.want("all", page(0, 1000), ids)
		x.want("nobody's", code(x.Store.View(ctx, func(tx *store.Tx) error {
			_, err := x.desk.Calls(ctx, tx, keys.NewSubjectID(), 0, 10)
			return err
		})), "vault: not found")
		x.update(func(tx *store.Tx) error { return x.Vault.Alias(ctx, tx, cal.Subject, ann.Subject) })
		x.want("with an alias", len(page(0, 0)), 8)
	})
}

// L24, PECR 7(1): whoever takes a call out of their list has their part erased,
// with evidence of their own; the other side's stays whole.
func TestForget(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		cal := x.line(x.customer("Cal"), "1003")
		first, second := x.talk(ann, "1002", time.Minute), x.talk(bob, "1001", time.Minute)
		ringing := x.begin(ann, "1002")
		for what, c := range map[string]struct {
			who  keys.SubjectID
			call int64
		}{
			"somebody else's": {cal.Subject, first.ID()}, "none": {ann.Subject, 1}, "one under way": {ann.Subject, ringing.ID()}, "nobody's": {keys.NewSubjectID(), first.ID()},
		} {
			x.want(what, x.forget(c.who, c.call), "not found")
		}
		x.want("nothing went", len(x.words(ann))+len(x.words(bob)), 4)

		x.want("by the caller", x.forget(ann.Subject, first.ID()), "done")
		x.want("twice", x.forget(ann.Subject, first.ID()), "not found")
		x.want("Ann's list", x.words(ann), []string{"Call from 1002, answered, 1 minute long"})
		x.want("Bob's list", x.words(bob), []string{"Call to 1001, answered, 1 minute long", "Call from 1001, answered, 1 minute long"})
		x.want("by the callee", x.forget(ann.Subject, second.ID()), "done")
		x.want("Ann's list", len(x.words(ann)), 0)
		x.want("what is held of Ann", len(slices.DeleteFunc(x.exported(ann.Subject), func(v string) bool { return !strings.HasPrefix(v, "Call") })), 0)
		x.want("Bob's list", len(x.words(bob)), 2)
		x.must(x.Vault.Check(ctx))

		x.want("by the other side too", x.forget(bob.Subject, first.ID())+" "+x.forget(bob.Subject, second.ID()), "done done")
		x.want("rows", x.count("SELECT COUNT(*) FROM calls WHERE ended_ms > 0"), 0)
		erased := slices.DeleteFunc(x.About(ann.Subject), func(e string) bool { return !strings.HasPrefix(e, "record.erased") })
		x.want("Ann's evidence", len(erased), 2)
		x.must(ringing.Ended(ctx, telecom.End{Code: telecom.Cancelled}))
		x.want("what was under way is kept", len(x.words(ann)), 1)
		x.must(x.Vault.Check(ctx))
	})
}

// L8: whoever is erased leaves their own parts and lines behind nowhere; the
// other side's list is whole, and calls under way end as usual.
func TestErasureOfOneSide(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		x.talk(ann, "1002", time.Minute)
		x.talk(bob, "1001", time.Minute)
		out, in := x.begin(ann, "1002"), x.begin(bob, "1001")
		x.erase(ann.Subject)
		_, err := x.desk.Route(ctx, bob, "1001")
		x.want("dialling them", code(err), "no-such")
		x.must(out.Ended(ctx, telecom.End{Code: telecom.Cancelled}))
		x.must(in.Answered(ctx, ann)) // the browser of the one that went was still ringing
		x.must(in.Ended(ctx, telecom.End{Code: telecom.Completed}))
		x.want("Bob's list", x.words(bob), []string{
			"Call to 1001, answered", "Call from 1001, given up before it was answered", "Call to 1001, answered, 1 minute long", "Call from 1001, answered, 1 minute long",
		})
		for table, column := range map[string]string{"lines": "subject", "calls": "caller", "records": "subject", "tags": "subject", "data_keys": "subject"} {
			x.want(table, x.count("SELECT COUNT(*) FROM "+table+" WHERE "+column+" = $1", int64(ann.Subject)), 0)
		}
		x.want("as the callee", x.count("SELECT COUNT(*) FROM calls WHERE callee = $1", int64(ann.Subject)), 0)
		x.must(x.Vault.Check(ctx))
		x.erase(bob.Subject)
		x.want("rows of nobody", x.count("SELECT COUNT(*) FROM calls")+x.count("SELECT COUNT(*) FROM lines"), 0)
	})
}

// erase erases somebody as the desk of rights does, with all its stages.
func (x *exchange) erase(s keys.SubjectID) {
	x.t.Helper()
	x.update(func(tx *store.Tx) error {
		if _, err := x.Vault.EraseIn(ctx, tx, s); err != nil {
			return err
		}
		if err := x.accounts.Forget(ctx, tx, s); err != nil {
			return err
		}
		return x.desk.Erased(ctx, tx, s)
	})
	x.must(x.Vault.Resume(ctx))
}

// Acceptance: after an erasure a scan of everything on disk finds neither the
// number of whoever is gone in words that are theirs, nor a sealed byte or key
// of their parts; after a call is forgotten, none of that part.
func TestNoResidueOnDisk(t *testing.T) {
	for run := range 5 {
		dir := t.TempDir()
		x := open(t, storetest.Open(t, filepath.Join(dir, "candour.db")), "invoco")
		ann, bob := x.two()
		for range 10 {
			x.talk(ann, "1002", time.Minute)
			x.talk(bob, "1001", time.Minute)
		}
		gone := x.bytes("SELECT r.sealed FROM records r JOIN labels l ON l.label = r.label WHERE l.category = $1 AND r.subject = $2 ORDER BY r.id LIMIT 5",
			"communications.data", int64(bob.Subject))
		for _, e := range x.calls(bob.Subject)[15:] {
			x.want("forgetting", x.forget(bob.Subject, e.Call), "done")
		}
		gone = append(gone, x.bytes("SELECT sealed FROM records WHERE subject = $1", int64(ann.Subject))...)
		gone = append(gone, x.bytes("SELECT wrapped FROM data_keys WHERE subject = $1", int64(ann.Subject))...)
		gone = append(gone, x.bytes("SELECT mark FROM lines WHERE subject = $1", int64(ann.Subject))...)
		if len(gone) < 5+20+2+1 {
			t.Fatalf("only %d values to look for", len(gone))
		}
		gone = append(gone, []byte("Call to 1002"))
		x.erase(ann.Subject)
		x.must(x.Vault.Purge(ctx))
		if found := scan(t, dir, gone); found != "" {
			t.Errorf("run %d: %s", run, found)
		}
		x.want("Bob's list", len(x.words(bob)), 15)
	}
}

func (x *exchange) bytes(query string, args ...any) (list [][]byte) {
	x.t.Helper()
	rows, err := x.Store.DB().Query(query, args...)
	x.must(err)
	defer rows.Close()
	for rows.Next() {
		var b []byte
		x.must(rows.Scan(&b))
		list = append(list, b[:min(len(b), 40)])
	}
	x.must(rows.Err())
	return list
}

// scan looks for the values in every file under dir.
func scan(t *testing.T, dir string, values [][]byte) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for i, v := range values {
			if bytes.Contains(b, v) {
				found = fmt.Sprintf("value %d is in %s", i, d.Name())
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// L6, R24, R28: a copy has every call of the person's, made and taken, in the
// words of their own part, that they have a line, and what happened; it has
// nothing of the other side's part.
func TestCopyHasTheCalls(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				x := open(t, st, operator)
				ann, bob := x.two()
				x.talk(ann, "1002", time.Minute)
				x.talk(bob, "1411001", 2*time.Minute)
				desk := x.rights(operator)
				copied := func(l telecom.Line) string {
					p, err := desk.Self(ctx, l.Subject, x.own(), "")
					x.must(err)
					var b bytes.Buffer
					_, err = desk.Access(ctx, p, &b)
					x.must(err)
					return b.String()
				}
				for who, c := range map[string]struct {
					of   telecom.Line
					has  []string
					lack []string
				}{
					"Ann": {ann, []string{"Call to 1002, answered, 1 minute long", "Call from a withheld number, answered, 2 minutes long", "You were given a line", "You made a call", "You took a call", `"value":"1001"`}, []string{"Call to 1001", "from 1001", "from 1002"}},
					"Bob": {bob, []string{"Call to 1001, answered, 2 minutes long, your number withheld", "Call from 1001, answered, 1 minute long", "You were given a line", `"value":"1002"`}, []string{"Call to 1002", "a withheld number"}},
				} {
					text := strings.ReplaceAll(copied(c.of), `": "`, `":"`)
					for _, want := range c.has {
						if !strings.Contains(text, want) {
							t.Errorf("%s's copy lacks %q", who, want)
						}
					}
					for _, not := range c.lack {
						if strings.Contains(text, not) {
							t.Errorf("%s's copy has %q", who, not)
						}
					}
				}
				// Erased as people do it themselves, the other's copy is what it was.
				before := slices.DeleteFunc(x.exported(bob.Subject), func(v string) bool { return !strings.Contains(v, "all ") })
				p, err := desk.Self(ctx, ann.Subject, x.own(), "")
				x.must(err)
				_, err = desk.Erase(ctx, p)
				x.must(err)
				after := slices.DeleteFunc(x.exported(bob.Subject), func(v string) bool { return !strings.Contains(v, "all ") })
				x.want("Bob's calls", after, before)
				x.want("Ann's line", x.count("SELECT COUNT(*) FROM lines WHERE subject = $1", int64(ann.Subject)), 0)
			})
		})
	}
}

// rights is the desk of rights, wired to this one as the program does.
func (x *exchange) rights(operator string) *rights.Desk {
	x.t.Helper()
	versions, err := notice.OpenVersions(ctx, x.Store, x.Log)
	x.must(err)
	fsys, _ := operators.FS(operator)
	profile, _ := policy.Load(fsys)
	_, err = versions.Publish(ctx, profile, x.Now(), x.Now())
	x.must(err)
	return rights.New(rights.Config{
		Store: x.Store, Ring: x.Ring, Log: x.Log, Vault: x.Vault, Queue: x.Queue, InForce: x.InForce, Now: x.Now,
		Sources: []rights.Source{x.desk.Facts}, Forget: []func(context.Context, *store.Tx, keys.SubjectID) error{x.accounts.Forget, x.desk.Erased},
		History: history.New(history.Config{Store: x.Store, Log: x.Log, Vault: x.Vault, Versions: versions, Now: x.Now}),
	})
}

// L24, R12: what is kept of a call goes when the policy says, the row with the
// record, and not before; calls and lines of people who are there no more go
// with the next sweep.
func TestTrafficDataGoesInTime(t *testing.T) {
	each(t, func(x *exchange) {
		ann, bob := x.two()
		x.talk(ann, "1002", time.Minute)
		r, err := telecom.RolesOf(x.InForce())
		x.must(err)
		k, _ := x.InForce().Category(r.Traffic)
		p, _ := x.InForce().Purpose(r.Purpose)
		class, _ := x.InForce().Retention(k, p)
		sweep := func() {
			_, err := retention.New(x.Vault, x.Now, slog.New(slog.DiscardHandler)).Once(ctx)
			x.must(err)
			x.must(x.desk.Sweep(ctx))
		}
		due := class.Period.From(x.Now())
		x.Later(due.Sub(x.Now()) - 48*time.Hour)
		sweep()
		x.want("before its time", []any{len(x.words(ann)), len(x.words(bob)), x.count("SELECT COUNT(*) FROM calls")}, []any{1, 1, 1})
		later := x.talk(bob, "1001", time.Minute)
		x.Later(96 * time.Hour)
		sweep()
		x.want("after it", []any{len(x.words(ann)), len(x.words(bob)), x.count("SELECT COUNT(*) FROM calls")}, []any{1, 1, 1})
		x.want("what is left", x.calls(ann.Subject)[0].Call, later.ID())
		for _, l := range []telecom.Line{ann, bob} {
			calls := slices.DeleteFunc(x.exported(l.Subject), func(v string) bool { return !strings.HasPrefix(v, "Call") })
			x.want("records", len(calls), 1)
		}
		// The vault let go of somebody by itself.
		x.update(func(tx *store.Tx) error { _, err := x.Vault.EraseIn(ctx, tx, ann.Subject); return err })
		x.must(x.Vault.Resume(ctx))
		sweep()
		x.want("what names them", x.count("SELECT COUNT(*) FROM lines WHERE subject = $1", int64(ann.Subject))+
			x.count("SELECT COUNT(*) FROM calls WHERE caller = $1 OR callee = $2", int64(ann.Subject), int64(ann.Subject)), 0)
		x.want("Bob's list", len(x.words(bob)), 1)
	})
}
