package analytics_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"candour/internal/analytics"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// R26: totals, and nothing else.
func TestViewsAreTotals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := context.Background()
		day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		now := day.Add(23 * time.Hour)
		c := analytics.NewCounter(st, func() time.Time { return now })
		for range 3 {
			c.Count("website", "/products")
		}
		c.Count("portal", "/")
		if err := c.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		c.Count("website", "/products")
		now = now.Add(2 * time.Hour)
		c.Count("website", "/products")
		if err := c.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		got, err := analytics.Totals(ctx, st, day, day.AddDate(0, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		want := []analytics.View{{day, "portal", "/", 1}, {day, "website", "/products", 4}, {day.AddDate(0, 0, 1), "website", "/products", 1}}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if got, err := analytics.Totals(ctx, st, day.AddDate(0, 0, 2), day.AddDate(0, 0, 9)); err != nil || len(got) != 0 {
			t.Errorf("other days: %v, %v", got, err)
		}
	})
}

func TestRunFlushesAtTheEnd(t *testing.T) {
	st := storetest.Open(t, storetest.Migrated(t, store.SQLite))
	c := analytics.NewCounter(st, time.Now)
	ctx, cancel := context.WithCancel(context.Background())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx, ticks, func(err error) { t.Error(err) })
	}()
	c.Count("website", "/")
	ticks <- time.Now()
	c.Count("website", "/")
	cancel()
	<-done
	got, err := analytics.Totals(context.Background(), st, time.Now().AddDate(0, 0, -1), time.Now())
	if err != nil || len(got) != 1 || got[0].Views != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatCouldNotBeWrittenIsCountedOn(t *testing.T) {
	st := storetest.Open(t, storetest.Migrated(t, store.SQLite))
	c := analytics.NewCounter(st, time.Now)
	c.Count("website", "/")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.Flush(ctx); err == nil {
		t.Fatal("a flush after the end succeeded")
	}
	if err := c.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	got, err := analytics.Totals(context.Background(), st, time.Now().AddDate(0, 0, -1), time.Now())
	if err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}
