package telecom

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// MaxCalls is how many calls a page of a list holds at most.
const MaxCalls = 100

// Entry is a call in the list of one of its sides. It holds personal data and
// prints as a fixed word.
type Entry struct {
	Call     int64
	Made     bool   // by the person; else it came to them
	Far      string // number of the other side; empty if withheld or gone
	Withheld bool   // the caller's number was
	Video    bool
	Begun    time.Time
	Answered time.Time // zero: it was not
	Ended    time.Time
	Code     Code
	Via      string    // of one that was forwarded: for whom, or by whom; empty if withheld
	Went     bool      // it was forwarded: to the person, or by them, as a call of their own
	Words    string    // as they stand in the record
	Cost     Money     // what the person pays for it
	Billed   time.Time // until when the bill needs it, whoever takes it out of their list; zero if none does
}

// Format writes a fixed word, whatever the verb.
func (Entry) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(call of a person)") }

// LogValue keeps the entry out of structured logs.
func (Entry) LogValue() slog.Value { return slog.StringValue("(call of a person)") }

// Talked is how long the two were connected; 0 if they were not, or nobody
// knows.
func (e Entry) Talked() time.Duration { return talked(e.Answered, e.Ended) }

// row is a call that is over, as one of its sides finds it.
type row struct {
	Entry
	record vault.RecordID
}

const selectOwn = "SELECT id, withheld, video, begun_ms, answered_ms, ended_ms, code, record FROM calls "

// Calls returns the calls of a person, under whichever alias, that come before
// the call with the id before, newest first, at most n; before 0 begins with
// the newest. What is told of each is the person's own part of its record. The
// caller must know that it is they who ask. vault.ErrNotFound if there is no
// such person.
func (d *Desk) Calls(ctx context.Context, tx *store.Tx, s keys.SubjectID, before int64, n int) ([]Entry, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	if n <= 0 || n > MaxCalls {
		n = MaxCalls
	}
	members, err := d.c.Vault.Members(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, m := range members {
		for _, side := range []struct {
			where string
			made  bool
		}{{"caller", true}, {"callee", false}} {
			found, err := d.sideOf(ctx, tx, side.where, side.made, m, before, n)
			if err != nil {
				return nil, wrap(err)
			}
			rows = append(rows, found...)
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b.Call, a.Call) })
	rows = rows[:min(n, len(rows))]
	list := make([]Entry, len(rows))
	for i, r := range rows {
		if list[i], err = d.told(ctx, tx, s, r); err != nil {
			return nil, wrap(err)
		}
	}
	return list, nil
}

// sideOf returns the calls of a subject on one side.
func (d *Desk) sideOf(ctx context.Context, tx *store.Tx, column string, made bool, s keys.SubjectID, before int64, n int) (list []row, err error) {
	rows, err := tx.Query(ctx, selectOwn+"WHERE "+column+" = $1 AND id < $2 AND ended_ms > 0 ORDER BY id DESC LIMIT $3", int64(s), before, n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r := row{Entry: Entry{Made: made}}
		var begun, answered, ended int64
		err := rows.Scan(&r.Call, &r.Withheld, &r.Video, &begun, &answered, &ended, (*string)(&r.Code), (*int64)(&r.record))
		if err != nil {
			return nil, err
		}
		r.Begun, r.Answered, r.Ended = store.Time(begun), store.Time(answered), store.Time(ended)
		list = append(list, r)
	}
	return list, rows.Err()
}

// told adds what the person's part of the record says.
func (d *Desk) told(ctx context.Context, tx *store.Tx, s keys.SubjectID, r row) (Entry, error) {
	rec, err := d.c.Vault.OwnPart(ctx, tx, s, r.record)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return Entry{}, err
	}
	r.Words = string(rec.Value())
	r.Far = parseFar(r.Words)
	r.Went, r.Via = parseVia(r.Words)
	r.Code = r.Code.to(r.Made)
	if r.Made {
		c, ok, err := d.chargeOf(ctx, tx, r.Call)
		if err != nil {
			return Entry{}, err
		}
		if ok && c.record == r.record {
			r.Cost, r.Billed = c.Cost, c.Until
		}
	}
	return r.Entry, nil
}

// Forget takes a call out of a person's list: their part of its record goes,
// and the other side's stays. Calls between lines are on no bill, so they are
// needed no more once they are over (PECR reg 7(1)). Of one that they pay for,
// what the bill needs stays until its day, in no list. ErrNotFound if there is no
// such call, it is not over, or it is somebody else's.
func (d *Desk) Forget(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, call int64) error {
	members, err := d.c.Vault.Members(ctx, tx, s)
	if errors.Is(err, vault.ErrNotFound) {
		return ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	var caller, callee keys.SubjectID
	var record vault.RecordID
	err = tx.QueryRow(ctx, "SELECT caller, callee, record FROM calls WHERE id = $1 AND ended_ms > 0", call).
		Scan((*int64)(&caller), (*int64)(&callee), (*int64)(&record))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !slices.Contains(members, caller) && !slices.Contains(members, callee) {
		return ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	stays := false
	if slices.Contains(members, caller) {
		if stays, err = d.billed(ctx, tx, a, members, call, record); err != nil {
			return wrap(err)
		}
	}
	if !stays {
		if err := d.c.Vault.RemovePart(ctx, tx, a, s, record); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return wrap(err)
		}
	}
	for _, m := range members {
		if err := d.unlink(ctx, tx, m, call); err != nil {
			return wrap(err)
		}
	}
	return nil
}

// unlink takes a subject out of the rows of calls, of one or, with call 0, of
// all. Rows of calls that are over and nobody else's go.
func (d *Desk) unlink(ctx context.Context, tx *store.Tx, s keys.SubjectID, call int64) error {
	only, args := "", []any{int64(s)}
	if call != 0 {
		only, args = " AND id = $2", append(args, call)
	}
	for _, query := range []string{
		"DELETE FROM calls WHERE caller = $1 AND (callee = 0 OR callee = $1) AND ended_ms > 0",
		"DELETE FROM calls WHERE callee = $1 AND caller = 0 AND ended_ms > 0",
		"UPDATE calls SET caller = 0 WHERE caller = $1",
		"UPDATE calls SET callee = 0 WHERE callee = $1",
	} {
		if _, err := tx.Exec(ctx, query+only, args...); err != nil {
			return err
		}
	}
	return nil
}

// Erased drops what is kept here of somebody, in the transaction in which they
// are erased. Their part of each record goes with their key; the other side's
// is theirs and stays.
func (d *Desk) Erased(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	if err := d.forgetDevices(ctx, tx, "subject", int64(s)); err != nil {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM line_numbers WHERE subject = $1", int64(s)); err != nil {
		return wrap(err)
	}
	if err := d.forgetSpending(ctx, tx, s); err != nil {
		return wrap(err)
	}
	if err := d.forgetSettings(ctx, tx, "subject", int64(s)); err != nil {
		return wrap(err)
	}
	for _, table := range []string{"lines", "calls_looked"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE subject = $1", int64(s)); err != nil {
			return wrap(err)
		}
	}
	return wrap(d.unlink(ctx, tx, s, 0))
}
