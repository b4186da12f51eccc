package telecom

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/vault"
)

// Way is when calls are forwarded: a closed set.
type Way string

// The ways, which are the values of the form's field.
const (
	Always         Way = "always"
	WhenBusy       Way = "busy"
	WhenUnanswered Way = "unanswered" // also while no phone is connected
)

// ForwardWays are all of them, in the order in which they are told.
var ForwardWays = []Way{Always, WhenBusy, WhenUnanswered}

// Limits of forwarding.
const (
	maxForwards  = 3                // of one call, from line to line
	LeastRinging = 5 * time.Second  // before a call that nobody answers goes on
	MostRinging  = 60 * time.Second // the same
	RingingTime  = 20 * time.Second // the same, unless somebody says otherwise
)

// Why a forward stopped.
const (
	stoppedPerson = "person"
	stoppedGone   = "gone"
)

// Errors of setting a forward. Those of what is dialled are refusals.
var (
	// ErrLoop says that calls would go round in a circle.
	ErrLoop = errors.New("telecom: the calls would go round in a circle")
	// ErrStopped says that the person whose line it is takes no forwarded calls
	// from there.
	ErrStopped = errors.New("telecom: they take no calls that are forwarded from this line")
	// ErrEmergencyForward says that calls go on to no emergency service.
	ErrEmergencyForward = errors.New("telecom: no calls are forwarded to an emergency service")
)

// Forward is where somebody's calls go on to. It holds personal data and prints
// as a fixed word.
type Forward struct {
	ID      int64
	Way     Way
	To      string        // extension or number; empty if it is known no more
	After   time.Duration // how long it rings before, WhenUnanswered
	Set     time.Time
	Stopped time.Time // zero: it goes on
	ByThem  bool      // the person it went to stopped it
	target  int64     // line; 0 for a number outside
	record  vault.RecordID
}

// Format writes a fixed word, whatever the verb.
func (Forward) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(forward)") }

// LogValue keeps the forward out of structured logs.
func (Forward) LogValue() slog.Value { return slog.StringValue("(forward)") }

// Names in the record of a forward. They are kept.
const forwardToName, forwardWhenName = "Forward to", "When"

var wayWords = map[Way]string{Always: "always", WhenBusy: "on another call", WhenUnanswered: "not answered"}

func (f Forward) text() []byte {
	return writeEntries(entry{forwardToName, f.To}, entry{forwardWhenName, wayWords[f.Way]})
}

const selectForward = "SELECT id, way, target_line, record, after_s, set_ms, stopped_ms, stopped FROM line_forwards "

func scanForward(row interface{ Scan(...any) error }) (f Forward, err error) {
	var after, set, stopped int64
	var why string
	err = row.Scan(&f.ID, (*string)(&f.Way), &f.target, (*int64)(&f.record), &after, &set, &stopped, &why)
	f.After, f.Set, f.Stopped, f.ByThem = time.Duration(after)*time.Second, store.Time(set), store.Time(stopped), why == stoppedPerson
	return f, err
}

// Forwards returns where the calls of a line go on to, for its own person. None
// where the policy declares no settings.
func (d *Desk) Forwards(ctx context.Context, tx *store.Tx, l Line) ([]Forward, error) {
	roles, err := SettingsRolesOf(d.c.InForce())
	if err != nil {
		return nil, nil
	}
	list, err := d.forwardRows(ctx, tx, l.ID)
	if err != nil {
		return nil, wrap(err)
	}
	for i := range list {
		if list[i].To, err = d.forwardTo(ctx, tx, roles, list[i]); err != nil {
			return nil, wrap(err)
		}
	}
	return list, nil
}

