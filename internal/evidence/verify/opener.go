package verify

import (
	"context"

	"candour/internal/evidence"
	"candour/internal/store"
)

// Keyed returns an opener with the keys of a ring, for the rows of its store.
func Keyed(st *store.Store, sealer *evidence.Sealer) Opener { return keyed{st, sealer} }

type keyed struct {
	st     *store.Store
	sealer *evidence.Sealer
}

// Open opens the body of a row.
func (k keyed) Open(ctx context.Context, r evidence.Row) (c evidence.Content, err error) {
	err = k.st.View(ctx, func(tx *store.Tx) error {
		c, err = k.sealer.Open(ctx, tx, r)
		return err
	})
	return c, err
}
