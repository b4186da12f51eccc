package identity_test

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// atOnce runs acts that begin together, and returns their errors.
func atOnce(acts ...func() error) []error {
	errs := make([]error, len(acts))
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, act := range acts {
		all.Go(func() {
			<-begin
			errs[i] = act()
		})
	}
	close(begin)
	all.Wait()
	return errs
}

// wantOne fails unless exactly one act was done and the others refused.
func wantOne(t *testing.T, what string, errs []error, refusal error) {
	t.Helper()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, refusal) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if done != 1 {
		t.Errorf("%s: done %d times of %d", what, done, len(errs))
	}
}

// fourTimes is one act, four times.
func fourTimes(act func() error) []func() error { return []func() error{act, act, act, act} }

// A link does what it is for once, also for requests that come together (R18;
// ASVS 5.0 6.5.1).
func TestOneLinkOneUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		d.ask("ann@example.org")
		l := d.one(mail.AccountSignUp, "ann@example.org")
		wantOne(t, "an account is opened", atOnce(fourTimes(func() error {
			_, err := d.a.Finish(ctx, l.token, goodPassword, phone)
			return err
		})...), identity.ErrLink)
		if n := d.rows("accounts"); n != 1 {
			t.Errorf("%d accounts", n)
		}
		if err := d.a.AskReset(ctx, "portal", "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		l = d.one(mail.AccountReset, "ann@example.org")
		wantOne(t, "a password is set", atOnce(fourTimes(func() error { return d.a.Reset(ctx, l.token, otherPassword) })...), identity.ErrLink)
	})
}

// An address has one account, also if two links to it are followed together.
func TestOneAddressOneAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		var acts []func() error
		for range 4 {
			d.ask("ann@example.org")
			token := d.one(mail.AccountSignUp, "ann@example.org").token
			acts = append(acts, func() error {
				_, err := d.a.Finish(ctx, token, goodPassword, phone)
				return err
			})
		}
		wantOne(t, "an account is opened", atOnce(acts...), identity.ErrLink)
		if n := d.rows("accounts"); n != 1 {
			t.Errorf("%d accounts of one address", n)
		}
	})
}

// A change of address that is confirmed in both mailboxes in the same moment
// is made, once.
func TestBothMailboxesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.customer("ann@example.org")
		for _, next := range []string{"a@example.org", "b@example.org", "c@example.org", "d@example.org"} {
			if err := d.a.AskAddress(ctx, s, url.Values{"email": {next}}); err != nil {
				t.Fatal(err)
			}
			var acts []func() error
			dones := make([]bool, 2)
			for i, l := range d.post() {
				acts = append(acts, func() (err error) {
					dones[i], err = d.a.ConfirmAddress(ctx, l.token)
					return err
				})
			}
			if len(acts) != 2 {
				t.Fatalf("%d letters", len(acts))
			}
			for _, err := range atOnce(acts...) {
				if err != nil {
					t.Error(err)
				}
			}
			if dones[0] == dones[1] {
				t.Errorf("the change was made: %v", dones)
			}
			if held, err := d.a.Address(ctx, s.Account); err != nil || held.Reveal() != next {
				t.Errorf("the address is not the new one, %v", err)
			}
			d.post()
		}
	})
}

// A code is good once, also for two who have the password and type it in the
// same moment; and no use of one brings back another (ASVS 5.0 6.5.1).
func TestOneCodeOneUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.staff(identity.Support, "sue@example.org")
		codes := d.authenticator(s)
		half := func() *identity.Session {
			_, half, err := d.a.SignIn(ctx, identity.Attempt{Surface: "console", Email: "sue@example.org", Password: goodPassword, Device: phone})
			if err != nil {
				t.Fatal(err)
			}
			return half
		}
		try := func(half *identity.Session, code string) func() error {
			return func() error {
				_, _, err := d.a.Code(ctx, half, code, phone)
				return err
			}
		}
		same := codes[0]
		wantOne(t, "a recovery code is taken", atOnce(try(half(), same), try(half(), same), try(half(), same)), identity.ErrCode)
		one := half()
		wantOne(t, "a half session is ended", atOnce(try(one, codes[1]), try(one, codes[2]), try(one, codes[3])), identity.ErrNotFound)
		for i, err := range atOnce(try(half(), codes[4]), try(half(), codes[5]), try(half(), codes[6])) {
			if err != nil {
				t.Errorf("code %d of three together: %v", i, err)
			}
		}
		for _, spent := range []string{codes[0], codes[4], codes[5], codes[6]} {
			if err := try(half(), spent)(); !errors.Is(err, identity.ErrCode) {
				t.Errorf("a code that was spent: %v", err)
			}
		}
	})
}

// Who must have a second factor keeps one, also if two are removed together.
func TestTheLastFactorStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		for _, email := range []string{"eve@example.org", "fay@example.org", "gil@example.org"} {
			s := d.staff(identity.Engineer, email)
			d.makePasskey(s)
			d.makePasskey(s)
			list, err := d.a.Credentials(ctx, s)
			if err != nil {
				t.Fatal(err)
			}
			var acts []func() error
			for _, c := range list {
				if c.Kind == identity.KindPasskey {
					acts = append(acts, func() error { return d.a.Remove(ctx, s, c.ID) })
				}
			}
			wantOne(t, "a passkey is removed", atOnce(acts...), identity.ErrLast)
		}
	})
}
