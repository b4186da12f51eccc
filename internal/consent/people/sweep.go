package people

import (
	"context"
	"fmt"

	"candour/internal/store"
	"candour/policy"
)

// FormID is the declared form of the page of choices. Its purpose is what the
// record of a decision is kept for.
const FormID = "preferences"

// Sweep deletes decisions whose time is over under the policy in force, and
// returns how many: those that a later one replaced, after the declared period
// from then; all, after the declared limit, from when only the standing in the
// vault tells what holds. What is left of people who are erased names nobody,
// and goes too (R12).
func (d *Desk) Sweep(ctx context.Context) (int64, error) {
	var n int64
	err := d.c.Store.Update(ctx, func(tx *store.Tx) error {
		n = 0
		count := func(query string, args ...any) error {
			gone, err := tx.Change(ctx, query, args...)
			n += gone
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM notices_seen WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = notices_seen.subject)"); err != nil {
			return err
		}
		if err := count("DELETE FROM choices WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = choices.subject)"); err != nil {
			return err
		}
		if err := count("DELETE FROM permission_answers WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = permission_answers.subject)"); err != nil {
			return err
		}
		if r, ok := kept(d.c.InForce().Policy()); ok {
			if err := d.sweepKept(r, count); err != nil {
				return err
			}
		}
		// A decision that is under way is not seen before its commit, and its words
		// may be there already: whoever writes one is waited for, and waits.
		if tx.Store().Engine() == store.PostgreSQL {
			if _, err := tx.Exec(ctx, "LOCK TABLE wordings IN SHARE ROW EXCLUSIVE MODE"); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM wordings WHERE NOT EXISTS (SELECT 1 FROM choices c WHERE c.wording = wordings.hash)
			AND NOT EXISTS (SELECT 1 FROM permission_answers a WHERE a.wording = wordings.hash)`)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("people: sweep: %w", err)
	}
	return n, nil
}

func (d *Desk) sweepKept(r *policy.Retention, count func(query string, args ...any) error) error {
	now := d.c.Now().UTC()
	ended := r.Period.Before(now).UnixMilli()
	err := count(`DELETE FROM choices WHERE EXISTS (SELECT 1 FROM choices l
		WHERE l.subject = choices.subject AND l.purpose = choices.purpose AND l.id > choices.id AND l.at_ms <= $1)`, ended)
	if err != nil {
		return err
	}
	err = count(`DELETE FROM permission_answers WHERE EXISTS (SELECT 1 FROM permission_answers l
		WHERE l.subject = permission_answers.subject AND l.permission = permission_answers.permission AND l.id > permission_answers.id AND l.at_ms <= $1)`, ended)
	switch {
	case err != nil:
		return err
	case r.Event == policy.CollectedEvent:
		return count("DELETE FROM choices WHERE at_ms <= $1", ended)
	case !r.Limit.IsZero():
		return count("DELETE FROM choices WHERE at_ms <= $1", r.Limit.Before(now).UnixMilli())
	}
	return nil
}

// kept returns the class under which decisions are kept.
func kept(p *policy.Policy) (*policy.Retention, bool) {
	f, ok := p.FormByID(FormID)
	if !ok {
		return nil, false
	}
	q, ok := p.PurposeByID(f.Purpose)
	if !ok || len(q.Uses) == 0 {
		return nil, false
	}
	return p.RetentionByID(q.Uses[0].Retention)
}
