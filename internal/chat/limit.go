package chat

import (
	"sync"
	"time"

	"candour/internal/keys"
)

// How much a person writes. Two who talk fast write one message in five seconds.
const (
	burst    = 30               // messages at once
	refill   = 2 * time.Second  // until there is room for one more
	fileCost = 5                // messages that a file counts as
	forget   = 10 * time.Minute // after which a person who wrote nothing counts anew
	people   = 1 << 16          // whose counts are held; beyond it they are all forgotten
)

// limit counts what each person writes, in memory: that somebody wrote a lot is
// no reason to write that down.
type limit struct {
	mu    sync.Mutex
	spent map[keys.SubjectID]bucket
}

type bucket struct {
	used float64
	at   time.Time
}

// take reports whether a person may write one more that counts as so many.
func (l *limit) take(s keys.SubjectID, cost float64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.spent == nil || len(l.spent) >= people {
		l.spent = map[keys.SubjectID]bucket{}
	}
	b := l.spent[s]
	b.used = max(0, b.used-now.Sub(b.at).Seconds()/refill.Seconds())
	if b.used+cost > burst {
		return false
	}
	l.spent[s] = bucket{b.used + cost, now}
	return true
}

// tidy forgets who wrote nothing for a while.
func (l *limit) tidy(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s, b := range l.spent {
		if now.Sub(b.at) > forget {
			delete(l.spent, s)
		}
	}
}
