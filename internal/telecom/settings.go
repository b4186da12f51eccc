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
	"candour/policy"
)

// ErrSetting says that a line cannot be set so.
var ErrSetting = errors.New("telecom: no such setting")

// helpTime is how long after an emergency call everybody gets through, so that
// the emergency service can ring back (Ofcom General Condition A3; PECR reg 16).
const helpTime = time.Hour

// forEver is the end of a do-not-disturb that its person ends themselves.
var forEver = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Settings are what somebody set of their line. The zero value is a line as it
// is given. They are personal data and print as a fixed word.
type Settings struct {
	QuietUntil time.Time // do not disturb until then; zero: it rings
	Withheld   bool      // the number is not shown, unless a call says otherwise (PECR reg 10)
	Refuse     bool      // calls from withheld numbers do not ring (PECR reg 11)
	PlainBill  bool      // the bill lists no calls (PECR reg 9)
	Helped     time.Time // when the line last rang an emergency service; zero: never
}

// Format writes a fixed word, whatever the verb.
func (Settings) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(settings of a line)") }

// LogValue keeps the settings out of structured logs.
func (Settings) LogValue() slog.Value { return slog.StringValue("(settings of a line)") }

// Quiet reports whether the line does not ring now. open says that it is quiet
// until its person says otherwise.
func (s Settings) Quiet(now time.Time) (quiet, open bool) {
	return now.Before(s.QuietUntil), !s.QuietUntil.Before(forEver)
}

// Names and words of the settings in their record. They are kept: a change here
// is one to what is read back.
const (
	quietName, withheldName, refuseName, billName = "Do not disturb", "Own number", "Calls from withheld numbers", "Bill"
	untilWord, onWord                             = "until ", "on"
	withheldWord, refusedWord, plainWord          = "withheld", "turned away", "without the calls"
)

func (s Settings) text() []byte {
	word := func(on bool, w string) string {
		if on {
			return w
		}
		return ""
	}
	quiet := ""
	switch {
	case s.QuietUntil.IsZero():
	case !s.QuietUntil.Before(forEver):
		quiet = onWord
	default:
		quiet = untilWord + s.QuietUntil.UTC().Format(time.RFC3339)
	}
	return writeEntries(entry{quietName, quiet}, entry{withheldName, word(s.Withheld, withheldWord)}, entry{refuseName, word(s.Refuse, refusedWord)},
		entry{billName, word(s.PlainBill, plainWord)})
}

// parseSettings reads a record of settings. What it does not know is as it was
// given.
func parseSettings(text []byte) (s Settings) {
	found := readEntries(text)
	s.Withheld, s.Refuse, s.PlainBill = found[withheldName] == withheldWord, found[refuseName] == refusedWord, found[billName] == plainWord
	quiet := found[quietName]
	if quiet == onWord {
		s.QuietUntil = forEver
	} else if len(quiet) > len(untilWord) && quiet[:len(untilWord)] == untilWord {
		if t, err := time.Parse(time.RFC3339, quiet[len(untilWord):]); err == nil {
			s.QuietUntil = t.UTC()
		}
	}
	return s
}

// setRow is the row of what is set of a line.
type setRow struct {
	record, address vault.RecordID
	warned, helped  time.Time
}

func (d *Desk) setRow(ctx context.Context, tx *store.Tx, line int64) (r setRow, err error) {
	var warned, helped int64
	err = tx.QueryRow(ctx, "SELECT record, address, warned_ms, helped_ms FROM line_settings WHERE line = $1", line).
		Scan((*int64)(&r.record), (*int64)(&r.address), &warned, &helped)
	if errors.Is(err, sql.ErrNoRows) {
		return setRow{}, nil
	}
	r.warned, r.helped = store.Time(warned), store.Time(helped)
	return r, err
}

// needRow makes the row of a line that has none, and has those who change it
// follow one another. ErrNoLine if there is no such line.
func (d *Desk) needRow(ctx context.Context, tx *store.Tx, l Line) (setRow, error) {
	n, err := tx.Change(ctx, "UPDATE lines SET opened_ms = opened_ms WHERE id = $1", l.ID)
	if err != nil {
		return setRow{}, err
	}
	if n == 0 {
		return setRow{}, ErrNoLine
	}
	_, err = tx.Exec(ctx, "INSERT INTO line_settings (line, subject, record, address, warned_ms, helped_ms) VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT DO NOTHING", l.ID, int64(l.Subject))
	if err != nil {
		return setRow{}, err
	}
	return d.setRow(ctx, tx, l.ID)
}

// Settings returns what somebody set of their line. A policy that declares no
// settings leaves a line as it is given.
func (d *Desk) Settings(ctx context.Context, tx *store.Tx, l Line) (Settings, error) {
	roles, err := SettingsRolesOf(d.c.InForce())
	if err != nil {
		return Settings{}, nil
	}
	row, err := d.setRow(ctx, tx, l.ID)
	if err != nil {
		return Settings{}, wrap(err)
	}
	s, err := d.readSettings(ctx, tx, roles, row)
	return s, wrap(err)
}

