package marketing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

const selectSignup = "SELECT id, subject, address, state, policy, wording, surface, mark FROM newsletter "

func scan(row interface{ Scan(...any) error }) (s signup, err error) {
	err = row.Scan(&s.id, (*int64)(&s.subject), (*int64)(&s.address), &s.state, &s.policy, &s.wording, &s.surface, (*[]byte)(&s.mark))
	return s, err
}

// row returns a sign-up; mail.ErrVoid if it was swept.
func (n *Newsletter) row(ctx context.Context, tx *store.Tx, id int64) (signup, error) {
	s, err := scan(tx.QueryRow(ctx, selectSignup+"WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return s, mail.ErrVoid
	}
	if err != nil {
		return s, fmt.Errorf("marketing: %w", err)
	}
	return s, nil
}

// marked returns the confirmed sign-ups of an address.
func (n *Newsletter) marked(ctx context.Context, tx *store.Tx, m mail.Mark) ([]signup, error) {
	rows, err := tx.Query(ctx, selectSignup+"WHERE mark = $1 AND state = 'standing' ORDER BY id", []byte(m))
	if err != nil {
		return nil, fmt.Errorf("marketing: %w", err)
	}
	defer rows.Close()
	var list []signup
	for rows.Next() {
		s, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("marketing: %w", err)
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// live returns those of them by which the newsletter really comes: the person
// may have been erased, or have withdrawn elsewhere.
func (n *Newsletter) live(ctx context.Context, tx *store.Tx, roles Roles, m mail.Mark) ([]signup, error) {
	list, err := n.marked(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	var live []signup
	for _, s := range list {
		_, err := n.c.Vault.Read(ctx, tx, vault.Access{Actor: systemActor, Purpose: roles.Purpose}, s.address)
		switch {
		case err == nil:
			live = append(live, s)
		case !isGone(err):
			return nil, err
		}
	}
	return live, nil
}

// isGone reports whether the vault's answer means that no mail could go there.
func isGone(err error) bool {
	return errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrNoConsent) || errors.Is(err, vault.ErrObjected) ||
		errors.Is(err, vault.ErrRestricted) || errors.Is(err, vault.ErrPurpose)
}

// errMoved says that a sign-up was in another state than it was read in:
// somebody else was quicker, and what they did stands.
var errMoved = errors.New("marketing: answered at the same time")

// move changes the state of a sign-up. It is the first write of whoever acts
// on one, so that of two only one goes on.
func (n *Newsletter) move(ctx context.Context, tx *store.Tx, id int64, from, to state) error {
	return changed(tx.Change(ctx, "UPDATE newsletter SET state = $1 WHERE id = $2 AND state = $3", string(to), id, string(from)))
}

// settle notes where the address of a confirmed sign-up is held from now on.
func (n *Newsletter) settle(ctx context.Context, tx *store.Tx, id int64, address vault.RecordID, m mail.Mark) error {
	return changed(tx.Change(ctx, "UPDATE newsletter SET address = $1, mark = $2 WHERE id = $3", int64(address), []byte(m), id))
}

// changed makes errMoved of a change that met no row.
func changed(met int64, err error) error {
	if err != nil {
		return fmt.Errorf("marketing: %w", err)
	}
	if met == 0 {
		return errMoved
	}
	return nil
}

// Event is one entry of a person's history with the newsletter.
type Event struct {
	Code   string // asked, already, confirmed, withdrawn
	At     time.Time
	Policy int // version that was shown when it was asked for
}

// History returns what a person asked for and decided about the newsletter,
// oldest first (L16).
func (n *Newsletter) History(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Event, error) {
	rows, err := tx.Query(ctx, `SELECT h.code, h.at_ms, n.policy FROM newsletter n JOIN newsletter_history h ON h.newsletter = n.id
		WHERE n.subject = $1 ORDER BY h.id`, int64(s))
	if err != nil {
		return nil, fmt.Errorf("marketing: %w", err)
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		var e Event
		var at int64
		if err := rows.Scan(&e.Code, &at, &e.Policy); err != nil {
			return nil, fmt.Errorf("marketing: %w", err)
		}
		e.At = time.UnixMilli(at).UTC()
		list = append(list, e)
	}
	return list, rows.Err()
}

// Sweep removes what is over: sign-ups that were never confirmed, once their
// addresses are erased, and the marks of who was written to more than a day
// ago. It belongs on the beat of the retention sweep (R12).
func (n *Newsletter) Sweep(ctx context.Context) error {
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return err
	}
	now := n.c.Now()
	// Addresses go at the end of the day on which their time is over, and a
	// longer time may have been declared when they were collected: a sign-up
	// whose address is gone confirms nothing, so a day more costs nothing.
	lapsed := now.AddDate(0, 0, -1)
	oldest := lapsed.Add(-roles.Kept.Period.From(lapsed).Sub(lapsed)).UnixMilli()
	return n.c.Store.Update(ctx, func(tx *store.Tx) error {
		for _, q := range []struct {
			query string
			arg   int64
		}{
			{"DELETE FROM newsletter_history WHERE newsletter IN (SELECT id FROM newsletter WHERE state IN ('asked', 'known') AND asked_ms < $1)", oldest},
			{"DELETE FROM newsletter WHERE state IN ('asked', 'known') AND asked_ms < $1", oldest},
			{"DELETE FROM newsletter_notices WHERE at_ms < $1", now.Add(-noticePause).UnixMilli()},
		} {
			if _, err := tx.Exec(ctx, q.query, q.arg); err != nil {
				return fmt.Errorf("marketing: %w", err)
			}
		}
		return nil
	})
}
