package marketing_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// reader is what a person with an address knows: the links that came, and
// what they last did with them. It is the oracle: it knows nothing of tables.
type reader struct {
	address  string
	confirms []string
	leaves   []string
	wants    bool // pressed confirm, and was thanked, after having last left
}

// R14, L33: whatever people do in whatever order, no marketing leaves to an
// address whose reader has not opted in, or has left since.
func TestMarketingGoesOnlyToWhoWantsIt(t *testing.T) {
	// Each check is a few dozen durable transactions; more by -rapid.checks.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := flag.Set(f.Name, "30"); err != nil {
			t.Fatal(err)
		}
	}
	st := storetest.Open(t, storetest.Migrated(t, store.SQLite))
	d := newDesk(t, st, "invoco")
	// A campaign that asks nothing: only the outgoing-mail door stands between
	// it and the people.
	careless := d.NewQueue(d.Office)
	careless.Handle(mail.NewsletterWelcome, func(context.Context, *store.Tx, mail.Item) (mail.Content, error) {
		return mail.Welcome{Leave: "https://invoco.net/newsletter/leave?token=" + strings.Repeat("A", mail.TokenLength)}, nil
	})
	world := 0
	rapid.Check(t, func(r *rapid.T) {
		world++
		people := map[string]*reader{}
		var list []*reader
		for i := range 3 {
			p := &reader{address: fmt.Sprintf("ann%d.%d@example.org", i, world)}
			people[p.address], list = p, append(list, p)
		}
		anyone := rapid.SampledFrom(list)
		check := func(r *rapid.T) {
			for _, m := range d.post() {
				p := people[m.to]
				if m.kind.Nature() == mail.Marketing && (p == nil || !p.wants) {
					r.Fatalf("%s went to somebody who does not want it", m.kind)
				}
				switch {
				case p == nil:
				case m.kind == mail.NewsletterConfirm:
					p.confirms = append(p.confirms, m.token)
				case m.token != strings.Repeat("A", mail.TokenLength):
					p.leaves = append(p.leaves, m.token)
				}
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"sign up": func(r *rapid.T) { d.signUp(anyone.Draw(r, "who").address) },
			"confirm": func(r *rapid.T) {
				p := anyone.Draw(r, "who")
				if len(p.confirms) == 0 {
					r.Skip("no mail yet")
				}
				err := d.n.Confirm(context.Background(), rapid.SampledFrom(p.confirms).Draw(r, "which"))
				if err != nil && !errors.Is(err, marketing.ErrLapsed) {
					r.Fatal(err)
				}
				if err == nil {
					p.wants = true
				}
			},
			"leave": func(r *rapid.T) {
				p := anyone.Draw(r, "who")
				if len(p.leaves) == 0 {
					r.Skip("no mail yet")
				}
				d.leave(rapid.SampledFrom(p.leaves).Draw(r, "which"))
				p.wants = false
			},
			"withdraw elsewhere": func(r *rapid.T) {
				p := anyone.Draw(r, "who")
				err := d.Update(func(ctx context.Context, tx *store.Tx) error {
					people, err := d.Vault.Find(ctx, tx, vault.Access{Actor: "system", Purpose: "confirmation"}, d.roles.Email, p.address)
					for _, s := range people {
						err = errors.Join(err, d.Vault.SetConsent(ctx, tx, s, d.roles.Purpose, false))
					}
					return err
				})
				if err != nil {
					r.Fatal(err)
				}
				p.wants = false
			},
			"owe everybody a mail": func(r *rapid.T) {
				check(r) // what is owed already is sent with care
				if err := d.Update(func(ctx context.Context, tx *store.Tx) error { return d.campaign(ctx, tx, careless) }); err != nil {
					r.Fatal(err)
				}
				if err := careless.Work(context.Background()); err != nil {
					r.Fatal(err)
				}
			},
			"days pass": func(r *rapid.T) {
				d.Later(time.Duration(rapid.IntRange(1, 9*24).Draw(r, "hours")) * time.Hour)
			},
			"": check,
		})
		check(r)
		for _, p := range list {
			for _, token := range p.leaves {
				d.leave(token)
			}
		}
		d.post()
	})
}

// campaign owes a newsletter mail to every recent sign-up, whatever its state.
func (d *desk) campaign(ctx context.Context, tx *store.Tx, q *mail.Queue) error {
	rows, err := tx.Query(ctx, "SELECT id, subject, address FROM newsletter ORDER BY id DESC LIMIT 60")
	if err != nil {
		return err
	}
	var items []mail.Item
	for rows.Next() {
		it := mail.Item{Kind: mail.NewsletterWelcome, Purpose: d.roles.Purpose}
		if err := rows.Scan(&it.Ref, (*int64)(&it.Subject), (*int64)(&it.Address)); err != nil {
			return errors.Join(err, rows.Close())
		}
		items = append(items, it)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, it := range items {
		if _, err := q.Add(ctx, tx, it); err != nil {
			return err
		}
	}
	return nil
}
