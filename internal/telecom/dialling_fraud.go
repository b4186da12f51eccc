package telecom

import (
	"context"
	"time"

	"candour/internal/store"
	"candour/policy"
)

// DecisionID is the decision about calls that the software makes alone: an id
// that the program gives a meaning to.
const DecisionID = "toll-fraud"

// usualDays is from how many days before it is reckoned what an account usually
// spends.
const usualDays = 28

// charged is a call to the outside world that was let through, as the patterns
// see it.
type charged struct {
	prefix, class string
	begun         time.Time
	over          bool
	seconds       int
}

// sign is a pattern with what was seen of it.
type sign struct {
	pattern *policy.Pattern
	seen    int // calls, or pence
	usual   int // pence
}

// fraud refuses a call that costs while those of its account are blocked, and
// puts a block in place when the calls look like one of the declared patterns
// (UK GDPR Art 22A). That is decided by numbers alone, and its person is told
// which (Art 22C).
func (q *question) fraud(ctx context.Context) error {
	if _, blocked, err := q.d.standing(ctx, q.tx, q.account); err != nil || blocked {
		if err != nil {
			return err
		}
		return refuse(Fraud)
	}
	decision, ok := q.d.c.InForce().Policy().DecisionByID(DecisionID)
	if !ok {
		return nil
	}
	since, err := q.d.lastLooked(ctx, q.tx, q.account)
	if err != nil {
		return err
	}
	calls, err := q.lately(ctx, decision, since)
	if err != nil {
		return err
	}
	for i := range decision.Patterns {
		s, found, err := q.sees(ctx, &decision.Patterns[i], calls, since)
		if err != nil {
			return err
		}
		if found {
			if err := q.d.block(ctx, q.tx, q.call, s); err != nil {
				return err
			}
			return refuse(Fraud)
		}
	}
	return nil
}

// lately reads the calls that any pattern looks back on, from when a person last
// decided about the account: what they have looked at is not held against it
// again.
func (q *question) lately(ctx context.Context, decision *policy.Decision, since time.Time) (list []charged, err error) {
	back := time.Duration(0)
	for i := range decision.Patterns {
		if p := &decision.Patterns[i]; p.Kind != "sudden-spend" {
			back = max(back, lasts(p.Within))
		}
	}
	from := q.now.Add(-back)
	if since.After(from) {
		from = since
	}
	rows, err := q.tx.Query(ctx, "SELECT prefix, class, begun_ms, ended_ms, seconds FROM call_charges WHERE account = $1 AND (begun_ms >= $2 OR ended_ms = 0)", q.account, from.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c charged
		var begun, ended int64
		if err := rows.Scan(&c.prefix, &c.class, &begun, &ended, &c.seconds); err != nil {
			return nil, err
		}
		c.begun, c.over = store.Time(begun), ended != 0
		list = append(list, c)
	}
	return list, rows.Err()
}

// sees reports whether the call that is asked about makes a pattern whole. One
// that the call itself is no part of is not looked for.
func (q *question) sees(ctx context.Context, p *policy.Pattern, calls []charged, since time.Time) (sign, bool, error) {
	if p.Kind == "sudden-spend" {
		return q.seesSpend(ctx, p, since)
	}
	if !p.Counts(q.price.Class) || p.Kind == "at-night" && !isNight(p, q.now) {
		return sign{}, false, nil
	}
	n, from := 1, q.now.Add(-lasts(p.Within))
	if p.Kind == "short-calls" {
		n = 0 // nobody knows yet how long it will be
	}
	for _, c := range calls {
		if q.counts(p, c, from) {
			n++
		}
	}
	return sign{pattern: p, seen: n}, n >= p.Count, nil
}

func (q *question) counts(p *policy.Pattern, c charged, from time.Time) bool {
	switch p.Kind {
	case "at-once":
		return !c.over && p.Counts(c.class) && c.prefix == q.price.Prefix
	case "short-calls":
		return c.over && c.seconds > 0 && c.seconds < p.Seconds && p.Counts(c.class) && !c.begun.Before(from)
	case "at-night":
		return p.Counts(c.class) && !c.begun.Before(from) && isNight(p, c.begun)
	}
	return false
}

// isNight reports whether it is between the hours of a pattern, in London.
func isNight(p *policy.Pattern, t time.Time) bool {
	h := t.In(policy.London).Hour()
	if p.From < p.Until {
		return h >= p.From && h < p.Until
	}
	return h >= p.From || h < p.Until
}

// seesSpend compares what an account spent lately with what it usually does.
func (q *question) seesSpend(ctx context.Context, p *policy.Pattern, since time.Time) (sign, bool, error) {
	from := q.now.Add(-lasts(p.Within))
	begin := from
	if since.After(begin) {
		begin = since
	}
	var lately, before int64
	const sum = "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) FROM call_charges WHERE account = $1 AND begun_ms >= $2 AND begun_ms < $3"
	err := q.tx.QueryRow(ctx, sum, q.account, begin.UnixMilli(), q.now.UnixMilli()+1).Scan(&lately)
	if err != nil || Money(lately) < Pence(p.Pence) {
		return sign{}, false, err
	}
	err = q.tx.QueryRow(ctx, sum, q.account, from.AddDate(0, 0, -usualDays).UnixMilli(), from.UnixMilli()).Scan(&before)
	if err != nil {
		return sign{}, false, err
	}
	usual := before * int64(lasts(p.Within)/time.Minute) / (usualDays * 24 * 60)
	s := sign{pattern: p, seen: int(Money(lately) / penny), usual: int(Money(usual) / penny)}
	return s, lately > usual*int64(p.Count), nil
}
