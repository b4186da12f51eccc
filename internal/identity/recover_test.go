package identity_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

const (
	wait    = 3 * 24 * time.Hour
	surface = "portal"
)

// lost is a customer who asked for their second factor to be removed.
type lost struct {
	*desk
	*identity.Session // from before
	half              *identity.Session
	email             string
}

// lose makes a customer with an app, a passkey and recovery codes, who signs in
// as far as the password.
func (d *desk) lose(email string) *lost {
	d.TB.Helper()
	s := d.customer(email)
	d.authenticator(s)
	d.makePasskey(s)
	d.post()
	_, half, err := d.signIn(email, goodPassword)
	if err != nil || half.Level != identity.Half {
		d.TB.Fatalf("%v", err)
	}
	return &lost{d, s, half, email}
}

// ask returns the link of the first mail.
func (l *lost) ask() string {
	l.TB.Helper()
	if err := l.a.AskRecovery(context.Background(), l.half); err != nil {
		l.TB.Fatal(err)
	}
	return l.one(mail.AccountRecoverAsked, l.email).token
}

// begin returns the link that stops the wait.
func (l *lost) begin() (stop string) {
	l.TB.Helper()
	over, err := l.a.BeginRecovery(context.Background(), surface, l.ask())
	if err != nil || !over.Equal(l.Now().Add(wait)) {
		l.TB.Fatalf("%v, %v", over, err)
	}
	return l.one(mail.AccountRecoverBegun, l.email).token
}

func (l *lost) end(token string) (*identity.Session, error) {
	_, s, err := l.a.FinishRecovery(context.Background(), surface, token, goodPassword, phone)
	return s, err
}

// R18, ASVS 5.0 6.4.4: somebody without telephone and codes gets in again, after
// a wait of which they are told at both ends; all old factors and sessions end.
func TestLostSecondFactor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		l := d.lose("ann@example.org")
		asked := l.ask()
		if _, err := d.a.BeginRecovery(ctx, surface, asked); err != nil {
			t.Fatal(err)
		}
		if _, err := d.a.BeginRecovery(ctx, surface, asked); !errors.Is(err, identity.ErrLink) {
			t.Errorf("the first link twice: %v", err)
		}
		d.one(mail.AccountRecoverBegun, l.email)
		d.Later(wait - time.Minute)
		if got := d.post(); len(got) != 0 {
			t.Errorf("before the end: %v", kinds(got))
		}
		d.Later(time.Minute)
		last := d.one(mail.AccountRecoverReady, l.email)
		if last.path != "/recover/finish" || last.host != "portal.invoco.net" {
			t.Errorf("the last link leads to %s%s", last.host, last.path)
		}
		if _, _, err := d.a.FinishRecovery(ctx, surface, last.token, otherPassword, phone); !errors.Is(err, identity.ErrCode) {
			t.Errorf("with another password: %v", err)
		}
		before := d.rows("sessions")
		s, err := l.end(last.token)
		if err != nil || s.Level != identity.Whole || before < 1 || d.rows("sessions") != 1 {
			t.Fatalf("%v, sessions before %d, after %d", err, before, d.rows("sessions"))
		}
		if list, err := d.a.Credentials(ctx, s); err != nil || len(list) != 1 {
			t.Errorf("%d ways of proof are left, %v", len(list), err)
		}
		if _, err := l.end(last.token); !errors.Is(err, identity.ErrLink) {
			t.Errorf("the last link twice: %v", err)
		}
		d.one(mail.AccountRecovered, l.email)
		if _, in, err := d.signIn(l.email, goodPassword); err != nil || in.Level != identity.Whole {
			t.Errorf("the password alone: %v", err)
		}
		history := d.About(l.Account.Subject)
		for _, want := range []string{"account.changed recover.begun", "account.changed recover.done", "account.signed-in recovery-link"} {
			if !slices.Contains(history, want) {
				t.Errorf("the history lacks %s: %v", want, history)
			}
		}
		d.authenticator(s) // and sets a new one up
	})
}

