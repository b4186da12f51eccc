package identity

import (
	"strconv"
	"testing"
	"time"
)

// However many addresses are tried, what is counted has its bound, and nobody
// is counted for the guesses of others: who was not tried is free (ASVS 5.0
// 6.1.1).
func TestCountsHaveABound(t *testing.T) {
	now := time.Now()
	c := newCounts(triesPerAddress, triesWindow, func() time.Time { return now })
	for range triesPerAddress {
		c.add("tried@example.org")
	}
	for i := range countEntries + 1000 {
		c.add("nobody" + strconv.Itoa(i))
	}
	if len(c.all) > countEntries {
		t.Errorf("%d counts, the bound is %d", len(c.all), countEntries)
	}
	if c.over("ann@example.org") {
		t.Error("somebody who was never tried is over the count")
	}
	if !c.over("tried@example.org") {
		t.Error("a flood of other addresses made one free again")
	}
	for i := range triesPerAddress {
		if last := c.add("ann@example.org"); last != (i == triesPerAddress-1) {
			t.Errorf("try %d is the last: %v", i+1, last)
		}
	}
}
