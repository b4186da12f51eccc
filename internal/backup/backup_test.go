package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/backup"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

func declared() *policy.Policy {
	return &policy.Policy{
		Version: 1, Surfaces: []policy.Surface{{ID: "website"}},
		Actors:     []policy.Actor{{ID: "system", Purposes: []string{"enquiry", "newsletter"}}},
		Categories: []policy.Category{{ID: "contact.email", Format: "email", Lookup: true, Surfaces: []string{"website"}}},
		Purposes: []policy.Purpose{
			{ID: "enquiry", Uses: []policy.Use{{Categories: []string{"contact.email"}, Basis: policy.LegitimateInterest, Retention: "year"}}},
			{ID: "newsletter", Uses: []policy.Use{{Categories: []string{"contact.email"}, Basis: policy.Consent, Retention: "consent"}}},
		},
		Retention: []policy.Retention{
			{ID: "year", Event: "collected", Period: policy.Period{Years: 1}, Then: "erase"},
			{ID: "consent", Event: "consent.withdrawn", Then: "erase"},
		},
	}
}

// house is an open data folder. Its clock is moved by hand.
type house struct {
	t      testing.TB
	dir    string
	target string
	st     *store.Store
	ring   *keys.Ring
	log    *evidence.Log
	v      *vault.Vault
	at     *time.Time
}

func (h *house) now() time.Time { return *h.at }

func open(t testing.TB, dir, target string, at *time.Time) *house {
	t.Helper()
	h := &house{t: t, dir: dir, target: target, at: at}
	var err error
	if h.st, err = store.Open(ctx, target); err != nil {
		t.Fatal(err)
	}
	if h.ring, err = keys.Open(ctx, h.st, filepath.Join(dir, "keys")); err != nil {
		t.Fatal(err)
	}
	if h.log, err = evidence.Open(ctx, h.st, h.ring, filepath.Join(dir, "log"), evidence.Options{Origin: "test.example/evidence", Now: h.now}); err != nil {
		t.Fatal(err)
	}
	c := policy.Compile(declared())
	h.v = vault.New(h.st, h.ring, h.log, func() *policy.Compiled { return c }, h.now)
	t.Cleanup(h.close)
	return h
}

func (h *house) close() {
	if h.st == nil {
		return
	}
	h.ring.Close()
	if err := errors.Join(h.log.Close(ctx), h.st.Close()); err != nil {
		h.t.Error(err)
	}
	h.st = nil
}

func (h *house) update(fn func(*store.Tx) error) {
	h.t.Helper()
	if err := h.st.Update(ctx, fn); err != nil {
		h.t.Fatal(err)
	}
}

func access(purpose string) vault.Access {
	return vault.Access{Actor: "system", Purpose: purpose, Surface: "website"}
}

func (h *house) add(value string) (s keys.SubjectID) {
	h.t.Helper()
	h.update(func(tx *store.Tx) (err error) {
		if s, err = h.v.NewSubject(ctx, tx); err != nil {
			return err
		}
		if err := h.v.SetConsent(ctx, tx, s, "newsletter", true); err != nil {
			return err
		}
		_, err = h.v.Put(ctx, tx, access("enquiry"), vault.Item{
			Category: "contact.email", Purposes: []string{"enquiry", "newsletter"}, Parts: []vault.Part{{Owner: s, Value: []byte(value)}},
		})
		return err
	})
	return s
}

