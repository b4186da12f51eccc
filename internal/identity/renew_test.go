package identity_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// Whenever somebody proves themselves, and whenever a session may do more than
// before, its browser gets another token, and the one of before opens nothing
// (ASVS 5.0 7.2.4).
func TestProofGivesANewToken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		renewed := func(what, surface, old string, s *identity.Session) string {
			t.Helper()
			token, ok := s.Renewed()
			if !ok || token == old {
				t.Fatalf("%s: no new token", what)
			}
			if _, ok := s.Renewed(); ok {
				t.Errorf("%s: handed out twice", what)
			}
			if _, err := d.a.Session(ctx, surface, old); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("%s: the old token: %v", what, err)
			}
			if got, err := d.a.Session(ctx, surface, token); err != nil || got.ID != s.ID {
				t.Errorf("%s: the new token: %v", what, err)
			}
			return token
		}
		d.customer("ann@example.org")
		token, s, err := d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: otherPassword}); !errors.Is(err, identity.ErrCode) {
			t.Fatal(err)
		}
		if _, ok := s.Renewed(); ok {
			t.Error("a wrong proof gave a token")
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword}); err != nil {
			t.Fatal(err)
		}
		token = renewed("step-up", "portal", token, s)
		p := d.makePasskey(s)
		token = renewed("a new passkey", "portal", token, s)
		question, err := d.a.PasskeyQuestion(party, "portal")
		if err != nil {
			t.Fatal(err)
		}
		if err := d.a.ProvePasskey(ctx, party, s, []byte(p.answer(t, party, question))); err != nil {
			t.Fatal(err)
		}
		renewed("step-up by passkey", "portal", token, s)
		address, _, err := d.a.Employ(ctx, identity.Support, "sue@example.org")
		if err != nil {
			t.Fatal(err)
		}
		o, err := d.a.Finish(ctx, links.FindStringSubmatch(address)[3], goodPassword, phone)
		if err != nil {
			t.Fatal(err)
		}
		d.authenticator(o.Session)
		renewed("the first second factor", "console", o.Token, o.Session)
	})
}

// An app that was removed is good for nothing, also where another is set up in
// the same session: its telephone may be a thief's (ASVS 5.0 6.5.6).
func TestEachAppHasASecretOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		secret := func() string {
			x, err := d.a.NewSecret(ctx, s)
			if err != nil {
				t.Fatal(err)
			}
			return x.Text()
		}
		first := secret()
		if first != secret() {
			t.Error("the secret changes before it is confirmed")
		}
		d.authenticator(s)
		second := secret()
		if first == second {
			t.Error("a second app has the secret of the first")
		}
		list, err := d.a.Credentials(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if c.Kind == identity.KindAuthenticator {
				if err := d.a.Remove(ctx, s, c.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		if third := secret(); third == first {
			t.Error("an app that is set up after a removal has the secret of the removed one")
		}
	})
}

// A password that is changed while a sign-in with the old one is checked opens
// nothing any more: else the session that it begins would outlive the reset.
func TestResetDuringASignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		for _, c := range []struct {
			what string
			act  func() error
		}{
			{"reset", func() error {
				if err := d.a.AskReset(ctx, "portal", "ann@example.org"); err != nil {
					return err
				}
				return d.a.Reset(ctx, d.one(mail.AccountReset, "ann@example.org").token, otherPassword)
			}},
			{"account closed", func() error {
				err := d.a.Invite(ctx, s, identity.CustomerAdministrator, url.Values{"name": {"Bob"}, "email": {"bob@example.org"}, "role": {"customer-administrator"}})
				if err != nil {
					return err
				}
				bob := d.finish(d.one(mail.AccountInvited, "bob@example.org").token)
				return d.a.Dismiss(ctx, bob, s.Account.Reference)
			}},
		} {
			before := d.rows("sessions")
			_, _, err := d.a.SignInMeanwhile(ctx, identity.Attempt{Surface: "portal", Email: "ann@example.org", Password: goodPassword, Device: phone}, c.act)
			if !errors.Is(err, identity.ErrSignIn) {
				t.Errorf("%s: %v", c.what, err)
			}
			if n := d.rows("sessions"); n > before {
				t.Errorf("%s: %d sessions, before %d", c.what, n, before)
			}
			d.post()
			if c.what == "reset" {
				d.Later(time.Minute)
				if s, err = d.reset("ann@example.org"); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// reset sets the good password again and signs in with it.
func (d *desk) reset(email string) (*identity.Session, error) {
	ctx := context.Background()
	if err := d.a.AskReset(ctx, "portal", email); err != nil {
		return nil, err
	}
	if err := d.a.Reset(ctx, d.one(mail.AccountReset, email).token, goodPassword); err != nil {
		return nil, err
	}
	d.post()
	_, s, err := d.signIn(email, goodPassword)
	return s, err
}
