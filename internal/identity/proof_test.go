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

// Nothing that changes how an account proves itself, where it is signed in or
// who else is let in happens without a fresh proof, whichever way it is asked
// for; nor with half a session (R18; ASVS 5.0 7.5.1, 7.5.2).
func TestEveryChangeAsksForAProof(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		other, err := d.reopen("ann@example.org")
		if err != nil {
			t.Fatal(err)
		}
		invitation := url.Values{"name": {"Bob"}, "email": {"bob@example.org"}, "role": {"customer-user"}}
		if err := d.a.Invite(ctx, s, identity.CustomerUser, invitation); err != nil {
			t.Fatal(err)
		}
		bob := d.finish(d.one(mail.AccountInvited, "bob@example.org").token)
		d.authenticator(s)
		list, err := d.a.Credentials(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		acts := map[string]func(*identity.Session) error{
			"another address": func(s *identity.Session) error {
				return d.a.AskAddress(ctx, s, url.Values{"email": {"new@example.org"}})
			},
			"another password":     func(s *identity.Session) error { return d.a.ChangePassword(ctx, s, goodPassword, otherPassword) },
			"an invitation":        func(s *identity.Session) error { return d.a.Invite(ctx, s, identity.CustomerUser, invitation) },
			"closing an account":   func(s *identity.Session) error { return d.a.Dismiss(ctx, s, bob.Account.Reference) },
			"signing one out":      func(s *identity.Session) error { return d.a.SignOut(ctx, s, bob.Account.Reference) },
			"ending another":       func(s *identity.Session) error { return d.a.End(ctx, s, other.ID) },
			"ending all others":    func(s *identity.Session) error { return d.a.EndOthers(ctx, s) },
			"adding a passkey":     func(s *identity.Session) error { return d.a.AddPasskey(ctx, party, s, []byte("{}")) },
			"asking for a passkey": func(s *identity.Session) error { _, err := d.a.NewPasskey(ctx, party, s); return err },
			"an authenticator":     func(s *identity.Session) error { _, err := d.a.SetAuthenticator(ctx, s, d.code(s)); return err },
			"recovery codes":       func(s *identity.Session) error { _, err := d.a.RenewRecovery(ctx, s); return err },
			"removing a factor":    func(s *identity.Session) error { return d.a.Remove(ctx, s, list[len(list)-1].ID) },
		}
		_, half, err := d.signIn("ann@example.org", goodPassword)
		if err != nil || half.Level != identity.Half {
			t.Fatalf("%v", err)
		}
		d.Later(11 * time.Minute)
		for what, act := range acts {
			if err := act(s); !errors.Is(err, identity.ErrProof) {
				t.Errorf("%s without a fresh proof: %v", what, err)
			}
		}
		_, half, err = d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		for what, act := range acts {
			if err := act(half); !errors.Is(err, identity.ErrProof) {
				t.Errorf("%s with half a session: %v", what, err)
			}
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword}); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a proof without the code that a sign-in asks for: %v", err)
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword, Code: d.code(s)}); err != nil {
			t.Fatal(err)
		}
		if err := d.a.EndOthers(ctx, s); err != nil {
			t.Errorf("with a fresh proof: %v", err)
		}
		d.Later(11 * time.Minute)
		if err := d.a.End(ctx, s, s.ID); err != nil {
			t.Errorf("whoever signs out must prove nothing: %v", err)
		}
	})
}

// A step-up is worth as much as a sign-in: staff whose second factor is a
// passkey do not get by with the password (ASVS 5.0 6.3.4).
func TestStepUpIsAsStrongAsSigningIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.staff(identity.Engineer, "eve@example.org")
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword}); err != nil {
			t.Fatalf("before there is a factor: %v", err)
		}
		d.makePasskey(s)
		d.post()
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword}); !errors.Is(err, identity.ErrCode) {
			t.Errorf("the password alone: %v", err)
		}
		ann := d.customer("ann@example.org")
		d.makePasskey(ann)
		if err := d.a.Prove(ctx, ann, identity.Proof{Password: goodPassword}); err != nil {
			t.Errorf("a customer, whose password signs in: %v", err)
		}
	})
}

// Whoever was let go lets nobody in any more, themselves included (ASVS 5.0
// 7.4.2).
func TestInvitationsEndWithTheirInviter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		ann := d.customer("ann@example.org")
		invite := func(by *identity.Session, email string) letter {
			form := url.Values{"name": {"Somebody"}, "email": {email}, "role": {"customer-administrator"}}
			if err := d.a.Invite(ctx, by, identity.CustomerAdministrator, form); err != nil {
				t.Fatal(err)
			}
			return d.one(mail.AccountInvited, email)
		}
		bob := d.finish(invite(ann, "bob@example.org").token)
		good, back := invite(ann, "cal@example.org"), invite(bob, "bobs-other@example.org")
		if err := d.a.Dismiss(ctx, ann, bob.Account.Reference); err != nil {
			t.Fatal(err)
		}
		d.post()
		if _, err := d.a.Finish(ctx, back.token, goodPassword, phone); !errors.Is(err, identity.ErrLink) {
			t.Errorf("by an invitation of somebody who was let go: %v", err)
		}
		d.finish(good.token)
	})
}
