package identity

import (
	"context"

	"candour/internal/store"
)

// InCompany returns the ids of the open accounts of a company, the oldest first.
func (a *Accounts) InCompany(ctx context.Context, tx *store.Tx, company int64) ([]int64, error) {
	ids, err := tx.IDs(ctx, "SELECT id FROM accounts WHERE company = $1 ORDER BY id", company)
	return ids, wrap(err)
}
