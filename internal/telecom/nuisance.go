package telecom

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
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// ErrReported says that a call was reported already.
var ErrReported = errors.New("telecom: the call was reported already")

// Report is a call that somebody reported as malicious or a nuisance, in codes
// and times (PECR reg 15).
type Report struct {
	ID       int64
	Subject  keys.SubjectID // who reported it
	Kind     string         // value of the form's field
	Withheld bool           // the caller's number was
	Traced   bool           // who called is kept with it
	Called   time.Time
	Reported time.Time
	Closed   time.Time // zero: open

	record vault.RecordID
}

// Trace is what is kept of a report. It holds personal data, of two people, and
// prints as a fixed word: it is for staff who trace calls, and its second half
// never for who reported it.
type Trace struct {
	Report
	Happened string // in the words of who reported it
	Caller   string // extension or number of who called, as it was then; empty if it was not known
	Name     string // theirs, as it was then; empty if it was not known
}

// Format writes a fixed word, whatever the verb.
func (Trace) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(trace of a call)") }

// LogValue keeps the trace out of structured logs.
func (Trace) LogValue() slog.Value { return slog.StringValue("(trace of a call)") }

// Names in the record of a report. They are kept.
const reportedName, happenedName, tracedName, calledName = "Reported", "What happened", "Traced, who called", "Name"

// ReportCall keeps who made a call that came to a person, also where their
// number was withheld, with what happened, for staff who trace calls (PECR reg
// 15). kind is a value of the form's field. The person is told nothing of who
// called that they did not know. ErrNotFound if no such call came to them,
// ErrReported if they reported it already; the refusal Undeclared if the policy
// declares no reports.
func (d *Desk) ReportCall(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, call int64, kind, happened string) error {
	roles, err := ReportRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	if f, ok := roles.Form.FieldNamed(KindField); ok && !slices.ContainsFunc(f.Options, func(o policy.Option) bool { return o.Value == kind }) {
		return ErrSetting
	}
	c, err := d.came(ctx, tx, s, call)
	if err != nil {
		return wrap(err)
	}
	n := 0
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM call_reports WHERE subject = $1 AND call = $2", int64(s), call).Scan(&n); err != nil {
		return wrap(err)
	}
	if n > 0 {
		return ErrReported
	}
	return wrap(d.report(ctx, tx, a, roles, s, c, kind, happened))
}

func (d *Desk) report(ctx context.Context, tx *store.Tx, a vault.Access, roles FormRoles, s keys.SubjectID, c came, kind, happened string) error {
	it := vault.Item{Category: roles.Category, Parts: []vault.Part{{Owner: s, Value: writeEntries(
		entry{reportedName, c.Words}, entry{"Of", c.Begun.In(policy.London).Format(callTime)}, entry{happenedName, happened})}}}
	who, name, err := d.calledFrom(ctx, tx, c.line)
	if err != nil {
		return err
	}
	if who != "" {
		// A part that names them: nobody's history but the reporter's tells of it,
		// and it outlasts their line and their account, as the policy declares.
		it.Parts = append(it.Parts, vault.Part{Owner: c.caller, Kind: vault.Mentioned, Value: writeEntries(entry{tracedName, who}, entry{calledName, name})})
	}
	ids, err := d.c.Vault.Write(ctx, tx, a, it)
	if err != nil {
		return err
	}
	now := d.c.Now()
	id := d.c.Store.NewID()
	_, err = tx.Exec(ctx, `INSERT INTO call_reports (id, call, subject, kind, withheld, traced, record, called_ms, reported_ms, closed_ms, expires_day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)`,
		id, c.Call, int64(s), kind, flag(c.Withheld), flag(who != "" || c.Far != ""), int64(ids[0]), c.Begun.UnixMilli(), now.UnixMilli(), d.reportEnds(roles, now))
	if err != nil {
		return err
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.CallReported, At: now, Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Category: roles.Category,
		Policy: d.c.InForce().Policy().Version, Subject: s, Ref: int64(ids[0]), Code: kind,
	})
	return err
}

