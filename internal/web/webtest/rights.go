package webtest

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"candour/internal/consent/people"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/notice"
	"candour/internal/retention"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/policy"
)

// desk is a real rights desk, with a support desk behind it.
func (b *Bench) desk(ring *keys.Ring, versions *notice.Versions, profile *policy.Profile) *rights.Desk {
	inForce := func() *policy.Compiled { return versions.InForce(b.Clock()).Compiled }
	composer, err := mail.NewComposer("http://" + profile.Policy.Operator.LocalDomain)
	must(b.T, err)
	b.vault = vault.New(b.Store, ring, b.Evidence, inForce, b.Clock)
	b.queue = mail.NewQueue(mail.Config{
		Store: b.Store, Ring: ring, Log: b.Evidence, Vault: b.vault, InForce: inForce, Composer: composer, Sender: b.Office,
		Logger: slog.New(slog.NewTextHandler(b.Logged, nil)), Now: b.Clock,
	})
	b.help = support.New(support.Config{Store: b.Store, Log: b.Evidence, Vault: b.vault, Queue: b.queue, InForce: inForce, Now: b.Clock})
	return rights.New(rights.Config{
		Store: b.Store, Ring: ring, Log: b.Evidence, Vault: b.vault, Queue: b.queue, InForce: inForce, Now: b.Clock,
		Ticket: b.help.OpenIn, Sources: []rights.Source{rights.Tickets(b.help)},
		Choices: people.New(people.Config{Store: b.Store, Log: b.Evidence, Vault: b.vault, InForce: inForce, Now: b.Clock}),
		Forget:  []func(context.Context, *store.Tx, keys.SubjectID) error{b.help.Forget},
	})
}

// Mails sends what is owed and returns it.
func (b *Bench) Mails() []mailtest.Letter {
	b.T.Helper()
	must(b.T, b.queue.Work(context.Background()))
	return b.Office.Take()
}

// Held has something be held of whoever has an address: a message of theirs.
func (b *Bench) Held(email, words string) {
	b.T.Helper()
	_, err := b.help.Enquire(context.Background(), support.Enquiry{Policy: 1, Form: url.Values{
		"name": {"Ann Planted"}, "email": {email}, "about": {"other"}, "message": {words},
	}})
	must(b.T, err)
	b.Mails()
}

// Keep does what the keeper of retention does on its beat.
func (b *Bench) Keep() {
	b.T.Helper()
	_, err := retention.New(b.vault, b.Clock, slog.New(slog.DiscardHandler)).Once(context.Background())
	must(b.T, err)
	b.Pass(time.Second)
}
