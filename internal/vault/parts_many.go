package vault

import (
	"context"
	"errors"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// RemoveParts is RemovePart of records that are one thing to their person, such as
// pieces of one sound, with one entry of evidence for all. Those that went before
// are no error.
func (v *Vault) RemoveParts(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, ids ...RecordID) error {
	if !a.Own {
		if err := v.mayActFor(a); err != nil {
			return err
		}
	}
	if err := v.Claim(ctx, tx, s); err != nil {
		return err
	}
	b := evidence.Body{Kind: evidence.RecordErased, Subject: s}
	for _, id := range ids {
		rows, owns, err := v.partsOf(ctx, tx, s, id)
		var gone int64
		var category string
		if err == nil {
			gone, category, err = v.dropRows(ctx, tx, rows)
		}
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		b.Category, b.Count = category, b.Count+gone
		if owns && b.Ref == 0 {
			b.Ref = int64(id)
		}
	}
	if b.Count == 0 {
		return nil
	}
	tx.AfterCommit(func() { v.loose.Store(true) })
	return v.evidence(ctx, tx, a, b)
}