// values are those of a person, or none if they are not there.
func (h *house) values(s keys.SubjectID) (got []string) {
	h.t.Helper()
	err := h.st.View(ctx, func(tx *store.Tx) error {
		return h.v.Walk(ctx, tx, s, func(r vault.Record) error {
			got = append(got, fmt.Sprintf("%s for %s", r.Value(), strings.Join(r.Purposes, " and ")))
			return nil
		})
	})
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		h.t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

func (h *house) source() backup.Source {
	return backup.Source{Store: h.st, Target: h.target, Ring: h.ring, Keys: filepath.Join(h.dir, "keys"), Log: h.log, Now: h.now}
}

// backup makes one a day after the last.
func (h *house) backup(dst string) backup.Made {
	h.t.Helper()
	*h.at = h.at.AddDate(0, 0, 1)
	m, err := backup.Backup(ctx, h.source(), dst)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

func (h *house) erase(s keys.SubjectID) {
	h.t.Helper()
	*h.at = h.at.Add(time.Hour)
	if _, err := h.v.Erase(ctx, s); err != nil {
		h.t.Fatal(err)
	}
	if err := h.v.Resume(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// each runs fn on each engine with an open folder and the target of a second,
// empty database.
func each(t *testing.T, fn func(t *testing.T, h *house, d backup.Destination)) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
			h := open(t, t.TempDir(), storetest.Target(t, engine), &at)
			dir := t.TempDir()
			fn(t, h, backup.Destination{Target: storetest.Target(t, engine), Keys: filepath.Join(dir, "keys"), Log: filepath.Join(dir, "log"), Now: h.now})
		})
	}
}

// restored opens what was restored.
func restored(t *testing.T, h *house, d backup.Destination) *house {
	t.Helper()
	n := open(t, filepath.Dir(d.Keys), d.Target, h.at)
	if err := n.v.Check(ctx); err != nil {
		t.Error(err)
	}
	return n
}

