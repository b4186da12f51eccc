package identity_test

import (
	"context"
	"errors"
	"testing"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// A person who had the use of their data restricted signs in all the same (UK
// GDPR Art 18(2)), and nobody signs in once they are erased (L8, L9).
func TestRestrictedAndErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		err := d.Update(func(ctx context.Context, tx *store.Tx) error {
			return d.Vault.Restrict(ctx, tx, vault.Access{Actor: "customer", Purpose: "rights"}, s.Account.Subject)
		})
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatalf("restricted: %v", err)
		}
		if err := d.a.AskReset(ctx, "portal", "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		d.one(mail.AccountReset, "ann@example.org")
		err = d.Update(func(ctx context.Context, tx *store.Tx) error {
			if err := d.a.Forget(ctx, tx, s.Account.Subject); err != nil {
				return err
			}
			_, err := d.Vault.EraseIn(ctx, tx, s.Account.Subject)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.a.Session(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("erased and signed in: %v", err)
		}
		if _, _, err := d.signIn("ann@example.org", goodPassword); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("erased and signs in: %v", err)
		}
		for _, table := range []string{"accounts", "credentials", "sessions", "account_links"} {
			if n := d.rows(table); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		d.customer("ann@example.org") // and may begin anew
	})
}

// Whoever wrote to us before the account was opened finds that in it: they
// proved that they read mail at the address.
func TestWhatWasHeldBeforeIsTheirs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		err := d.Update(func(ctx context.Context, tx *store.Tx) error {
			s, err := d.Vault.NewSubject(ctx, tx)
			if err != nil {
				return err
			}
			_, err = d.Vault.Put(ctx, tx, vault.Access{Actor: "contact", Purpose: "enquiries", Surface: "website"},
				vault.Item{Category: "contact.email", Parts: []vault.Part{{Owner: s, Value: []byte("ann@example.org")}}},
				vault.Item{Category: "contact.message", Parts: []vault.Part{{Owner: s, Value: []byte("a question")}}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s := d.customer("ann@example.org")
		found := false
		err = d.Update(func(ctx context.Context, tx *store.Tx) error {
			return d.Vault.Walk(ctx, tx, s.Account.Subject, func(r vault.Record) error {
				found = found || r.Category == "contact.message"
				return nil
			})
		})
		if err != nil || !found {
			t.Errorf("the enquiry is not theirs, %v", err)
		}
	})
}

// otherThan is a letter of a token that is not this one.
func otherThan(b byte) string {
	if b == 'A' {
		return "B"
	}
	return "A"
}

// An account that was opened by whoever runs the machine brings nothing of what
// is held of its address, until its person shows that they read mail there.
func TestAnUnprovenAddressBringsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		wrote := func(message string) {
			err := d.Update(func(ctx context.Context, tx *store.Tx) error {
				s, err := d.Vault.NewSubject(ctx, tx)
				if err != nil {
					return err
				}
				_, err = d.Vault.Put(ctx, tx, vault.Access{Actor: "contact", Purpose: "enquiries", Surface: "website"},
					vault.Item{Category: "contact.email", Parts: []vault.Part{{Owner: s, Value: []byte("pat@example.org")}}},
					vault.Item{Category: "contact.message", Parts: []vault.Part{{Owner: s, Value: []byte(message)}}})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		wrote("private words")
		s := d.staff(identity.Partner, "pat@example.org")
		if s.Account.Proven {
			t.Error("a link that was shown proves an address")
		}
		messages := func() (n int) {
			err := d.Update(func(ctx context.Context, tx *store.Tx) error {
				return d.Vault.Walk(ctx, tx, s.Account.Subject, func(r vault.Record) error {
					if r.Category == "contact.message" {
						n++
					}
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := messages(); n != 0 {
			t.Errorf("%d messages of whoever writes from the address", n)
		}
		if err := d.a.AskReset(ctx, "partner", "pat@example.org"); err != nil {
			t.Fatal(err)
		}
		if err := d.a.Reset(ctx, d.one(mail.AccountReset, "pat@example.org").token, otherPassword); err != nil {
			t.Fatal(err)
		}
		if n := messages(); n != 1 {
			t.Errorf("%d messages once the address is proven", n)
		}
		_, s, err := d.a.SignIn(ctx, identity.Attempt{Surface: "partner", Email: "pat@example.org", Password: otherPassword, Device: phone})
		if err != nil || !s.Account.Proven {
			t.Errorf("proven, and not so: %v", err)
		}
	})
}
