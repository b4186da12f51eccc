package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/mail"
)

// AccountSignOutCmd ends sessions of one person, of a role, or of everyone.
type AccountSignOutCmd struct {
	Email    string `help:"E-mail address of the one person; give --purpose with it." placeholder:"ADDRESS" xor:"whom"`
	Role     string `help:"Everybody whose account is for this: customer-administrator, customer-user, partner, support, marketing, dpo or engineer." placeholder:"ROLE" xor:"whom"`
	Everyone bool   `help:"All people on all surfaces." xor:"whom"`
	Purpose  string `help:"With --email: purpose of the policy that you act for; its engineer must be allowed to." placeholder:"PURPOSE"`
	Data     string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Validate refuses a command that does not say whom, or not why.
func (c *AccountSignOutCmd) Validate() error {
	switch {
	case c.Email == "" && c.Role == "" && !c.Everyone:
		return errors.New("say whose sessions end: --email, --role or --everyone")
	case c.Email != "" && c.Purpose == "":
		return errors.New("--email needs --purpose, for which you look for the person")
	case c.Email == "" && c.Purpose != "":
		return errors.New("--purpose belongs to --email; nobody is looked for by a role or for everyone")
	}
	if c.Role != "" {
		_, err := identity.ParseRole(c.Role)
		return err
	}
	if c.Email != "" {
		if _, err := mail.ParseAddress(c.Email); err != nil {
			return fmt.Errorf("--email: %w", err)
		}
	}
	return nil
}

type signOutArgs struct{ Email, Role, Purpose string }

// Run has the sessions ended and prints how many they were.
func (c *AccountSignOutCmd) Run(ctx context.Context, out io.Writer) error {
	var done identity.Ended
	if err := perform(ctx, folder.Folder(c.Data), "account-sign-out", signOutArgs{c.Email, c.Role, c.Purpose}, &done); err != nil {
		return err
	}
	if done.Accounts == 0 {
		_, err := fmt.Fprintln(out, "nobody of them was signed in")
		return err
	}
	_, err := fmt.Fprintf(out, "accounts signed out: %d, sessions ended: %d; each person is told by e-mail and signs in again as always\n", done.Accounts, done.Sessions)
	return err
}

// signOut ends the sessions. No error quotes the address.
func (a *app) signOut(ctx context.Context, args signOutArgs) (any, error) {
	accounts, err := a.openAccounts()
	if err != nil {
		return nil, err
	}
	if err := a.hasEngineer(); err != nil {
		return nil, err
	}
	those := identity.Those{Role: identity.Role(args.Role)}
	if args.Email != "" {
		p, err := a.person(ctx, a.desks, personArgs{Email: args.Email, Purpose: args.Purpose})
		if err != nil {
			return nil, err
		}
		those.Subjects = p.Subjects
	}
	done, err := accounts.SignOutThose(ctx, engineer, a.desk(), those)
	switch {
	case errors.Is(err, identity.ErrNotFound):
		return nil, errors.New("nobody with this address has an account")
	case errors.Is(err, identity.ErrClosed):
		return nil, errors.New("the policy declares no sign-in, so nobody is signed in")
	case err != nil:
		return nil, err
	}
	return done, nil
}

// desk is the surface that the operator's own people work on; empty if the
// policy has none.
func (a *app) desk() string {
	if _, ok := a.inForce().Policy().SurfaceByID("console"); ok {
		return "console"
	}
	return ""
}