// The drill: the disk is lost. Data of Monday and the ring of Wednesday bring
// everybody back, but for who was erased and what was withdrawn on Tuesday.
func TestRestoreDrill(t *testing.T) {
	each(t, func(t *testing.T, h *house, d backup.Destination) {
		dst := t.TempDir()
		anna, ben, carol := h.add("anna@x.example"), h.add("ben@x.example"), h.add("carol@x.example")
		monday := h.backup(dst)
		h.erase(anna)
		h.update(func(tx *store.Tx) error { return h.v.SetConsent(ctx, tx, ben, "newsletter", false) })
		h.add("dora@x.example") // after the data: lost with the disk
		wednesday := h.backup(dst)
		if wednesday.Gone != 1 {
			t.Errorf("%d rings from before the erasure were destroyed, want 1", wednesday.Gone)
		}
		h.close() // the disk is gone, after everything was signed
		checkpoint := h.log.Checkpoint()

		d.Data, d.Ring, d.Since = monday.Data, wednesday.Ring, checkpoint
		r, err := backup.Restore(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		if r.Erasures != 1 || r.Rows == 0 {
			t.Errorf("replayed %d erasures, %d rows", r.Erasures, r.Rows)
		}
		n := restored(t, h, d)
		if got := n.values(anna); len(got) != 0 {
			t.Errorf("an old backup revived an erased person: %d values", len(got))
		}
		if got := fmt.Sprint(n.values(ben)); got != "[ben@x.example for enquiry]" {
			t.Errorf("a withdrawn consent stands again: %s", got)
		}
		if got := fmt.Sprint(n.values(carol)); got != "[carol@x.example for enquiry and newsletter]" {
			t.Errorf("lost somebody: %s", got)
		}
		n.add("eve@x.example") // and life goes on
		if err := n.v.Resume(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// Restored without anything having happened since, all is there.
func TestRestoreTheNewest(t *testing.T) {
	each(t, func(t *testing.T, h *house, d backup.Destination) {
		s := h.add("anna@x.example")
		m := h.backup(t.TempDir())
		before := h.values(s)
		h.close()
		d.Data, d.Ring = m.Data, m.Ring
		r, err := backup.Restore(ctx, d)
		if err != nil || r != (backup.Restored{}) {
			t.Fatalf("replayed %+v, %v", r, err)
		}
		if got := restored(t, h, d).values(s); !slices.Equal(got, before) {
			t.Errorf("restored %q, want %q", got, before)
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	each(t, func(t *testing.T, h *house, d backup.Destination) {
		dst := t.TempDir()
		h.add("anna@x.example")
		old := h.backup(dst)
		h.add("ben@x.example")
		fresh := h.backup(dst)
		at := *h.at
		stranger := open(t, t.TempDir(), storetest.Target(t, h.st.Engine()), &at)
		other := stranger.backup(t.TempDir())
		full := filepath.Join(t.TempDir(), "keys")
		if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		alone := filepath.Join(t.TempDir(), filepath.Base(old.Ring))
		if err := os.Rename(old.Ring, alone); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(old.Ring, os.DirFS(alone)); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			change func(d *backup.Destination)
			want   string
		}{
			"ring older than the data":       {func(d *backup.Destination) { d.Ring = alone }, "older than the data"},
			"ring with a newer beside it":    {func(d *backup.Destination) { d.Data, d.Ring = old.Data, old.Ring }, "a newer ring"},
			"ring of another store":          {func(d *backup.Destination) { d.Ring = other.Ring }, "another store"},
			"ring older than the checkpoint": {func(d *backup.Destination) { d.Since = []byte("x\n99999\nAAAA\n") }, "newer ring"},
			"no checkpoint":                  {func(d *backup.Destination) { d.Since = []byte("hello") }, "not one"},
			"exchanged":                      {func(d *backup.Destination) { d.Data, d.Ring = d.Ring, d.Data }, "exchanged"},
			"no backup":                      {func(d *backup.Destination) { d.Data = t.TempDir() }, "no manifest"},
			"keys there already":             {func(d *backup.Destination) { d.Keys = full }, "not empty"},
			"database there already":         {func(d *backup.Destination) { d.Target = h.target }, "restore into"},
		} {
			t.Run(name, func(t *testing.T) {
				d := d
				d.Data, d.Ring = fresh.Data, fresh.Ring
				c.change(&d)
				_, err := backup.Restore(ctx, d)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("got %v, want a refusal with %q", err, c.want)
				}
			})
		}
	})
}

func TestRestoreFindsDamage(t *testing.T) {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	h := open(t, t.TempDir(), storetest.Target(t, store.SQLite), &at)
	h.add("anna@x.example")
	m := h.backup(t.TempDir())
	for _, dir := range []string{m.Data, m.Ring} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			good, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			bad := bytes.Clone(good)
			bad[len(bad)/2] ^= 1
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				return err
			}
			to := t.TempDir()
			_, err = backup.Restore(ctx, backup.Destination{
				Data: m.Data, Ring: m.Ring, Target: filepath.Join(to, "candour.db"), Keys: filepath.Join(to, "keys"), Log: filepath.Join(to, "log"), Now: h.now,
			})
			if err == nil {
				t.Errorf("restored with %s changed", e.Name())
			}
			return os.WriteFile(path, good, 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A backup of data alone opens for nobody: no value, and no key, is in it. The
// ring holds no value. After an erasure no ring holds a key of the person.
func TestBackupsHoldNothingInClear(t *testing.T) {
	each(t, func(t *testing.T, h *house, _ backup.Destination) {
		dst := t.TempDir()
		s := h.add("planted-value@x.example")
		var wrapped [][]byte
		rows, err := h.st.DB().Query("SELECT wrapped FROM data_keys")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				t.Fatal(err)
			}
			wrapped = append(wrapped, b)
		}
		if err := rows.Close(); err != nil || len(wrapped) == 0 {
			t.Fatal(err)
		}
		m := h.backup(dst)
		if scan(t, dst, []byte("planted-value")) {
			t.Error("a value is in a backup in clear")
		}
		for _, w := range wrapped {
			if scan(t, m.Data, w) {
				t.Error("a key is in the data")
			}
		}
		h.erase(s)
		h.backup(dst)
		for _, w := range wrapped {
			if scan(t, dst, w) {
				t.Error("a ring still holds a key of an erased person")
			}
		}
	})
}

func scan(t *testing.T, dir string, value []byte) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, value)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Only the newest few rings are kept; the data is not touched.
func TestOldRingsAreDestroyed(t *testing.T) {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	h := open(t, t.TempDir(), storetest.Target(t, store.SQLite), &at)
	dst := t.TempDir()
	for range backup.KeepRings + 2 {
		h.backup(dst)
	}
	for kind, want := range map[string]int{"ring": backup.KeepRings, "data": backup.KeepRings + 2} {
		if list, err := os.ReadDir(filepath.Join(dst, kind)); err != nil || len(list) != want {
			t.Errorf("%d folders of %s, want %d; %v", len(list), kind, want, err)
		}
	}
	if _, err := backup.Backup(ctx, h.source(), dst); !errors.Is(err, backup.ErrExists) {
		t.Errorf("two of one moment: %v", err)
	}
}
