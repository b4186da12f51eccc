package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// SipTraceCmd shows the messages of phones and pages as they pass.
type SipTraceCmd struct {
	Line    string        `help:"Only the messages of the line with this extension." placeholder:"EXT"`
	Email   string        `help:"Look at the messages of this person's line as they are, without what signs in and what decrypts. It stands in their history." placeholder:"ADDRESS"`
	Purpose string        `help:"With --email: purpose of the policy that you look for; its engineer must be allowed to see whom people call for it." placeholder:"PURPOSE"`
	For     time.Duration `help:"How long to watch." default:"10m"`
	Data    string        `help:"Data folder." placeholder:"DIR" env:"CANDOUR_DATA" default:"data"`
}

// Validate refuses a look without a purpose.
func (c *SipTraceCmd) Validate() error {
	switch {
	case (c.Email == "") != (c.Purpose == ""):
		return errors.New("--email and --purpose belong together: messages that are not redacted are looked at for a purpose")
	case c.Email != "" && c.Line != "":
		return errors.New("--line and --email name a line each: give one")
	case c.Email != "":
		return validEmail(c.Email)
	}
	return nil
}

type traceArgs struct{ Line, Email, Purpose string }

type traceAnswer struct{ ID string }

// Run prints messages until it is stopped. Nothing of them is kept.
func (c *SipTraceCmd) Run(ctx context.Context, out io.Writer) error {
	f := folder.Folder(c.Data)
	var began traceAnswer
	if err := perform(ctx, f, "sip-trace", traceArgs{c.Line, c.Email, c.Purpose}, &began); err != nil {
		return err
	}
	end := context.WithoutCancel(ctx)
	defer func() { _ = perform(end, f, "sip-trace-end", began, nil) }()
	ctx, cancel := context.WithTimeout(ctx, c.For)
	defer cancel()
	for ctx.Err() == nil {
		var list []sip.Traced
		if err := perform(ctx, f, "sip-traced", began, &list); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, m := range list {
			if err := printTraced(out, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func printTraced(out io.Writer, m sip.Traced) error {
	var b strings.Builder
	if m.Lost > 0 {
		fmt.Fprintf(&b, "%d messages passed too fast to be shown\n\n", m.Lost)
	}
	who := m.Line
	if who == "" {
		who = "nobody yet"
	}
	fmt.Fprintf(&b, "%s  %s over %s, %s\n", m.At.UTC().Format("15:04:05.000"), m.Way, m.Over, who)
	for line := range strings.Lines(m.Text) {
		b.WriteString("    " + strings.TrimRight(printable(line), "\n") + "\n")
	}
	_, err := io.WriteString(out, b.String()+"\n")
	return err
}

// printable keeps what somebody sent from commanding a terminal.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			return '.'
		}
		return r
	}, line)
}

func (a *app) traced() (*sip.Server, error) {
	if a.served == nil || a.served.phones == nil {
		return nil, errors.New("no server with a telephone has this data folder at the moment")
	}
	return a.served.phones.server, nil
}

// beginTrace begins a trace. One that is not redacted is a look at whose line it
// is, put down in their history before anything is shown.
func (a *app) beginTrace(ctx context.Context, args traceArgs) (any, error) {
	s, err := a.traced()
	if err != nil {
		return nil, err
	}
	line := args.Line
	if args.Email != "" {
		if line, err = a.lookAtLine(ctx, args); err != nil {
			return nil, err
		}
	}
	id, err := s.Trace(line, args.Email != "")
	if errors.Is(err, sip.ErrTraces) {
		err = errors.New("as many traces are under way as may be; end one, or wait a quarter of a minute")
	}
	return traceAnswer{id}, err
}

// lookAtLine finds a person's line and has the look at whom they call stand in
// their history (UK GDPR Art 5(2), 15).
func (a *app) lookAtLine(ctx context.Context, args traceArgs) (extension string, err error) {
	x, d, err := a.lineOwner(ctx, lineArgs{Email: args.Email, Purpose: args.Purpose})
	if err != nil {
		return "", err
	}
	roles, err := telecom.RolesOf(a.inForce())
	if err != nil {
		return "", lineRefusal(err)
	}
	l, err := d.phones.LineOf(ctx, x.ID)
	if errors.Is(err, telecom.ErrNoLine) || errors.Is(err, identity.ErrNotFound) {
		return "", errors.New("the account has no line")
	}
	if err != nil {
		return "", err
	}
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		sight, err := a.vault.LookSubject(ctx, tx, vault.Access{Actor: engineer, Purpose: args.Purpose, Surface: a.desk()}, x.Subject, roles.Traffic)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(sight.Withheld, func(w vault.Withheld) bool { return w.Category == roles.Traffic }) || len(sight.Entries) == 0 {
			return errWithheld
		}
		if len(sight.Records) > 0 {
			return nil
		}
		// Nothing is kept of their calls yet, and it is seen as they are made.
		_, err = a.evidence.Append(ctx, tx, evidence.Body{
			Kind: evidence.RecordUsed, At: a.now(), Actor: engineer, Surface: a.desk(), Purpose: args.Purpose, Policy: a.inForce().Policy().Version,
			Subject: x.Subject, Category: roles.Traffic, Count: 1,
		})
		return err
	})
	if errors.Is(err, vault.ErrPurpose) || errors.Is(err, errWithheld) {
		err = errWithheld
	}
	return l.Extension, err
}

var errWithheld = errors.New("the policy, or what the person decided, keeps whom they call from the engineer for this purpose; without --email the trace is redacted")

func (a *app) nextTraced(ctx context.Context, of traceAnswer) (any, error) {
	s, err := a.traced()
	if err != nil {
		return nil, err
	}
	list, err := s.Traced(ctx, of.ID)
	if errors.Is(err, sip.ErrNoTrace) {
		err = errors.New("the trace is over")
	}
	return list, err
}

func (a *app) endTrace(_ context.Context, of traceAnswer) (any, error) {
	s, err := a.traced()
	if err != nil {
		return nil, err
	}
	s.EndTrace(of.ID)
	return struct{}{}, nil
}
