package evidence

import (
	"context"
	"fmt"

	"candour/internal/store"
)

// Searched reports whether a body is about a search for somebody that led to
// nobody.
func (b *Body) Searched() bool { return shapes[b.Kind].listed }

// Searches returns the last searches for people that found nobody, or were
// refused, newest first, at most limit, and how many there are in all. They
// say who looked by role, and never for whom.
func (l *Log) Searches(ctx context.Context, limit int) (entries []Entry, total int64, err error) {
	err = l.st.View(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM evidence_searches").Scan(&total); err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		rows, err := l.searchRows(ctx, tx, limit)
		if err != nil {
			return err
		}
		for _, r := range rows {
			e, err := l.opened(ctx, tx, r)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, total, err
}

func (l *Log) searchRows(ctx context.Context, tx *store.Tx, limit int) (list []Row, err error) {
	rows, err := tx.Query(ctx, `SELECT e.id, e.commitment, e.body FROM evidence_searches s JOIN evidence e ON e.id = s.entry
		ORDER BY s.entry DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.ID, &r.Commitment, &r.Stored); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
