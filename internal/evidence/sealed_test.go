package evidence_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/keys"
	"candour/internal/store"
)

// Where the keys are at hand, what was done to sealed bodies and to the ring
// past every program is found and named, even where rows and log agree.
func TestSealedBodies(t *testing.T) {
	const aKey = "(SELECT key FROM evidence_about WHERE entry = 1)"
	for _, c := range []struct {
		name string
		do   func(b *bench)
		want string
	}{
		{"untouched", func(*bench) {}, "7 bodies opened, 0 dark because their keys were destroyed, 0 left sealed"},
		{"a bit of a sealed body, and the log made anew", func(b *bench) {
			b.flipColumn("body", 1, 60)
			b.rebuild()
		}, "CHANGED row 1: its body does not open with the keys of this folder"},
		{"a bit of a body sealed for the operator, and the log made anew", func(b *bench) {
			b.flipColumn("body", 3, 60)
			b.rebuild()
		}, "CHANGED row 3: its body does not open with the keys of this folder"},
		{"a commitment, and the log made anew", func(b *bench) {
			b.flipColumn("commitment", 4, 9)
			b.rebuild()
		}, "CHANGED row 4: its body is not what was committed to"},
		{"a key deleted behind the list's back", func(b *bench) {
			b.exec("DELETE FROM data_keys WHERE key_id = " + aKey)
		}, "CHANGED row 1: the key of its body was taken out of the ring"},
		{"a key exchanged for another's", func(b *bench) {
			b.exec("UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE key_id <> " + aKey + " LIMIT 1) WHERE key_id = " + aKey)
		}, "CHANGED row 1: its body does not open: its data key was changed in the ring"},
		{"a key moved to another person", func(b *bench) {
			b.exec("UPDATE data_keys SET subject = 99 WHERE key_id = " + aKey)
		}, "CHANGED row 1: its body does not open: its data key was changed in the ring"},
		{"an entry moved to another person", func(b *bench) {
			b.exec("UPDATE evidence_about SET subject = 99 WHERE entry = 1")
		}, "CHANGED row 1: the table evidence_about says it is about another person"},
		{"a key put back from before the epoch", func(b *bench) {
			b.exec("INSERT INTO data_keys SELECT 9000000000000000000, subject, class, matter, purpose, closed, ends_day, epoch - 1, wrapped FROM data_keys LIMIT 1")
		}, "CHANGED table data_keys: 1 data keys are of an epoch that is over"},
		{"the key of the log", func(b *bench) {
			key := b.file("key")
			key[len(key)-3] ^= 1
			write(b.t, b.path("key"), key)
		}, "CHANGED key: not the verifier key of the signing key in the folder of keys"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, store.SQLite)
			b.small()
			b.unguard()
			c.do(b)
			r := b.verify(verify.Options{})
			if got := text(t, r); !strings.Contains(got, c.want) || r.Holds() != (c.name == "untouched") {
				t.Errorf("want %q, got\n%s", c.want, got)
			}
		})
	}
}

// rebuild has the log made anew from rows that were changed, as whoever holds
// folder and keys can.
func (b *bench) rebuild() {
	b.t.Helper()
	if err := os.RemoveAll(b.folder()); err != nil {
		b.t.Fatal(err)
	}
	b.exec("DELETE FROM evidence_checkpoint")
	b.open(evidence.Options{})
	b.close()
}

// A person who was erased leaves leaves that stand and bodies that stay dark.
func TestErasedIsDark(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.open(evidence.Options{})
		gone, stays := keys.NewSubjectID(), keys.NewSubjectID()
		b.append(consent(gone), consent(stays), consent(gone))
		b.erase(gone, false)
		b.close()
		for _, stage := range []string{"owed", "done"} {
			r := b.verify(verify.Options{})
			if got := text(t, r); !r.Holds() || r.Dark != 2 || r.Opened != 2 || r.Sealed != 0 {
				t.Errorf("the rows of an erasure %s, want 2 opened and 2 dark:\n%s", stage, got)
			}
			b.erase(gone, true)
		}
	})
}

// What is written about an erased person of whom a law keeps something, before
// the links of the erasure are gone, is sealed with a new key: it keeps its
// link, and nothing looks changed.
func TestEntryBetweenTheStagesOfAnErasure(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.open(evidence.Options{})
		kept := keys.NewSubjectID()
		b.append(consent(kept))
		b.erase(kept, false)
		b.append(consent(kept))
		b.erase(kept, true)
		b.close()
		r := b.verify(verify.Options{})
		if got := text(t, r); !r.Holds() || r.Dark != 1 || r.Opened != 2 {
			t.Errorf("want 2 opened and 1 dark:\n%s", got)
		}
	})
}

