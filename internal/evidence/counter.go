package evidence

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"candour/internal/store"
)

// countKeys bounds the different things a Counter counts between two flushes.
// Codes and surfaces are ours, so only a mistake reaches it.
const countKeys = 512

// ErrCountFull says that a Counter counts too many different things.
var ErrCountFull = errors.New("evidence: too many different things to count")

// Counter counts what comes in floods, refusals and reports, and logs one
// entry for each kind, code and surface at each flush, with how many there
// were. What was counted since the last flush is lost with the process. It is
// safe for concurrent use.
type Counter struct {
	log *Log

	mu     sync.Mutex
	counts map[counted]int64

	stop, done chan struct{}
}

// counted is what is counted together.
type counted struct {
	kind          Kind
	code, surface string
	policy        int
}

// NewCounter returns a counter that flushes at each tick and at Close. A
// minute's ticker is right for a server.
func NewCounter[T any](log *Log, ticks <-chan T) *Counter {
	c := &Counter{log: log, counts: map[counted]int64{}, stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		for {
			select {
			case <-ticks:
				if err := c.Flush(context.Background()); err != nil {
					log.logger.Warn("refusals could not be logged; they are counted on", "error", err)
				}
			case <-c.stop:
				return
			}
		}
	}()
	return c
}

// Add counts one. ErrBody if kind is not counted or code and surface are not
// in the form of declared ids: never pass on what a client chose.
func (c *Counter) Add(kind Kind, code, surface string, policy int) error {
	if !shapes[kind].counted {
		return refuse("kind", "entries of this kind are not counted")
	}
	if code != "" && !isToken(code) || surface != "" && !isToken(surface) {
		return refuse("code, surface", "not in the form of a declared id or code")
	}
	k := counted{kind, code, surface, policy}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.counts[k]; !ok && len(c.counts) >= countKeys {
		return ErrCountFull
	}
	c.counts[k]++
	return nil
}

// Flush logs what was counted. After an error it is counted on.
func (c *Counter) Flush(ctx context.Context) error {
	c.mu.Lock()
	counts := c.counts
	c.counts = map[counted]int64{}
	c.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	err := c.log.st.Update(ctx, func(tx *store.Tx) error {
		for _, k := range slices.SortedFunc(maps.Keys(counts), byCode) {
			b := Body{Kind: k.kind, At: c.log.opts.Now(), Code: k.code, Surface: k.surface, Policy: k.policy, Count: counts[k]}
			if _, err := c.log.Append(ctx, tx, b); err != nil {
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
	}
	return err
}

func byCode(a, b counted) int {
	if n := strings.Compare(string(a.kind)+" "+a.code+" "+a.surface, string(b.kind)+" "+b.code+" "+b.surface); n != 0 {
		return n
	}
	return a.policy - b.policy
}

// Close stops the ticks and logs what is left. Call it before the log's Close.
func (c *Counter) Close(ctx context.Context) error {
	close(c.stop)
	<-c.done
	return c.Flush(ctx)
}
