package identity

import (
	"context"

	"candour/internal/mail"
	"candour/internal/store"
)

// Owe owes the person of an account a letter that another desk writes, to the
// address that they sign in with. ref is what its handler finds it by.
func (a *Accounts) Owe(ctx context.Context, tx *store.Tx, x Account, kind mail.Kind, ref int64) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	_, err = a.c.Queue.Add(ctx, tx, mail.Item{Kind: kind, Purpose: d.purpose, Subject: x.Subject, Address: x.address, Ref: ref})
	return err
}
