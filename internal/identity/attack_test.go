package identity_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support/intake"
)

// What is asked for by address does the same work for every address: nobody
// learns from rows, sizes or answers who has an account.
func TestSignUpDoesTheSameForEveryAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		tables := []string{"accounts", "account_links", "account_mails", "sessions", "mail_queue", "records", "subjects", "tags", "data_keys", "evidence"}
		count := func() (n []int) {
			for _, table := range tables {
				n = append(n, d.rows(table))
			}
			return n
		}
		written := func(address string) string {
			before := count()
			d.ask(address)
			after := count()
			for i := range after {
				after[i] -= before[i]
			}
			return fmt.Sprint(after)
		}
		d.customer("ann@example.org")
		d.ask("waiting@example.org")
		d.post()
		want := written("new@example.org")
		for _, address := range []string{"ann@example.org", "ANN@example.org", "waiting@example.org"} {
			if got := written(address); got != want {
				t.Errorf("%v rows of %v, want %v", got, tables, want)
			}
		}
		if got := kinds(d.post()); !slices.Equal(got, []string{"account.known", "account.known", "account.sign-up", "account.sign-up"}) {
			t.Errorf("letters %v", got)
		}
	})
}

// A wrong password, an unknown address and a role that has no business on the
// surface are one refusal.
func TestOneRefusal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		d.customer("ann@example.org")
		d.staff(identity.Support, "sue@example.org")
		for _, c := range []identity.Attempt{
			{Surface: "portal", Email: "ann@example.org", Password: otherPassword},
			{Surface: "portal", Email: "bob@example.org", Password: goodPassword},
			{Surface: "portal", Email: "sue@example.org", Password: goodPassword},
			{Surface: "console", Email: "ann@example.org", Password: goodPassword},
			{Surface: "website", Email: "ann@example.org", Password: goodPassword},
			{Surface: "portal", Email: "nonsense", Password: goodPassword},
			{Surface: "portal", Email: "ann@example.org", Password: strings.Repeat("x", 1<<20)},
			{Surface: "portal", Email: "ann@example.org", Password: "\xff\xfe"},
			{Surface: "portal", Email: "ann@example.org"},
		} {
			if _, _, err := d.a.SignIn(ctx, c); err == nil || err.Error() != identity.ErrSignIn.Error() {
				t.Errorf("on %s: %v", c.Surface, err)
			}
		}
	})
}

// Nobody learns by time who has an account: the answers to known and unknown
// addresses are drawn from one distribution, as far as a rank-sum test can
// tell (Mann and Whitney 1947).
func TestTimeTellsNothing(t *testing.T) {
	b := mailtest.New(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
	a, err := identity.New(identity.Config{Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{b, a}
	d.customer("ann@example.org")
	const rounds = 14
	var known, unknown []float64
	for i := range rounds {
		for _, c := range []struct {
			email string
			into  *[]float64
		}{{"ann@example.org", &known}, {fmt.Sprintf("nobody%d@example.org", i), &unknown}} {
			begun := time.Now()
			_, _, err := d.signIn(c.email, otherPassword)
			*c.into = append(*c.into, time.Since(begun).Seconds())
			if !errors.Is(err, identity.ErrSignIn) {
				t.Fatal(err)
			}
		}
	}
	if z := rankSum(known, unknown); math.Abs(z) > 4 { // once in 16,000 runs by chance
		t.Errorf("known and unknown addresses differ in time: z = %.1f\n%v\n%v", z, known, unknown)
	}
}

// rankSum returns the normal approximation of the Mann-Whitney statistic.
func rankSum(a, b []float64) float64 {
	u := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x < y:
				u++
			case x == y:
				u += .5
			}
		}
	}
	n, m := float64(len(a)), float64(len(b))
	return (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
}

// Guessing is slowed, and locks nobody else out: the owner gets a way in.
func TestGuessingLocksNobodyOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		for range 30 {
			if _, _, err := d.signIn("ann@example.org", otherPassword); !errors.Is(err, identity.ErrSignIn) {
				t.Fatal(err)
			}
		}
		if _, _, err := d.signIn("ann@example.org", goodPassword); !errors.Is(err, identity.ErrSignIn) {
			t.Fatalf("the eleventh guess could still be right: %v", err)
		}
		l := d.one(mail.AccountUnlock, "ann@example.org")
		in, _, err := d.a.SignIn(ctx, identity.Attempt{Surface: "portal", Email: "ann@example.org", Password: goodPassword, Unlock: l.token, Device: phone})
		if err != nil || in == "" {
			t.Fatalf("the owner's way in: %v", err)
		}
		if _, _, err := d.signIn("ann@example.org", goodPassword); err != nil {
			t.Errorf("after the owner was in: %v", err)
		}
		if err := d.a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(d.About(s.Account.Subject), "account.refused") {
			t.Error("the guesses are not in the history")
		}
		for range 12 {
			_, _, _ = d.signIn("nobody@example.org", otherPassword)
		}
		if list := d.post(); len(list) != 0 {
			t.Errorf("letters about nobody's account: %v", kinds(list))
		}
		other := d.customer("bob@example.org")
		for range 10 {
			_, _, _ = d.signIn("bob@example.org", otherPassword)
		}
		foreign := identity.Attempt{Surface: "portal", Email: "bob@example.org", Password: goodPassword, Unlock: l.token}
		if _, _, err := d.a.SignIn(ctx, foreign); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("somebody else's way in: %v", err)
		}
		d.Later(16 * time.Minute)
		if _, _, err := d.signIn("bob@example.org", goodPassword); err != nil {
			t.Errorf("after a quarter of an hour: %v", err)
		}
		_ = other
	})
}

func TestReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		d.customer("ann@example.org")
		token, _, err := d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{"nobody@example.org", "ann@example.org"} {
			if err := d.a.AskReset(ctx, "portal", email); err != nil {
				t.Fatal(err)
			}
		}
		l := d.one(mail.AccountReset, "ann@example.org")
		for _, bad := range []string{"", "x", l.token[:31] + otherThan(l.token[31]), strings.ToUpper(l.token)} {
			if err := d.a.Reset(ctx, bad, otherPassword); !errors.Is(err, identity.ErrLink) {
				t.Errorf("%d letters: %v", len(bad), err)
			}
		}
		for password, want := range map[string]identity.PasswordFault{
			"short": identity.PasswordShort, "aaaaaaaaaaaaaa": identity.PasswordPlain, "abcdefghijklmn": identity.PasswordPlain,
			strings.Repeat("long ", 60): identity.PasswordLong, "Invoco-Invoco-2026": identity.PasswordSelf, "good words\xff here": identity.PasswordBytes,
		} {
			if err := d.a.Reset(ctx, l.token, password); !errors.Is(err, want) {
				t.Errorf("%d letters: %v, want %v", len(password), err, want)
			}
		}
		if err := d.a.Reset(ctx, l.token, otherPassword); err != nil {
			t.Fatal(err)
		}
		if err := d.a.Reset(ctx, l.token, goodPassword); !errors.Is(err, identity.ErrLink) {
			t.Errorf("a link worked twice: %v", err)
		}
		if _, err := d.a.Session(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("signed in after the reset: %v", err)
		}
		if _, _, err := d.signIn("ann@example.org", goodPassword); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("the old password: %v", err)
		}
		_, s, err := d.signIn("ann@example.org", otherPassword)
		if err != nil {
			t.Fatalf("the new password: %v", err)
		}
		d.one(mail.AccountPasswordChanged, "ann@example.org")
		if err := d.a.AskReset(ctx, "portal", "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		late := d.one(mail.AccountReset, "ann@example.org")
		if err := d.a.ChangePassword(ctx, s, otherPassword, goodPassword); err != nil {
			t.Fatal(err)
		}
		if err := d.a.Reset(ctx, late.token, otherPassword); !errors.Is(err, identity.ErrLink) {
			t.Errorf("a link that went out under the old password: %v", err)
		}
		d.post()
		if err := d.a.AskReset(ctx, "portal", "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		late = d.one(mail.AccountReset, "ann@example.org")
		d.Later(2 * time.Hour)
		if err := d.a.Reset(ctx, late.token, otherPassword); !errors.Is(err, identity.ErrLink) {
			t.Errorf("a link of two hours ago: %v", err)
		}
	})
}

// Nobody can have an address flooded through the forms.
func TestFiveMailsADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d := newDesk(t, st)
		for range 9 {
			d.ask("ann@example.org")
		}
		if list := d.post(); len(list) != 5 {
			t.Errorf("%d letters on one day", len(list))
		}
		d.Later(24 * time.Hour)
		d.ask("ann@example.org")
		if list := d.post(); len(list) != 1 {
			t.Errorf("%d letters on the next", len(list))
		}
	})
}

// An address changes once both mailboxes have agreed.
func TestAddressChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		d.customer("bob@example.org")
		form := url.Values{"email": {"new@example.org"}}
		d.Later(11 * time.Minute)
		if err := d.a.AskAddress(ctx, s, form); !errors.Is(err, identity.ErrProof) {
			t.Fatalf("without a fresh proof: %v", err)
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: otherPassword}); !errors.Is(err, identity.ErrCode) {
			t.Fatalf("a wrong proof: %v", err)
		}
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword}); err != nil {
			t.Fatal(err)
		}
		var wrong intake.FieldErrors
		if err := d.a.AskAddress(ctx, s, url.Values{"email": {"nonsense"}}); !errors.As(err, &wrong) {
			t.Fatalf("%v", err)
		}
		if err := d.a.AskAddress(ctx, s, url.Values{"email": {"bob@example.org"}}); err != nil {
			t.Fatal(err)
		}
		if got := kinds(d.post()); !slices.Equal(got, []string{"account.address-old", "account.address-taken"}) {
			t.Errorf("letters %v", got)
		}
		if err := d.a.AskAddress(ctx, s, form); err != nil {
			t.Fatal(err)
		}
		var tokens []string
		for _, l := range d.post() {
			tokens = append(tokens, l.token)
		}
		if len(tokens) != 2 {
			t.Fatalf("%d letters", len(tokens))
		}
		if _, _, err := d.signIn("new@example.org", goodPassword); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("the new address signs in before it is confirmed: %v", err)
		}
		if done, err := d.a.ConfirmAddress(ctx, tokens[0]); err != nil || done {
			t.Fatalf("%v, %v", done, err)
		}
		if _, err := d.a.ConfirmAddress(ctx, tokens[0]); !errors.Is(err, identity.ErrLink) {
			t.Errorf("a link worked twice: %v", err)
		}
		if _, _, err := d.signIn("ann@example.org", goodPassword); err != nil {
			t.Errorf("the old address after one confirmation: %v", err)
		}
		if done, err := d.a.ConfirmAddress(ctx, tokens[1]); err != nil || !done {
			t.Fatalf("%v, %v", done, err)
		}
		if _, _, err := d.signIn("ann@example.org", goodPassword); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("the old address after the change: %v", err)
		}
		if _, _, err := d.signIn("new@example.org", goodPassword); err != nil {
			t.Errorf("the new address: %v", err)
		}
		d.one(mail.AccountAddressChanged, "ann@example.org")
	})
}

