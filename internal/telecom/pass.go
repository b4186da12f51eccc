package telecom

import (
	"context"
	"errors"

	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// mayPass decides for who passes a call on as for who makes one: it is their
// decision, though the record is of the two who talk then.
func (d *Desk) mayPass(ctx context.Context, tx *store.Tx, c *Call, compiled *policy.Compiled, roles Roles, callee policy.Standing) error {
	by := c.start.By
	if by.ID == 0 {
		return nil
	}
	who, err := d.c.Vault.Standing(ctx, tx, by.Subject)
	if errors.Is(err, vault.ErrNotFound) {
		return refuse(Forbidden) // erased since
	}
	if err != nil {
		return err
	}
	if roles.verdict(compiled, by.Role.Actor(), who, callee) != policy.Allowed {
		return refuse(Forbidden)
	}
	return nil
}
