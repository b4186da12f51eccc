package marketing

import (
	"context"
	"fmt"

	"candour/internal/keys"
	"candour/internal/store"
)

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
