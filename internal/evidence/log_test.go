package evidence_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// origin is the name of the logs of the tests.
const origin = "provider.example/evidence"

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// bench is a data folder with everything open that a log needs.
type bench struct {
	t        testing.TB
	dir      string
	database string // address of PostgreSQL, or empty
	st       *store.Store
	ring     *keys.Ring
	log      *evidence.Log
}

// each runs fn on a fresh data folder of each engine.
func each(t *testing.T, fn func(t *testing.T, b *bench)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) { fn(t, newBench(t, engine)) })
	}
}

func newBench(t testing.TB, engine store.Engine) *bench {
	t.Helper()
	database := ""
	if engine == store.PostgreSQL {
		database = storetest.Migrated(t, engine)
	}
	return benchIn(t, t.TempDir(), database)
}

// benchIn opens what is in a data folder, or makes it.
func benchIn(t testing.TB, dir, database string) *bench {
	t.Helper()
	b := &bench{t: t, dir: dir, database: database}
	target := filepath.Join(dir, "candour.db")
	if database != "" {
		target = database
	}
	b.st = storetest.Open(t, target)
	ring, err := keys.Open(t.Context(), b.st, filepath.Join(b.dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	b.ring = ring
	return b
}

func (b *bench) folder() string { return filepath.Join(b.dir, "log") }

func (b *bench) open(opts evidence.Options) *evidence.Log {
	b.t.Helper()
	if err := b.tryOpen(opts); err != nil {
		b.t.Fatal(err)
	}
	return b.log
}

func (b *bench) tryOpen(opts evidence.Options) error {
	opts.Origin = origin
	if opts.Now == nil {
		opts.Now = func() time.Time { return noon }
	}
	log, err := evidence.Open(context.Background(), b.st, b.ring, b.folder(), opts)
	if err != nil {
		return err
	}
	b.log = log
	b.t.Cleanup(func() { _ = log.Close(context.Background()) }) // closing twice is nothing
	return nil
}

func (b *bench) close() {
	b.t.Helper()
	if err := b.log.Close(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

// append writes the bodies in one transaction and returns their ids.
func (b *bench) append(bodies ...evidence.Body) []int64 {
	b.t.Helper()
	var ids []int64
	err := b.st.Update(context.Background(), func(tx *store.Tx) error {
		ids = nil
		for _, body := range bodies {
			id, err := b.log.Append(context.Background(), tx, body)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return ids
}

func consent(s keys.SubjectID) evidence.Body {
	return evidence.Body{
		Kind: evidence.ConsentDecided, At: noon, Actor: "visitor", Surface: "website", Policy: 1, Subject: s,
		Hash: []byte{1, 2, 3}, Choices: map[string]bool{"analytics": false, "media": true},
	}
}

func sweep(n int64) evidence.Body {
	return evidence.Body{Kind: evidence.SweepDone, At: noon, Count: n}
}

func refusedMail() evidence.Body {
	return evidence.Body{Kind: evidence.MailRefused, At: noon, Code: "no-consent"}
}

// Evidence is in the log, opens for whoever may see it, and checks with
// nothing but the verifier key (acceptance of part C; R28, L16).
func TestAppendAndOpen(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		log := b.open(evidence.Options{})
		subject := keys.NewSubjectID()
		ids := b.append(consent(subject), sweep(3), refusedMail())
		for _, id := range ids {
			if err := log.Integrated(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			o, err := log.Opening(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := opening.VerifyOpening(log.VerifierKey(), o); err != nil {
				t.Errorf("entry %d: %v", id, err)
			}
		}
		if got := log.Size(); got != 4 {
			t.Errorf("the log has %d entries, want entry 0 and three", got)
		}
		b.close()

		log = b.open(evidence.Options{}) // what is there is gone on with
		more := b.append(sweep(4))
		if err := log.Integrated(t.Context(), more[0]); err != nil {
			t.Fatal(err)
		}
		if got := log.Size(); got != 5 {
			t.Errorf("the log has %d entries, want 5", got)
		}
		b.close()
	})
}

// A rolled back act leaves no evidence, and its place goes to another.
func TestRollback(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		log := b.open(evidence.Options{})
		no := errors.New("no")
		err := b.st.Update(t.Context(), func(tx *store.Tx) error {
			if _, err := log.Append(t.Context(), tx, sweep(1)); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		id := b.append(sweep(2))[0]
		if err := log.Integrated(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		b.close()
		if got := log.Size(); got != 2 {
			t.Errorf("the log has %d entries, want 2", got)
		}
	})
}

// A body that is refused takes no place from those before and after it in its
// transaction, whatever became of the transactions around it.
func TestRefusedBodyLeavesNoGap(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		log := b.open(evidence.Options{})
		no := errors.New("no")
		bad := sweep(1)
		bad.Kind = "nothing"
		for _, outcome := range []error{no, nil, no, nil} {
			err := b.st.Update(t.Context(), func(tx *store.Tx) error {
				for _, body := range []evidence.Body{sweep(2), bad, sweep(3), bad} {
					if _, err := log.Append(t.Context(), tx, body); (err != nil) != (body.Kind == bad.Kind) {
						t.Error(err)
					}
				}
				return outcome
			})
			if !errors.Is(err, outcome) {
				t.Fatal(err)
			}
		}
		b.close()
		if got := log.Size(); got != 5 {
			t.Errorf("the log has %d entries, want entry 0 and four", got)
		}
	})
}

// openIn opens ring and log of a data folder in a process of its own.
func openIn(ctx context.Context, st *store.Store, dir string) (*evidence.Log, error) {
	ring, err := keys.Open(ctx, st, filepath.Join(dir, "keys"))
	if err != nil {
		return nil, err
	}
	return evidence.Open(ctx, st, ring, filepath.Join(dir, "log"), evidence.Options{Origin: origin})
}