// erase does what an erasure does to keys and links: the first stage, then the
// purge.
func (b *bench) erase(s keys.SubjectID, purge bool) {
	b.t.Helper()
	err := b.st.Update(b.t.Context(), func(tx *store.Tx) error {
		if purge {
			return b.log.Forget(b.t.Context(), tx, s)
		}
		list, err := b.ring.Keys(b.t.Context(), tx, s)
		if err == nil {
			err = b.ring.Destroy(b.t.Context(), tx, list...)
		}
		if err == nil {
			_, err = tx.Exec(b.t.Context(), "INSERT INTO purges (subject, key_id, erasure) VALUES ($1, 0, 1)", int64(s))
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// Verification opens what is sealed beside a server that writes, erases and
// turns epochs, and is never led to call that a change.
func TestVerifyBesideRotations(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		log := b.open(evidence.Options{})
		b.ring.OnEpoch(func(ctx context.Context, tx *store.Tx, e keys.Epoch) error {
			_, err := log.Append(ctx, tx, evidence.Body{Kind: evidence.KeyEpoch, At: noon, Ref: e.Number, Hash: e.Root[:]})
			return err
		})
		done := make(chan error, 1)
		go func() {
			done <- func() error {
				for range 12 {
					s := keys.NewSubjectID()
					b.append(consent(s), consent(keys.NewSubjectID()), sweep(1))
					b.erase(s, false)
					if err := b.ring.Rotate(context.Background()); err != nil {
						return err
					}
					b.erase(s, true)
				}
				return nil
			}()
		}()
		for running := true; running; {
			select {
			case err := <-done:
				running = false
				if err != nil {
					t.Fatal(err)
				}
			default:
			}
			if r := b.verify(verify.Options{}); !r.Holds() {
				t.Fatalf("evidence under way does not hold:\n%s", text(t, r))
			}
		}
		b.close()
		if r := b.verify(verify.Options{}); !r.Holds() || r.Dark != 12 || r.Sealed != 0 {
			t.Fatalf("want 12 dark and none left sealed:\n%s", text(t, r))
		}
	})
}

// A user who may read the evidence and nothing else verifies it, beside the
// running server and after it, and leaves nothing behind.
func TestVerifyAsAnotherUser(t *testing.T) {
	if dir := os.Getenv("CANDOUR_TEST_VERIFY"); dir != "" {
		r, err := verify.Verify(t.Context(), dir, verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("as user %d\n%s", os.Geteuid(), text(t, r))
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	b := newBench(t, store.SQLite)
	b.open(evidence.Options{})
	b.wait(b.append(consent(keys.NewSubjectID()), sweep(2))...)
	// The last checkpoint goes into the database within a second, or at the end:
	// begun anew, the log writes nothing while the folder is compared.
	b.close()
	b.open(evidence.Options{})
	b.share()
	b.verifyAs(65534)
	b.close()
	if err := b.st.Close(); err != nil {
		t.Fatal(err)
	}
	b.share()
	b.verifyAs(65534)
}

// share lets everyone read the folder, but not the keys.
func (b *bench) share() {
	b.t.Helper()
	for dir := b.dir; len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			b.t.Fatal(err)
		}
	}
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "keys" {
			return filepath.SkipDir
		}
		if d.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// verifyAs runs this test again as another user.
func (b *bench) verifyAs(uid uint32) {
	b.t.Helper()
	before := b.listing()
	self, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		b.t.Fatal(err)
	}
	copied := filepath.Join(b.dir, "..", "candour-evidence.test") // where that user may go
	if err := os.WriteFile(copied, data, 0o755); err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.CommandContext(b.t.Context(), copied, "-test.run", "^TestVerifyAsAnotherUser$")
	cmd.Env = append(os.Environ(), "CANDOUR_TEST_VERIFY="+b.dir)
	cmd.Dir = b.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.CombinedOutput()
	for _, want := range []string{fmt.Sprintf("as user %d", uid), "the keys cannot be read by this user", "2 bodies opened", "1 left sealed", "the evidence holds"} {
		if err != nil || !strings.Contains(string(out), want) {
			b.t.Errorf("%v: want %q, got\n%s", err, want, out)
		}
	}
	if after := b.listing(); after != before {
		b.t.Errorf("the folder was\n%s\nand is\n%s", before, after)
	}
}

// listing tells every file of the folder, its size, time and owner.
func (b *bench) listing() string {
	b.t.Helper()
	var list strings.Builder
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		owner := info.Sys().(*syscall.Stat_t).Uid
		fmt.Fprintln(&list, path, info.Size(), info.ModTime().UnixNano(), owner)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return list.String()
}
