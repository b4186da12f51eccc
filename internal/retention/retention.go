// Package retention keeps the promise that nothing is kept past its time: on
// a beat it sweeps what expired, and takes the erasures that are under way to
// their end.
//
// What expires and when is decided where data is written (the vault, from the
// policy's retention classes) and where events fall. Here is only the clock.
// What is owed stands in the vault's own tables, so a beat that was missed,
// or a process that died in the middle of one, loses nothing: the next beat
// finds it again.
package retention

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"candour/internal/store"
	"candour/internal/vault"
)

// Beat is how often the keeper looks, and so the longest that counted refusals
// stay in memory and erased rows stay on disk.
const Beat = time.Minute

// SealEvery is the least time between two rotations of the epoch for the sake
// of erasures: a rotation wraps every data key anew, and one serves all the
// erasures that wait. It bounds how long old copies of the ring hold a key of
// an erased person.
const SealEvery = time.Hour

// Keeper runs the retention of a vault. Once and Run are for one goroutine.
type Keeper struct {
	vault  *vault.Vault
	now    func() time.Time
	logger *slog.Logger

	swept  int64     // the day of the last complete sweep, since 1970; 0 before the first
	sealed time.Time // the last time erasures were taken to their end
}

// New returns the keeper of a vault.
func New(v *vault.Vault, now func() time.Time, logger *slog.Logger) *Keeper {
	return &Keeper{vault: v, now: now, logger: logger}
}

// Once does what is due now: a sweep if the day is new, the erasures that are
// under way, the refusals that were counted. One that fails does not keep the
// others from being done; what failed is tried again on the next beat.
func (k *Keeper) Once(ctx context.Context) (vault.Totals, error) {
	now := k.now()
	var errs []error
	var totals vault.Totals
	if day := now.Unix() / (24 * 60 * 60); day != k.swept {
		var err error
		if totals, err = k.vault.Sweep(ctx, now); err == nil {
			k.swept = day
		}
		errs = append(errs, err)
	}
	if now.Sub(k.sealed) >= SealEvery {
		err := k.vault.Resume(ctx)
		if err == nil {
			k.sealed = now
		}
		errs = append(errs, err)
	} else {
		errs = append(errs, k.vault.Purge(ctx))
	}
	errs = append(errs, k.vault.Flush(ctx))
	return totals, errors.Join(errs...)
}

// Run does what is due at once and at each tick, until ctx ends. Errors are
// logged, without any value of a person.
func (k *Keeper) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		totals, err := k.Once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrLogBusy):
			k.logger.Info("erasure waits for a long reader to let go of the database's log")
		case err != nil:
			k.logger.Error("retention is behind and will be tried again", "error", err)
		}
		if totals != (vault.Totals{}) {
			k.logger.Info("retention swept", "records", totals.Records, "keys", totals.Keys, "months", totals.Months, "people", totals.People)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}
