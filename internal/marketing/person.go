package marketing

import (
	"context"
	"fmt"

	"candour/internal/keys"
	"candour/internal/mail"
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
	marks, err := n.marksOf(ctx, tx, s)
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

// marksOf returns the marks of the addresses to which a person gets the
// newsletter.
func (n *Newsletter) marksOf(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]mail.Mark, error) {
	rows, err := tx.Query(ctx, "SELECT DISTINCT mark FROM newsletter WHERE subject = $1 AND state = 'standing'", int64(s))
	if err != nil {
		return nil, fmt.Errorf("marketing: %w", err)
	}
	defer rows.Close()
	var marks []mail.Mark
	for rows.Next() {
		var m mail.Mark
		if err := rows.Scan((*[]byte)(&m)); err != nil {
			return nil, fmt.Errorf("marketing: %w", err)
		}
		marks = append(marks, m)
	}
	return marks, rows.Err()
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
