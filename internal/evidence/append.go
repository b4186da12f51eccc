package evidence

import (
	"context"
	"fmt"

	"candour/internal/keys"
	"candour/internal/store"
)

// Append writes an entry in tx, the transaction of the act it is about, and
// returns its id. Both become durable together or not at all; the entry is in
// the signed log soon after the commit (see Integrated).
//
// A body about a subject is sealed with that subject's key; one of a kind that
// everyone may read is stored open; any other is sealed for the operator.
// ErrBody if the body holds anything that may not be logged.
func (l *Log) Append(ctx context.Context, tx *store.Tx, b Body) (int64, error) {
	if err := l.declared(&b); err != nil {
		return 0, err
	}
	id, err := l.nextID(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("evidence: %w", err)
	}
	if err := l.insert(ctx, tx, id, b); err != nil {
		return 0, err
	}
	if l.st.Engine() == store.SQLite {
		l.tail.given = id // only now: a place that was not taken is the next one's
	}
	tx.AfterCommit(l.appended)
	return id, nil
}

// nextID returns the id of the next entry. On SQLite it is the next place of
// the log: whoever writes is alone, and a rolled back transaction gives its
// places back. On PostgreSQL places are given out later.
func (l *Log) nextID(ctx context.Context, tx *store.Tx) (int64, error) {
	if l.st.Engine() == store.PostgreSQL {
		return l.st.NewID(), nil
	}
	return l.tail.next(ctx, tx)
}

// tail knows the last id on SQLite, so that it is not read for each entry. It
// belongs to whoever holds the transaction that writes.
type tail struct {
	tx    *store.Tx // that appended last; nil before the first
	given int64     // the last id when tx began, then the last that it took
}

func (t *tail) next(ctx context.Context, tx *store.Tx) (int64, error) {
	if t.tx == tx {
		return t.given + 1, nil
	}
	if t.tx == nil || !t.tx.Committed() { // what was given was given back
		if err := tx.QueryRow(ctx, "SELECT seq FROM sqlite_sequence WHERE name = 'evidence'").Scan(&t.given); err != nil {
			return 0, err
		}
	}
	t.tx = tx
	return t.given + 1, nil
}

func (l *Log) insert(ctx context.Context, tx *store.Tx, id int64, b Body) error {
	row, key, err := l.sealer.seal(ctx, tx, id, &b)
	if err != nil {
		return err
	}
	query := "INSERT INTO evidence (id, commitment, body) VALUES ($1, $2, $3)"
	if l.st.Engine() == store.PostgreSQL {
		query = "WITH e AS (" + query + " RETURNING id) INSERT INTO evidence_pending (id) SELECT id FROM e"
	}
	if _, err := tx.Exec(ctx, query, row.ID, row.Commitment, row.Stored); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	if shapes[b.Kind].listed {
		if _, err := tx.Exec(ctx, "INSERT INTO evidence_searches (entry) VALUES ($1)", row.ID); err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
	}
	if key == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, "INSERT INTO evidence_about (entry, subject, key) VALUES ($1, $2, $3)", row.ID, int64(b.Subject), key); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	return nil
}

// declared asks the policy in force whether the ids of a body are its own.
func (l *Log) declared(b *Body) error {
	if l.opts.Declared == nil {
		return nil
	}
	ids := append([]string{b.Actor, b.Surface, b.Purpose, b.Category}, b.Categories...)
	for id := range b.Choices {
		ids = append(ids, id)
	}
	for _, id := range ids {
		if id != "" && !l.opts.Declared(id) {
			return refuse("ids", "one is not declared in the policy in force")
		}
	}
	return nil
}

// appended counts a committed row and wakes the sequencer for the first that
// waits and for the one that makes a round full.
func (l *Log) appended() {
	if n := l.waiting.Add(1); n == 1 || n == roundSize {
		l.nudge()
	}
}

// nudge wakes the sequencer. It never blocks: one nudge waiting is enough.
func (l *Log) nudge() {
	select {
	case l.nudges <- struct{}{}:
	default:
	}
}

// Forget removes in tx, a stage of an erasure, what links entries to the
// subject. The entries stay in the log; nothing in them opens, because their
// key is gone. Entries made since have a new key and stay linked: where a law
// keeps something about an erased person, what becomes of it is their history.
func (l *Log) Forget(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM evidence_about WHERE subject = $1
		AND NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.key_id = evidence_about.key)`, int64(s)); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	return nil
}
