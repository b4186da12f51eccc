package telecom

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/vault"
)

// everybody is the scope of an extension that everybody reaches; any other is a
// company, whose people alone do.
const everybody = 0

// mark is what a line is found by. It cannot be turned into the extension
// without the index key, which lies outside of the database.
func (d *Desk) mark(scope int64, extension string) []byte {
	return d.c.Ring.Tag("telephone line", strconv.FormatInt(scope, 10)+" "+extension)
}

const selectLine = "SELECT id, account, subject, number FROM lines "

func scanLine(row interface{ Scan(...any) error }) (l Line, err error) {
	err = row.Scan(&l.ID, &l.Account, (*int64)(&l.Subject), (*int64)(&l.number))
	return l, err
}

// of adds what the account says.
func (l *Line) of(x identity.Account) { l.Role, l.Company = x.Role, x.Company }

// Give gives an open account a line with an extension that everybody reaches.
// The extension is a record of its person's. ErrTaken if it is somebody's, or
// the account has a line; ErrExtension if no line can have it;
// identity.ErrNotFound if there is no such account.
func (d *Desk) Give(ctx context.Context, tx *store.Tx, account int64, extension string) (Line, error) {
	return d.give(ctx, tx, account, extension, false)
}

// GiveWithin is Give for an extension that the people of the account's company
// alone reach, so that another company can have the same.
func (d *Desk) GiveWithin(ctx context.Context, tx *store.Tx, account int64, extension string) (Line, error) {
	return d.give(ctx, tx, account, extension, true)
}

func (d *Desk) give(ctx context.Context, tx *store.Tx, account int64, extension string, within bool) (Line, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Line{}, err
	}
	if !mayHave(extension) {
		return Line{}, ErrExtension
	}
	x, err := d.c.Accounts.ByID(ctx, tx, account)
	if err != nil {
		return Line{}, err
	}
	scope := int64(everybody)
	if within && x.Company != 0 {
		scope = x.Company
	}
	mark := d.mark(scope, extension)
	if err := d.vacate(ctx, tx, mark); err != nil {
		return Line{}, err
	}
	l := Line{ID: d.c.Store.NewID(), Account: x.ID, Subject: x.Subject, Extension: extension}
	l.of(x)
	n, err := tx.Change(ctx, `INSERT INTO lines (id, account, subject, mark, number, opened_ms) VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT DO NOTHING`,
		l.ID, l.Account, int64(l.Subject), mark, d.c.Now().UnixMilli())
	if err != nil {
		return Line{}, wrap(err)
	}
	if n == 0 {
		return Line{}, ErrTaken
	}
	ids, err := d.c.Vault.Put(ctx, tx, roles.own(systemActor), vault.Item{Category: roles.Number, Parts: []vault.Part{{Owner: x.Subject, Value: []byte(extension)}}})
	if err != nil {
		return Line{}, wrap(err)
	}
	l.number = ids[0]
	_, err = tx.Exec(ctx, "UPDATE lines SET number = $1 WHERE id = $2", int64(l.number), l.ID)
	return l, wrap(err)
}

// vacate lets go of a mark whose account is closed.
func (d *Desk) vacate(ctx context.Context, tx *store.Tx, mark []byte) error {
	l, err := scanLine(tx.QueryRow(ctx, selectLine+"WHERE mark = $1", mark))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return wrap(err)
	}
	if _, err = d.c.Accounts.ByID(ctx, tx, l.Account); !errors.Is(err, identity.ErrNotFound) {
		return wrap(err) // nil: the extension is taken, as the insert will find
	}
	if err := d.forgetDevices(ctx, tx, "line", l.ID); err != nil {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM line_numbers WHERE line = $1", l.ID); err != nil {
		return wrap(err)
	}
	if err := d.forgetSettings(ctx, tx, "line", l.ID); err != nil {
		return wrap(err)
	}
	_, err = tx.Exec(ctx, "DELETE FROM lines WHERE id = $1", l.ID)
	return wrap(err)
}

// Take ends the line of an account with its phones, and its number goes from
// what is held of its person. ErrNoLine if there is none.
func (d *Desk) Take(ctx context.Context, tx *store.Tx, a vault.Access, account int64) error {
	l, err := d.line(ctx, tx, account)
	if err != nil {
		return wrap(err)
	}
	if err := d.revokeAll(ctx, tx, a, account); err != nil {
		return wrap(err)
	}
	if err := d.takeNumbers(ctx, tx, a, l); err != nil {
		return err
	}
	if err := d.dropSettings(ctx, tx, a, l); err != nil {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM lines WHERE id = $1", l.ID); err != nil {
		return wrap(err)
	}
	err = d.c.Vault.RemovePart(ctx, tx, a, l.Subject, l.number)
	if errors.Is(err, vault.ErrNotFound) {
		return nil // went before, at its time
	}
	return wrap(err)
}