func (d *Desk) readSettings(ctx context.Context, tx *store.Tx, roles SettingsRoles, row setRow) (s Settings, err error) {
	if row.record != 0 {
		rec, err := d.c.Vault.Read(ctx, tx, roles.own(), row.record)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return Settings{}, err
		}
		s = parseSettings(rec.Value())
	}
	s.Helped = row.helped
	return s, nil
}

// Set sets one thing of a line, named as the field of the form call-settings and
// by the value of one of its options. ErrSetting if there is none such;
// ErrNoLine if the line is gone; the refusal Undeclared if the policy declares
// no settings.
func (d *Desk) Set(ctx context.Context, tx *store.Tx, a vault.Access, l Line, field, value string) error {
	roles, err := SettingsRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	row, err := d.needRow(ctx, tx, l)
	if err != nil {
		return wrap(err)
	}
	old, err := d.readSettings(ctx, tx, roles, row)
	if err != nil {
		return wrap(err)
	}
	s, ok := old.with(field, value, d.c.Now())
	if !ok {
		return ErrSetting
	}
	if string(s.text()) == string(old.text()) {
		return nil
	}
	record, err := d.rewrite(ctx, tx, a, l, roles.Settings, row.record, s.text())
	if err != nil {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "UPDATE line_settings SET record = $1 WHERE line = $2", int64(record), l.ID); err != nil {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.LineSet, l, field+"-"+codeOf(value)))
}

// codeOf makes one code of those that begin a do-not-disturb: for how long is in
// the record.
func codeOf(value string) string {
	switch value {
	case "hour", "four", "morning":
		return "on"
	}
	return value
}

// with is the settings with one thing changed.
func (s Settings) with(field, value string, now time.Time) (Settings, bool) {
	switch field + " " + value {
	case "quiet off":
		s.QuietUntil = time.Time{}
	case "quiet hour":
		s.QuietUntil = now.Add(time.Hour).UTC().Truncate(time.Second)
	case "quiet four":
		s.QuietUntil = now.Add(4 * time.Hour).UTC().Truncate(time.Second)
	case "quiet morning":
		s.QuietUntil = morning(now)
	case "quiet on":
		s.QuietUntil = forEver
	case "number shown", "number withheld":
		s.Withheld = value == "withheld"
	case "anonymous taken", "anonymous refused":
		s.Refuse = value == "refused"
	case "bill itemised", "bill plain":
		s.PlainBill = value == "plain"
	default:
		return s, false
	}
	return s, true
}

// morningHour is when a night is over, by London's clock.
const morningHour = 8

// morning is the next one after now.
func morning(now time.Time) time.Time {
	local := now.In(policy.London)
	next := time.Date(local.Year(), local.Month(), local.Day(), morningHour, 0, 0, 0, policy.London)
	if !next.After(local) {
		next = time.Date(local.Year(), local.Month(), local.Day()+1, morningHour, 0, 0, 0, policy.London)
	}
	return next.UTC()
}

// rewrite replaces a record of a person's own, or begins one where there is none
// yet, and returns it. Without a value it goes.
func (d *Desk) rewrite(ctx context.Context, tx *store.Tx, a vault.Access, l Line, category string, old vault.RecordID, value []byte) (vault.RecordID, error) {
	if old != 0 && len(value) > 0 {
		err := d.c.Vault.Rectify(ctx, tx, a, old, value)
		if !errors.Is(err, vault.ErrNotFound) {
			return old, err
		}
		old = 0 // it came to its day
	}
	if old != 0 {
		return 0, d.dropRecord(ctx, tx, a, l, old)
	}
	if len(value) == 0 {
		return 0, nil
	}
	ids, err := d.c.Vault.Put(ctx, tx, a, vault.Item{Category: category, Parts: []vault.Part{{Owner: l.Subject, Value: value}}})
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// dropRecord removes a record of a person's own, if it is there.
func (d *Desk) dropRecord(ctx context.Context, tx *store.Tx, a vault.Access, l Line, id vault.RecordID) error {
	if id == 0 {
		return nil
	}
	err := d.c.Vault.RemovePart(ctx, tx, a, l.Subject, id)
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	return err
}

// prove writes evidence of what somebody did with their line, into their own
// history.
func (d *Desk) prove(ctx context.Context, tx *store.Tx, a vault.Access, kind evidence.Kind, l Line, code string) error {
	_, err := d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: kind, At: d.c.Now(), Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Policy: d.c.InForce().Policy().Version, Subject: l.Subject, Code: code,
	})
	return err
}

// calledForHelp notes that a line rings an emergency service: for an hour
// everybody gets through to it (PECR reg 16). The transaction is the call's.
func (d *Desk) calledForHelp(ctx context.Context, tx *store.Tx, l Line) error {
	if _, err := d.needRow(ctx, tx, l); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE line_settings SET helped_ms = $1 WHERE line = $2", d.c.Now().UnixMilli(), l.ID)
	return err
}
