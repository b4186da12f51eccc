package telecom

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// Charge is what a call came to that is on a bill, in ids, codes and amounts:
// the number that was called is in its record.
type Charge struct {
	Call    int64
	Subject keys.SubjectID // who made it
	Class   string         // of the tariff
	Cost    Money
	Seconds int64 // for which it was charged
	Begun   time.Time
	Until   time.Time // the day on which it is kept no more

	record vault.RecordID
}

const selectCharge = "SELECT call, subject, class, cost, seconds, begun_ms, expires_day, record FROM call_charges WHERE ended_ms > 0 AND cost > 0 AND "

func scanCharge(row interface{ Scan(...any) error }) (c Charge, err error) {
	var begun, until int64
	err = row.Scan(&c.Call, (*int64)(&c.Subject), &c.Class, (*int64)(&c.Cost), &c.Seconds, &begun, &until, (*int64)(&c.record))
	c.Begun, c.Until = store.Time(begun), store.Time(until*dayMillis)
	return c, err
}

// chargeOf returns what a call came to; false if it is on no bill.
func (d *Desk) chargeOf(ctx context.Context, tx *store.Tx, call int64) (Charge, bool, error) {
	c, err := scanCharge(tx.QueryRow(ctx, selectCharge+"call = $1", call))
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	return c, err == nil, err
}

// billed reports whether a call that somebody takes out of their list is on a
// bill of theirs: then what the bill needs stays where it is until its day, for
// nothing but that (PECR reg 7(2) and (3); UK GDPR Art 17(3)(e)), and they are
// told so.
func (d *Desk) billed(ctx context.Context, tx *store.Tx, a vault.Access, members []keys.SubjectID, call int64, record vault.RecordID) (bool, error) {
	c, ok, err := d.chargeOf(ctx, tx, call)
	if err != nil || !ok || c.record != record || !slices.Contains(members, c.Subject) {
		return false, err
	}
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return false, nil // no longer declared: nothing is kept for it
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.CallUnlisted, At: d.c.Now(), Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Category: roles.Traffic,
		Policy: d.c.InForce().Policy().Version, Subject: c.Subject, Ref: int64(record),
	})
	return err == nil, err
}
