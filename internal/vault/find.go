package vault

import (
	"context"
	"errors"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// mayFind asks whether the actor may look for people by a category for the
// purpose at all. What they have decided is not asked: whoever unsubscribes or
// makes a request must be found.
func (v *Vault) mayFind(a Access, category string) (format string, err error) {
	c := v.current().c
	k, kok := c.Category(category)
	p, pok := c.Purpose(a.Purpose)
	who, aok := c.Actor(a.Actor)
	verdict := policy.Undeclared
	if kok && pok {
		verdict = policy.WrongActor
		if aok {
			verdict = c.Use(who, k, p, gracious)
		}
	}
	declared, ok := c.Policy().CategoryByID(category)
	if verdict == policy.Allowed && (!ok || !declared.Lookup) {
		verdict = policy.Undeclared
	}
	if verdict != policy.Allowed {
		return "", v.refuse(doorRead, a, category, verdict)
	}
	return declared.Format, nil
}

// Find returns the people who own a record of the category with this value,
// each once and by the subject their aliases lead to. The category must be
// declared with look-up. Nobody is no error.
func (v *Vault) Find(ctx context.Context, tx *store.Tx, a Access, category, value string) ([]keys.SubjectID, error) {
	format, err := v.mayFind(a, category)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT DISTINCT s.root FROM tags t JOIN subjects s ON s.subject = t.subject
		WHERE t.tag = $1 AND t.owner_kind < $2 ORDER BY s.root`, v.tag(category, format, value), int64(Mentioned))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []keys.SubjectID
	for rows.Next() {
		var s keys.SubjectID
		if err := rows.Scan((*int64)(&s)); err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return found, rows.Err()
}

// Lookup returns the records of the category with this value that may be used
// for the purpose, those that only mention it included: so access by a number
// finds the calls of others with it. Records that the policy withholds are
// left out.
func (v *Vault) Lookup(ctx context.Context, tx *store.Tx, a Access, category, value string) ([]Record, error) {
	format, err := v.mayFind(a, category)
	if err != nil {
		return nil, err
	}
	list, err := v.queryRows(ctx, tx, v.selects().tagged, v.tag(category, format, value))
	if err != nil {
		return nil, err
	}
	r := v.reader(ctx, tx, a)
	defer r.release()
	return r.usable(list)
}

// usable returns the records of the rows that may be used for the purpose.
func (r *reader) usable(rows []stored) ([]Record, error) {
	found := make([]Record, 0, len(rows))
	for i := range rows {
		l, err := r.labelOf(&rows[i])
		if err != nil {
			return nil, err
		}
		if !l.has(r.a.Purpose) {
			continue // a copy for another purpose
		}
		rec, err := r.one(&rows[i])
		switch {
		case err == nil:
			found = append(found, rec)
		case isRefusal(err) || errors.Is(err, ErrNotFound):
		default:
			return nil, err
		}
	}
	return found, nil
}

func isRefusal(err error) bool {
	for _, r := range []error{ErrUndeclared, ErrPurpose, ErrRestricted, ErrNoConsent, ErrObjected, ErrShutOut} {
		if errors.Is(err, r) {
			return true
		}
	}
	return false
}
