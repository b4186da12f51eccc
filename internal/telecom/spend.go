package telecom

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Percents of a limit at which its person is told.
const (
	nearCap = 80
	atCap   = 100
)

// Spending is what an account spends on calls in a month.
type Spending struct {
	Month  time.Time // its first day
	Cap    Money     // it may spend
	Chosen bool      // the limit is its owner's, not the operator's
	Spent  Money
	Held   Money // set aside for calls under way
	Told   int   // percent of the limit that its person was told of
}

// Near reports whether the limit is near enough to be told of.
func (s Spending) Near() bool { return s.Cap > 0 && s.Spent*100 >= s.Cap*nearCap }

// monthOf is a month in London: twelve times the year, and the month from 0.
func monthOf(t time.Time) int64 {
	t = t.In(policy.London)
	return int64(t.Year())*12 + int64(t.Month()) - 1
}

func monthAt(m int64) time.Time {
	return time.Date(int(m/12), time.Month(m%12+1), 1, 0, 0, 0, 0, policy.London)
}

// follow has whoever asks about the month of an account wait until those before
// are done.
func (d *Desk) follow(ctx context.Context, tx *store.Tx, account, month int64) error {
	if _, err := tx.Exec(ctx, "INSERT INTO call_spending (account, month, spent, told) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING", account, month); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE call_spending SET spent = spent WHERE account = $1 AND month = $2", account, month)
	return err
}

// spendingIn returns what an account spends in a month.
func (d *Desk) spendingIn(ctx context.Context, tx *store.Tx, account, month int64) (Spending, error) {
	rules := d.c.InForce().Policy().Calling
	s := Spending{Month: monthAt(month)}
	pence := int64(0)
	err := tx.QueryRow(ctx, "SELECT cap FROM call_caps WHERE account = $1", account).Scan(&pence)
	switch {
	case err == nil:
		s.Chosen = true
	case errors.Is(err, sql.ErrNoRows):
		pence = int64(rules.Cap)
	default:
		return s, err
	}
	s.Cap = Pence(min(int(pence), rules.Most))
	err = tx.QueryRow(ctx, "SELECT spent, told FROM call_spending WHERE account = $1 AND month = $2", account, month).Scan((*int64)(&s.Spent), &s.Told)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, err
	}
	err = tx.QueryRow(ctx, "SELECT CAST(COALESCE(SUM(held), 0) AS BIGINT) FROM call_charges WHERE account = $1 AND ended_ms = 0", account).Scan((*int64)(&s.Held))
	return s, err
}

// Spending returns what an account spends in this month.
func (d *Desk) Spending(ctx context.Context, tx *store.Tx, account int64) (Spending, error) {
	s, err := d.spendingIn(ctx, tx, account, monthOf(d.c.Now()))
	return s, wrap(err)
}

// MonthSpent is what an account spent in a month that is over or under way.
type MonthSpent struct {
	Month time.Time
	Spent Money
}

// Months returns what an account spent, month by month, the newest first.
func (d *Desk) Months(ctx context.Context, tx *store.Tx, account int64) (list []MonthSpent, err error) {
	rows, err := tx.Query(ctx, "SELECT month, spent FROM call_spending WHERE account = $1 AND spent > 0 ORDER BY month DESC", account)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var m int64
		var s MonthSpent
		if err := rows.Scan(&m, (*int64)(&s.Spent)); err != nil {
			return nil, wrap(err)
		}
		s.Month = monthAt(m)
		list = append(list, s)
	}
	return list, wrap(rows.Err())
}

// Classes returns for each class of destinations whether an account may call it.
func (d *Desk) Classes(ctx context.Context, tx *store.Tx, account int64) (map[string]ClassState, error) {
	all := map[string]ClassState{}
	for _, class := range policy.Classes {
		state, err := d.classOf(ctx, tx, account, class)
		if err != nil {
			return nil, wrap(err)
		}
		all[class] = state
	}
	return all, nil
}

// PriceOf returns what a call to a number costs, as it would be dialled; false
// if nobody knows. A Refusal if it cannot be read, or is no outside number:
// those cost nothing.
func (d *Desk) PriceOf(dialled string) (Price, bool, error) {
	n, err := read(dialled)
	if err != nil {
		return Price{}, false, err
	}
	if _, ok := emergencyIn(n.digits); ok {
		return Price{Name: "Emergency and public services", Class: "freephone"}, true, nil
	}
	if n = n.unprefixed(); n.digits == "" {
		return Price{}, false, refuse(Empty)
	}
	if n.extension() {
		return Price{Name: "Extension of this service", Class: "freephone"}, true, nil
	}
	number, err := n.world()
	if err != nil {
		return Price{}, false, err
	}
	p, ok := d.c.Tariff.Price(number)
	return p, ok, nil
}

