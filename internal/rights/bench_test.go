package rights_test

import (
	"bytes"
	"context"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// The copy of everything against the raw reading of the same rows in the same
// run: each row fetched in the same batches, and nothing opened, explained or
// written. Rounds of the two alternate, each pair gives a ratio, and the median
// is reported with the least and the greatest; and the greatest memory of the
// process, for many records against few.
//
//	CANDOUR_BENCH_ROUNDS   pairs of rounds (default 9)
//	CANDOUR_BENCH_RECORDS  records of the person who has many (default 100000)

const fewRecords = 1000

func fromEnv(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// discard is nowhere, and counts what goes there.
type discard int

func (d *discard) Write(p []byte) (int, error) { *d += discard(len(p)); return len(p), nil }

// owner is a person of so many records of three hundred bytes.
func (o *office) owner(n int) rights.Person {
	o.t.Helper()
	s := o.person()
	value := []byte(strings.Repeat("three hundred bytes of somebody's life, ", 8)[:300])
	for done := 0; done < n; done += 1000 {
		items := make([]vault.Item, min(1000, n-done))
		for i := range items {
			items[i] = vault.Item{Category: "contact.message", Parts: []vault.Part{{Owner: s, Value: value}}}
		}
		o.must(o.Update(func(ctx context.Context, tx *store.Tx) error {
			_, err := o.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: "support", Surface: "portal"}, items...)
			return err
		}))
	}
	return rights.Person{Subjects: []keys.SubjectID{s}, Access: vault.Access{Actor: "customer", Purpose: "rights", Surface: "portal"}, Way: rights.ByPortal}
}

// raw fetches the rows of a person, and does nothing with them.
func (o *office) raw(p rights.Person) (rows int) {
	o.t.Helper()
	ctx := context.Background()
	o.must(o.Store.View(ctx, func(tx *store.Tx) error {
		for after, more := int64(0), true; more; {
			list, err := tx.Query(ctx, "SELECT r.id, r.record, r.subject, r.place, r.label, r.key_id, r.expires_day, r.collected_ms, r.sealed FROM records r WHERE r.subject = $1 AND r.id > $2 ORDER BY r.id LIMIT $3", int64(p.Subjects[0]), after, 128)
			if err != nil {
				return err
			}
			n := 0
			for ; list.Next(); n++ {
				var f [7]int64
				var sealed []byte
				if err := list.Scan(&after, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &sealed); err != nil {
					return err
				}
			}
			if err := list.Close(); err != nil {
				return err
			}
			rows += n
			more = n == 128
		}
		return nil
	}))
	return rows
}

// peak returns the greatest memory of the process while fn ran, in bytes, as
// the system counts it.
func peak(b *testing.B, fn func()) int64 {
	b.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skip("the system does not let the peak of memory be measured anew")
	}
	fn()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := bytes.Cut(status, []byte("VmHWM:"))
	kib, err := strconv.ParseInt(string(bytes.Fields(after)[0]), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib << 10
}

func BenchmarkAccessPack(b *testing.B) {
	many := fromEnv("CANDOUR_BENCH_RECORDS", 100000)
	o := open(b, storetest.Open(b, storetest.Migrated(b, store.SQLite)), "invoco")
	people := map[int]rights.Person{fewRecords: o.owner(fewRecords), many: o.owner(many)}
	pack := func(n int) {
		var out discard
		if _, err := o.desk.Access(context.Background(), people[n], &out); err != nil || int(out) < 300*n {
			b.Fatal(err)
		}
	}
	for name, n := range map[string]int{"few": fewRecords, "many": many} {
		b.Run(name, func(b *testing.B) {
			again := max(1, 20000/n) // a round long enough to be measured
			timed := func(fn func()) time.Duration {
				begin := time.Now()
				for range again {
					fn()
				}
				return time.Since(begin)
			}
			ours, raw := func() { pack(n) }, func() {
				if o.raw(people[n]) != n {
					b.Fatal("rows are missing")
				}
			}
			ours()
			raw() // both warm
			var ratios, each []float64
			for i := range fromEnv("CANDOUR_BENCH_ROUNDS", 9) {
				var a, r time.Duration
				if i%2 == 0 {
					a, r = timed(ours), timed(raw)
				} else {
					r, a = timed(raw), timed(ours)
				}
				ratios = append(ratios, r.Seconds()/a.Seconds())
				each = append(each, a.Seconds()/float64(again*n)*1e6)
			}
			slices.Sort(ratios)
			slices.Sort(each)
			b.ReportMetric(ratios[len(ratios)/2], "x-of-raw")
			b.ReportMetric(ratios[0], "x-least")
			b.ReportMetric(ratios[len(ratios)-1], "x-most")
			b.ReportMetric(each[len(each)/2], "us/record")
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("memory", func(b *testing.B) {
		pack(many) // what is remembered of people and keys is there
		few, lots := peak(b, func() { pack(fewRecords) }), peak(b, func() { pack(many) })
		b.ReportMetric(float64(few)/(1<<20), "MB-few")
		b.ReportMetric(float64(lots)/(1<<20), "MB-many")
		b.ReportMetric(float64(lots)/float64(few), "x-peak")
		b.ReportMetric(0, "ns/op")
	})
}
