package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/policy"
)

// AccountRecoverCmd makes a link by which a member of staff sets up their
// second factor anew.
type AccountRecoverCmd struct {
	Email string `required:"" help:"E-mail address that signs in. The link is printed, not sent; its person is told that you made it." placeholder:"ADDRESS"`
	Data  string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Validate refuses what could never be an account.
func (c *AccountRecoverCmd) Validate() error {
	if _, err := mail.ParseAddress(c.Email); err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	return nil
}

// Run has the link made and prints it.
func (c *AccountRecoverCmd) Run(ctx context.Context, out io.Writer) error {
	var got accountAnswer
	if err := perform(ctx, folder.Folder(c.Data), "account-recover", accountArgs{Email: c.Email}, &got); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s\nMake sure that it is the person who asks, then hand it to nobody else. With it and their password their old second factors end, and they set up new ones. It works once, until %s; a sign-in with the second factor ends it.\n",
		got.Link, got.Until.In(policy.London).Format("2006-01-02 15:04 MST"))
	return err
}

// recoverAccount makes the link. No error quotes the address.
func (a *app) recoverAccount(ctx context.Context, args accountArgs) (any, error) {
	accounts, err := a.openAccounts()
	if err != nil {
		return nil, err
	}
	if err := a.hasEngineer(); err != nil {
		return nil, err
	}
	link, until, err := accounts.OfferRecovery(ctx, engineer, args.Email)
	switch {
	case errors.Is(err, identity.ErrNotFound):
		return nil, errors.New("nobody signs in with this address")
	case errors.Is(err, identity.ErrRole):
		return nil, errors.New("this account is not of your staff, or the policy declares no form recover-finish where they sign in; customers and partners begin at the sign-in, after their password")
	case err != nil:
		return nil, err
	}
	return accountAnswer{link, until}, nil
}