// spent books what a call to a number of the world cost, in the transaction that
// keeps its record: never more than was set aside for it. One that was not
// answered costs nothing. One that was cut off because this program stopped
// costs what it came to when it was last known to be under way.
func (d *Desk) spent(ctx context.Context, tx *store.Tx, e *ended) error {
	var account, month, over int64
	var p Price
	var held Money
	err := tx.QueryRow(ctx, "SELECT account, month, minute, connection, class, held, ended_ms FROM call_charges WHERE call = $1", e.id).
		Scan(&account, &month, (*int64)(&p.Minute), (*int64)(&p.Connection), &p.Class, (*int64)(&held), &over)
	if errors.Is(err, sql.ErrNoRows) || err == nil && over != 0 {
		return nil // it cost nothing, or was booked
	}
	if err != nil {
		return err
	}
	if err := d.follow(ctx, tx, account, month); err != nil {
		return err
	}
	cost, seconds := Money(0), int64(0)
	if long := e.until().Sub(e.answered); !e.answered.IsZero() && long > 0 {
		cost, seconds = min(held, p.Cost(long)), int64((long+time.Second-1)/time.Second)
	}
	compiled := d.c.InForce()
	roles, err := RolesOf(compiled)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE call_charges SET held = 0, cost = $1, seconds = $2, ended_ms = $3, expires_day = $4, record = $5 WHERE call = $6",
		int64(cost), seconds, max(1, e.at.UnixMilli()), expires(compiled, roles, e.begun), int64(e.noted), e.id)
	if err != nil || cost == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE call_spending SET spent = spent + $1 WHERE account = $2 AND month = $3", int64(cost), account, month); err != nil {
		return err
	}
	if err := d.keepCost(ctx, tx, roles, e, p, cost); err != nil {
		return err
	}
	s, err := d.spendingIn(ctx, tx, account, month)
	if err != nil || !s.Near() {
		return err
	}
	percent := nearCap
	if s.Spent >= s.Cap {
		percent = atCap
	}
	return d.tellCap(ctx, tx, account, &s, percent)
}

// keepCost keeps what a call cost among what is held of whoever made it, if the
// policy declares such a category: it is on their copy, and on their bill.
func (d *Desk) keepCost(ctx context.Context, tx *store.Tx, roles Roles, e *ended, p Price, cost Money) error {
	category, ok := costCategory(d.c.InForce(), roles)
	if !ok || e.caller == 0 {
		return nil
	}
	words := fmt.Sprintf("Call to %s, %s: %s", policy.ClassWords(p.Class), length(max(time.Second, e.long())), cost)
	_, err := d.c.Vault.Put(ctx, tx, roles.own(systemActor), vault.Item{Category: category, Collected: e.begun, Parts: []vault.Part{{Owner: e.caller, Value: []byte(words)}}})
	if withheldByDoor(err) {
		return nil
	}
	return err
}

// costCategory is the category of what calls cost: derived numbers of the kind
// traffic that the purpose of calls uses.
func costCategory(c *policy.Compiled, roles Roles) (string, bool) {
	purpose, _ := c.Purpose(roles.Purpose)
	for _, k := range c.Policy().Categories {
		i, _ := c.Category(k.ID)
		_, used := c.UseOf(i, purpose)
		if used && k.Kind == "traffic" && k.Source == "derived" && k.Format == "number" && slices.Contains(k.Surfaces, roles.Surface) {
			return k.ID, true
		}
	}
	return "", false
}

// tellCap owes the person of an account a letter about its limit, once a month
// for each percent.
func (d *Desk) tellCap(ctx context.Context, tx *store.Tx, account int64, s *Spending, percent int) error {
	if s.Told >= percent || s.Cap == 0 {
		return nil
	}
	month := monthOf(s.Month)
	if _, err := tx.Exec(ctx, "UPDATE call_spending SET told = $1 WHERE account = $2 AND month = $3", percent, account, month); err != nil {
		return err
	}
	kind := mail.CallsNearCap
	if percent == atCap {
		kind = mail.CallsAtCap
	}
	return d.owe(ctx, tx, account, kind, account)
}

// forgetSpending drops what is kept here of what somebody spent, and of the
// blocks of their calls.
func (d *Desk) forgetSpending(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	for _, query := range []string{
		"DELETE FROM call_spending WHERE account IN (SELECT id FROM accounts WHERE subject = $1)",
		"DELETE FROM call_caps WHERE account IN (SELECT id FROM accounts WHERE subject = $1)",
		"DELETE FROM call_classes WHERE account IN (SELECT id FROM accounts WHERE subject = $1)",
		"DELETE FROM call_charges WHERE subject = $1",
		"DELETE FROM call_blocks WHERE subject = $1",
	} {
		if _, err := tx.Exec(ctx, query, int64(s)); err != nil {
			return err
		}
	}
	return nil
}

// monthsKept is for how many months past it is kept what an account spent: a
// year's bills.
const monthsKept = 13

// sweepSpending removes what is past its time, and frees what was set aside for
// calls that are over without anybody having booked them.
func (d *Desk) sweepSpending(ctx context.Context) error {
	now := d.c.Now()
	today := now.UnixMilli() / dayMillis
	type act struct {
		query string
		args  []any
	}
	acts := []act{
		{`UPDATE call_charges SET held = 0, ended_ms = begun_ms, expires_day = $1 WHERE ended_ms = 0
			AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.id = call_charges.call AND calls.ended_ms = 0)`, []any{today}},
		{"DELETE FROM call_charges WHERE ended_ms > 0 AND expires_day <= $1", []any{today}},
		{"DELETE FROM call_spending WHERE month < $1", []any{monthOf(now) - monthsKept}},
	}
	for _, table := range []string{"call_spending", "call_caps", "call_classes"} {
		acts = append(acts, act{"DELETE FROM " + table + " WHERE account NOT IN (SELECT id FROM accounts)", nil})
	}
	if roles, err := ContestRolesOf(d.c.InForce()); err == nil {
		if kept, ok := roles.kept(d.c.InForce()); ok {
			acts = append(acts, act{"DELETE FROM call_blocks WHERE state = 'lifted' AND decided_ms < $1", []any{kept.Before(now).UnixMilli()}})
		}
	}
	for _, a := range acts {
		err := d.c.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, a.query, a.args...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
