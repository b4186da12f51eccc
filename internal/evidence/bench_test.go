package evidence_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/keys"
	"candour/internal/store"
)

// benchEntries is how many entries each side of a comparison carries.
const benchEntries = 1 << 16

// bareTessera adds n leaves to a log of Tessera's alone, as fast as it takes
// them, and returns how long it took until all were in the tree.
func bareTessera(b *testing.B, n int) time.Duration {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	secret, _, err := note.GenerateKey(rand.Reader, "bare.example/log")
	if err != nil {
		b.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		b.Fatal(err)
	}
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(b.TempDir(), "log")})
	if err != nil {
		b.Fatal(err)
	}
	opts := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(256, 5*time.Millisecond).
		WithCheckpointInterval(100 * time.Millisecond).WithCheckpointRepublishInterval(0)
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, opts)
	if err != nil {
		b.Fatal(err)
	}
	leaf := make([]byte, opening.LeafSize)
	futures := make([]tessera.IndexFuture, n)
	began := time.Now()
	for i := range futures {
		binary.BigEndian.PutUint64(leaf, uint64(i))
		futures[i] = appender.Add(ctx, tessera.NewEntry(slices.Clone(leaf)))
	}
	for _, f := range futures {
		if _, err := f(); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(began)
	if err := shutdown(ctx); err != nil {
		b.Fatal(err)
	}
	return took
}

// backlog writes n entries with the log closed, as a crash would leave them.
func (b *bench) backlog(n int) {
	b.t.Helper()
	hold := b.open(evidence.Options{})
	b.close()
	for n > 0 {
		batch := min(n, 1000)
		err := b.st.Update(context.Background(), func(tx *store.Tx) error {
			for range batch {
				if _, err := hold.Append(context.Background(), tx, consent(7)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.t.Fatal(err)
		}
		n -= batch
	}
	// The mark of a closed log would have the rows taken for forged.
	b.exec("UPDATE evidence_checkpoint SET closed = 0")
}

// drainTime opens the log and returns how long it takes until every row is in
// the tree.
func (b *bench) drainTime(n int) time.Duration {
	b.t.Helper()
	began := time.Now()
	log := b.open(evidence.Options{})
	if err := log.InTree(context.Background(), uint64(n)+1); err != nil {
		b.t.Fatal(err)
	}
	took := time.Since(began)
	b.close()
	return took
}

// BenchmarkOutboxToLeaf carries a backlog to the log and compares that with
// Tessera alone, in turns in the same run (aim: at least 0.8).
func BenchmarkOutboxToLeaf(b *testing.B) {
	var ours, bare time.Duration
	for b.Loop() {
		e := newBench(b, store.SQLite)
		e.backlog(benchEntries)
		bare += bareTessera(b, benchEntries)
		ours += e.drainTime(benchEntries)
	}
	total := float64(benchEntries * b.N)
	b.ReportMetric(total/ours.Seconds(), "entries/s")
	b.ReportMetric(total/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCommitToCheckpoint finds the highest rate of acts, in transactions
// of a hundred, then runs at half of it and measures from each commit to the
// signed checkpoint that covers it (aim: p99 under 160 ms).
func BenchmarkCommitToCheckpoint(b *testing.B) {
	const batch, highest, measured = 100, 2 * time.Second, 4 * time.Second
	for b.Loop() {
		e := newBench(b, store.SQLite)
		e.open(evidence.Options{})
		who := keys.NewSubjectID()
		act := func() int64 {
			ids := make([]evidence.Body, batch)
			for i := range ids {
				ids[i] = consent(who)
			}
			got := e.append(ids...)
			return got[len(got)-1]
		}
		began, acts := time.Now(), 0
		var last int64
		for time.Since(began) < highest {
			last = act()
			acts += batch
		}
		if err := e.log.Integrated(context.Background(), last); err != nil {
			b.Fatal(err)
		}
		rate := float64(acts) / time.Since(began).Seconds()

		var mu sync.Mutex
		var waits []time.Duration
		var pending sync.WaitGroup
		gap := time.Duration(float64(batch) / (rate / 2) * float64(time.Second))
		tick := time.NewTicker(gap)
		for began = time.Now(); time.Since(began) < measured; <-tick.C {
			id := act()
			committed := time.Now()
			pending.Go(func() {
				if err := e.log.Integrated(context.Background(), id); err != nil {
					return // Close reports it
				}
				mu.Lock()
				waits = append(waits, time.Since(committed))
				mu.Unlock()
			})
		}
		tick.Stop()
		pending.Wait()
		e.close()
		slices.Sort(waits)
		ms := func(q float64) float64 {
			return waits[int(q*float64(len(waits)-1))].Seconds() * 1000
		}
		b.ReportMetric(rate, "highest-acts/s")
		b.ReportMetric(ms(0.5), "p50-ms")
		b.ReportMetric(ms(0.99), "p99-ms")
		b.ReportMetric(0, "ns/op")
	}
}

// BenchmarkAppend is the cost of evidence to the transaction of an act.
func BenchmarkAppend(b *testing.B) {
	e := newBench(b, store.SQLite)
	log := e.open(evidence.Options{})
	body := consent(keys.NewSubjectID())
	err := e.st.Update(context.Background(), func(tx *store.Tx) error {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := log.Append(context.Background(), tx, body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