// calledFrom returns the extension of a line and what its person is called;
// empty if it is gone.
func (d *Desk) calledFrom(ctx context.Context, tx *store.Tx, line int64) (extension, name string, err error) {
	if line == 0 {
		return "", "", nil
	}
	if extension, err = d.extension(ctx, tx, line); err != nil || extension == "" {
		return "", "", err
	}
	var account int64
	if err := tx.QueryRow(ctx, "SELECT account FROM lines WHERE id = $1", line).Scan(&account); err != nil {
		return "", "", err
	}
	x, err := d.c.Accounts.ByID(ctx, tx, account)
	if err == nil {
		name, err = d.c.Accounts.NameIn(ctx, tx, x)
	}
	return extension, name, err
}

// reportEnds is the first day on which a report is gone, as its record is.
func (d *Desk) reportEnds(roles FormRoles, now time.Time) int64 {
	return expires(d.c.InForce(), Roles{Traffic: roles.Category, Purpose: roles.Purpose}, now)
}

// Reported returns which of a person's calls they reported, by call.
func (d *Desk) Reported(ctx context.Context, tx *store.Tx, s keys.SubjectID) (map[int64]time.Time, error) {
	rows, err := tx.Query(ctx, "SELECT call, reported_ms FROM call_reports WHERE subject = $1", int64(s))
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	found := map[int64]time.Time{}
	for rows.Next() {
		var call, ms int64
		if err := rows.Scan(&call, &ms); err != nil {
			return nil, wrap(err)
		}
		found[call] = store.Time(ms)
	}
	return found, wrap(rows.Err())
}

const selectReport = "SELECT id, subject, kind, withheld, traced, record, called_ms, reported_ms, closed_ms FROM call_reports "

func scanReport(row interface{ Scan(...any) error }) (r Report, err error) {
	var called, reported, closed int64
	err = row.Scan(&r.ID, (*int64)(&r.Subject), &r.Kind, &r.Withheld, &r.Traced, (*int64)(&r.record), &called, &reported, &closed)
	r.Called, r.Reported, r.Closed = store.Time(called), store.Time(reported), store.Time(closed)
	return r, err
}

// Reports returns the open reports after the one with the id after, oldest
// first, at most n: codes and times, and nobody's words.
func (d *Desk) Reports(ctx context.Context, tx *store.Tx, after int64, n int) (list []Report, err error) {
	rows, err := tx.Query(ctx, selectReport+"WHERE closed_ms = 0 AND id > $1 ORDER BY id LIMIT $2", after, n)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanReport(rows)
		if err != nil {
			return nil, wrap(err)
		}
		list = append(list, r)
	}
	return list, wrap(rows.Err())
}

// TraceCall is a look at a report by somebody at a desk, for the purpose of the
// form: it stands in the history of who reported the call (R28). ErrNotFound if
// there is no such report; a refusal of the vault if the policy refuses.
func (d *Desk) TraceCall(ctx context.Context, tx *store.Tx, a vault.Access, id int64) (Trace, error) {
	r, err := scanReport(tx.QueryRow(ctx, selectReport+"WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return Trace{}, ErrNotFound
	}
	if err != nil {
		return Trace{}, wrap(err)
	}
	rec, err := d.c.Vault.Look(ctx, tx, a, r.record)
	if err != nil {
		return Trace{Report: r}, err
	}
	t := Trace{Report: r}
	for i, p := range rec.Parts {
		found := readEntries(p.Value)
		if i == 0 {
			t.Happened, t.Caller = found[happenedName], parseFar(found[reportedName])
			continue
		}
		if who := found[tracedName]; who != "" {
			t.Caller, t.Name = who, found[calledName]
		}
	}
	return t, nil
}

// CloseReport notes that nothing more is to be done for a report. What is kept
// of it stays until its day. ErrNotFound if there is no such open report.
func (d *Desk) CloseReport(ctx context.Context, tx *store.Tx, a vault.Access, id int64) error {
	var s keys.SubjectID
	var record int64
	err := tx.QueryRow(ctx, "UPDATE call_reports SET closed_ms = $1 WHERE id = $2 AND closed_ms = 0 RETURNING subject, record", d.c.Now().UnixMilli(), id).
		Scan((*int64)(&s), &record)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.CallReported, At: d.c.Now(), Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Policy: d.c.InForce().Policy().Version, Subject: s, Ref: record, Code: "closed",
	})
	return wrap(err)
}

// sweepReports removes the rows of reports whose record came to its day.
func (d *Desk) sweepReports(ctx context.Context) error {
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM call_reports WHERE expires_day <= $1", d.c.Now().UnixMilli()/dayMillis)
		return err
	})
}
