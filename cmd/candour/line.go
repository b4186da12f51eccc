package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// LineCmd manages telephone lines.
type LineCmd struct {
	Give   LineGiveCmd   `cmd:"" help:"Give an account a line with an extension."`
	Number LineNumberCmd `cmd:"" help:"Give a line a number that the world reaches it by."`
	Take   LineTakeCmd   `cmd:"" help:"End the line of an account, with the phones on it."`
	List   LineListCmd   `cmd:"" help:"List the lines: extension, account, phones. It names nobody."`
}

// LineGiveCmd gives an account a line.
type LineGiveCmd struct {
	Email     string `required:"" help:"E-mail address of whoever gets the line." placeholder:"ADDRESS"`
	Extension string `required:"" help:"2 to 6 digits." placeholder:"DIGITS"`
	Within    bool   `help:"Only people of the same firm reach it; another firm can have the same."`
	Purpose   string `required:"" help:"Purpose of the policy that you act for; its engineer must be allowed to." placeholder:"PURPOSE"`
	Data      string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Validate refuses an address that could be nobody's.
func (c *LineGiveCmd) Validate() error { return validEmail(c.Email) }

func validEmail(text string) error {
	if _, err := mail.ParseAddress(text); err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	return nil
}

type lineArgs struct {
	Email, Extension, Purpose string
	Within                    bool
}

// lineAnswer names nobody.
type lineAnswer struct{ Reference string }

// Run has the line given and says to which account.
func (c *LineGiveCmd) Run(ctx context.Context, out io.Writer) error {
	var got lineAnswer
	if err := perform(ctx, folder.Folder(c.Data), "line-give", lineArgs{c.Email, c.Extension, c.Purpose, c.Within}, &got); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "the account %s has the extension %s now\n", got.Reference, c.Extension)
	return err
}

// giveLine gives it. No error quotes the address.
func (a *app) giveLine(ctx context.Context, args lineArgs) (any, error) {
	x, d, err := a.lineOwner(ctx, args)
	if err != nil {
		return nil, err
	}
	give := d.phones.Give
	if args.Within {
		give = d.phones.GiveWithin
	}
	err = a.store.Update(ctx, func(tx *store.Tx) error { _, err := give(ctx, tx, x.ID, args.Extension); return err })
	switch {
	case errors.Is(err, telecom.ErrTaken):
		return nil, errors.New("the extension is somebody's, or the account has a line already; see `candour line list`")
	case errors.Is(err, telecom.ErrExtension):
		return nil, errors.New("--extension must be 2 to 6 digits, and none that has a meaning of its own, such as 999 or what begins with 0")
	case err != nil:
		return nil, lineRefusal(err)
	}
	return lineAnswer{x.Reference}, nil
}

// lineOwner finds the account that an address leads to.
func (a *app) lineOwner(ctx context.Context, args lineArgs) (x identity.Account, d *desks, err error) {
	if err := a.hasEngineer(); err != nil {
		return x, nil, err
	}
	if d, err = a.desksNow(); err != nil {
		return x, nil, err
	}
	p, err := a.person(ctx, d, personArgs{Email: args.Email, Purpose: args.Purpose})
	if err != nil {
		return x, nil, err
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		for _, s := range p.Subjects {
			if x, err = d.accounts.Of(ctx, tx, s); !errors.Is(err, identity.ErrNotFound) {
				return err
			}
		}
		return err
	})
	if errors.Is(err, identity.ErrNotFound) {
		err = errors.New("nobody with this address has an account")
	}
	return x, d, err
}

// lineRefusal says what a policy without telephones means for a command.
func lineRefusal(err error) error {
	if errors.Is(err, &telecom.Refusal{Code: telecom.Undeclared}) {
		return errors.New("the policy declares no telephone, so there are no lines; give it the form dial")
	}
	return err
}

// LineTakeCmd ends a line.
type LineTakeCmd struct {
	Email   string `required:"" help:"E-mail address of whoever has the line." placeholder:"ADDRESS"`
	Purpose string `required:"" help:"Purpose of the policy that you act for; its engineer must be allowed to." placeholder:"PURPOSE"`
	Data    string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Validate refuses an address that could be nobody's.
func (c *LineTakeCmd) Validate() error { return validEmail(c.Email) }

// Run has the line ended and says of which account.
func (c *LineTakeCmd) Run(ctx context.Context, out io.Writer) error {
	var got lineAnswer
	if err := perform(ctx, folder.Folder(c.Data), "line-take", lineArgs{Email: c.Email, Purpose: c.Purpose}, &got); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "the account %s has no line any more; its phones sign in no more, and its list of calls stays\n", got.Reference)
	return err
}

// takeLine ends it, as the software's own act: what the engineer may see of a
// person is no matter.
func (a *app) takeLine(ctx context.Context, args lineArgs) (any, error) {
	x, d, err := a.lineOwner(ctx, args)
	if err != nil {
		return nil, err
	}
	roles, err := telecom.RolesOf(a.inForce())
	if err != nil {
		return nil, lineRefusal(err)
	}
	access := vault.Access{Actor: "system", Purpose: roles.Purpose, Surface: roles.Surface}
	err = a.store.Update(ctx, func(tx *store.Tx) error { return d.phones.Take(ctx, tx, access, x.ID) })
	if errors.Is(err, telecom.ErrNoLine) {
		err = errors.New("the account has no line")
	}
	if err != nil {
		return nil, err
	}
	return lineAnswer{x.Reference}, nil
}

// LineListCmd lists the lines.
type LineListCmd struct {
	Data string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// lineRow is a line as the list has it: nobody's name, nor their address.
type lineRow struct {
	Extension, Reference, Number string
	Phones                       int
}

// Run prints a line a row.
func (c *LineListCmd) Run(ctx context.Context, out io.Writer) error {
	var rows []lineRow
	if err := perform(ctx, folder.Folder(c.Data), "line-list", struct{}{}, &rows); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range rows {
		if r.Extension == "" {
			r.Extension = "restricted" // UK GDPR Art 18(2)
		}
		fmt.Fprintf(&b, "%-10s account %s  phones added: %d", r.Extension, r.Reference, r.Phones)
		if r.Number != "" {
			b.WriteString("  number " + r.Number)
		}
		b.WriteByte('\n')
	}
	if len(rows) == 0 {
		b.WriteString("there are no lines; `candour line give` gives one\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// listLines reads them.
func (a *app) listLines(ctx context.Context, _ struct{}) (any, error) {
	d, err := a.desksNow()
	if err != nil {
		return nil, err
	}
	lines, err := d.phones.Lines(ctx)
	if err != nil {
		return nil, lineRefusal(err)
	}
	rows := make([]lineRow, 0, len(lines))
	err = a.store.View(ctx, func(tx *store.Tx) error {
		phones, err := d.phones.CountDevices(ctx, tx)
		if err != nil {
			return err
		}
		for _, l := range lines {
			x, err := d.accounts.ByID(ctx, tx, l.Account)
			if errors.Is(err, identity.ErrNotFound) {
				continue // closed a moment ago
			}
			if err != nil {
				return err
			}
			rows = append(rows, lineRow{l.Extension, x.Reference, l.Number, phones[l.Account]})
		}
		return nil
	})
	return rows, err
}
