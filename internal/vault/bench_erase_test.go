package vault_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// BenchmarkEraseFirstStage compares the 99th percentile of the first stage
// among few others with that among many, and with few own records with that
// with many.
func BenchmarkEraseFirstStage(b *testing.B) {
	// So many that the 99th percentile is not a few file syncs that took long.
	const each, eachOwn = 3000, 400
	stage1 := func(p *pair, s keys.SubjectID) time.Duration {
		// The checkpoint that the making of the records owes is not its cost.
		if err := p.st.TruncateLog(ctx); err != nil {
			b.Fatal(err)
		}
		return timed(func() {
			p.update(func(tx *store.Tx) error {
				_, err := p.v.EraseIn(ctx, tx, s)
				return err
			})
		})
	}
	many := fromEnv("CANDOUR_BENCH_RECORDS", 100000)
	b.Run(fmt.Sprintf("%d-others-against-1000", many), func(b *testing.B) {
		var times [2][]time.Duration
		var pairs [2]*pair
		for i, n := range []int{1000, many} {
			pairs[i] = newPair(b, n/ofEach)
			pairs[i].crowd()
		}
		for n := range each {
			for i := range pairs {
				i = (i + n) % 2
				times[i] = append(times[i], stage1(pairs[i], pairs[i].owner(10)))
			}
		}
		report(b, times[1], times[0])
	})
	b.Run("10000-own-against-10", func(b *testing.B) {
		p := newPair(b, 1000)
		var times [2][]time.Duration
		for n := range eachOwn {
			owners := []keys.SubjectID{p.owner(10), p.owner(10000)}
			for i := range owners {
				i = (i + n) % 2 // the first after the writing pays for it: in turns
				times[i] = append(times[i], stage1(p, owners[i]))
			}
		}
		report(b, times[1], times[0])
	})
}

func report(b *testing.B, much, little []time.Duration) {
	slices.Sort(much)
	slices.Sort(little)
	at := func(list []time.Duration, percent int) float64 { return list[len(list)*percent/100].Seconds() * 1e6 }
	b.ReportMetric(at(much, 99)/at(little, 99), "x-p99")
	b.ReportMetric(at(much, 50)/at(little, 50), "x-p50")
	b.ReportMetric(at(much, 99), "p99-us-much")
	b.ReportMetric(at(little, 99), "p99-us-little")
	b.ReportMetric(0, "ns/op")
}

// ofEach is how many records each person of a crowd has.
const ofEach = 10

// crowd gives everybody their records.
func (p *pair) crowd() {
	for chunk := range slices.Chunk(p.people, 100) {
		var items []vault.Item
		for _, s := range chunk {
			for range ofEach {
				items = append(items, item(s, "bill", value))
			}
		}
		p.put(on("tax"), items...)
	}
}

// owner makes a person with n records that an erasure destroys.
func (p *pair) owner(n int) keys.SubjectID {
	s := p.person()
	items := make([]vault.Item, n)
	for i := range items {
		items[i] = item(s, "enquiry.message", "x")
	}
	p.put(site, items...)
	return s
}
