package main

import (
	"context"

	"candour/internal/push"
	"candour/internal/telecom"
)

// openPush makes the desk that wakes browsers, with the services of the known
// ones.
func (a *app) openPush(d *desks) error {
	services, err := push.NewServices(push.KnownServices)
	if err != nil {
		return err
	}
	d.push, err = push.New(push.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, Accounts: d.accounts, InForce: a.inForce, Now: a.now, Logger: a.log, Services: services,
	})
	if err == nil {
		d.choices.Follow(d.push)
	}
	return err
}

// wake asks for the browsers of a line's person that have the phone closed.
func (s *sites) wake(ctx context.Context, l telecom.Line) bool {
	woken, err := s.desks.push.Wake(ctx, l.Account, push.Call)
	if err != nil {
		s.log.Error("nobody could be woken for a call", "error", err)
	}
	return woken
}

// slept tells them that it rings no more.
func (s *sites) slept(ctx context.Context, l telecom.Line, elsewhere bool) {
	what := push.Missed
	if elsewhere {
		what = push.Answered
	}
	if _, err := s.desks.push.Wake(ctx, l.Account, what); err != nil {
		s.log.Error("who was woken could not be told the end of a call", "error", err)
	}
}
