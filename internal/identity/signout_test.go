package identity_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// Whoever runs the machine ends the sessions of one person, of a role, or of
// everyone; each is told, and finds it in their history (ASVS 5.0 7.4.5, R18).
func TestSignOutThose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		ann, bob, dpo := d.customer("ann@example.org"), d.customer("bob@example.org"), d.staff(identity.Officer, "olga@example.org")
		if _, _, err := d.signIn("ann@example.org", goodPassword); err != nil {
			t.Fatal(err)
		}
		out := func(w identity.Those) identity.Ended {
			t.Helper()
			done, err := d.a.SignOutThose(ctx, "engineer", "console", w)
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		if done := out(identity.Those{Subjects: []keys.SubjectID{ann.Account.Subject}}); done != (identity.Ended{Accounts: 1, Sessions: 2}) {
			t.Errorf("%+v", done)
		}
		d.one(mail.AccountSignedOut, "ann@example.org")
		if got := d.About(ann.Account.Subject); !slices.Contains(got, "account.ended operator") {
			t.Errorf("Ann's history: %v", got)
		}
		if list, err := d.a.Sessions(ctx, bob); err != nil || len(list) != 1 {
			t.Errorf("Bob has %d sessions, %v", len(list), err)
		}
		if done := out(identity.Those{Subjects: []keys.SubjectID{ann.Account.Subject}}); done != (identity.Ended{}) || len(d.post()) > 0 {
			t.Errorf("somebody who is signed in nowhere: %+v", done)
		}
		if _, err := d.a.SignOutThose(ctx, "engineer", "console", identity.Those{Subjects: []keys.SubjectID{1 << 40}}); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("somebody without an account: %v", err)
		}
		if done := out(identity.Those{Role: identity.Officer}); done != (identity.Ended{Accounts: 1, Sessions: 1}) {
			t.Errorf("%+v", done)
		}
		d.one(mail.AccountSignedOut, "olga@example.org")
		if list, err := d.a.Sessions(ctx, dpo); err != nil || len(list) != 0 {
			t.Errorf("the officer has %d sessions, %v", len(list), err)
		}
		d.authenticator(bob)
		if _, half, err := d.signIn("bob@example.org", goodPassword); err != nil || half.Level != identity.Half {
			t.Fatal(err)
		}
		d.post()
		if _, _, err := d.signIn("ann@example.org", goodPassword); err != nil {
			t.Fatal(err)
		}
		if done := out(identity.Those{}); done != (identity.Ended{Accounts: 2, Sessions: 2}) || d.rows("sessions") != 0 {
			t.Errorf("%+v, %d sessions are left", done, d.rows("sessions"))
		}
		if got := kinds(d.post()); !slices.Equal(got, []string{"account.signed-out", "account.signed-out"}) {
			t.Errorf("%v", got)
		}
		if _, _, err := d.signIn("ann@example.org", goodPassword); err != nil {
			t.Errorf("the account is still Ann's: %v", err)
		}
	})
}
