package telecom

import (
	"context"

	"candour/internal/store"
)

// mayDial decides whether a call to a number of the world may be made, in the
// transaction in which it begins. A Refusal if it may not. It is never asked
// about emergency calls, nor about calls between lines.
func (d *Desk) mayDial(_ context.Context, _ *store.Tx, _ *Call) error { return nil }

// spent books what a call to a number of the world cost, in the transaction
// that keeps its record.
func (d *Desk) spent(_ context.Context, _ *store.Tx, _ *ended) error { return nil }
