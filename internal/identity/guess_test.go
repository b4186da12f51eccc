package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// Whoever has the password cannot go through the codes by beginning half
// sessions anew; the owner's recovery codes stay good (ASVS 5.0 6.3.1, 6.6.3).
func TestCodesAreCountedForTheAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.staff(identity.Support, "sue@example.org")
		recovery := d.authenticator(s)
		half := func() *identity.Session {
			_, half, err := d.a.SignIn(ctx, identity.Attempt{Surface: "console", Email: "sue@example.org", Password: goodPassword, Device: phone})
			if err != nil {
				t.Fatal(err)
			}
			return half
		}
		for range 3 {
			one := half()
			for range 4 {
				if _, _, err := d.a.Code(ctx, one, "000000", phone); !errors.Is(err, identity.ErrCode) {
					t.Fatalf("a wrong code: %v", err)
				}
			}
		}
		d.Later(time.Minute)
		if _, _, err := d.a.Code(ctx, half(), d.code(s), phone); !errors.Is(err, identity.ErrCode) {
			t.Errorf("the thirteenth guess could still be right: %v", err)
		}
		if _, _, err := d.a.Code(ctx, half(), recovery[0], phone); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		if _, _, err := d.a.Code(ctx, half(), d.code(s), phone); err != nil {
			t.Errorf("after the owner was in: %v", err)
		}
	})
}

// Guesses at the sign-in take nothing from whoever is signed in, and those at
// the step-up are counted (ASVS 5.0 6.1.1, 7.5.1).
func TestStepUpIsCountedByItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		for range 12 {
			_, _, _ = d.signIn("ann@example.org", otherPassword)
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword}); err != nil {
			t.Errorf("a stranger's guesses lock the owner out of the step-up: %v", err)
		}
		if err := d.a.ChangePassword(ctx, s, goodPassword, otherPassword); err != nil {
			t.Errorf("and out of changing the password: %v", err)
		}
		for i := range 10 {
			err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword})
			if i%2 == 1 {
				err = d.a.ChangePassword(ctx, s, goodPassword, otherPassword)
			}
			if !errors.Is(err, identity.ErrCode) {
				t.Fatalf("the password of before: %v", err)
			}
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: otherPassword}); !errors.Is(err, identity.ErrCode) {
			t.Errorf("the eleventh guess could still be right: %v", err)
		}
		d.Later(16 * time.Minute)
		if err := d.a.Prove(ctx, s, identity.Proof{Password: otherPassword}); err != nil {
			t.Errorf("after a quarter of an hour: %v", err)
		}
	})
}
