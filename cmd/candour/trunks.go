package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"candour/internal/folder"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/trunk"
	"candour/internal/vault"
)

// openTrunks connects the ways to other networks, if the operator has any. A file
// with a fault, or a carrier that the policy does not declare, ends the start:
// people's numbers go to nobody by mistake.
func (s *sites) openTrunks(ctx context.Context, c *RunCmd) error {
	for _, name := range c.Trunk {
		f, err := trunk.Open(name)
		if err != nil {
			return fmt.Errorf("--trunk %s: %w", name, err)
		}
		addr, err := s.phones.server.ConnectTrunks(ctx, f)
		if err != nil {
			return fmt.Errorf("--trunk %s: %w", name, err)
		}
		s.log.Info("trunks are connected", "trunks", len(f.Trunks), "address", addr.String())
		if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
			s.log.Warn("--trunk is open to others than this machine, and hides nothing from the network between: let none but your carriers reach it")
		}
		if !s.forEmergencies() {
			s.log.Warn("no trunk is marked for emergency calls (emergency: RECIPIENT): they go out by any, without the address of the line")
		}
	}
	return nil
}

func (s *sites) forEmergencies() bool {
	for _, t := range s.phones.server.Trunks() {
		if t.Emergency {
			return true
		}
	}
	return false
}

// SipTrunksCmd lists the trunks.
type SipTrunksCmd struct {
	Data string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Run prints a trunk a row.
func (c *SipTrunksCmd) Run(ctx context.Context, out io.Writer) error {
	var rows []sip.TrunkState
	if err := perform(ctx, folder.Folder(c.Data), "sip-trunks", struct{}{}, &rows); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range rows {
		how := "up"
		switch {
		case r.Registers && !r.Registered:
			how = "not registered"
		case !r.Up:
			how = "does not answer"
		}
		fmt.Fprintf(&b, "%-16s %-15s calls: %d of %d", r.ID, how, r.Calls, r.Capacity)
		if r.Emergency {
			b.WriteString("  takes emergency calls")
		}
		if r.Failure != 0 {
			fmt.Fprintf(&b, "  last failure: %d", r.Failure)
		}
		b.WriteByte('\n')
	}
	if len(rows) == 0 {
		b.WriteString("there are no trunks; `candour run --trunk FILE` connects them\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// listTrunks reads them from the server that this is.
func (a *app) listTrunks(context.Context, struct{}) (any, error) {
	if a.served == nil || a.served.phones == nil {
		return nil, errors.New("no server with a telephone has this data folder at the moment")
	}
	return a.served.phones.server.Trunks(), nil
}

// LineNumberCmd gives a line a number of the world, or takes one away.
type LineNumberCmd struct {
	Email   string `required:"" help:"E-mail address of whoever has the line." placeholder:"ADDRESS"`
	Number  string `required:"" help:"The number, such as +441527306001. A trunk must bring its calls." placeholder:"NUMBER"`
	Take    bool   `help:"Take the number away instead."`
	Purpose string `required:"" help:"Purpose of the policy that you act for; its engineer must be allowed to." placeholder:"PURPOSE"`
	Data    string `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Validate refuses an address that could be nobody's, and what is no number.
func (c *LineNumberCmd) Validate() error {
	if err := validEmail(c.Email); err != nil {
		return err
	}
	if e164, err := telecom.E164(c.Number); err != nil || !telecom.Shows(e164) {
		return errors.New("--number must be a whole number that people can call, such as +441527306001, and none that costs them more than an ordinary call")
	}
	return nil
}

type numberArgs struct {
	Email, Number, Purpose string
	Take                   bool
}

// numberAnswer names nobody.
type numberAnswer struct{ Reference, Number string }

// Run has the number given and says to which account.
func (c *LineNumberCmd) Run(ctx context.Context, out io.Writer) error {
	var got numberAnswer
	if err := perform(ctx, folder.Folder(c.Data), "line-number", numberArgs{c.Email, c.Number, c.Purpose, c.Take}, &got); err != nil {
		return err
	}
	words := "the account %s is reached by %s now, and shows it on calls to outside numbers\n"
	if c.Take {
		words = "the account %s is no longer reached by %s\n"
	}
	_, err := fmt.Fprintf(out, words, got.Reference, got.Number)
	return err
}

// numberLine gives it, or takes it away. No error quotes the address.
func (a *app) numberLine(ctx context.Context, args numberArgs) (any, error) {
	x, d, err := a.lineOwner(ctx, lineArgs{Email: args.Email, Purpose: args.Purpose})
	if err != nil {
		return nil, err
	}
	roles, err := telecom.RolesOf(a.inForce())
	if err != nil {
		return nil, lineRefusal(err)
	}
	got := numberAnswer{Reference: x.Reference}
	err = a.store.Update(ctx, func(tx *store.Tx) (err error) {
		if args.Take {
			got.Number = args.Number
			return d.phones.TakeNumber(ctx, tx, vault.Access{Actor: "system", Purpose: roles.Purpose, Surface: roles.Surface}, x.ID, args.Number)
		}
		got.Number, err = d.phones.GiveNumber(ctx, tx, x.ID, args.Number)
		return err
	})
	switch {
	case errors.Is(err, telecom.ErrNumberTaken):
		return nil, errors.New("the number is a line's already, or the line has as many as it may")
	case errors.Is(err, telecom.ErrNumber) && args.Take:
		return nil, errors.New("the account's line does not have this number")
	case errors.Is(err, telecom.ErrNoLine):
		return nil, errors.New("the account has no line; `candour line give` gives one")
	}
	return got, err
}