func (d *Desk) forwardRows(ctx context.Context, tx *store.Tx, line int64) (list []Forward, err error) {
	rows, err := tx.Query(ctx, selectForward+"WHERE line = $1 ORDER BY id", line)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		f, err := scanForward(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// forwardTo is what the record of a forward says; empty if it is gone.
func (d *Desk) forwardTo(ctx context.Context, tx *store.Tx, roles SettingsRoles, f Forward) (string, error) {
	rec, err := d.c.Vault.Read(ctx, tx, roles.own(), f.record)
	if errors.Is(err, vault.ErrNotFound) {
		return "", nil
	}
	return readEntries(rec.Value())[forwardToName], err
}

// SetForward has the calls of a line go on to an extension or a number; after is
// how long it rings before, 0 for RingingTime. What was set for the same way is
// replaced. A refusal as Route has it if the target is nobody's or cannot be
// reached, ErrLoop, ErrStopped, ErrEmergencyForward; ErrSetting for a way or a
// time that there is not.
func (d *Desk) SetForward(ctx context.Context, a vault.Access, l Line, way Way, to string, after time.Duration) error {
	if _, err := SettingsRolesOf(d.c.InForce()); err != nil {
		return err
	}
	if after == 0 {
		after = RingingTime
	}
	if wayWords[way] == "" || after < LeastRinging || after > MostRinging {
		return ErrSetting
	}
	if way != WhenUnanswered {
		after = 0
	}
	target, err := d.Route(ctx, l, to)
	if target.Reach == ToEmergency {
		return ErrEmergencyForward
	}
	if errors.Is(err, &Refusal{Code: Self}) {
		return ErrLoop
	}
	if err != nil {
		return err
	}
	f := Forward{Way: way, To: target.dialled(), After: after, target: target.Line.ID}
	return wrap(d.c.Store.Update(ctx, func(tx *store.Tx) error { return d.setForward(ctx, tx, a, l, f) }))
}

// dialled is what reaches a target again.
func (t Target) dialled() string {
	if t.Reach == ToLine {
		return t.Line.Extension
	}
	return t.Number
}

func (d *Desk) setForward(ctx context.Context, tx *store.Tx, a vault.Access, l Line, f Forward) error {
	roles, err := SettingsRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	if _, err := d.needRow(ctx, tx, l); err != nil {
		return err
	}
	if err := d.mayForward(ctx, tx, l, f.target); err != nil {
		return err
	}
	old, err := scanForward(tx.QueryRow(ctx, selectForward+"WHERE line = $1 AND way = $2", l.ID, string(f.Way)))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	record, err := d.rewrite(ctx, tx, a, l, roles.Onward, old.record, f.text())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM line_forwards WHERE line = $1 AND way = $2", l.ID, string(f.Way)); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO line_forwards (id, line, subject, way, target_line, record, after_s, set_ms, stopped_ms, stopped) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')",
		d.c.Store.NewID(), l.ID, int64(l.Subject), string(f.Way), f.target, int64(record), int64(f.After/time.Second), d.c.Now().UnixMilli())
	if err != nil {
		return err
	}
	return d.prove(ctx, tx, a, evidence.LineSet, l, "forward-"+string(f.Way))
}

// mayForward refuses a forward to who does not want it, and one that leads back.
func (d *Desk) mayForward(ctx context.Context, tx *store.Tx, l Line, target int64) error {
	if target == 0 {
		return nil
	}
	n := 0
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM line_stops WHERE line = $1 AND from_line = $2", target, l.ID).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrStopped
	}
	seen := map[int64]bool{target: true}
	for next := []int64{target}; len(next) > 0; {
		if next[0] == l.ID {
			return ErrLoop
		}
		onward, err := tx.IDs(ctx, "SELECT target_line FROM line_forwards WHERE line = $1 AND stopped_ms = 0 AND target_line <> 0", next[0])
		if err != nil {
			return err
		}
		next = next[1:]
		for _, id := range onward {
			if !seen[id] {
				seen[id] = true
				next = append(next, id)
			}
		}
	}
	return nil
}

// RemoveForward ends a forward of a line. ErrNotFound if it has no such.
func (d *Desk) RemoveForward(ctx context.Context, tx *store.Tx, a vault.Access, l Line, id int64) error {
	f, err := scanForward(tx.QueryRow(ctx, selectForward+"WHERE id = $1 AND line = $2", id, l.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	if err := d.dropRecord(ctx, tx, a, l, f.record); err != nil {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM line_forwards WHERE id = $1", id); err != nil {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.LineSet, l, "forward-off"))
}
