package console

import (
	"context"
	"sync"
	"time"

	"candour/internal/evidence/verify"
)

// verifier checks the evidence beside the requests, one check at a time: it
// reads the whole log, which takes longer than a page should.
type verifier struct {
	mu      sync.Mutex
	running bool
	last    verified
}

// verified is the end of a check.
type verified struct {
	began, ended time.Time // zero before the first
	report       *verify.Report
	err          error
}

// start begins a check, unless one is under way.
func (v *verifier) start(run func(func(context.Context)), check func(context.Context) (*verify.Report, error), now func() time.Time) {
	v.mu.Lock()
	if v.running {
		v.mu.Unlock()
		return
	}
	v.running = true
	v.last = verified{began: now()}
	v.mu.Unlock()
	run(func(ctx context.Context) {
		report, err := check(ctx)
		v.mu.Lock()
		defer v.mu.Unlock()
		v.running = false
		v.last.ended, v.last.report, v.last.err = now(), report, err
	})
}

// state returns whether a check is under way, and the last one.
func (v *verifier) state() (bool, verified) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.running, v.last
}
