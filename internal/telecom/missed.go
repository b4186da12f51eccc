package telecom

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
)

const (
	// mostMissed is how many of the latest calls are looked at.
	mostMissed = 100
	// missedFor is for how long a call counts as missed of somebody who never
	// looked at their list.
	missedFor = 24 * time.Hour
)

// Missed returns how many calls came to somebody, were not taken and left no
// message, since they last looked at their list: of the latest ones.
func (d *Desk) Missed(ctx context.Context, tx *store.Tx, s keys.SubjectID) (n int, err error) {
	members, err := d.c.Vault.Members(ctx, tx, s)
	if err != nil {
		return 0, err
	}
	since := int64(0)
	for _, m := range members {
		var at int64
		err := tx.QueryRow(ctx, "SELECT at_ms FROM calls_looked WHERE subject = $1", int64(m)).Scan(&at)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, wrap(err)
		}
		since = max(since, at)
	}
	if since == 0 {
		since = d.c.Now().Add(-missedFor).UnixMilli()
	}
	for _, m := range members {
		count := 0
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT code, ended_ms FROM calls WHERE callee = $1 ORDER BY id DESC LIMIT $2) AS latest
			WHERE ended_ms > $3 AND code IN ('cancelled', 'no-answer', 'busy', 'unavailable')`, int64(m), mostMissed, since).Scan(&count)
		if err != nil {
			return 0, wrap(err)
		}
		n += count
	}
	return n, nil
}

// Looked notes that somebody looked at their list of calls.
func (d *Desk) Looked(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	_, err := tx.Exec(ctx, "INSERT INTO calls_looked (subject, at_ms) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET at_ms = excluded.at_ms", int64(s), d.c.Now().UnixMilli())
	if err == nil {
		d.tellCalls(tx, s)
	}
	return wrap(err)
}

// OnCalls has fn told whose list of calls is not what it was, or was looked at,
// after the commit that changes it. It belongs to the wiring, before anybody calls.
func (d *Desk) OnCalls(fn func(keys.SubjectID)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listed = append(d.listed, fn)
}

// tellCalls tells of people's lists once the transaction is committed.
func (d *Desk) tellCalls(tx *store.Tx, people ...keys.SubjectID) {
	tx.AfterCommit(func() {
		d.mu.Lock()
		told := slices.Clone(d.listed)
		d.mu.Unlock()
		for _, s := range people {
			for _, fn := range told {
				fn(s)
			}
		}
	})
}
