package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/policy"
)

// AccountCmd manages accounts.
type AccountCmd struct {
	Create  AccountCreateCmd  `cmd:"" help:"Open the way for an account, such as that of the first member of staff. Prints a link that works once."`
	Recover AccountRecoverCmd `cmd:"" help:"Let a member of staff in who lost telephone, passkeys and recovery codes. Prints a link that works once."`
	SignOut AccountSignOutCmd `cmd:"" help:"End all sessions of one person, of everybody with a role, or of everyone. Each is told."`
}

// AccountCreateCmd makes a link by which somebody opens an account.
type AccountCreateCmd struct {
	Role  string `required:"" help:"What the account is for: customer-administrator, customer-user, partner, support, marketing, dpo or engineer." placeholder:"ROLE"`
	Email string `required:"" help:"E-mail address that signs in. The link is printed, not sent." placeholder:"ADDRESS"`
	Data  string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Validate refuses what could never be an account.
func (c *AccountCreateCmd) Validate() error {
	if _, err := identity.ParseRole(c.Role); err != nil {
		return err
	}
	if _, err := mail.ParseAddress(c.Email); err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	return nil
}

type accountArgs struct{ Role, Email string }

type accountAnswer struct {
	Link  string
	Until time.Time
}

// Run has the link made and prints it.
func (c *AccountCreateCmd) Run(ctx context.Context, out io.Writer) error {
	var got accountAnswer
	if err := perform(ctx, folder.Folder(c.Data), "account-create", accountArgs{c.Role, c.Email}, &got); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s\nWhoever follows this link chooses a password and is %s. It works once, until %s; give it to nobody else.\n",
		got.Link, c.Role, got.Until.In(policy.London).Format("2006-01-02 15:04 MST"))
	return err
}

// createAccount makes the link: on the sites as they are served, or on those
// of the policy's local domain if nobody serves them now.
func (a *app) createAccount(ctx context.Context, args accountArgs) (any, error) {
	role, err := identity.ParseRole(args.Role)
	if err != nil {
		return nil, err
	}
	accounts, err := a.openAccounts()
	if err != nil {
		return nil, err
	}
	link, until, err := accounts.Employ(ctx, role, args.Email)
	switch {
	case errors.Is(err, identity.ErrTaken):
		return nil, errors.New("this address signs in already; take another, or have its owner close that account")
	case errors.Is(err, identity.ErrRole), errors.Is(err, identity.ErrClosed):
		return nil, fmt.Errorf("the policy lets the role %s sign in nowhere; give its actor signs_in, and declare the form sign-in on that surface", role)
	case err != nil:
		return nil, err
	}
	return accountAnswer{link, until}, nil
}

// openAccounts returns the accounts of a folder: those of whoever serves the
// sites, or some whose mails wait until somebody does.
func (a *app) openAccounts() (*identity.Accounts, error) {
	if len(a.versions.List()) == 0 {
		return nil, errors.New("no policy is in force in this folder yet; start `candour run` on it once")
	}
	d, err := a.desksNow()
	if err != nil {
		return nil, err
	}
	return d.accounts, nil
}
