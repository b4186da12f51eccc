package telecom

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// endWords say how a call ended, to either side.
var endWords = map[Code]string{
	Completed: "answered", Cancelled: "given up before it was answered", NoAnswer: "not answered", Busy: "the line was busy",
	Declined: "declined", Voicemail: "not answered, and a voicemail message was left", Unavailable: "could not be reached", Failed: "failed for a technical reason", Lost: "answered, then the connection was lost",
	Interrupted: "cut off because our service stopped",
	Blocked:     "blocked by you", Quiet: "it did not ring, because you were not to be disturbed",
	Anonymous: "turned away, because calls from withheld numbers are", Forwarded: "forwarded",
}

// Words in place of a number.
const (
	withheldWords = "a withheld number"
	goneWords     = "a number that is gone"
	outsideWords  = "an outside number"
	underWayWords = "under way" // of a call that is not over
)

// words are a part of the record, as its person reads it in a copy of their
// data and as parseFar finds the other side in it. They are kept: a change here
// is one to what is read back.
func (e *ended) words(made bool) string {
	kind, way, far := "Call", "from", e.callerSays
	if e.video {
		kind = "Video call"
	}
	if made {
		way, far = "to", e.calleeSays
	} else if e.withheld {
		far = withheldWords
	}
	if far == "" {
		far = goneWords
		if e.outside != bothOurs { // of a call that was cut off, and could not be noted as it began
			far = outsideWords
		}
	}
	how := underWayWords
	if e.code != "" {
		how = endWords[e.code.to(made)]
	}
	text := fmt.Sprintf("%s %s %s, %s%s", kind, way, far, e.via(made), how)
	if long := e.long(); long > 0 {
		text += ", " + length(long) + " long"
	}
	if made && e.withheld && !e.forwarded {
		text += ", your number withheld"
	}
	return text
}

// via says of a call that was forwarded for whom, or by whom. It is read back by
// parseVia.
func (e *ended) via(made bool) string {
	switch {
	case !e.forwarded:
		return ""
	case !made && e.by == "":
		return "forwarded, "
	case !made:
		return "forwarded by " + e.by + ", "
	case e.withheld:
		return "forwarded for " + withheldWords + ", "
	case e.callerSays == "":
		return "forwarded for " + goneWords + ", "
	}
	return "forwarded for " + e.callerSays + ", "
}

// parseVia finds in a part whether the call was forwarded, and the number that
// stands with that; empty if there is none.
func parseVia(words string) (forwarded bool, via string) {
	_, rest, ok := strings.Cut(words, ", forwarded")
	if !ok {
		return false, ""
	}
	rest, _, more := strings.Cut(rest, ",")
	for _, way := range []string{" by ", " for "} {
		if via, ok := strings.CutPrefix(rest, way); ok && more {
			if isNumber(via) {
				return true, via
			}
			return true, ""
		}
	}
	return more && rest == "", ""
}

// long is how long the two were connected; 0 if they were not, or nobody knows.
func (e *ended) long() time.Duration { return talked(e.answered, e.until()) }

func talked(answered, until time.Time) time.Duration {
	if answered.IsZero() || until.Before(answered) {
		return 0
	}
	return until.Sub(answered).Truncate(time.Second)
}

// length says a time as people do.
func length(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		name string
		is   time.Duration
	}{{"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		n := d / u.is
		d -= n * u.is
		switch {
		case n == 1:
			parts = append(parts, "1 "+u.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, u.name))
		}
	}
	return strings.Join(parts, " ")
}

// parseFar finds the number of the other side in a part; empty if it is
// withheld or gone, or the part is none of ours.
func parseFar(words string) string {
	for _, kind := range []string{"Call ", "Video call "} {
		rest, ok := strings.CutPrefix(words, kind)
		if !ok {
			continue
		}
		for _, way := range []string{"to ", "from "} {
			far, ok := strings.CutPrefix(rest, way)
			far, _, comma := strings.Cut(far, ",")
			if ok && comma && isNumber(far) {
				return far
			}
		}
	}
	return ""
}

func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "+")
	return s != "" && len(s) <= maxE164 && strings.Trim(s, "0123456789") == ""
}

// end keeps the records of calls that are over, closes their rows, and tells
// each side. What is over already stays as it is.
func (d *Desk) end(ctx context.Context, tx *store.Tx, ends []*ended) error {
	var open []*ended
	for _, e := range ends {
		var over int64
		err := tx.QueryRow(ctx, "SELECT ended_ms, record FROM calls WHERE id = $1", e.id).Scan(&over, (*int64)(&e.noted))
		if errors.Is(err, sql.ErrNoRows) || err == nil && over != 0 {
			continue
		}
		if err != nil {
			return err
		}
		open = append(open, e)
	}
	if len(open) == 0 {
		return nil
	}
	compiled := d.c.InForce()
	roles, err := RolesOf(compiled)
	if err != nil {
		return d.close(ctx, tx, open, make([]vault.RecordID, len(open)), nil) // no longer declared: nothing is kept
	}
	ids, err := d.complete(ctx, tx, roles, open)
	if err != nil {
		return err
	}
	if err := d.close(ctx, tx, open, ids, func(e *ended) int64 { return expires(compiled, roles, e.begun) }); err != nil {
		return err
	}
	for i, e := range open {
		if e.callee != 0 {
			d.tellCalls(tx, e.callee)
		}
		if err := d.spent(ctx, tx, e); err != nil {
			return err
		}
		if err := d.tell(ctx, tx, roles, e, ids[i]); err != nil {
			return err
		}
	}
	return nil
}

