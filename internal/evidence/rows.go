package evidence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"candour/internal/store"
)

// readRows reads up to limit rows in the order of the log, from the place
// first on.
func (l *Log) readRows(ctx context.Context, first uint64, limit int) ([]Row, error) {
	found := make([]Row, 0, limit)
	err := l.st.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT seq, id, commitment, body FROM evidence_log WHERE seq >= $1 ORDER BY seq LIMIT $2", int64(first), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r Row
			if err := rows.Scan(&r.Seq, &r.ID, &r.Commitment, &r.Stored); err != nil {
				return err
			}
			found = append(found, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("evidence: reading rows: %w", err)
	}
	return found, nil
}

// counts of rows.
type counts struct {
	placed  uint64 // places of the log that are taken: one more than the last
	pending uint64 // PostgreSQL: rows that wait for a place
}

// all returns how many rows there are.
func (c counts) all() uint64 { return c.placed + c.pending }

// countRows counts in one snapshot: a row that gets its place meanwhile is
// counted once.
func (l *Log) countRows(ctx context.Context) (counts, error) {
	query := "SELECT COALESCE(MAX(id) + 1, 0), 0 FROM evidence"
	if l.st.Engine() == store.PostgreSQL {
		query = "SELECT (SELECT COALESCE(MAX(seq) + 1, 0) FROM evidence_order), (SELECT COUNT(*) FROM evidence_pending)"
	}
	var placed, pending int64
	err := l.st.View(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, query).Scan(&placed, &pending) })
	if err != nil {
		return counts{}, fmt.Errorf("evidence: counting rows: %w", err)
	}
	return counts{uint64(placed), uint64(pending)}, nil
}

// readKept returns the checkpoint kept in the store, nil if there is none, and
// whether every row was in the log when the last server closed it.
func (l *Log) readKept(ctx context.Context) (raw []byte, closed bool, err error) {
	var mark int64
	err = l.st.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT note, closed FROM evidence_checkpoint WHERE one = 1").Scan(&raw, &mark)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("evidence: reading the last checkpoint: %w", err)
	}
	return raw, mark == 1, nil
}

// keepCheckpoint writes the last signed checkpoint to the store, unless it is
// there.
func (l *Log) keepCheckpoint(ctx context.Context) error {
	l.mu.Lock()
	raw, size, kept := l.checkpoint, l.signed, l.kept
	l.mu.Unlock()
	if raw == nil || size == kept {
		return nil
	}
	err := l.st.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO evidence_checkpoint (one, size, note, closed) VALUES (1, $1, $2, 0)
			ON CONFLICT (one) DO UPDATE SET size = excluded.size, note = excluded.note`, int64(size), raw)
		return err
	})
	if err != nil {
		return fmt.Errorf("evidence: keeping the last checkpoint: %w", err)
	}
	l.mu.Lock()
	l.kept = size
	l.mu.Unlock()
	return nil
}

// closeBooks notes that every row is under the checkpoint kept in the store,
// if that is so.
func (l *Log) closeBooks(ctx context.Context) error {
	n, err := l.countRows(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	kept := l.kept
	l.mu.Unlock()
	if n.all() != kept {
		return nil // an act came late; its row is carried after the next start
	}
	return l.markClosed(ctx, true)
}

// markClosed notes whether a server has the log. A row that comes while none
// has it was not written by one.
func (l *Log) markClosed(ctx context.Context, closed bool) error {
	mark := map[bool]int64{true: 1}[closed]
	err := l.st.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE evidence_checkpoint SET closed = $1 WHERE closed <> $1", mark)
		return err
	})
	if err != nil {
		return fmt.Errorf("evidence: noting that the log is open or closed: %w", err)
	}
	return nil
}
