package telecom

import (
	"context"
	"errors"
	"strings"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/reference"
	"candour/internal/store"
	"candour/internal/vault"
)

// StopFormID is the form in which staff stop the calls of an account.
const StopFormID = "call-stop"

// ErrBarred says that calls of an account are stopped already.
var ErrBarred = errors.New("telecom: the calls of the account are stopped already")

// ByStaff reports whether a member of staff put the block in place, and not
// software. Its person contests it all the same, and a person of ours
// looks again then.
func (b *Block) ByStaff() bool { return b.Pattern == "" }

// Stop is a member of staff's decision to keep the calls of an account that cost
// from being made, with the reason that its person reads: a block like those of
// software, which covers no emergency call, no free one, none that comes in and
// none between lines, and which Contest and Review are for. It returns its
// reference. ErrNothingSaid without a reason; ErrBarred if a block stands.
func (d *Desk) Stop(ctx context.Context, tx *store.Tx, a vault.Access, of identity.Account, words string) (string, error) {
	roles, err := ContestRolesOf(d.c.InForce())
	if err != nil {
		return "", err
	}
	if strings.TrimSpace(words) == "" {
		return "", ErrNothingSaid
	}
	// Whoever begins a call that costs waits until this is done, and the other way
	// round, so that two blocks cannot stand.
	if err := d.follow(ctx, tx, of.ID, monthOf(d.c.Now())); err != nil {
		return "", wrap(err)
	}
	_, stands, err := d.standing(ctx, tx, of.ID)
	if err == nil && stands {
		err = ErrBarred
	}
	if err != nil {
		return "", wrap(err)
	}
	now := d.c.Now()
	b := Block{ID: d.c.Store.NewID(), Account: of.ID, Subject: of.Subject, Reference: reference.New(), Policy: d.c.InForce().Policy().Version}
	ids, err := d.c.Vault.Put(ctx, tx, a, vault.Item{Category: roles.Words, Matter: b.ID, Parts: []vault.Part{{Owner: b.Subject, Value: []byte(words)}}})
	if err != nil {
		return "", wrap(err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO call_blocks (id, account, subject, reference, pattern, policy, seen, usual, made_ms, contested_ms, due_ms, said, state, decided_ms, reason)
		VALUES ($1, $2, $3, $4, '', $5, 0, 0, $6, 0, 0, 0, 'confirmed', $7, $8)`,
		b.ID, b.Account, int64(b.Subject), b.Reference, b.Policy, now.UnixMilli(), now.UnixMilli(), int64(ids[0]))
	if err != nil {
		return "", wrap(err)
	}
	if err := d.proveBlock(ctx, tx, a, evidence.BlockDecided, &b, "stopped", 0); err != nil {
		return "", wrap(err)
	}
	return b.Reference, wrap(d.owe(ctx, tx, b.Account, mail.CallsStopped, b.ID))
}

// Stopped returns the block that keeps calls of an account back; false for none.
func (d *Desk) Stopped(ctx context.Context, tx *store.Tx, account int64) (Block, bool, error) {
	b, stands, err := d.standing(ctx, tx, account)
	return b, stands, wrap(err)
}
