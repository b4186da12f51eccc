package contacts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Refusals.
var (
	// ErrNotFound says that there is no such contact, or that it is somebody
	// else's.
	ErrNotFound = errors.New("contacts: no such contact")
	// ErrFull says that an address book has as many contacts as it may.
	ErrFull = errors.New("contacts: the address book is full")
)

// Config is what the desk stands on.
type Config struct {
	Store   *store.Store
	Vault   *vault.Vault
	InForce func() *policy.Compiled
	Now     func() time.Time
}

// Desk keeps address books. It is safe for concurrent use.
type Desk struct{ c Config }

// New returns the desk.
func New(c Config) *Desk { return &Desk{c} }

func wrap(err error) error {
	for _, known := range []error{nil, ErrNotFound, ErrFull, ErrUndeclared, ErrFile, vault.ErrNoConsent, vault.ErrNotFound} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("contacts: %w", err)
}

// ids are the records of a person's contacts, under whichever alias.
func (d *Desk) ids(ctx context.Context, tx *store.Tx, s keys.SubjectID) (list []int64, err error) {
	members, err := d.c.Vault.Members(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		ids, err := tx.IDs(ctx, "SELECT id FROM contacts WHERE subject = $1 ORDER BY id", int64(m))
		if err != nil {
			return nil, err
		}
		list = append(list, ids...)
	}
	return list, nil
}

// List returns a person's contacts by name, for their own eyes: the caller must
// know that it is they who ask. None while they do not agree to their being
// kept; vault.ErrNotFound if there is no such person.
func (d *Desk) List(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Card, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil, err
	}
	ids, err := d.ids(ctx, tx, s)
	if err != nil {
		return nil, wrap(err)
	}
	list := make([]Card, 0, len(ids))
	for _, id := range ids {
		card, err := d.read(ctx, tx, roles, vault.RecordID(id))
		if errors.Is(err, ErrNotFound) {
			continue // its record went with the consent, or at its time
		}
		if err != nil {
			return nil, wrap(err)
		}
		list = append(list, card)
	}
	return sorted(list), nil
}

// read opens the record of a contact.
func (d *Desk) read(ctx context.Context, tx *store.Tx, roles Roles, id vault.RecordID) (Card, error) {
	rec, err := d.c.Vault.Read(ctx, tx, roles.own(), id)
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrNoConsent) {
		return Card{}, ErrNotFound
	}
	if err != nil {
		return Card{}, err
	}
	return open(id, rec.Value())
}

// Get returns a contact of a person. ErrNotFound if they have no such contact.
func (d *Desk) Get(ctx context.Context, tx *store.Tx, s keys.SubjectID, id vault.RecordID) (Card, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Card{}, err
	}
	if err := d.owns(ctx, tx, s, id); err != nil {
		return Card{}, wrap(err)
	}
	card, err := d.read(ctx, tx, roles, id)
	return card, wrap(err)
}

// owns reports whether a record is a contact of a person.
func (d *Desk) owns(ctx context.Context, tx *store.Tx, s keys.SubjectID, id vault.RecordID) error {
	n := 0
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM contacts c JOIN subjects s ON s.subject = c.subject
		WHERE c.id = $1 AND s.root = (SELECT root FROM subjects WHERE subject = $2)`, int64(id), int64(s)).Scan(&n)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// Add keeps a new contact. ErrFull if the book is; vault.ErrNoConsent while the
// person does not agree to contacts being kept.
func (d *Desk) Add(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, c Card) (vault.RecordID, error) {
	if err := d.c.Vault.Claim(ctx, tx, s); err != nil {
		return 0, wrap(err)
	}
	there, err := d.ids(ctx, tx, s)
	if err != nil {
		return 0, wrap(err)
	}
	ids, err := d.add(ctx, tx, a, s, len(there), c)
	if err != nil {
		return 0, wrap(err)
	}
	return ids[0], nil
}

// add keeps contacts in a book that has so many.
func (d *Desk) add(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, there int, cards ...Card) ([]vault.RecordID, error) {
	if there+len(cards) > MaxContacts {
		return nil, ErrFull
	}
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil, err
	}
	items := make([]vault.Item, len(cards))
	for i := range cards {
		if cards[i].UID == "" {
			cards[i].UID = rand.Text()
		}
		items[i] = vault.Item{Category: roles.Category, Parts: []vault.Part{{Owner: s, Value: cards[i].vCard()}}}
	}
	ids, err := d.c.Vault.Put(ctx, tx, a, items...)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, err := tx.Exec(ctx, "INSERT INTO contacts (id, subject) VALUES ($1, $2)", int64(id), int64(s)); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Change replaces what a contact says; it stays the same contact for other
// address books. ErrNotFound if the person has no such contact.
func (d *Desk) Change(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, id vault.RecordID, c Card) error {
	old, err := d.Get(ctx, tx, s, id)
	if err != nil {
		return err
	}
	c.UID = old.UID
	if c.ID = id; c == old {
		return nil
	}
	return wrap(d.c.Vault.Rectify(ctx, tx, a, id, c.vCard()))
}

// Remove erases a contact. ErrNotFound if the person has no such contact.
func (d *Desk) Remove(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, id vault.RecordID) error {
	if err := d.owns(ctx, tx, s, id); err != nil {
		return wrap(err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM contacts WHERE id = $1", int64(id)); err != nil {
		return wrap(err)
	}
	err := d.c.Vault.RemovePart(ctx, tx, a, s, id)
	if errors.Is(err, vault.ErrNotFound) {
		return nil // went before, with the consent
	}
	return wrap(err)
}

// Erased drops what is kept here of somebody, in the transaction in which they
// are erased. Their records go with their key.
func (d *Desk) Erased(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	_, err := tx.Exec(ctx, "DELETE FROM contacts WHERE subject = $1", int64(s))
	return wrap(err)
}

// sweepBatch is how many rows one transaction looks at.
const sweepBatch = 500

// Sweep drops the rows of contacts whose record went, with a consent or with
// its person. It belongs on the beat of the retention sweep (R12).
func (d *Desk) Sweep(ctx context.Context) error {
	for {
		var gone []int64
		err := d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
			gone, err = tx.IDs(ctx, "SELECT c.id FROM contacts c LEFT JOIN records r ON r.id = c.id WHERE r.id IS NULL ORDER BY c.id LIMIT $1", sweepBatch)
			return err
		})
		if err != nil || len(gone) == 0 {
			return wrap(err)
		}
		err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
			for _, id := range gone {
				if _, err := tx.Exec(ctx, "DELETE FROM contacts WHERE id = $1", id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return wrap(err)
		}
	}
}
