// Package analytics counts page views: how often each route of each surface
// was opened on each day. That is all; there is no identifier, no cookie, no
// address, and nothing is read from the device (R26, PECR Sch A1 para 5).
// Whoever calls has asked whether this browser objected.
package analytics

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"candour/internal/store"
)

// maxKeys bounds what is counted between two flushes. Routes and surfaces are
// closed sets, so only a mistake reaches it; what is over is not counted.
const maxKeys = 4096

// View is a total.
type View struct {
	Day     time.Time // midnight, UTC
	Surface string
	Route   string
	Views   int64
}

type key struct {
	day            int64
	surface, route string
}

// Counter counts in memory and adds to the table at each flush. What was
// counted since the last flush is lost with the process. It is safe for
// concurrent use.
type Counter struct {
	store *store.Store
	now   func() time.Time

	mu     sync.Mutex
	counts map[key]int64
}

// NewCounter returns a counter that adds to the store's table.
func NewCounter(st *store.Store, now func() time.Time) *Counter {
	return &Counter{store: st, now: now, counts: map[key]int64{}}
}

const secondsPerDay = 24 * 60 * 60

// Count counts one view. surface and route are of closed sets, never what a
// client sent.
func (c *Counter) Count(surface, route string) {
	k := key{c.now().Unix() / secondsPerDay, surface, route}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.counts[k]; known || len(c.counts) < maxKeys {
		c.counts[k]++
	}
}

// Run flushes at each tick and a last time when ctx ends. Errors go to report;
// what could not be written is counted on.
func (c *Counter) Run(ctx context.Context, ticks <-chan time.Time, report func(error)) {
	for ended := false; !ended; {
		select {
		case <-ticks:
		case <-ctx.Done():
			ended = true
		}
		if err := c.Flush(context.WithoutCancel(ctx)); err != nil {
			report(err)
		}
	}
}

// Flush adds what was counted to the table, in one transaction.
func (c *Counter) Flush(ctx context.Context) error {
	c.mu.Lock()
	counts := c.counts
	c.counts = map[key]int64{}
	c.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	err := c.store.Update(ctx, func(tx *store.Tx) error {
		for _, k := range slices.SortedFunc(maps.Keys(counts), compare) { // one order, so that two processes cannot wait for each other
			if _, err := tx.Exec(ctx, `INSERT INTO page_views (day, surface, route, views) VALUES ($1, $2, $3, $4)
				ON CONFLICT (day, surface, route) DO UPDATE SET views = page_views.views + excluded.views`, k.day, k.surface, k.route, counts[k]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		for k, n := range counts {
			c.counts[k] += n
		}
		return fmt.Errorf("analytics: %w", err)
	}
	return nil
}

func compare(a, b key) int {
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.surface, b.surface), cmp.Compare(a.route, b.route))
}

// Totals returns what was counted from one day to another, both included, in
// the order of day, surface and route.
func Totals(ctx context.Context, st *store.Store, from, to time.Time) ([]View, error) {
	var list []View
	err := st.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT day, surface, route, views FROM page_views WHERE day >= $1 AND day <= $2 ORDER BY day, surface, route",
			from.Unix()/secondsPerDay, to.Unix()/secondsPerDay)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v View
			var day int64
			if err := rows.Scan(&day, &v.Surface, &v.Route, &v.Views); err != nil {
				return err
			}
			v.Day = time.Unix(day*secondsPerDay, 0).UTC()
			list = append(list, v)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("analytics: %w", err)
	}
	return list, nil
}
