package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"candour/internal/demo"
	"candour/internal/folder"
	"candour/internal/mail"
)

// past returns the clock of a made up past, for a folder that is not there yet
// and shall be filled; else nil.
func (c *RunCmd) past(f folder.Folder) *demo.Clock {
	if !c.Demo {
		return nil
	}
	if _, err := os.Stat(f.Keys()); err == nil {
		return nil
	}
	return demo.NewClock()
}

// populate fills an empty store with made up people. Their mails go nowhere.
func (a *app) populate(ctx context.Context, past *demo.Clock) error {
	defer past.Run()
	empty, err := demo.Empty(ctx, a.store)
	if err != nil || !empty {
		return err
	}
	composer, err := mail.NewComposer("http://" + a.inForce().Policy().Operator.LocalDomain)
	if err != nil {
		return err
	}
	queue := mail.NewQueue(mail.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, InForce: a.inForce, Composer: composer, Sender: mail.NewMailbox(), Logger: a.log, Now: a.now,
	})
	d, err := a.openDesks(queue, nil, nil, "")
	if err != nil {
		return err
	}
	a.log.Info("filling the empty store with made up people")
	a.logins, err = demo.Fill(ctx, demo.Config{
		Store: a.store, Vault: a.vault, InForce: a.inForce, Accounts: d.accounts, Choices: d.choices, Profiles: d.profiles, Rights: d.rights,
		Support: d.help, Phones: d.phones, Clock: past, Mail: queue.Work,
	})
	return err
}

// introduce says how to sign in as whom, once the store was filled.
func (s *sites) introduce(b *strings.Builder) {
	if len(s.logins) == 0 {
		return
	}
	fmt.Fprintf(b, "\nMade up people, all with the password %q:\n", demo.Password)
	for _, l := range s.logins {
		surface, ok := s.profile.Policy.SurfaceByID(l.Surface)
		if !ok {
			continue
		}
		fmt.Fprintf(b, "%-22s %-34s %s://%s/\n", l.Role, l.Email, s.public.Scheme, hostOf(surface.Host, s.public.Host))
		if phone := s.phoneAddress(); l.Extension != "" && phone != "" {
			fmt.Fprintf(b, "%22s extension %s at %s\n", "", l.Extension, phone)
		}
		if l.Phone.Username != "" {
			fmt.Fprintf(b, "%22s desk phone: user name %s, password %s, domain %s, %s\n", "", l.Phone.Username, l.Phone.Password, l.Phone.Domain, s.phoneWay())
		}
		if l.Secret != "" {
			fmt.Fprintf(b, "%22s codes that work once: %s\n", "", strings.Join(l.Recovery[:3], " "))
			fmt.Fprintf(b, "%22s or this secret in an authenticator app: %s\n", "", l.Secret)
		}
	}
	b.WriteString("\n")
}

// phoneWay says where a desk phone connects.
func (s *sites) phoneWay() string {
	if s.sip == "" {
		return "once you start with --sip"
	}
	return "proxy " + s.phoneServer()
}
