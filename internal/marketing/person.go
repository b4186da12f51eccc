package marketing

import (
	"context"
	"fmt"

	"candour/internal/keys"
	"candour/internal/store"
)

// ByRights is a way to leave: the person withdrew the consent, or objected,
// where they use their rights.
const ByRights Way = "rights"

// Withdrawn ends the newsletter of a person who takes back the consent to a
// purpose by another way than its links. It does nothing if the purpose is not
// the newsletter's, or the person does not get it.
func (n *Newsletter) Withdrawn(ctx context.Context, tx *store.Tx, s keys.SubjectID, purpose string) error {
	roles, err := RolesOf(n.c.InForce())
	if err != nil || roles.Purpose != purpose {
		return nil // without the form there is no newsletter
	}
	root, err := n.c.Vault.Root(ctx, tx, s)
	if err != nil {
		return err
	}
	marks, err := n.marksOf(ctx, tx, root)
	if err != nil {
		return err
	}
	for _, m := range marks {
		if err := n.endAll(ctx, tx, roles, m, ByRights); err != nil {
			return err
		}
	}
	return nil
}

// Forget removes the sign-ups of a person who is erased in tx, and their
// history. An address of theirs that opted out stays marked, so that it gets no
// marketing again.
func (n *Newsletter) Forget(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	for _, query := range []string{
		"DELETE FROM newsletter_notices WHERE newsletter IN (SELECT id FROM newsletter WHERE subject = $1)",
		"DELETE FROM newsletter_history WHERE newsletter IN (SELECT id FROM newsletter WHERE subject = $1)",
		"DELETE FROM newsletter WHERE subject = $1",
	} {
		if _, err := tx.Exec(ctx, query, int64(s)); err != nil {
			return fmt.Errorf("marketing: %w", err)
		}
	}
	return nil
}