// What stops the wait: a whole sign-in, a step-up, another password, its own
// link, the button of whoever is still signed in. Its person is told each time,
// and the last mail never comes.
func TestRecoveryIsStopped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		for who, stop := range map[string]func(l *lost, token string) error{
			"ann": func(l *lost, _ string) error {
				_, _, err := d.a.Code(ctx, l.half, d.code(l.Session), phone)
				return err
			},
			"bob": func(l *lost, _ string) error {
				return d.a.Prove(ctx, l.Session, identity.Proof{Password: goodPassword, Code: d.code(l.Session)})
			},
			"cal": func(l *lost, _ string) error {
				return d.a.ChangePassword(ctx, l.Session, goodPassword, otherPassword)
			},
			"dee": func(_ *lost, token string) error { return d.a.StopRecovery(ctx, surface, token) },
			"eve": func(l *lost, _ string) error { return d.a.EndRecovery(ctx, l.Session) },
		} {
			l := d.lose(who + "@example.org")
			token := l.begin()
			d.Later(time.Minute)
			if over, ok, err := d.a.Recovering(ctx, l.Session); err != nil || !ok || !over.Equal(d.Now().Add(wait-time.Minute)) {
				t.Errorf("%s sees %v, %v, %v", who, over, ok, err)
			}
			if err := stop(l, token); err != nil {
				t.Fatalf("%s: %v", who, err)
			}
			if got := kinds(d.post()); !slices.Contains(got, "account.recover-stopped") {
				t.Errorf("%s is not told: %v", who, got)
			}
			if _, ok, err := d.a.Recovering(ctx, l.Session); err != nil || ok {
				t.Errorf("%s: still under way, %v", who, err)
			}
			if err := d.a.StopRecovery(ctx, surface, token); !errors.Is(err, identity.ErrLink) {
				t.Errorf("%s stops it again: %v", who, err)
			}
			if !slices.Contains(d.About(l.Account.Subject), "account.changed recover.stopped") {
				t.Errorf("%s: not in the history", who)
			}
		}
		d.Later(wait)
		if got := d.post(); len(got) != 0 {
			t.Errorf("after the wait came %v", kinds(got))
		}
	})
}

// A reset by mail stops the wait too: the password that was proven is gone.
// What was stopped between the last mail and its link is refused.
func TestRecoveryStoppedLate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		l := d.lose("ann@example.org")
		l.begin()
		d.Later(wait)
		last := d.one(mail.AccountRecoverReady, l.email).token
		if err := d.a.AskReset(ctx, surface, l.email); err != nil {
			t.Fatal(err)
		}
		if err := d.a.Reset(ctx, d.one(mail.AccountReset, l.email).token, goodPassword); err != nil {
			t.Fatal(err)
		}
		if _, err := l.end(last); !errors.Is(err, identity.ErrLink) {
			t.Errorf("after a reset: %v", err)
		}
		d.post()
		_, half, err := d.signIn(l.email, goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		l.half = half
		stop := l.begin()
		l.begin() // asked for again: the first wait is over
		if err := d.a.StopRecovery(ctx, surface, stop); !errors.Is(err, identity.ErrLink) {
			t.Errorf("the link of the wait before: %v", err)
		}
		d.Later(wait)
		last = d.one(mail.AccountRecoverReady, l.email).token
		d.Later(7 * 24 * time.Hour)
		if _, err := l.end(last); !errors.Is(err, identity.ErrLink) {
			t.Errorf("a week after the wait: %v", err)
		}
	})
}

// Links of recovery are good where and for what they were made, and for nobody
// who is not there any more.
func TestLinksOfRecovery(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		l := d.lose("ann@example.org")
		asked := l.ask()
		for _, other := range []string{"partner", "softphone", "console", "website", ""} {
			if _, err := d.a.BeginRecovery(ctx, other, asked); !errors.Is(err, identity.ErrLink) {
				t.Errorf("the first link on %q: %v", other, err)
			}
		}
		if _, err := l.end(asked); !errors.Is(err, identity.ErrLink) {
			t.Errorf("the first link for the last: %v", err)
		}
		if err := d.a.StopRecovery(ctx, surface, asked); !errors.Is(err, identity.ErrLink) {
			t.Errorf("the first link for the one that stops: %v", err)
		}
		if err := d.a.Reset(ctx, asked, otherPassword); !errors.Is(err, identity.ErrLink) {
			t.Errorf("the first link for another password: %v", err)
		}
		if _, err := d.a.BeginRecovery(ctx, surface, asked); err != nil {
			t.Fatal(err)
		}
		stop := d.one(mail.AccountRecoverBegun, l.email).token
		early := d.a.RecoveryToken(ctx, l.Account)
		if _, err := l.end(early); !errors.Is(err, identity.ErrLink) || d.a.Good(ctx, early) == nil {
			t.Errorf("the last link before the wait is over: %v", err)
		}
		for _, bad := range []string{"", "x", stop, early[:31] + otherThan(early[31])} {
			if _, err := l.end(bad); !errors.Is(err, identity.ErrLink) {
				t.Errorf("%d letters: %v", len(bad), err)
			}
		}
		d.Later(wait)
		last := d.one(mail.AccountRecoverReady, l.email).token
		for _, other := range []string{"partner", "softphone", "console"} {
			if _, _, err := d.a.FinishRecovery(ctx, other, last, goodPassword, phone); !errors.Is(err, identity.ErrLink) {
				t.Errorf("the last link on %s: %v", other, err)
			}
		}
		for range 10 {
			if _, _, err := d.a.FinishRecovery(ctx, surface, last, otherPassword, phone); !errors.Is(err, identity.ErrCode) {
				t.Errorf("a guess: %v", err)
			}
		}
		if _, err := l.end(last); !errors.Is(err, identity.ErrCode) {
			t.Errorf("the right password after ten wrong ones: %v", err)
		}
		d.erase(l)
		d.Later(time.Hour)
		if _, err := l.end(last); !errors.Is(err, identity.ErrLink) {
			t.Errorf("somebody erased: %v", err)
		}
	})
}

