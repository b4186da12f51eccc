package recording

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/vault"
)

// Recording is one of a call, as its person finds it. It says of whom only by the
// number of the call, and prints as a fixed word all the same.
type Recording struct {
	ID     int64
	Call   int64
	Begun  time.Time
	Length time.Duration // of what is kept
	Ended  time.Time     // zero: it goes on
	Code   Code
	Apart  bool // the two sides cannot be played as one
	Gone   bool // the other side's voice was taken out
	Heard  time.Time
}

// Format writes a fixed word, whatever the verb.
func (Recording) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(recording)") }

// LogValue keeps the recording out of structured logs.
func (Recording) LogValue() slog.Value { return slog.StringValue("(recording)") }

const selectRow = "SELECT id, subject, other, far, call, begun_ms, ended_ms, length_ms, code, apart, heard_ms, expires_day FROM recordings "

func scanRow(from interface{ Scan(...any) error }) (r row, err error) {
	var far, begun, ended, length, heard int64
	err = from.Scan(&r.ID, (*int64)(&r.subject), (*int64)(&r.other), &far, &r.Call, &begun, &ended, &length, (*string)(&r.Code), &r.Apart, &heard, &r.expires)
	r.Begun, r.Ended, r.Heard, r.Length, r.Gone = store.Time(begun), store.Time(ended), store.Time(heard), time.Duration(length)*time.Millisecond, far == erased
	return r, err
}

func (d *Desk) row(ctx context.Context, tx *store.Tx, where string, args ...any) (row, error) {
	r, err := scanRow(tx.QueryRow(ctx, selectRow+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return r, wrap(err)
}

func (d *Desk) rows(ctx context.Context, tx *store.Tx, where string, args ...any) (list []row, err error) {
	rows, err := tx.Query(ctx, selectRow+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// List returns what somebody recorded, newest first, also one that goes on.
func (d *Desk) List(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Recording, error) {
	return d.list(ctx, tx, "WHERE subject = $1 AND length_ms > 0 ORDER BY id DESC", s)
}

// About returns the calls of somebody that the other side recorded and that have
// their voice, newest first.
func (d *Desk) About(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Recording, error) {
	return d.list(ctx, tx, "WHERE other = $1 AND length_ms > 0 ORDER BY id DESC", s)
}

func (d *Desk) list(ctx context.Context, tx *store.Tx, where string, s keys.SubjectID) ([]Recording, error) {
	rows, err := d.rows(ctx, tx, where, int64(s))
	list := make([]Recording, len(rows))
	for i, r := range rows {
		list[i] = r.Recording
	}
	return list, wrap(err)
}

// Side is what is heard of a recording.
type Side string

// The sides.
const (
	Both   Side = "both"   // whoever recorded on the left, the other on the right
	Mine   Side = "mine"   // whoever recorded
	Theirs Side = "theirs" // the other side
)

// Sound returns a file of a recording, for whoever made it: WAV or Ogg. Both is
// Mine where the other side's voice was taken out or may not be used, and ErrApart
// where the two cannot be one. ErrNotFound if there is no such recording, or
// nothing is left of that side.
func (d *Desk) Sound(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64, side Side) ([]byte, error) {
	r, err := d.row(ctx, tx, "WHERE id = $1 AND subject = $2", id, int64(s))
	if err != nil {
		return nil, err
	}
	roles, err := d.Roles()
	if err != nil {
		return nil, err
	}
	var own, other []media.Sound
	if side != Theirs {
		if own, err = d.side(ctx, tx, roles, r, ownSide); err != nil {
			return nil, err
		}
	}
	if side != Mine {
		if other, err = d.side(ctx, tx, roles, r, otherSide); err != nil && (side == Theirs || !errors.Is(err, ErrNotFound)) {
			return nil, err
		}
	}
	if len(own) > 0 && len(other) > 0 {
		if file, ok := media.Together(own, other); ok {
			return file, nil
		}
		return nil, ErrApart
	}
	whole, ok := media.Joined(append(own, other...))
	if !ok {
		return nil, ErrApart
	}
	return whole.File(), nil
}

// pieces returns the records of a side, in their order, by whose they are.
func (d *Desk) pieces(ctx context.Context, tx *store.Tx, id, side int64) (list []vault.RecordID, of keys.SubjectID, err error) {
	rows, err := tx.Query(ctx, "SELECT subject, record FROM recording_pieces WHERE recording = $1 AND side = $2 ORDER BY number", id, side)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var record vault.RecordID
		if err := rows.Scan((*int64)(&of), (*int64)(&record)); err != nil {
			return nil, 0, err
		}
		list = append(list, record)
	}
	return list, of, rows.Err()
}

// side reads what a side said. ErrNotFound unless all of it may be heard.
func (d *Desk) side(ctx context.Context, tx *store.Tx, roles Roles, r row, side int64) (list []media.Sound, err error) {
	ids, of, err := d.pieces(ctx, tx, r.ID, side)
	if err != nil {
		return nil, wrap(err)
	}
	a := roles.own()
	if of != r.subject {
		a = roles.others()
	}
	for _, id := range ids {
		rec, err := d.c.Vault.Read(ctx, tx, a, id)
		if shut(err) {
			return nil, ErrNotFound
		}
		if err != nil {
			return nil, wrap(err)
		}
		s, err := media.ReadSound(rec.Value())
		if err != nil {
			return nil, wrap(err)
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil, ErrNotFound
	}
	return list, nil
}

// shut reports whether the vault does not let something be used.
func shut(err error) bool {
	return slices.ContainsFunc([]error{vault.ErrNotFound, vault.ErrRestricted, vault.ErrObjected, vault.ErrNoConsent, vault.ErrShutOut, vault.ErrPurpose, vault.ErrUndeclared},
		func(e error) bool { return errors.Is(err, e) })
}

// Heard notes that a recording was played; only the first time counts.
func (d *Desk) Heard(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, id int64) error {
	res, err := tx.Exec(ctx, "UPDATE recordings SET heard_ms = $1 WHERE id = $2 AND subject = $3 AND heard_ms = 0", d.c.Now().UnixMilli(), id, int64(s))
	if err != nil {
		return wrap(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.Body{Kind: evidence.RecordingHeard, Subject: s, Ref: id}))
}
