package mail

import (
	"context"
	"errors"
	"fmt"

	"candour/internal/consent/people"
	"candour/internal/store"
	"candour/internal/vault"
)

// refusal is the outgoing-mail door's answer, by code.
type refusal string

func (r refusal) Error() string { return "mail: not sent: " + string(r) }

// The refusals of the door.
const (
	refusedNature     refusal = "nature"     // service mail under a marketing purpose, or the reverse
	refusedConsent    refusal = "no-consent" // opt-in that does not stand
	refusedObjected   refusal = "objected"
	refusedRestricted refusal = "restricted"
	refusedPurpose    refusal = "purpose" // the policy does not let the address be used so
	refusedSuppressed refusal = "suppressed"
	refusedChannel    refusal = "channel"  // marketing may come, but not by e-mail
	refusedReserved   refusal = "reserved" // an address that can be nobody's
)

// Refusals returns the code of every refusal of the door, for closed metric
// labels and for whoever has words for them.
func Refusals() []string {
	var codes []string
	for _, r := range []refusal{
		refusedNature, refusedConsent, refusedObjected, refusedRestricted, refusedPurpose, refusedSuppressed, refusedChannel, refusedReserved,
	} {
		codes = append(codes, string(r))
	}
	return codes
}

// recipient is the outgoing-mail door: it gives the address of a mail's
// recipient if the mail may go to it now, else a refusal, or ErrVoid if the
// address is no more. It asks the vault's own door, and for marketing besides
// what the vault does not know: that the purpose is marketing by declaration,
// that opt-in stands whatever basis the policy gives, that it may come by
// e-mail, and that the address has not opted out elsewhere (PECR 2003
// regulation 22; R14, L33).
func (q *Queue) recipient(ctx context.Context, tx *store.Tx, it Item, content Content) (Address, error) {
	compiled := q.inForce()
	purpose, ok := compiled.Policy().PurposeByID(it.Purpose)
	if !ok {
		return Address{}, refusedPurpose
	}
	marketing := content.Kind().Nature() == Marketing
	if marketing != (purpose.Marketing != "") {
		return Address{}, refusedNature
	}
	record, err := q.vault.Read(ctx, tx, vault.Access{Actor: systemActor, Purpose: it.Purpose, Own: kinds[content.Kind()].own}, it.Address)
	if err != nil {
		return Address{}, refusalOf(err)
	}
	to, err := ParseAddress(string(record.Value()))
	if err != nil {
		return Address{}, refusedPurpose // the record holds no address: it is not one for this
	}
	if to.Nobody() {
		return Address{}, refusedReserved
	}
	if !marketing {
		return to, nil
	}
	if purpose.Marketing == optIn {
		standing, err := q.vault.Standing(ctx, tx, it.Subject)
		if err != nil {
			return Address{}, refusalOf(err)
		}
		if p, ok := compiled.Purpose(it.Purpose); !ok || !standing.Agreed(p) {
			return Address{}, refusedConsent
		}
	}
	switch open, err := people.Reaches(ctx, tx, purpose, it.Subject, channel); {
	case err != nil:
		return Address{}, err
	case !open:
		return Address{}, refusedChannel
	}
	switch suppressed, err := q.Suppressed(ctx, tx, it.Purpose, q.Mark(it.Purpose, to)); {
	case err != nil:
		return Address{}, err
	case suppressed:
		return Address{}, refusedSuppressed
	}
	return to, nil
}

// channel is the id of this door's channel (policy.Purpose).
const channel = "email"

// optIn is the marketing of a purpose that needs consent (policy.Purpose).
const optIn = "opt-in"

// refusalOf turns a refusal of the vault into one of this door.
func refusalOf(err error) error {
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return ErrVoid
	case errors.Is(err, vault.ErrNoConsent):
		return refusedConsent
	case errors.Is(err, vault.ErrObjected):
		return refusedObjected
	case errors.Is(err, vault.ErrRestricted):
		return refusedRestricted
	case errors.Is(err, vault.ErrPurpose), errors.Is(err, vault.ErrUndeclared):
		return refusedPurpose
	}
	return err
}

// Mark stands for an address in the list of those that opted out of a purpose:
// an HMAC under the index key, from which the address cannot be read. Its
// domain is its own, so that it cannot be joined with the vault's tags.
type Mark []byte

// Mark returns the mark of an address for a purpose.
func (q *Queue) Mark(purpose string, a Address) Mark {
	return q.ring.Tag("mail suppressed "+purpose, a.Key())
}

// Suppress has no marketing for a purpose sent to an address from now on,
// whoever's record holds it, until Allow.
func (q *Queue) Suppress(ctx context.Context, tx *store.Tx, purpose string, m Mark) error {
	_, err := tx.Exec(ctx, "INSERT INTO mail_suppressed (purpose, mark, since_day) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", purpose, []byte(m), day(q.now()))
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

// Allow ends a suppression: whoever reads mail at the address has opted in
// anew.
func (q *Queue) Allow(ctx context.Context, tx *store.Tx, purpose string, m Mark) error {
	if _, err := tx.Exec(ctx, "DELETE FROM mail_suppressed WHERE purpose = $1 AND mark = $2", purpose, []byte(m)); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

// Suppressed reports whether an address opted out of a purpose.
func (q *Queue) Suppressed(ctx context.Context, tx *store.Tx, purpose string, m Mark) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM mail_suppressed WHERE purpose = $1 AND mark = $2", purpose, []byte(m)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("mail: %w", err)
	}
	return n > 0, nil
}
