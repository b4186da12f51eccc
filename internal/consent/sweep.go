package consent

import (
	"context"
	"fmt"
	"time"

	"candour/internal/store"
	"candour/policy"
)

// Sweep deletes decisions whose time is over under p, and returns how many:
// those that were replaced, after the declared period; all others, which
// nobody may ever replace, after the declared limit.
func (d *Desk) Sweep(ctx context.Context, p *policy.Policy) (int64, error) {
	r, ok := retention(p)
	if !ok {
		return 0, nil
	}
	now := d.now().UTC()
	ended := r.Period.Before(now)
	oldest := r.Limit.Before(now)
	if r.Event == policy.CollectedEvent {
		oldest = ended
	} else if r.Limit.IsZero() {
		oldest = time.UnixMilli(0)
	}
	var n int64
	err := d.store.Update(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Change(ctx, "DELETE FROM consent_decisions WHERE at_ms <= $1 OR (ended_ms > 0 AND ended_ms <= $2)", oldest.UnixMilli(), ended.UnixMilli())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("consent: sweep: %w", err)
	}
	return n, nil
}

// retention returns the class under which decisions are kept.
func retention(p *policy.Policy) (*policy.Retention, bool) {
	q, ok := p.PurposeByID(purpose(p))
	if !ok || len(q.Uses) == 0 {
		return nil, false
	}
	return p.RetentionByID(q.Uses[0].Retention)
}
