package telecom

import (
	"context"
	"time"

	"candour/internal/store"
	"candour/policy"
)

// question is whether a call to the outside world may be made.
type question struct {
	d       *Desk
	tx      *store.Tx
	account int64
	call    *Call
	price   Price
	rules   *policy.Calling
	now     time.Time
}

// mayDial decides whether a call to a number of the world may be made, in the
// transaction in which it begins, and sets aside the most that it may cost. A
// Refusal if it may not; a block that the question led to stays then all the
// same. It is never asked about emergency calls, nor about calls between lines.
//
// Those who begin calls of an account that cost follow one another, so that two
// at once cannot both take the last pound.
func (d *Desk) mayDial(ctx context.Context, tx *store.Tx, c *Call) error {
	q := &question{d: d, tx: tx, account: c.start.From.Account, call: c, rules: &d.c.InForce().Policy().Calling, now: d.c.Now()}
	var ok bool
	if q.price, ok = d.c.Tariff.Price(c.start.To.Number); !ok || !q.rules.Offered() {
		return refuse(NoPrice)
	}
	state, err := d.classOf(ctx, tx, q.account, q.price.Class)
	if err != nil {
		return err
	}
	if state != ClassOpen {
		return refuse(NotAllowed)
	}
	if err := d.follow(ctx, tx, q.account, monthOf(q.now)); err != nil {
		return err
	}
	if err := q.rate(ctx); err != nil {
		return err
	}
	held := Money(0)
	if !q.price.Free() {
		if err := q.fraud(ctx); err != nil {
			return err
		}
		if held, err = q.hold(ctx); err != nil {
			return err
		}
	}
	c.limit = q.price.Lasts(held, lasts(q.rules.Longest))
	_, err = tx.Exec(ctx, `INSERT INTO call_charges (call, account, subject, month, prefix, class, minute, connection, held, cost, seconds, begun_ms, ended_ms, expires_day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, 0, 0) ON CONFLICT DO NOTHING`,
		c.id, q.account, int64(c.start.From.Subject), monthOf(q.now), q.price.Prefix, q.price.Class, int64(q.price.Minute), int64(q.price.Connection), int64(held), q.now.UnixMilli())
	return err
}

// Limit is how long the call may last once it is answered, under what its
// account may spend and what the policy says of one call; 0 if nothing limits
// it. Whoever signals it warns both sides beforehand, and ends it then.
func (c *Call) Limit() time.Duration { return c.limit }

// lasts is a period as a length of time.
func lasts(p policy.Period) time.Duration {
	start := time.Unix(0, 0).UTC()
	return p.From(start).Sub(start)
}

// rate refuses a call that is one too many within an hour.
func (q *question) rate(ctx context.Context) error {
	n := 0
	err := q.tx.QueryRow(ctx, "SELECT COUNT(*) FROM call_charges WHERE account = $1 AND begun_ms > $2", q.account, q.now.Add(-time.Hour).UnixMilli()).Scan(&n)
	if err == nil && n >= q.rules.Hourly {
		return refuse(TooManyCalls)
	}
	return err
}

// hold sets aside what the call may cost: as much as the longest call does, or
// what is left. A call for which there is not enough for its first ten seconds
// is refused, and its person told once a month by e-mail.
func (q *question) hold(ctx context.Context) (Money, error) {
	s, err := q.d.spendingIn(ctx, q.tx, q.account, monthOf(q.now))
	if err != nil {
		return 0, err
	}
	left := s.Cap - s.Spent - s.Held
	if left < q.price.Cost(leastCall) {
		if err := q.d.tellCap(ctx, q.tx, q.account, &s, atCap); err != nil {
			return 0, err
		}
		return 0, refuse(SpendCap)
	}
	return min(left, q.price.Cost(lasts(q.rules.Longest))), nil
}

// leastCall is what is worth beginning.
const leastCall = 10 * time.Second
