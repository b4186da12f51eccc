package evidence

import (
	"context"
	"errors"
	"time"
)

// Status is how the log is, for staff.
type Status struct {
	Signed   uint64    // entries under the last signed checkpoint
	SignedAt time.Time // when that was seen; zero if there is none since the start
	Waiting  uint64    // entries that are stored and not under one yet
	Failures uint64    // to add, read or keep, since the start; each is tried again
	Err      error     // why the log has stopped for good, or nil
}

// Status returns how the log is.
func (l *Log) Status(ctx context.Context) (Status, error) {
	n, err := l.countRows(ctx)
	if err != nil {
		return Status{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{Signed: l.signed, SignedAt: l.signedAt, Failures: l.failures.Load(), Err: l.halted}
	s.Waiting = n.all() - min(n.all(), l.signed)
	return s, nil
}

// OpenEntry is an entry that is open for everyone, at its place in the log.
type OpenEntry struct {
	Seq  uint64
	Body Body
}

// openScan is how many places Open looks at.
const openScan = 2048

// Open returns the last entries in the signed log that are open for everyone,
// newest first, at most limit. It looks at no more than the last 2,048 places,
// so that a busy log costs no more than a quiet one.
func (l *Log) Open(ctx context.Context, limit int) (list []OpenEntry, err error) {
	end := l.Size()
	first := end - min(end, openScan)
	for end > first && len(list) < limit {
		from := max(first, end-min(end, roundSize))
		rows, err := l.readRows(ctx, from, int(end-from))
		if err != nil {
			return nil, err
		}
		for i := len(rows) - 1; i >= 0 && len(list) < limit; i-- {
			content, err := rows[i].Public()
			if errors.Is(err, ErrSealed) {
				continue
			}
			if err != nil {
				return nil, err
			}
			body, err := content.Check(rows[i])
			if err != nil {
				return nil, err
			}
			list = append(list, OpenEntry{rows[i].Seq, body})
		}
		end = from
	}
	return list, nil
}
