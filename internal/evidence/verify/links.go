package verify

import (
	"context"
	"errors"
	"fmt"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// Limits of the search for keys of bodies whose link is gone. Nothing in a row
// says which key sealed it, or leaves would tell who is the same person; so
// each live key is tried on each such row.
const (
	unlinkedBatch = 4096    // rows held at a time, and one bundle more; at most 8 KiB each
	keysPage      = 512     // keys opened in one transaction
	maxTries      = 1 << 27 // in one verification; about a minute
)

// tryKeys tries the live keys of the evidence on the rows that are sealed for a
// person and have no link to one. An erasure leaves rows so, but destroys the
// key first: where a live one opens, something else took the link.
func (p *pass) tryKeys(ctx context.Context) error {
	rows := p.unlinked
	p.unlinked = nil
	for after, more := int64(0), true; more && len(rows) > 0; {
		if p.tries += keysPage * len(rows); p.tries > maxTries {
			p.untried += len(rows)
			return nil
		}
		var ciphers []*keys.Cipher
		err := store.ViewOf(ctx, p.db.db, func(tx *store.Tx) (err error) {
			ciphers, after, more, err = p.liveKeys(ctx, tx, after)
			return err
		})
		if err != nil {
			return fmt.Errorf("reading the key ring: %w", err)
		}
		for _, c := range ciphers {
			rows = p.tryKey(c, rows)
		}
	}
	return nil
}

// searched checks that the list leads to an entry about a search that found
// nobody: who took it from there would hide that somebody looked.
func (p *pass) searched(ctx context.Context, tx *store.Tx, where string, id int64) error {
	var n int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM evidence_searches WHERE entry = $1", id).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		p.findings.add(where, "it tells of a search for somebody, and was taken from the table evidence_searches")
	}
	return nil
}

// liveKeys opens the next page of the keys that seal evidence. It returns the
// last it saw, and whether there may be more.
func (p *pass) liveKeys(ctx context.Context, tx *store.Tx, after int64) (ciphers []*keys.Cipher, last int64, more bool, err error) {
	ids, err := keys.LiveKeys(ctx, tx, keys.Evidence, after, keysPage)
	if err != nil {
		return nil, 0, false, err
	}
	for _, id := range ids {
		after = id
		switch c, err := p.keys.Opener(ctx, tx, id, 0); {
		case errors.Is(err, keys.ErrKeyGone): // its epoch ended a moment ago
		case errors.Is(err, keys.ErrChanged):
			p.findings.add("table data_keys", fmt.Sprintf("data key %d was changed, or moved to another person", id))
		case err != nil:
			return nil, 0, false, err
		default:
			ciphers = append(ciphers, c)
		}
	}
	return ciphers, after, len(ids) == keysPage, nil
}

// tryKey returns the rows that a key does not open, and names those it does.
func (p *pass) tryKey(c *keys.Cipher, rows []evidence.Row) []evidence.Row {
	kept := rows[:0]
	for _, r := range rows {
		if !evidence.OpensWith(c, r) {
			kept = append(kept, r)
			continue
		}
		p.dark--
		p.opened++
		p.findings.add(fmt.Sprintf("row %d", r.Seq), "its link to the person in the table evidence_about was deleted, and no erasure did it: the key of its body is live")
	}
	return kept
}
