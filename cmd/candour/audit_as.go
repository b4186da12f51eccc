package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"candour/internal/audit"
	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/inspector"
	"candour/internal/store"
	"candour/policy"
)

// everyRole is the word for the visitor and every role that signs in.
const everyRole = "all"

// lookAs reads --as. Without it a visitor looks.
func (c *AuditCmd) lookAs(p *policy.Policy) (list []audit.As, noVisitor bool, err error) {
	visitor := len(c.As) == 0
	var roles []identity.Role
	able := inspector.Roles(p)
	for _, word := range c.As {
		switch role := identity.Role(word); {
		case word == everyRole:
			roles, visitor = append(roles, able...), true
		case word == audit.Visitor:
			visitor = true
		case slices.Contains(able, role):
			roles = append(roles, role)
		default:
			return nil, false, fmt.Errorf("--as: nobody signs in as that; the policy lets sign in: %s", words(able))
		}
	}
	if len(roles) == 0 {
		return nil, !visitor, nil
	}
	if c.Data == "" {
		return nil, false, errors.New("--as needs --data, the folder of the server that serves the site: it makes up somebody of the role, and erases them again")
	}
	f := folder.Folder(c.Data)
	if !f.Served() {
		return nil, false, fmt.Errorf("nobody serves %s now, so nobody can sign in; start `candour run --data %s`, and run this as the same user", c.Data, c.Data)
	}
	for _, role := range identity.Roles() {
		if slices.Contains(roles, role) {
			list = append(list, lookingAs(f, p, role))
		}
	}
	return list, !visitor, nil
}

func words(roles []identity.Role) string {
	list := []string{everyRole, audit.Visitor}
	for _, r := range roles {
		list = append(list, string(r))
	}
	return strings.Join(list, ", ")
}

// errNotErased says that somebody made up is still there.
var errNotErased = errors.New("the account that was made for the audit is not erased; the server does it when it starts next, or before the next audit as the same role")

// notErased picks that out of what went wrong with an audit.
func notErased(err error) error {
	if errors.Is(err, errNotErased) {
		return errNotErased
	}
	return nil
}

// lookingAs has the server of a folder make somebody of a role and erase them.
func lookingAs(f folder.Folder, p *policy.Policy, role identity.Role) audit.As {
	actor, _ := p.ActorByID(role.Actor())
	return audit.As{
		Role: string(role), Staff: actor.Kind == "staff",
		Begin: func(ctx context.Context) (audit.SignedIn, error) {
			var got auditBegun
			if err := f.Call(ctx, "audit-begin", auditArgs{role}, &got); err != nil {
				return audit.SignedIn{}, fmt.Errorf("nobody could be signed in as %s: %w", role, err)
			}
			return audit.SignedIn{Cookies: got.Cookies, Pages: got.Pages}, nil
		},
		End: func(ctx context.Context) error {
			var got auditEnded
			if err := f.Call(ctx, "audit-end", auditArgs{role}, &got); err != nil {
				return fmt.Errorf("%w: %w", errNotErased, err)
			}
			if !got.There {
				return fmt.Errorf("the account made for the audit as %s was gone before its end: the server started anew, or another audit as the same role began; run it again", role)
			}
			return nil
		},
	}
}

type auditArgs struct{ Role identity.Role }

// auditBegun holds what signs in. It goes through the private socket and is
// kept nowhere.
type auditBegun struct {
	Cookies []audit.SignIn
	Pages   []string
}

type auditEnded struct{ There bool }

// beginAudit makes somebody of a role and signs them in on the sites that are
// served.
func (a *app) beginAudit(ctx context.Context, args auditArgs) (any, error) {
	if a.served == nil {
		return nil, errors.New("nobody serves this folder now; start `candour run` on it")
	}
	person, err := a.desks.inspector.Begin(ctx, args.Role)
	if errors.Is(err, identity.ErrRole) {
		return nil, errors.New("the policy in force lets this role sign in nowhere")
	}
	if err != nil {
		return nil, err
	}
	var got auditBegun
	for _, h := range person.Held {
		surface, ok := a.inForce().Policy().SurfaceByID(h.Surface)
		if !ok {
			continue // the policy's checks see to that
		}
		in := audit.SignIn{Surface: h.Surface, Name: h.Cookie, Value: h.Token}
		for _, parent := range a.served.parents {
			in.Hosts = append(in.Hosts, hostname(hostOf(surface.Host, parent)))
		}
		got.Cookies = append(got.Cookies, in)
	}
	if person.Ticket != "" {
		got.Pages = append(got.Pages, "/enquiries/"+person.Ticket)
	}
	return got, nil
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// endAudit erases them.
func (a *app) endAudit(ctx context.Context, args auditArgs) (any, error) {
	d, err := a.desksNow()
	if err != nil {
		return nil, err
	}
	// A command that is called off must not leave them.
	ctx = context.WithoutCancel(ctx)
	there, err := d.inspector.Erase(ctx, args.Role)
	if err != nil {
		return nil, err
	}
	// The rest of the stages is owed and will be done; this is to have the keys
	// out of the database's log when the command returns.
	if err := a.vault.Purge(ctx); err != nil && !errors.Is(err, store.ErrLogBusy) {
		return nil, err
	}
	return auditEnded{there}, nil
}

// dismissInspectors erases whoever an audit left that was killed.
func (s *sites) dismissInspectors(ctx context.Context) error {
	n, err := s.desks.inspector.EraseAll(ctx)
	if n > 0 {
		s.log.Info("accounts that an audit had left were erased", "amount", n)
	}
	return err
}
