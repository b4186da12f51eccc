package keys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tink-crypto/tink-go/v2/core/registry"
	"github.com/tink-crypto/tink-go/v2/testing/fakekms"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func open(t *testing.T, st *store.Store, dir string, opts ...keys.Option) *keys.Ring {
	t.Helper()
	r, err := keys.Open(context.Background(), st, dir, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

var ctx = context.Background()

func update(t *testing.T, st *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := st.Update(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

// sealed is a value sealed under a ring, to be opened again.
type sealed struct {
	key   int64
	month keys.Month
	value []byte
}

func seal(t *testing.T, st *store.Store, r *keys.Ring, s keys.Scope, at time.Time, plain string) (out sealed) {
	t.Helper()
	update(t, st, func(tx *store.Tx) error {
		c, err := r.SealerFor(ctx, tx, s, at)
		if err != nil {
			return err
		}
		out = sealed{c.KeyID(), c.Month(), c.Seal(nil, []byte(plain), []byte("ad"))}
		return nil
	})
	return out
}

func (v sealed) open(st *store.Store, r *keys.Ring) (plain string, err error) {
	err = st.View(ctx, func(tx *store.Tx) error {
		c, err := r.Opener(ctx, tx, v.key, v.month)
		if err != nil {
			return err
		}
		b, err := c.Open(nil, v.value, []byte("ad"))
		plain = string(b)
		return err
	})
	return plain, err
}

func (v sealed) mustOpen(t *testing.T, st *store.Store, r *keys.Ring, want string) {
	t.Helper()
	if got, err := v.open(st, r); err != nil || got != want {
		t.Fatalf("opened %q, %v; want %q", got, err, want)
	}
}

func destroy(t *testing.T, st *store.Store, r *keys.Ring, s keys.SubjectID) {
	t.Helper()
	update(t, st, func(tx *store.Tx) error {
		ks, err := r.Keys(ctx, tx, s)
		if err != nil {
			return err
		}
		return r.Destroy(ctx, tx, ks...)
	})
}

func TestSealedValueOpensUntilItsKeyIsDestroyed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		dir := t.TempDir()
		r := open(t, st, dir)
		anna, ben := keys.NewSubjectID(), keys.NewSubjectID()
		a := seal(t, st, r, keys.Scope{Subject: anna, Class: "two-years"}, time.Time{}, "anna's")
		a2 := seal(t, st, r, keys.Scope{Subject: anna, Class: "two-years"}, time.Time{}, "anna's second")
		law := seal(t, st, r, keys.Scope{Subject: anna, Class: "law"}, time.Time{}, "anna's bill")
		b := seal(t, st, r, keys.Scope{Subject: ben, Class: "two-years"}, time.Time{}, "ben's")
		if a.key != a2.key || a.key == b.key || a.key == law.key {
			t.Fatal("one key for each subject and class, and no more")
		}
		again := open(t, st, dir) // another process
		for _, ring := range []*keys.Ring{r, again} {
			a.mustOpen(t, st, ring, "anna's")
			b.mustOpen(t, st, ring, "ben's")
		}
		destroy(t, st, r, anna)
		for _, gone := range []sealed{a, a2, law} {
			if _, err := gone.open(st, r); !errors.Is(err, keys.ErrKeyGone) {
				t.Fatalf("after destruction: %v, want ErrKeyGone", err)
			}
		}
		b.mustOpen(t, st, r, "ben's")
	})
}

func TestOtherProcessForgetsWithinTheBound(t *testing.T) {
	target := storetest.Migrated(t, store.SQLite)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(ctx, target)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		r, other := open(t, st, dir), open(t, st, dir)
		s := keys.NewSubjectID()
		v := seal(t, st, r, keys.Scope{Subject: s, Class: "c"}, time.Time{}, "x")
		v.mustOpen(t, st, other, "x")
		destroy(t, st, r, s)
		time.Sleep(keys.CacheBound) // of the bubble's clock
		synctest.Wait()
		if _, err := v.open(st, other); !errors.Is(err, keys.ErrKeyGone) {
			t.Fatalf("after the bound: %v, want ErrKeyGone", err)
		}
		r.Close()
		other.Close()
	})
}

