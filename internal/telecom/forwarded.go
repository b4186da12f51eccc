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
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// Incoming is another's line whose calls come, or came, to a person because that
// line forwards them (PECR reg 17). It holds personal data and prints as a fixed
// word.
type Incoming struct {
	ID      int64  // of the forward, or of the stop
	From    string // extension of the line; empty if its person withholds it, or it is gone
	Ways    []Way
	Stopped time.Time // zero: the calls come
	line    int64
}

// Format writes a fixed word, whatever the verb.
func (Incoming) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(forwarded calls)") }

// LogValue keeps it out of structured logs.
func (Incoming) LogValue() slog.Value { return slog.StringValue("(forwarded calls)") }

// ForwardedTo returns the lines that forward calls to a line, and then those
// whose calls its person stopped.
func (d *Desk) ForwardedTo(ctx context.Context, tx *store.Tx, l Line) (list []Incoming, err error) {
	if _, err := SettingsRolesOf(d.c.InForce()); err != nil {
		return nil, nil
	}
	rows, err := tx.Query(ctx, "SELECT id, line, way FROM line_forwards WHERE target_line = $1 AND stopped_ms = 0 ORDER BY id", l.ID)
	if err != nil {
		return nil, wrap(err)
	}
	for rows.Next() {
		var in Incoming
		var way Way
		if err := rows.Scan(&in.ID, &in.line, (*string)(&way)); err != nil {
			rows.Close()
			return nil, wrap(err)
		}
		list = addWay(list, in, way)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, wrap(err)
	}
	for i := range list {
		if list[i].From, err = d.shownOf(ctx, tx, list[i].line); err != nil {
			return nil, wrap(err)
		}
	}
	stopped, err := d.stopped(ctx, tx, l)
	return append(list, stopped...), wrap(err)
}

// addWay adds a way to the line that it is of.
func addWay(list []Incoming, in Incoming, way Way) []Incoming {
	for i := range list {
		if list[i].line == in.line {
			list[i].Ways = append(list[i].Ways, way)
			return list
		}
	}
	in.Ways = []Way{way}
	return append(list, in)
}

