package evidence_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/keys"
	"candour/internal/store"
)

// The list of keys, on which proofs of absence rest, is held against the ring
// and against the entry that commits to it.
func TestVerifyListOfKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b *bench)
		want string
	}{
		{"untouched", func(*bench) {}, "the evidence holds"},
		{"a key kept out", func(b *bench) {
			b.exec(`INSERT INTO data_keys (key_id, subject, class, matter, purpose, closed, ends_day, epoch, wrapped)
				SELECT 1, 99, class, matter, purpose, closed, ends_day, epoch, wrapped FROM data_keys LIMIT 1`)
		}, "CHANGED list of keys: keys: the list of data keys does not hold: data key 1 is live and was kept out"},
		{"a list that is changed", func(b *bench) {
			found, err := filepath.Glob(filepath.Join(b.dir, "keys", "*list*"))
			if err != nil || len(found) != 1 {
				b.t.Fatal(found, err)
			}
			raw := b.file("../keys/" + filepath.Base(found[0]))
			raw[len(raw)-1] ^= 1
			write(b.t, found[0], raw)
		}, "CHANGED list of keys"},
		{"a list that is missing", func(b *bench) {
			found, err := filepath.Glob(filepath.Join(b.dir, "keys", "*list*"))
			if err != nil || len(found) != 1 {
				b.t.Fatal(found, err)
			}
			remove(b.t, found[0])
		}, "CHANGED list of keys: keys: the list of data keys does not hold: it cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, store.SQLite)
			log := b.open(evidence.Options{})
			b.append(consent(keys.NewSubjectID()), consent(keys.NewSubjectID()))
			b.ring.OnEpoch(func(ctx context.Context, tx *store.Tx, e keys.Epoch) error {
				_, err := log.Append(ctx, tx, evidence.Body{Kind: evidence.KeyEpoch, At: noon, Ref: e.Number, Hash: e.Root[:]})
				return err
			})
			if err := b.ring.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.close()
			c.do(b)
			if got := text(t, b.verify(verify.Options{})); !strings.Contains(got, c.want) {
				t.Errorf("want %q, got\n%s", c.want, got)
			}
		})
	}
}

// An epoch whose evidence never was written is told.
func TestVerifyListWithoutEvidence(t *testing.T) {
	b := newBench(t, store.SQLite)
	b.open(evidence.Options{})
	b.append(consent(keys.NewSubjectID()))
	if err := b.ring.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.close()
	if got := text(t, b.verify(verify.Options{})); !strings.Contains(got, "no entry of the log commits to the list of epoch 2") {
		t.Errorf("got\n%s", got)
	}
}