func TestRolledBackKeyIsNotUsed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		r := open(t, st, t.TempDir())
		s := keys.NewSubjectID()
		stop := errors.New("stop")
		var lost int64
		err := st.Update(ctx, func(tx *store.Tx) error {
			c, err := r.Sealer(ctx, tx, s, "c", time.Time{})
			if err != nil {
				return err
			}
			lost = c.KeyID()
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		v := seal(t, st, r, keys.Scope{Subject: s, Class: "c"}, time.Time{}, "x")
		if v.key == lost {
			t.Fatal("sealed with a key that was rolled back")
		}
		v.mustOpen(t, st, r, "x")
	})
}

func TestMonthKeyDarkensOnTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		dir := t.TempDir()
		r := open(t, st, dir)
		s := keys.Scope{Subject: keys.NewSubjectID(), Class: "c"}
		march := seal(t, st, r, s, time.Date(2027, 3, 31, 23, 0, 0, 0, time.UTC), "march")
		april := seal(t, st, r, s, time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC), "april")
		if march.key != april.key || march.month.String() != "2027-03" {
			t.Fatal("one data key, two months")
		}
		if n, err := r.DestroyMonths(time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)); n != 0 || err != nil {
			t.Fatalf("destroyed %d early, %v", n, err)
		}
		march.mustOpen(t, st, r, "march")
		if n, err := r.DestroyMonths(time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)); n != 1 || err != nil {
			t.Fatalf("destroyed %d, %v; want 1", n, err)
		}
		for _, ring := range []*keys.Ring{r, open(t, st, dir)} {
			if _, err := march.open(st, ring); !errors.Is(err, keys.ErrKeyGone) {
				t.Fatalf("after its month: %v, want ErrKeyGone", err)
			}
			april.mustOpen(t, st, ring, "april")
		}
	})
}

func TestScopeIsBoundToItsKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		dir := t.TempDir()
		r := open(t, st, dir)
		v := seal(t, st, r, keys.Scope{Subject: keys.NewSubjectID(), Class: "c"}, time.Time{}, "x")
		for _, change := range []string{"subject = subject + 1", "class = 'd'", "matter = 7", "purpose = 'p'"} {
			if _, err := st.DB().Exec("UPDATE data_keys SET " + change); err != nil {
				t.Fatal(err)
			}
			if _, err := v.open(st, open(t, st, dir)); err == nil {
				t.Fatalf("opened after %s", change)
			}
		}
	})
}

func TestRotationLeavesOldCopiesDark(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		dir := t.TempDir()
		r := open(t, st, dir)
		anna, ben := keys.NewSubjectID(), keys.NewSubjectID()
		a := seal(t, st, r, keys.Scope{Subject: anna, Class: "c"}, time.Time{}, "anna's")
		b := seal(t, st, r, keys.Scope{Subject: ben, Class: "c"}, time.Time{}, "ben's")
		var old []byte
		if err := st.DB().QueryRow("SELECT wrapped FROM data_keys WHERE key_id = $1", b.key).Scan(&old); err != nil {
			t.Fatal(err)
		}
		destroy(t, st, r, anna)
		var closed keys.Epoch
		r.OnEpoch(func(_ context.Context, _ *store.Tx, e keys.Epoch) error { closed = e; return nil })
		if err := r.Rotate(ctx); err != nil {
			t.Fatal(err)
		}
		if closed.Number != 2 || closed.Bound != b.key {
			t.Fatalf("closed epoch %d up to %d", closed.Number, closed.Bound)
		}
		for _, ring := range []*keys.Ring{r, open(t, st, dir)} {
			b.mustOpen(t, st, ring, "ben's")
		}
		if _, err := os.Stat(filepath.Join(dir, "epoch-1.key")); !os.IsNotExist(err) {
			t.Fatal("the old epoch key is still there")
		}
		// The row from before the rotation, put back, does not open.
		if _, err := st.DB().Exec("UPDATE data_keys SET epoch = 1, wrapped = $1 WHERE key_id = $2", old, b.key); err != nil {
			t.Fatal(err)
		}
		if _, err := b.open(st, open(t, st, dir)); !errors.Is(err, keys.ErrKeyGone) {
			t.Fatalf("an old copy of the ring: %v, want ErrKeyGone", err)
		}
		_, proofs, err := r.Absences(ctx, []int64{a.key})
		if err != nil || proofs[0].Verify(closed.Root) != nil {
			t.Fatalf("proof of absence: %v, %v", err, proofs[0].Verify(closed.Root))
		}
		if _, _, err := r.Absences(ctx, []int64{b.key}); !errors.Is(err, keys.ErrList) {
			t.Fatalf("absence of a live key: %v", err)
		}
	})
}