func (d *Desk) stopped(ctx context.Context, tx *store.Tx, l Line) (list []Incoming, err error) {
	rows, err := tx.Query(ctx, "SELECT id, from_line, hidden, stopped_ms FROM line_stops WHERE line = $1 ORDER BY id", l.ID)
	if err != nil {
		return nil, err
	}
	var hidden []bool
	for rows.Next() {
		var in Incoming
		var hide bool
		var ms int64
		if err := rows.Scan(&in.ID, &in.line, &hide, &ms); err != nil {
			rows.Close()
			return nil, err
		}
		in.Stopped = store.Time(ms)
		list, hidden = append(list, in), append(hidden, hide)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range list {
		if hidden[i] {
			continue // it was withheld when the calls were stopped, and stays so
		}
		if list[i].From, err = d.shownOf(ctx, tx, list[i].line); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// shownOf is the extension of a line as others see it: empty where its person
// withholds it.
func (d *Desk) shownOf(ctx context.Context, tx *store.Tx, line int64) (string, error) {
	s, err := d.Settings(ctx, tx, Line{ID: line})
	if err != nil || s.Withheld {
		return "", err
	}
	return d.extension(ctx, tx, line)
}

// StopForwarded ends the forwarding of calls to a person's line by another's, in
// every way, and from then on: free, at once (PECR reg 17). in is the id of an
// Incoming whose calls come. The person who forwards sees that it was stopped,
// and it stands in their history. ErrNotFound if no such calls come.
func (d *Desk) StopForwarded(ctx context.Context, tx *store.Tx, a vault.Access, l Line, in int64) error {
	var from int64
	err := tx.QueryRow(ctx, "SELECT line FROM line_forwards WHERE id = $1 AND target_line = $2 AND stopped_ms = 0", in, l.ID).Scan(&from)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	shown, err := d.shownOf(ctx, tx, from)
	if err != nil {
		return wrap(err)
	}
	now := d.c.Now().UnixMilli()
	_, err = tx.Exec(ctx, "INSERT INTO line_stops (id, line, subject, from_line, hidden, stopped_ms) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
		d.c.Store.NewID(), l.ID, int64(l.Subject), from, flag(shown == ""), now)
	if err != nil {
		return wrap(err)
	}
	_, err = tx.Exec(ctx, "UPDATE line_forwards SET stopped_ms = $1, stopped = $2 WHERE line = $3 AND target_line = $4 AND stopped_ms = 0", now, stoppedPerson, from, l.ID)
	if err != nil {
		return wrap(err)
	}
	if err := d.prove(ctx, tx, a, evidence.ForwardStopped, l, "by-me"); err != nil {
		return wrap(err)
	}
	return wrap(d.tellForwarder(ctx, tx, from, "by-them"))
}

// tellForwarder writes into the history of the person of a line that others may
// have closed since.
func (d *Desk) tellForwarder(ctx context.Context, tx *store.Tx, line int64, code string) error {
	roles, err := SettingsRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	var subject keys.SubjectID
	err = tx.QueryRow(ctx, "SELECT subject FROM lines WHERE id = $1", line).Scan((*int64)(&subject))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := d.c.Vault.Standing(ctx, tx, subject); errors.Is(err, vault.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return d.prove(ctx, tx, roles.own(), evidence.ForwardStopped, Line{Subject: subject}, code)
}

// AllowForwarded takes a stop back: that line may forward calls again, if its
// person sets it anew. ErrNotFound if there is no such stop.
func (d *Desk) AllowForwarded(ctx context.Context, tx *store.Tx, a vault.Access, l Line, stop int64) error {
	var from int64
	err := tx.QueryRow(ctx, "DELETE FROM line_stops WHERE id = $1 AND line = $2 RETURNING from_line", stop, l.ID).Scan(&from)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.ForwardStopped, l, "allowed"))
}

// Next is where a call goes on to, if the line it was for forwards it in that
// way: a call of the person who forwards, for the policy and in the records, and
// begun. nil if it does not go on: nothing is set, it would go in a circle or
// too far, whom it goes to wants none of it, or it may not be begun.
func (c *Call) Next(ctx context.Context, way Way) (*Call, error) {
	f, ok := c.onward[way]
	if !ok || c.hops() >= maxForwards {
		return nil, nil
	}
	d := c.d
	to, err := d.forwardTarget(ctx, c, f)
	var r *Refusal
	if errors.As(err, &r) || err == nil && to.Reach == 0 {
		return nil, nil // what it led to is there no more
	}
	if err != nil {
		return nil, wrap(err)
	}
	next, err := d.Begin(ctx, Start{From: c.start.To.Line, To: to, Video: c.start.Video, Forwarded: c})
	if errors.As(err, &r) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.wentOn = true
	c.mu.Unlock()
	return next, nil
}

// forwardTarget finds whom a forward reaches today. One that was somebody else's
// number when it was set reaches nobody.
func (d *Desk) forwardTarget(ctx context.Context, c *Call, f Forward) (Target, error) {
	dialled := ""
	err := d.c.Store.View(ctx, func(tx *store.Tx) error {
		roles, err := SettingsRolesOf(d.c.InForce())
		if err != nil {
			return err
		}
		x, err := d.c.Accounts.ByID(ctx, tx, c.start.To.Line.Account)
		if errors.Is(err, identity.ErrNotFound) {
			return refuse(NoSuch)
		}
		if err != nil {
			return err
		}
		c.start.To.Line.of(x)
		dialled, err = d.forwardTo(ctx, tx, roles, f)
		return err
	})
	if err != nil || dialled == "" {
		return Target{}, err
	}
	to, err := d.route(ctx, c.start.To.Line, dialled)
	if err != nil || to.Reach == ToEmergency || to.Line.ID != f.target || c.passed(to) {
		return Target{}, err
	}
	return to, nil
}

// passed reports whether the call came by a place already.
func (c *Call) passed(to Target) bool {
	for at := c; at != nil; at = at.start.Forwarded {
		if same(at.start.To, to) || to.Reach == ToLine && at.start.From.ID == to.Line.ID {
			return true
		}
	}
	return false
}

func same(a, b Target) bool {
	return a.Reach == b.Reach && a.Line.ID == b.Line.ID && a.Number == b.Number
}

// hops is how often the call was forwarded.
func (c *Call) hops() (n int) {
	for at := c.start.Forwarded; at != nil; at = at.start.Forwarded {
		n++
	}
	return n
}

// origin is the call that somebody made, of one that is forwarded.
func (c *Call) origin() *Call {
	for c.start.Forwarded != nil {
		c = c.start.Forwarded
	}
	return c
}

// Target is whom the call is for.
func (c *Call) Target() Target { return c.start.To }

// After is how long the line rings before a call that nobody answers goes on; 0
// if it does not.
func (c *Call) After() time.Duration { return c.onward[WhenUnanswered].After }

// Forwarder is the extension of the line that forwarded the call, as who it
// comes to may see it: empty if nobody did, or they withhold it.
func (c *Call) Forwarder() string {
	if c.start.Forwarded == nil || c.start.Withheld {
		return ""
	}
	return c.start.From.Extension
}