// An administrator looks after the people of their own firm, and of no other;
// the officer after staff.
func TestPeople(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		ann, bob := d.customer("ann@example.org"), d.customer("bob@example.org")
		invite := func(by *identity.Session, role identity.Role, email string) error {
			return d.a.Invite(ctx, by, role, url.Values{"name": {"Cal"}, "email": {email}, "role": {string(role)}})
		}
		for _, role := range []identity.Role{identity.Support, identity.Officer, identity.Partner, "king"} {
			if err := invite(ann, role, "cal@example.org"); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("a customer invited %q: %v", role, err)
			}
		}
		var faults intake.FieldErrors
		if err := invite(ann, "", "cal@example.org"); !errors.As(err, &faults) || faults.Of("role") == "" {
			t.Errorf("a customer invited nobody in particular: %v", err)
		}
		if err := invite(ann, identity.CustomerUser, "cal@example.org"); err != nil {
			t.Fatal(err)
		}
		cal := d.finish(d.one(mail.AccountInvited, "cal@example.org").token)
		if cal.Account.Company != ann.Account.Company || cal.Account.Role != identity.CustomerUser {
			t.Errorf("%+v", cal.Account)
		}
		if err := invite(cal, identity.CustomerUser, "dee@example.org"); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("a user invited somebody: %v", err)
		}
		list, err := d.a.Colleagues(ctx, ann)
		if err != nil || len(list) != 2 || list[1].Email.Reveal() != "cal@example.org" {
			t.Fatalf("%d colleagues, %v", len(list), err)
		}
		if !slices.Contains(d.About(cal.Account.Subject), "record.used") {
			t.Error("the look is not in the history of whom it was at")
		}
		if _, err := d.a.Colleagues(ctx, cal); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("a user sees the list: %v", err)
		}
		if err := d.a.Dismiss(ctx, bob, cal.Account.Reference); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("another firm's administrator closed the account: %v", err)
		}
		if err := d.a.Dismiss(ctx, ann, ann.Account.Reference); !errors.Is(err, identity.ErrLast) {
			t.Errorf("closed their own: %v", err)
		}
		for who, want := range map[*identity.Session]error{bob: identity.ErrNotFound, cal: identity.ErrNotFound, ann: nil} {
			if err := d.a.SignOut(ctx, who, cal.Account.Reference); !errors.Is(err, want) {
				t.Errorf("a %s signs somebody out: %v", who.Account.Role, err)
			}
		}
		if err := d.a.SignOut(ctx, ann, ann.Account.Reference); !errors.Is(err, identity.ErrLast) {
			t.Errorf("signed themselves out: %v", err)
		}
		in, err := d.a.Sessions(ctx, cal)
		if err != nil || len(in) != 0 || !slices.Contains(d.About(cal.Account.Subject), "account.ended manager") {
			t.Errorf("%d sessions are left, %v", len(in), err)
		}
		d.one(mail.AccountSignedOut, "cal@example.org")
		if _, _, err := d.signIn("cal@example.org", goodPassword); err != nil {
			t.Errorf("an account that was only signed out: %v", err)
		}
		if err := d.a.Dismiss(ctx, ann, cal.Account.Reference); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.signIn("cal@example.org", goodPassword); !errors.Is(err, identity.ErrSignIn) {
			t.Errorf("a closed account signs in: %v", err)
		}
		d.one(mail.AccountClosed, "cal@example.org")
		dpo := d.staff(identity.Officer, "olga@example.org")
		d.authenticator(dpo)
		if err := invite(dpo, identity.Marketing, "max@example.org"); err != nil {
			t.Fatal(err)
		}
		if max := d.finish(d.one(mail.AccountInvited, "max@example.org").token); max.Surface != "console" || max.Level != identity.Enrol {
			t.Errorf("%s on %s", max.Level, max.Surface)
		}
		if err := d.a.Dismiss(ctx, dpo, ann.Account.Reference); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("the officer closed a customer's account: %v", err)
		}
	})
}