// A rotation may be cut at any step: what is done again must come out the same.
func TestRotationResumes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		dir := t.TempDir()
		r := open(t, st, dir)
		var all []sealed
		for i := range 1200 { // more than two batches
			all = append(all, seal(t, st, r, keys.Scope{Subject: keys.NewSubjectID(), Class: "c"}, time.Time{}, fmt.Sprint(i)))
		}
		stop := errors.New("stop")
		r.OnEpoch(func(context.Context, *store.Tx, keys.Epoch) error { return stop })
		if err := r.Rotate(ctx); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		again := open(t, st, dir)
		if on, err := again.Rotating(ctx); !on || err != nil {
			t.Fatalf("rotating %v, %v", on, err)
		}
		all[0].mustOpen(t, st, again, "0")
		fresh := seal(t, st, again, keys.Scope{Subject: keys.NewSubjectID(), Class: "c"}, time.Time{}, "new")
		if err := again.Rotate(ctx); err != nil {
			t.Fatal(err)
		}
		if on, err := again.Rotating(ctx); on || err != nil {
			t.Fatalf("still rotating %v, %v", on, err)
		}
		last := open(t, st, dir)
		for i, v := range all {
			v.mustOpen(t, st, last, fmt.Sprint(i))
		}
		fresh.mustOpen(t, st, last, "new")
		if e, err := keys.VerifyEpochList(ctx, st.DB(), dir); err != nil || e.Number != 2 {
			t.Fatalf("list of epoch %d: %v", e.Number, err)
		}
	})
}

func TestVerifyEpochListFindsAKeyKeptOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		dir := t.TempDir()
		r := open(t, st, dir)
		if e, err := keys.VerifyEpochList(ctx, st.DB(), dir); e.Number != 0 || err != nil {
			t.Fatalf("before the first rotation: %v", err)
		}
		for range 50 {
			seal(t, st, r, keys.Scope{Subject: keys.NewSubjectID(), Class: "c"}, time.Time{}, "x")
		}
		if err := r.Rotate(ctx); err != nil {
			t.Fatal(err)
		}
		seal(t, st, r, keys.Scope{Subject: keys.NewSubjectID(), Class: "c"}, time.Time{}, "newer than the list")
		if _, err := keys.VerifyEpochList(ctx, st.DB(), dir); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "epoch-2.list")
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[len(bad)-1] ^= 1
		for name, content := range map[string][]byte{"changed": bad, "cut": good[:len(good)-1], "longer": append(bytes.Clone(good), 0), "empty": nil} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := keys.VerifyEpochList(ctx, st.DB(), dir); !errors.Is(err, keys.ErrList) {
				t.Errorf("%s list: %v, want ErrList", name, err)
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := st.DB().Exec("UPDATE data_keys SET key_id = key_id - 1 WHERE key_id = (SELECT MIN(key_id) FROM data_keys)"); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.VerifyEpochList(ctx, st.DB(), dir); !errors.Is(err, keys.ErrList) {
			t.Errorf("a key kept out: %v, want ErrList", err)
		}
	})
}

