package evidence_test

import (
	"testing"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// The status counts what is signed and what waits, and what is open for
// everyone is listed without what is about somebody.
func TestStatus(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			b := newBench(t, engine)
			log := b.open(evidence.Options{})
			for n := range int64(300) {
				ids := b.append(consent(keys.NewSubjectID()), sweep(n+1), refusedMail())
				if n == 299 {
					b.wait(ids...)
				}
			}
			s, err := log.Status(t.Context())
			if err != nil || s.Signed != 901 || s.Waiting != 0 || s.Err != nil || s.SignedAt.IsZero() {
				t.Errorf("%+v, %v", s, err)
			}
			list, err := log.Open(t.Context(), 200)
			if err != nil || len(list) != 200 {
				t.Fatalf("%d entries, %v", len(list), err)
			}
			for i, e := range list {
				if e.Body.Kind != evidence.SweepDone || e.Body.Subject != 0 || i > 0 && e.Seq >= list[i-1].Seq {
					t.Fatalf("at %d: %+v", i, e)
				}
			}
			all, err := log.Open(t.Context(), 10_000)
			if err != nil || len(all) != 301 || all[300].Body.Kind != evidence.LogOpened {
				t.Errorf("%d entries, %v", len(all), err)
			}
		})
	}
}