// line returns the line of an account, as its row says.
func (d *Desk) line(ctx context.Context, tx *store.Tx, account int64) (Line, error) {
	l, err := scanLine(tx.QueryRow(ctx, selectLine+"WHERE account = $1", account))
	if errors.Is(err, sql.ErrNoRows) {
		return l, ErrNoLine
	}
	return l, err
}

// fill adds what the account says, and the extension as far as the access
// reads it. ErrNoLine if the account is closed, or the number is gone.
func (d *Desk) fill(ctx context.Context, tx *store.Tx, a vault.Access, l *Line) (identity.Account, error) {
	x, err := d.c.Accounts.ByID(ctx, tx, l.Account)
	if errors.Is(err, identity.ErrNotFound) {
		return x, ErrNoLine
	}
	if err != nil {
		return x, err
	}
	l.of(x)
	rec, err := d.c.Vault.Read(ctx, tx, a, l.number)
	if errors.Is(err, vault.ErrNotFound) {
		return x, ErrNoLine
	}
	l.Extension = string(rec.Value())
	return x, err
}

// LineOf returns the line of an account, for its own person. ErrNoLine if it
// has none; the refusal Undeclared if the policy declares no telephone.
func (d *Desk) LineOf(ctx context.Context, account int64) (Line, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Line{}, err
	}
	var l Line
	var x identity.Account
	err = d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
		if l, err = d.line(ctx, tx, account); err == nil {
			x, err = d.fill(ctx, tx, roles.own(systemActor), &l)
		}
		if err == nil {
			l.Number, err = d.numberOf(ctx, tx, roles.own(systemActor), l)
		}
		return err
	})
	if err != nil {
		return Line{}, wrap(err)
	}
	l.Name, err = d.c.Accounts.Name(ctx, x)
	return l, wrap(err)
}

// Lines returns all lines of open accounts, in the order in which they were
// given, without names: whose they are is looked up as everything about a
// person is. The extension is empty where the person had the use of their data
// restricted (UK GDPR Art 18(2)).
func (d *Desk) Lines(ctx context.Context) (list []Line, err error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil, err
	}
	system := roles.own(systemActor)
	system.Own = false
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		found, err := allLines(ctx, tx)
		if err != nil {
			return err
		}
		for _, l := range found {
			_, err := d.fill(ctx, tx, system, &l)
			if errors.Is(err, ErrNoLine) {
				continue
			}
			if err == nil {
				l.Number, err = d.numberOf(ctx, tx, system, l)
			}
			if err != nil && !errors.Is(err, vault.ErrRestricted) {
				return err
			}
			list = append(list, l)
		}
		return nil
	})
	return list, wrap(err)
}

func allLines(ctx context.Context, tx *store.Tx) (list []Line, err error) {
	rows, err := tx.Query(ctx, selectLine+"ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		l, err := scanLine(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

// Facts tells a copy of a person's data what is kept of them here beyond the
// vault: it is a rights.Source. What is known of a call, or of a phone, is in
// records.
func (d *Desk) Facts(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(rights.Fact) error) error {
	for _, kind := range []struct{ query, title, code string }{
		{"SELECT opened_ms FROM lines WHERE subject = $1 ORDER BY id", "You were given a line to make calls with", "line"},
		{"SELECT given_ms FROM line_numbers WHERE subject = $1 ORDER BY id", "Your line was given a telephone number", "number"},
		{"SELECT added_ms FROM devices WHERE subject = $1 ORDER BY id", "You added a phone to your line", "phone"},
		{"SELECT made_ms FROM call_blocks WHERE subject = $1 AND pattern = '' ORDER BY id", "A person of ours stopped your calls that cost", "call block"},
		{"SELECT made_ms FROM call_blocks WHERE subject = $1 AND pattern <> '' ORDER BY id", "Our software stopped your calls that cost, alone, because they looked like fraud", "call block"},
		{"SELECT contested_ms FROM call_blocks WHERE subject = $1 AND contested_ms > 0 ORDER BY id", "You contested a block of your calls", "call block contested"},
		{"SELECT decided_ms FROM call_blocks WHERE subject = $1 AND decided_ms > 0 ORDER BY id", "A person at our firm decided about a block of your calls", "call block decided"},
		{"SELECT stopped_ms FROM line_stops WHERE subject = $1 ORDER BY id", "You stopped calls that somebody forwarded to your line", "forward stopped"},
		{"SELECT warned_ms FROM line_settings WHERE subject = $1 AND warned_ms > 0 ORDER BY line", "You said that you read when 999 may fail", "999 warning"},
		{"SELECT reported_ms FROM call_reports WHERE subject = $1 ORDER BY id", "You reported a call", "call report"},
	} {
		times, err := tx.IDs(ctx, kind.query, int64(s))
		if err != nil {
			return wrap(err)
		}
		for _, ms := range times {
			if err := fn(rights.Fact{Title: kind.title, At: store.Time(ms), Code: kind.code}); err != nil {
				return err
			}
		}
	}
	return nil
}
