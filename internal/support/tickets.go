package support

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"candour/internal/keys"
	"candour/internal/reference"
	"candour/internal/store"
	"candour/internal/vault"
)

// QueueID is a desk that works on tickets.
type QueueID string

// The desks.
const (
	QueueSupport QueueID = "support"
	QueueRights  QueueID = "rights" // requests about personal data
)

// Ticket is an enquiry as work to do: ids, codes and times. What was written
// is records of the vault, under the ticket's id as their matter.
type Ticket struct {
	ID        int64
	Reference string
	Subject   keys.SubjectID
	Queue     QueueID
	About     string // option of the form
	Suggests  string // right of the policy; empty for none
	Surface   string
	Policy    int
	Opened    time.Time
	Closed    time.Time // zero while open
}

// ErrNotFound says that there is no such ticket.
var ErrNotFound = errors.New("support: no such ticket")

// open writes a new ticket with a reference of its own.
func (d *Desk) open(ctx context.Context, tx *store.Tx, t *Ticket) error {
	for range reference.Tries {
		t.Reference = reference.New()
		n, err := tx.Change(ctx, `INSERT INTO support_tickets (id, reference, subject, queue, about, suggests, surface, policy, state, opened_ms, closed_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, 0) ON CONFLICT (reference) DO NOTHING`,
			t.ID, t.Reference, int64(t.Subject), string(t.Queue), t.About, t.Suggests, t.Surface, t.Policy, t.Opened.UnixMilli())
		if err != nil {
			return fmt.Errorf("support: %w", err)
		}
		if n == 1 {
			return nil
		}
	}
	return errors.New("support: no free reference was found")
}

// OpenIn opens a ticket in tx for a caller whose own act must commit with it:
// a complaint that came by its own form. Id, reference and time are given to
// it; the caller writes the evidence.
func (d *Desk) OpenIn(ctx context.Context, tx *store.Tx, t Ticket) (Ticket, error) {
	t.ID, t.Opened = d.c.Store.NewID(), d.c.Now()
	err := d.open(ctx, tx, &t) // gives it its reference
	return t, err
}

// CloseIn closes a ticket in tx for a caller whose own act must commit with it:
// the end of a complaint. What was written is not under the ticket, so no
// retention begins here. Closing twice changes nothing.
func (d *Desk) CloseIn(ctx context.Context, tx *store.Tx, id int64) error {
	_, err := tx.Exec(ctx, "UPDATE support_tickets SET state = 'closed', closed_ms = $1 WHERE id = $2 AND state = 'open'", d.c.Now().UnixMilli(), id)
	if err != nil {
		return fmt.Errorf("support: %w", err)
	}
	return nil
}

const selectTicket = "SELECT id, reference, subject, queue, about, suggests, surface, policy, opened_ms, closed_ms FROM support_tickets "

func scan(row interface{ Scan(...any) error }) (t Ticket, err error) {
	var opened, closed int64
	err = row.Scan(&t.ID, &t.Reference, (*int64)(&t.Subject), (*string)(&t.Queue), &t.About, &t.Suggests, &t.Surface, &t.Policy, &opened, &closed)
	t.Opened = time.UnixMilli(opened).UTC()
	if closed != 0 {
		t.Closed = time.UnixMilli(closed).UTC()
	}
	return t, err
}

func (d *Desk) ticket(ctx context.Context, tx *store.Tx, id int64) (Ticket, error) {
	t, err := scan(tx.QueryRow(ctx, selectTicket+"WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return Ticket{}, ErrNotFound
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("support: %w", err)
	}
	return t, nil
}

// Ticket returns one ticket. ErrNotFound if there is none.
func (d *Desk) Ticket(ctx context.Context, id int64) (t Ticket, err error) {
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		t, err = d.ticket(ctx, tx, id)
		return err
	})
	return t, err
}

// Reference returns what a person quotes for a ticket. ErrNotFound if there is
// none with that id.
func (d *Desk) Reference(ctx context.Context, tx *store.Tx, id int64) (string, error) {
	t, err := d.ticket(ctx, tx, id)
	return t.Reference, err
}

// ByReference returns the ticket that people quote a reference of. ErrNotFound
// if there is none.
func (d *Desk) ByReference(ctx context.Context, text string) (t Ticket, err error) {
	ref, ok := reference.Parse(text)
	if !ok {
		return t, ErrNotFound
	}
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		t, err = scan(tx.QueryRow(ctx, selectTicket+"WHERE reference = $1", ref))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("support: %w", err)
	}
	return t, err
}

// MaxList is how many tickets List returns at most.
const MaxList = 200

// List returns the open tickets of a desk, oldest first, that come after the
// ticket with the id after; 0 begins with the oldest. It holds nobody's words.
func (d *Desk) List(ctx context.Context, queue QueueID, after int64, limit int) ([]Ticket, error) {
	var list []Ticket
	err := d.c.Store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, selectTicket+"WHERE queue = $1 AND state = 'open' AND id > $2 ORDER BY id LIMIT $3", string(queue), after, min(max(limit, 0), MaxList))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			t, err := scan(rows)
			if err != nil {
				return err
			}
			list = append(list, t)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("support: %w", err)
	}
	return list, nil
}

// Move gives a ticket to another desk: what SuggestsRight took for a request
// was none, or the reverse.
func (d *Desk) Move(ctx context.Context, id int64, to QueueID) error {
	if to != QueueSupport && to != QueueRights {
		return errors.New("support: there is no such desk")
	}
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		return met(tx.Change(ctx, "UPDATE support_tickets SET queue = $1 WHERE id = $2 AND state = 'open'", string(to), id))
	})
}

// Close ends a ticket. From now the retention of what was written counts
// (R12). Closing twice changes nothing. ErrNotFound if there is no such
// ticket.
func (d *Desk) Close(ctx context.Context, id int64) error {
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		t, err := d.ticket(ctx, tx, id)
		if err != nil || !t.Closed.IsZero() {
			return err
		}
		now := d.c.Now()
		err = met(tx.Change(ctx, "UPDATE support_tickets SET state = 'closed', closed_ms = $1 WHERE id = $2 AND state = 'open'", now.UnixMilli(), id))
		if errors.Is(err, ErrNotFound) {
			return nil // by somebody else, just now
		}
		if err != nil {
			return err
		}
		err = d.c.Vault.EventFor(ctx, tx, t.Subject, closedEvent, t.ID, now)
		if errors.Is(err, vault.ErrNotFound) {
			return nil // the person was erased: nothing is kept that could end
		}
		return err
	})
}

// met makes ErrNotFound of a change that met no row.
func met(n int64, err error) error {
	if err != nil {
		return fmt.Errorf("support: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}
