package evidence

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"candour/internal/evidence/opening"
	"candour/internal/keys"
	"candour/internal/store"
)

// Entry is an entry as whoever may read it sees it.
type Entry struct {
	ID   int64
	Body Body
}

// About returns the entries about a subject that come before the entry with
// the id before, newest first, at most limit; before 0 begins with the newest.
// Whoever shows them decides what would betray another person.
func (l *Log) About(ctx context.Context, tx *store.Tx, s keys.SubjectID, before int64, limit int) ([]Entry, error) {
	entries, _, err := l.AboutGroup(ctx, tx, []keys.SubjectID{s}, before, limit)
	return entries, err
}

// AboutGroup is About for all the subjects that are one person. It looks at no
// more than limit entries: next is the id to go on before, 0 when none is left,
// however many of them opened.
func (l *Log) AboutGroup(ctx context.Context, tx *store.Tx, group []keys.SubjectID, before int64, limit int) (entries []Entry, next int64, err error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	var found []Row
	for _, s := range group {
		rows, err := l.aboutRows(ctx, tx, s, before, limit)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, rows...)
	}
	slices.SortFunc(found, func(a, b Row) int { return cmp.Compare(b.ID, a.ID) })
	if len(found) >= limit && limit > 0 {
		found = found[:limit]
		next = found[limit-1].ID
	}
	entries = make([]Entry, 0, len(found))
	for _, r := range found {
		e, err := l.opened(ctx, tx, r)
		if errors.Is(err, ErrSealed) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		entries = append(entries, e)
	}
	return entries, next, nil
}

// OfGroup returns the entry with an id if it is about one of the subjects, who
// are one person. ErrNoEntry if it is somebody else's, nobody's, or not there:
// who asks does not learn which.
func (l *Log) OfGroup(ctx context.Context, tx *store.Tx, group []keys.SubjectID, id int64) (Entry, error) {
	r := Row{ID: id}
	var about keys.SubjectID
	err := tx.QueryRow(ctx, `SELECT a.subject, e.commitment, e.body FROM evidence_about a JOIN evidence e ON e.id = a.entry
		WHERE a.entry = $1`, id).Scan((*int64)(&about), &r.Commitment, &r.Stored)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !slices.Contains(group, about) {
		return Entry{}, ErrNoEntry
	}
	if err != nil {
		return Entry{}, fmt.Errorf("evidence: %w", err)
	}
	e, err := l.opened(ctx, tx, r)
	if errors.Is(err, ErrSealed) {
		err = ErrNoEntry
	}
	return e, err
}

// opened opens a row and checks it against its commitment.
func (l *Log) opened(ctx context.Context, tx *store.Tx, r Row) (Entry, error) {
	content, err := l.sealer.Open(ctx, tx, r)
	if err != nil {
		return Entry{}, err
	}
	body, err := content.Check(r)
	return Entry{r.ID, body}, err
}

func (l *Log) aboutRows(ctx context.Context, tx *store.Tx, s keys.SubjectID, before int64, limit int) ([]Row, error) {
	rows, err := tx.Query(ctx, `SELECT e.id, e.commitment, e.body FROM evidence_about a JOIN evidence e ON e.id = a.entry
		WHERE a.subject = $1 AND a.entry < $2 ORDER BY a.entry DESC LIMIT $3`, int64(s), before, limit)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	defer rows.Close()
	var found []Row
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.ID, &r.Commitment, &r.Stored); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// ErrNoEntry says that there is no entry with that id.
var ErrNoEntry = errors.New("evidence: there is no such entry")

// ErrNotPublished says that an entry is not under a signed checkpoint yet.
var ErrNotPublished = errors.New("evidence: the entry is not in the signed log yet")

// row reads the row with an id. On PostgreSQL its place may not be known yet:
// ErrNotPublished.
func row(ctx context.Context, tx *store.Tx, id int64) (Row, error) {
	r := Row{ID: id}
	err := tx.QueryRow(ctx, "SELECT seq, commitment, body FROM evidence_log WHERE id = $1", id).Scan(&r.Seq, &r.Commitment, &r.Stored)
	if !errors.Is(err, sql.ErrNoRows) {
		return r, err
	}
	var one int
	err = tx.QueryRow(ctx, "SELECT 1 FROM evidence WHERE id = $1", id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoEntry
	}
	if err != nil {
		return r, fmt.Errorf("evidence: %w", err)
	}
	return r, ErrNotPublished
}

// Opening returns the entry with an id, opened, with the proof that it is in
// the log. The caller has decided that its reader may see it. ErrSealed when
// its key is gone, ErrNotPublished before it is in the signed log.
func (l *Log) Opening(ctx context.Context, id int64) (opening.Opening, error) {
	var r Row
	var content Content
	err := l.st.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = row(ctx, tx, id); err != nil {
			return err
		}
		content, err = l.sealer.Open(ctx, tx, r)
		return err
	})
	if err != nil {
		return opening.Opening{}, err
	}
	return l.prove(ctx, r, content)
}

func (l *Log) prove(ctx context.Context, r Row, c Content) (opening.Opening, error) {
	leaf, err := r.Leaf()
	if err != nil {
		return opening.Opening{}, err
	}
	tree, note := l.published()
	if r.Seq >= tree.Size {
		return opening.Opening{}, ErrNotPublished
	}
	proof, err := tree.Inclusion(ctx, r.Seq)
	if err != nil {
		return opening.Opening{}, fmt.Errorf("evidence: %w", err)
	}
	return opening.Opening{
		Seq: r.Seq, Salt: c.Salt, Body: c.Body, Leaf: leaf.Bytes(), Proof: proof, Checkpoint: string(note),
	}, nil
}
