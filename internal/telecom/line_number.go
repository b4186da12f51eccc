package telecom

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nyaruka/phonenumbers"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
)

// maxNumbers is how many numbers a line may have.
const maxNumbers = 10

// Errors of numbers that lines are reached by.
var (
	// ErrNumber says that a line cannot have this number.
	ErrNumber = errors.New("telecom: a line's number is a whole one that the world can dial, such as +441527306001")
	// ErrNumberTaken says that the number is somebody's already, or the account's
	// line has as many as it may.
	ErrNumberTaken = errors.New("telecom: the number is somebody's, or the line has as many as it may")
)

// E164 brings a number to the form of ITU-T E.164, with its plus, by the
// numbering plan of the home country where none is named. ErrNumber if it is
// not one that the world could dial.
func E164(text string) (string, error) {
	n, err := read(text)
	if err != nil || !n.plus && service(n.digits) {
		return "", ErrNumber
	}
	e164, err := n.world()
	if err != nil {
		return "", ErrNumber
	}
	return e164, nil
}

// numberMark is what a number is found by. It cannot be turned into the number
// without the index key, which lies outside of the database.
func (d *Desk) numberMark(e164 string) []byte { return d.c.Ring.Tag("telephone number", e164) }

// GiveNumber lets the world reach the line of an account by a number, which is
// a record of its person's. ErrNumber, ErrNumberTaken, ErrNoLine, or
// identity.ErrNotFound if there is no such account.
func (d *Desk) GiveNumber(ctx context.Context, tx *store.Tx, account int64, number string) (string, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return "", err
	}
	e164, err := E164(number)
	if err != nil || !Shows(e164) {
		return "", ErrNumber
	}
	if _, err := d.c.Accounts.ByID(ctx, tx, account); err != nil {
		return "", err
	}
	l, err := d.line(ctx, tx, account)
	if err != nil {
		return "", wrap(err)
	}
	var has int64
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM line_numbers WHERE line = $1", l.ID).Scan(&has); err != nil {
		return "", wrap(err)
	}
	if has >= maxNumbers {
		return "", ErrNumberTaken
	}
	id := d.c.Store.NewID()
	n, err := tx.Change(ctx, "INSERT INTO line_numbers (id, line, subject, mark, number, given_ms) VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT DO NOTHING",
		id, l.ID, int64(l.Subject), d.numberMark(e164), d.c.Now().UnixMilli())
	if err != nil {
		return "", wrap(err)
	}
	if n == 0 {
		return "", ErrNumberTaken
	}
	ids, err := d.c.Vault.Put(ctx, tx, roles.own(systemActor), vault.Item{Category: roles.Number, Parts: []vault.Part{{Owner: l.Subject, Value: []byte(e164)}}})
	if err != nil {
		return "", wrap(err)
	}
	_, err = tx.Exec(ctx, "UPDATE line_numbers SET number = $1 WHERE id = $2", int64(ids[0]), id)
	return e164, wrap(err)
}

// TakeNumber ends what GiveNumber began. ErrNumber if the account's line does
// not have the number.
func (d *Desk) TakeNumber(ctx context.Context, tx *store.Tx, a vault.Access, account int64, number string) error {
	e164, err := E164(number)
	if err != nil {
		return err
	}
	l, err := d.line(ctx, tx, account)
	if err != nil {
		return wrap(err)
	}
	var id int64
	err = tx.QueryRow(ctx, "SELECT id FROM line_numbers WHERE mark = $1 AND line = $2", d.numberMark(e164), l.ID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNumber
	}
	if err != nil {
		return wrap(err)
	}
	return wrap(d.dropNumbers(ctx, tx, a, l, []int64{id}))
}

// dropNumbers ends numbers of a line, and what is held of them.
func (d *Desk) dropNumbers(ctx context.Context, tx *store.Tx, a vault.Access, l Line, ids []int64) error {
	for _, id := range ids {
		var record vault.RecordID
		if err := tx.QueryRow(ctx, "SELECT number FROM line_numbers WHERE id = $1", id).Scan((*int64)(&record)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM line_numbers WHERE id = $1", id); err != nil {
			return err
		}
		if err := d.c.Vault.RemovePart(ctx, tx, a, l.Subject, record); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
	}
	return nil
}

// takeNumbers ends all numbers of a line that ends.
func (d *Desk) takeNumbers(ctx context.Context, tx *store.Tx, a vault.Access, l Line) error {
	ids, err := tx.IDs(ctx, "SELECT id FROM line_numbers WHERE line = $1 ORDER BY id", l.ID)
	if err != nil {
		return err
	}
	return d.dropNumbers(ctx, tx, a, l, ids)
}

// numberOf returns the number that a line shows: the first that it was given;
// empty for none.
func (d *Desk) numberOf(ctx context.Context, tx *store.Tx, a vault.Access, l Line) (string, error) {
	ids, err := tx.IDs(ctx, "SELECT number FROM line_numbers WHERE line = $1 ORDER BY id", l.ID)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		rec, err := d.c.Vault.Read(ctx, tx, a, vault.RecordID(id))
		if errors.Is(err, vault.ErrNotFound) {
			continue // came to its day
		}
		return string(rec.Value()), err
	}
	return "", nil
}

// Reached finds the line that the world reaches by a number. The refusal NoSuch
// if nobody has it, their account is closed or they are gone. It comes without
// the name of its person: nobody outside is told.
func (d *Desk) Reached(ctx context.Context, number string) (Target, error) {
	t, err := d.reached(ctx, number)
	d.count(err)
	return t, wrap(err)
}

func (d *Desk) reached(ctx context.Context, number string) (Target, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Target{}, err
	}
	e164, err := E164(number)
	if err != nil {
		return Target{}, refuse(NoSuch)
	}
	t := Target{Reach: ToLine}
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		l, err := scanLine(tx.QueryRow(ctx, "SELECT l.id, l.account, l.subject, l.number FROM line_numbers n JOIN lines l ON l.id = n.line WHERE n.mark = $1", d.numberMark(e164)))
		if errors.Is(err, sql.ErrNoRows) {
			return refuse(NoSuch)
		}
		if err != nil {
			return err
		}
		_, err = d.fill(ctx, tx, roles.own(systemActor), &l)
		if errors.Is(err, ErrNoLine) || errors.Is(err, identity.ErrNotFound) {
			return refuse(NoSuch)
		}
		t.Line, t.Line.Number = l, e164
		return err
	})
	if err != nil {
		return Target{}, err
	}
	return t, nil
}

// Shows reports whether a number may identify a caller: a valid one that can be
// dialled, of no kind that pays whoever is called back (Ofcom General Condition
// C6, and its guidance on calling line identification).
func Shows(e164 string) bool {
	n, err := phonenumbers.Parse(e164, home)
	if err != nil || len(e164) == 0 || e164[0] != '+' || !phonenumbers.IsValidNumber(n) {
		return false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return false
	}
	return true
}
