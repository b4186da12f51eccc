package main

import (
	"context"
	"sync"
	"time"

	"candour/internal/media"
	"candour/internal/web"
)

// Limits of trying the way to the relay and back.
const (
	loopTime = 20 * time.Second // the page looks for some eight
	maxLoops = 20               // at once, of everybody
)

// loops are the ways that are tried now, one for each account.
type loops struct {
	mu    sync.Mutex
	of    map[int64]*media.Loop
	relay *media.Relay
}

// begin takes a browser's offer, and returns ours for its other end. What the
// account tried before ends.
func (l *loops) begin(ctx context.Context, account int64, offer string) (string, error) {
	l.end(account, nil)
	l.mu.Lock()
	full := len(l.of) >= maxLoops
	l.mu.Unlock()
	if full {
		return "", web.ErrTooMany
	}
	loop, invited, err := l.relay.NewLoop(ctx, offer)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	before := l.of[account]
	l.of[account] = loop
	l.mu.Unlock()
	if before != nil { // two tabs at once
		_ = before.Close()
	}
	time.AfterFunc(loopTime, func() { l.end(account, loop) })
	return invited, nil
}

// join takes the answer of the other end.
func (l *loops) join(account int64, answer string) (string, error) {
	l.mu.Lock()
	loop := l.of[account]
	l.mu.Unlock()
	if loop == nil {
		return "", web.ErrNotFound
	}
	return loop.Join(answer)
}

// end ends what an account tries, or that alone which is named.
func (l *loops) end(account int64, only *media.Loop) {
	l.mu.Lock()
	loop := l.of[account]
	if loop == nil || only != nil && loop != only {
		l.mu.Unlock()
		return
	}
	delete(l.of, account)
	l.mu.Unlock()
	_ = loop.Close() // there is nobody to tell
}
