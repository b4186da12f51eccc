package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// How often the house is kept. Each round finds by itself what is owed, so a
// round that is lost or late loses nothing.
const (
	countBeat  = time.Minute     // refusals and statistics are written
	sweepBeat  = 6 * time.Hour   // cookie decisions and sign-ups past their time go; the vault has its keeper
	firstSweep = 5 * time.Second // after the start, when it has served its first pages
)

// background runs what goes on while the sites are served.
type background struct {
	log    *slog.Logger
	cancel context.CancelFunc
	ctx    context.Context
	all    sync.WaitGroup
}

func newBackground(ctx context.Context, log *slog.Logger) *background {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &background{log: log, ctx: ctx, cancel: cancel}
}

// run runs fn until stop is called.
func (b *background) run(fn func(context.Context)) { b.all.Go(func() { fn(b.ctx) }) }

// repeat runs fn first after wait and then at each beat. An error is logged
// and the next round tries again.
func (b *background) repeat(what string, wait, beat time.Duration, fn func(context.Context) error) {
	b.run(func(ctx context.Context) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				b.log.Error("a round of housekeeping failed and is tried again", "what", what, "error", err)
			}
			timer.Reset(beat)
		}
	})
}

// stop ends everything and waits for it.
func (b *background) stop() {
	b.cancel()
	b.all.Wait()
}
