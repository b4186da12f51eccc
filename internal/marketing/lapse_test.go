package marketing_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
	"candour/policy"
)

// more, elsewhere and louder are what a later version may do with a purpose that
// an earlier yes did not say.
func more(category string) func(*policy.Purpose) {
	return func(q *policy.Purpose) { q.Uses[0].Categories = append(q.Uses[0].Categories, category) }
}

func elsewhere(recipient string) func(*policy.Purpose) {
	return func(q *policy.Purpose) { q.Recipients = append(slices.Clone(q.Recipients), recipient) }
}

func louder(q *policy.Purpose) { q.Channels = append(slices.Clone(q.Channels), "text") }

// again owes the account the newsletter's mail once more, and returns how many
// came.
func (a *account) again() int {
	a.TB.Helper()
	err := a.Update(func(ctx context.Context, tx *store.Tx) error {
		it := mail.Item{Kind: mail.NewsletterWelcome, Purpose: a.roles.Purpose, Subject: a.subject}
		err := tx.QueryRow(ctx, "SELECT id, address FROM newsletter WHERE subject = $1 AND state = 'standing' ORDER BY id DESC", int64(a.subject)).Scan(&it.Ref, (*int64)(&it.Address))
		if err != nil {
			return err
		}
		_, err = a.Queue.Add(ctx, tx, it)
		return err
	})
	if err != nil {
		a.TB.Fatal(err)
	}
	return len(a.post())
}

// L16, L33, R14: a yes to the newsletter covers what was said with it. A category
// that is added later is not used until the person is asked again, a channel
// that is added does not reach them, and with a recipient that is added nothing
// is sent at all; what can be told apart goes on. A new yes opens it, and a no
// ends it at any time.
func TestAnOldYesDoesNotGrow(t *testing.T) {
	for _, c := range []struct{ operator, category, recipient string }{{"invoco", "contact.telephone", "agents"}, {"fernhill", "reach.telephone", ""}} {
		storetest.Each(t, func(t *testing.T, st *store.Store) {
			d := newDesk(t, st, c.operator)
			a, news := newAccount(d, "ann@example.org"), d.roles.Purpose
			recipient := c.recipient
			if recipient == "" {
				recipient = d.Policy.Policy().Recipients[0].ID
			}
			a.say(news, true)
			d.post()
			adds := func() error {
				return d.Update(func(ctx context.Context, tx *store.Tx) error {
					_, err := d.Vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: news, Surface: "portal"},
						vault.Item{Category: c.category, Parts: []vault.Part{{Owner: a.subject, Value: []byte("01632 960123")}}})
					return err
				})
			}
			reaches := func(channel string) (open bool) {
				t.Helper()
				q, _ := d.Policy.Policy().PurposeByID(news)
				err := st.View(context.Background(), func(tx *store.Tx) (err error) {
					open, err = people.Reaches(context.Background(), tx, q, a.subject, channel)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				return open
			}
			d.Publish(news, louder)
			if reaches("text") || !reaches("email") || a.again() != 1 {
				t.Error("with a new channel")
			}
			d.Publish(news, more(c.category))
			if err := adds(); !errors.Is(err, vault.ErrNoConsent) {
				t.Errorf("a new category: %v", err)
			}
			if n := a.again(); n != 1 {
				t.Errorf("what the yes was to: %d mails", n)
			}
			d.Publish(news, elsewhere(recipient))
			if n := a.again(); n != 0 {
				t.Errorf("%d mails with a new recipient", n)
			}
			var reason string
			if err := st.DB().QueryRow("SELECT reason FROM mail_queue ORDER BY id DESC LIMIT 1").Scan(&reason); err != nil || reason != "no-consent" {
				t.Errorf("refused for %q, %v", reason, err)
			}
			a.say(news, true, "email")
			if n := a.again(); n != 1 || adds() != nil || reaches("text") {
				t.Errorf("after a new yes %d mails", n)
			}
			d.Publish(news, func(q *policy.Purpose) { q.Marketing = "soft-opt-in" })
			a.say(news, false)
			if a.under(news) != 0 {
				t.Error("a no to what has grown leaves something")
			}
		})
	}
}

// L16: a sign-up that was asked for under an earlier version is not confirmed
// into one that does more; and an account's new address does not carry a
// newsletter along that its yes does not cover.
func TestAnOldYesIsNotMadeNew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st, "invoco")
		d.signUp("bob@example.org")
		asked := d.one(mail.NewsletterConfirm, "bob@example.org").token
		d.signUp("cal@example.org")
		late := d.one(mail.NewsletterConfirm, "cal@example.org").token
		a := newAccount(d, "ann@example.org")
		a.say("news", true)
		d.post()
		d.Publish("news", more("contact.telephone"))
		d.confirm(asked)
		if d.one(mail.NewsletterWelcome, "bob@example.org"); d.held("news", "bob@example.org") != 1 {
			t.Error("what was asked for does not come")
		}
		d.Publish("news", elsewhere("agents"))
		if err := d.n.Confirm(context.Background(), late); !errors.Is(err, marketing.ErrLapsed) || d.held("news", "cal@example.org") != 0 {
			t.Errorf("to confirm what was never asked for: %v", err)
		}
		err := d.n.Subscribe(context.Background(), marketing.Signup{Form: url.Values{"email": {"cal@example.org"}, "name": {"Cal"}}, Policy: 3, Wording: [32]byte{3}})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Update(func(ctx context.Context, tx *store.Tx) error {
			return d.n.Moved(ctx, tx, a.subject, "customer", "portal", "new@example.org")
		}); err != nil {
			t.Fatal(err)
		}
		if d.held("news", "ann@example.org") != 0 || d.held("news", "new@example.org") != 0 || a.under("news") != 0 {
			t.Errorf("it went along without being asked for: %d, %d, %d held", d.held("news", "ann@example.org"), d.held("news", "new@example.org"), a.under("news"))
		}
		a.address = "new@example.org"
		a.say("news", true)
		if d.held("news", "new@example.org") != 1 || a.again() == 0 {
			t.Error("a new yes does not bring it")
		}
		if err := d.Vault.Check(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
