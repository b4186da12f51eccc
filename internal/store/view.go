package store

import (
	"context"
	"database/sql"
	"fmt"
)

// ViewOf is Store.View on a database that was opened otherwise than by Open,
// by whoever must not write and so must not migrate either.
func ViewOf(ctx context.Context, db *sql.DB, fn func(*Tx) error) error {
	pool, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	defer func() { _ = pool.Rollback() }() // nothing was written
	return fn(&Tx{pg: pool})
}