// What an operator can get wrong at start is refused with its cure.
func TestOpenRefuses(t *testing.T) {
	other := t.TempDir()
	otherStore := storetest.Open(t, storetest.Migrated(t, store.SQLite))
	open(t, otherStore, other)
	copyFrom := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(other, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		cure   string
	}{
		{"root missing", remove("root.key"), "put it back"},
		{"root of another", copyFrom("root.key"), "put back the root key"},
		{"epoch missing", remove("epoch-1.key"), "newest ring backup"},
		{"index missing", remove("index.key"), "newest ring backup"},
		{"log key missing", remove("log.key"), "newest ring backup"},
		{"id missing", remove("ring.id"), "newest ring backup"},
		{"epoch of another", copyFrom("epoch-1.key"), "put back the root key"},
		{"all of another", func(t *testing.T, dir string) {
			for _, n := range []string{"root.key", "epoch-1.key", "index.key", "log.key", "ring.id"} {
				copyFrom(n)(t, dir)
			}
		}, "another database"},
		{"root readable by all", func(t *testing.T, dir string) {
			if err := os.Chmod(filepath.Join(dir, "root.key"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "chmod 600"},
		{"root is no key", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "root.key"), []byte("hello"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a key file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := storetest.Open(t, storetest.Migrated(t, store.SQLite))
			dir := t.TempDir()
			open(t, st, dir)
			c.damage(t, dir)
			_, err := keys.Open(ctx, st, dir)
			if err == nil || !strings.Contains(err.Error(), c.cure) {
				t.Fatalf("got %v, want a refusal with %q", err, c.cure)
			}
		})
	}
}

func TestRootInAKeyManagementService(t *testing.T) {
	uri, err := fakekms.NewKeyURI()
	if err != nil {
		t.Fatal(err)
	}
	client, err := fakekms.NewClient(uri)
	if err != nil {
		t.Fatal(err)
	}
	registry.RegisterKMSClient(client)
	t.Cleanup(registry.ClearKMSClients)
	st := storetest.Open(t, storetest.Migrated(t, store.SQLite))
	dir := t.TempDir()
	r := open(t, st, dir, keys.WithKMS(uri))
	v := seal(t, st, r, keys.Scope{Subject: keys.NewSubjectID(), Class: "c"}, time.Time{}, "x")
	v.mustOpen(t, st, open(t, st, dir), "x")
	registry.ClearKMSClients()
	if _, err := keys.Open(ctx, st, dir); !errors.Is(err, keys.ErrRoot) {
		t.Fatalf("without the service: %v, want ErrRoot", err)
	}
}

func TestSecretsAndTags(t *testing.T) {
	st := storetest.Open(t, storetest.Migrated(t, store.SQLite))
	dir := t.TempDir()
	r, again := open(t, st, dir), open(t, st, dir)
	if !bytes.Equal(r.Secret("a"), again.Secret("a")) || bytes.Equal(r.Secret("a"), r.Secret("b")) || len(r.Secret("a")) != 32 {
		t.Error("a secret is 32 bytes, the same for its label and no other")
	}
	if !bytes.Equal(r.Tag("contact.email", "x@y.example"), again.Tag("contact.email", "x@y.example")) {
		t.Error("the same value has the same tag")
	}
	if bytes.Equal(r.Tag("contact.email", "x"), r.Tag("other.email", "x")) || bytes.Equal(r.Tag("a", "bc"), r.Tag("ab", "c")) {
		t.Error("categories must not share tags")
	}
	s1, v1 := r.LogKey()
	s2, v2 := again.LogKey()
	if s1 != s2 || v1 != v2 || !strings.HasPrefix(s1, "PRIVATE+KEY+") {
		t.Error("the log key is made once")
	}
}

func TestSubjectIDRedacts(t *testing.T) {
	s := keys.NewSubjectID()
	digits := fmt.Sprint(int64(s))
	for _, verb := range []string{"%v", "%d", "%x", "%s", "%+v", "%#v"} {
		if got := fmt.Sprintf(verb, s); strings.Contains(got, digits) || got != "[subject]" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
