package telecom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
)

// Statement is what the calls of an account cost in a month. It holds personal
// data and prints as a fixed word.
type Statement struct {
	Month   time.Time // its first day
	Total   Money     // also of calls that are kept no longer
	Calls   int       // that cost something, and are still kept
	Seconds int64     // for which they were charged
	Plain   bool      // its person asked for bills without the single calls (PECR reg 9)
	Items   []Billed  // the single calls, the oldest first; none if Plain
}

// Format writes a fixed word, whatever the verb.
func (Statement) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(statement)") }

// LogValue keeps the statement out of structured logs.
func (Statement) LogValue() slog.Value { return slog.StringValue("(statement)") }

// Billed is a call on a statement. It holds personal data and prints as a fixed
// word.
type Billed struct {
	Charge
	Number string // that was called; for others than its person without its last digits; empty if it is not known
}

// Format writes a fixed word, whatever the verb.
func (Billed) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(call on a statement)") }

// LogValue keeps the call out of structured logs.
func (Billed) LogValue() slog.Value { return slog.StringValue("(call on a statement)") }

// Statement returns what the calls of an account cost in a month, for its own
// person, or for whoever looks after the account: then without the last digits
// of numbers, as bills for others have them, and the look stands in its person's
// history (R28). Who the access is of, the caller must know. What its person
// chose of bills holds for both: for Plain no number is read. ErrNotFound if
// nothing was spent in that month; tx must be able to write unless the access is
// the person's own.
func (d *Desk) Statement(ctx context.Context, tx *store.Tx, a vault.Access, of identity.Account, month time.Time) (Statement, error) {
	m := monthOf(month)
	s, err := d.spendingIn(ctx, tx, of.ID, m)
	if err != nil {
		return Statement{}, wrap(err)
	}
	st := Statement{Month: monthAt(m), Total: s.Spent}
	if st.Plain, err = d.plainBill(ctx, tx, a, of); err != nil {
		return Statement{}, wrap(err)
	}
	list, err := d.charges(ctx, tx, of.ID, m)
	if err != nil {
		return Statement{}, wrap(err)
	}
	if s.Spent == 0 && len(list) == 0 {
		return Statement{}, ErrNotFound
	}
	for _, c := range list {
		st.Calls++
		st.Seconds += c.Seconds
	}
	if st.Plain || len(list) == 0 {
		return st, nil
	}
	if !a.Own {
		if err := d.looked(ctx, tx, a, of, len(list)); err != nil {
			return Statement{}, wrap(err)
		}
	}
	for _, c := range list {
		b := Billed{Charge: c}
		if b.Number, err = d.billedNumber(ctx, tx, a, c); err != nil {
			return Statement{}, wrap(err)
		}
		st.Items = append(st.Items, b)
	}
	return st, nil
}

// plainBill reports whether the single calls of an account are on no statement.
// Where the line is gone, and what was chosen for it, others see none.
func (d *Desk) plainBill(ctx context.Context, tx *store.Tx, a vault.Access, of identity.Account) (bool, error) {
	l, err := d.line(ctx, tx, of.ID)
	if errors.Is(err, ErrNoLine) {
		return !a.Own, nil
	}
	if err != nil {
		return true, err
	}
	s, err := d.Settings(ctx, tx, l)
	return s.PlainBill, err
}

// charges are those of an account that began in a month, the oldest first.
func (d *Desk) charges(ctx context.Context, tx *store.Tx, account, month int64) (list []Charge, err error) {
	rows, err := tx.Query(ctx, selectCharge+"account = $1 AND month = $2 ORDER BY call", account, month)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		c, err := scanCharge(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// looked tells the person of an account that somebody saw their calls.
func (d *Desk) looked(ctx context.Context, tx *store.Tx, a vault.Access, of identity.Account, n int) error {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.RecordUsed, At: d.c.Now(), Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Category: roles.Traffic,
		Policy: d.c.InForce().Policy().Version, Subject: of.Subject, Count: int64(n),
	})
	return err
}

// billedNumber reads whom a call reached, as far as the access may; empty if it
// may not, or nothing is kept of it.
func (d *Desk) billedNumber(ctx context.Context, tx *store.Tx, a vault.Access, c Charge) (string, error) {
	if c.record == 0 {
		return "", nil
	}
	rec, err := d.c.Vault.Read(ctx, tx, a, c.record)
	for _, hidden := range []error{vault.ErrNotFound, vault.ErrRestricted, vault.ErrShutOut, vault.ErrPurpose, vault.ErrUndeclared, vault.ErrObjected, vault.ErrNoConsent} {
		if errors.Is(err, hidden) {
			return "", nil
		}
	}
	if err != nil {
		return "", err
	}
	number := parseFar(string(rec.Value()))
	if !a.Own {
		number = masked(number)
	}
	return number, nil
}

// maskedDigits are how many digits of a number are left out where others than
// its caller read it.
const maskedDigits = 3

// masked is a number without its last digits. Short numbers of the country are
// nobody's, and stay.
func masked(number string) string {
	if len(number) <= maxExtension {
		return number
	}
	return number[:len(number)-maskedDigits] + strings.Repeat("•", maskedDigits)
}
