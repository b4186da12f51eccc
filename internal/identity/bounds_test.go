package identity

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
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

// A flood of sign-ins is turned away and does not queue without end: each that
// waits holds memory, and would be answered long after its browser gave up.
func TestPasswordChecksHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hasher{slots: make(chan struct{}, 1)}
		ctx, cancel := context.WithCancel(context.Background())
		if err := h.acquire(ctx); err != nil {
			t.Fatal(err)
		}
		var waiting sync.WaitGroup
		for range maxWaiting {
			waiting.Go(func() { _ = h.acquire(ctx) })
		}
		synctest.Wait()
		if err := h.acquire(ctx); !errors.Is(err, ErrBusy) {
			t.Errorf("one more: %v", err)
		}
		cancel()
		waiting.Wait()
		h.release()
		if err := h.acquire(context.Background()); err != nil {
			t.Errorf("after the flood: %v", err)
		}
	})
}

// Only a good answer uses a question up: whoever sends bad ones for questions
// that anybody can have fills nothing, and locks nobody out.
func TestBadAnswersUseNothingUp(t *testing.T) {
	now := time.Now()
	c := newCeremonies(func() time.Time { return now })
	for range maxCeremonies + 10 {
		if !c.ours("portal", c.challenge("portal")) {
			t.Fatal("a question of ours is none")
		}
	}
	q := c.challenge("portal")
	if len(c.spent) != 0 || !c.ours("portal", q) || c.ours("console", q) || !c.spend(q) || c.spend(q) {
		t.Errorf("%d questions are used up", len(c.spent))
	}
	for len(c.spent) < maxCeremonies {
		c.spend(c.challenge("portal"))
	}
	if c.spend(c.challenge("portal")) || len(c.spent) > maxCeremonies {
		t.Error("there is no bound")
	}
	now = now.Add(ceremonyLasts)
	if !c.spend(c.challenge("portal")) {
		t.Error("what is over is never forgotten")
	}
	if q := c.challenge("portal"); !c.ours("portal", q) {
		t.Error("a new question is not good")
	}
}