// item is the record of a call: what the caller is told under the caller's key,
// what the callee is told under the callee's.
func (e *ended) item(roles Roles) vault.Item {
	it := vault.Item{Category: roles.Traffic, Collected: e.begun}
	if e.caller != 0 {
		it.Parts = append(it.Parts, vault.Part{Owner: e.caller, Value: []byte(e.words(true))})
	}
	if e.callee != 0 {
		p := vault.Part{Owner: e.callee, Value: []byte(e.words(false))}
		if len(it.Parts) > 0 {
			p.Kind = vault.Party
		}
		it.Parts = append(it.Parts, p)
	}
	return it
}

// keep writes the records of calls; 0 for one of which nothing may be kept.
// Whoever was erased meanwhile has no part.
func (d *Desk) keep(ctx context.Context, tx *store.Tx, roles Roles, ends []*ended) ([]vault.RecordID, error) {
	items := make([]vault.Item, len(ends))
	whole := true
	for i, e := range ends {
		items[i] = e.item(roles)
		whole = whole && len(items[i].Parts) > 0
	}
	a := roles.own(systemActor)
	if whole {
		ids, err := d.c.Vault.Write(ctx, tx, a, items...)
		if !withheldByDoor(err) {
			return ids, err
		}
	}
	ids := make([]vault.RecordID, len(ends))
	for i, e := range ends {
		var err error
		if ids[i], err = d.keepOne(ctx, tx, roles, a, e); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// withheldByDoor reports whether the vault refuses to keep something, which it
// says before it writes anything.
func withheldByDoor(err error) bool {
	for _, r := range []error{vault.ErrNotFound, vault.ErrUndeclared, vault.ErrNoConsent, vault.ErrObjected, vault.ErrInput} {
		if errors.Is(err, r) {
			return true
		}
	}
	return false
}

// keepOne keeps the record of a call for those of the two who are there.
func (d *Desk) keepOne(ctx context.Context, tx *store.Tx, roles Roles, a vault.Access, e *ended) (vault.RecordID, error) {
	caller, callee := e.caller, e.callee
	for _, who := range [][2]keys.SubjectID{{caller, callee}, {caller, 0}, {0, callee}} {
		e.caller, e.callee = who[0], who[1]
		if it := e.item(roles); len(it.Parts) > 0 {
			ids, err := d.c.Vault.Write(ctx, tx, a, it)
			if err == nil {
				return ids[0], nil
			}
			if !withheldByDoor(err) {
				return 0, err
			}
		}
	}
	e.caller, e.callee = 0, 0
	return 0, nil
}

// close closes the rows of calls. One that is nobody's any more goes.
func (d *Desk) close(ctx context.Context, tx *store.Tx, ends []*ended, ids []vault.RecordID, expires func(*ended) int64) error {
	for i, e := range ends {
		if ids[i] == 0 {
			if _, err := tx.Exec(ctx, "DELETE FROM calls WHERE id = $1", e.id); err != nil {
				return err
			}
			continue
		}
		answered := int64(0)
		if !e.answered.IsZero() {
			answered = e.answered.UnixMilli()
		}
		_, err := tx.Exec(ctx, `UPDATE calls SET caller = $1, callee = $2, caller_line = 0, callee_line = 0, answered_ms = $3, ended_ms = $4, code = $5, record = $6,
			expires_day = $7 WHERE id = $8`,
			int64(e.caller), int64(e.callee), answered, e.until().UnixMilli(), string(e.code), int64(ids[i]), expires(e), e.id)
		if err != nil {
			return err
		}
	}
	return nil
}

const dayMillis = 24 * 60 * 60 * 1000

// expires is the first day on which a call that began then is gone: its record
// goes by the same rule of the policy.
func expires(c *policy.Compiled, roles Roles, begun time.Time) int64 {
	k, _ := c.Category(roles.Traffic)
	p, _ := c.Purpose(roles.Purpose)
	r, ok := c.Retention(k, p)
	if !ok {
		return begun.UnixMilli() / dayMillis
	}
	period := r.Period
	if r.Event != policy.CollectedEvent {
		period = r.Limit
	}
	return (period.From(begun.UTC()).UnixMilli() + dayMillis - 1) / dayMillis
}

// tell writes the evidence of a call: an entry for each side, of its own part
// alone. Only the owner's names the record (R28).
func (d *Desk) tell(ctx context.Context, tx *store.Tx, roles Roles, e *ended, id vault.RecordID) error {
	b := evidence.Body{
		Kind: evidence.CallEnded, At: e.at, Actor: systemActor, Surface: roles.Surface, Purpose: roles.Purpose, Category: roles.Traffic,
		Policy: d.c.InForce().Policy().Version, Ref: int64(id),
	}
	if e.caller != 0 {
		b.Subject, b.Code, b.Actor = e.caller, "made", e.actor
		if _, err := d.c.Log.Append(ctx, tx, b); err != nil {
			return err
		}
		b.Ref, b.Actor = 0, systemActor
	}
	if e.callee == 0 {
		return nil
	}
	b.Subject, b.Code = e.callee, "missed"
	switch {
	case e.code == Forwarded:
		b.Code = "forwarded"
	case !e.answered.IsZero():
		b.Code = "taken"
	}
	_, err := d.c.Log.Append(ctx, tx, b)
	return err
}