func (d *desk) erase(l *lost) {
	d.TB.Helper()
	err := d.Update(func(ctx context.Context, tx *store.Tx) error {
		if err := d.a.Forget(ctx, tx, l.Account.Subject); err != nil {
			return err
		}
		_, err := d.Vault.EraseIn(ctx, tx, l.Account.Subject)
		return err
	})
	if err != nil {
		d.TB.Fatal(err)
	}
}

// Whoever is erased during the wait gets no last mail. Who has only a mailbox,
// a half session that is over, or no second factor, begins nothing; and a flood
// of other mails keeps neither notice from its person.
func TestRecoveryIsForWhoeverMay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		l := d.lose("ann@example.org")
		for what, s := range map[string]*identity.Session{"a whole session": l.Session, "nobody": {Level: identity.Half, Surface: surface}} {
			if err := d.a.AskRecovery(ctx, s); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		sue := d.staff(identity.Support, "sue@example.org")
		d.authenticator(sue)
		_, half, err := d.a.SignIn(ctx, identity.Attempt{Surface: "console", Email: "sue@example.org", Password: goodPassword})
		if err != nil || d.a.MayRecover(half) {
			t.Fatal(err)
		}
		if err := d.a.AskRecovery(ctx, half); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("staff ask for it: %v", err)
		}
		asked := l.ask()
		for range 6 {
			if err := d.a.AskReset(ctx, surface, l.email); err != nil {
				t.Fatal(err)
			}
		}
		d.post()
		if _, err := d.a.BeginRecovery(ctx, surface, asked); err != nil {
			t.Fatal(err)
		}
		d.one(mail.AccountRecoverBegun, l.email)
		d.erase(l)
		d.Later(wait)
		if got := d.post(); len(got) != 0 {
			t.Errorf("an erased person got %v", kinds(got))
		}
		bob := d.lose("bob@example.org")
		if err := d.a.End(ctx, bob.half, bob.half.ID); err != nil {
			t.Fatal(err)
		}
		if err := d.a.AskRecovery(ctx, bob.half); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("a half session that is over: %v", err)
		}
	})
}

// A member of staff is let in by whoever runs the machine: the link is shown,
// its person is told, and a new second factor comes before anything else.
func TestStaffRecover(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		d.customer("ann@example.org")
		sue := d.staff(identity.Support, "sue@example.org")
		d.authenticator(sue)
		offer := func(email string) (string, error) {
			address, until, err := d.a.OfferRecovery(ctx, "engineer", email)
			if err != nil {
				return "", err
			}
			m := links.FindStringSubmatch(address)
			if m == nil || m[1] != "console.invoco.net" || m[2] != "/recover/finish" || !until.Equal(d.Now().Add(24*time.Hour)) {
				t.Fatalf("%s until %v", m, until)
			}
			d.one(mail.AccountRecoverOffered, email)
			return m[3], nil
		}
		for email, want := range map[string]error{"ann@example.org": identity.ErrRole, "nobody@example.org": identity.ErrNotFound} {
			if _, err := offer(email); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", email, err, want)
			}
		}
		first, err := offer("sue@example.org")
		if err != nil {
			t.Fatal(err)
		}
		second, err := offer("sue@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.a.FinishRecovery(ctx, "console", first, goodPassword, phone); !errors.Is(err, identity.ErrLink) {
			t.Errorf("the link before the last: %v", err)
		}
		if _, _, err := d.a.FinishRecovery(ctx, surface, second, goodPassword, phone); !errors.Is(err, identity.ErrLink) {
			t.Errorf("on another surface: %v", err)
		}
		_, s, err := d.a.FinishRecovery(ctx, "console", second, goodPassword, phone)
		if err != nil || s.Level != identity.Enrol || d.rows("sessions") != 2 { // hers and Ann's
			t.Fatalf("%v", err)
		}
		d.one(mail.AccountRecovered, "sue@example.org")
		if codes := d.authenticator(s); len(codes) != 10 || s.Level != identity.Whole {
			t.Errorf("%d codes, level %s", len(codes), s.Level)
		}
		third, err := offer("sue@example.org")
		if err != nil {
			t.Fatal(err)
		}
		d.Later(time.Minute)
		if err := d.a.Prove(ctx, s, identity.Proof{Password: goodPassword, Code: d.code(s)}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.a.FinishRecovery(ctx, "console", third, goodPassword, phone); !errors.Is(err, identity.ErrLink) {
			t.Errorf("after a proof: %v", err)
		}
	})
}
