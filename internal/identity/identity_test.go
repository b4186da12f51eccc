package identity_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	goodPassword  = "harbour lantern twelve"
	otherPassword = "meadow copper thirteen"
)

var phone = identity.Device{Address: "192.0.2.7", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"}

// desk is a bench with accounts on it.
type desk struct {
	*mailtest.Bench
	a *identity.Accounts
}

func newDesk(t testing.TB, st *store.Store) *desk {
	t.Helper()
	b := mailtest.New(t, st, "invoco")
	a, err := identity.New(identity.Config{
		Store: st, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now, Floor: time.Nanosecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{b, a}
}

var links = regexp.MustCompile(`https://([a-z.]+)(/[a-z/-]+)(?:\?token=([A-Za-z0-9_-]{32}))?`)

type letter struct {
	kind              mail.Kind
	to                string
	host, path, token string
}

// post sends what is due and returns what came, by recipient.
func (d *desk) post() (list []letter) {
	d.TB.Helper()
	d.Work()
	for _, l := range d.Office.Take() {
		x := letter{kind: l.Kind, to: l.To}
		if m := links.FindStringSubmatch(l.Raw); m != nil {
			x.host, x.path, x.token = m[1], m[2], m[3]
		}
		list = append(list, x)
	}
	return list
}

// one returns the single letter that came.
func (d *desk) one(kind mail.Kind, to string) letter {
	d.TB.Helper()
	list := d.post()
	if len(list) != 1 || list[0].kind != kind || list[0].to != to {
		d.TB.Fatalf("%d letters came, want one %s: %v", len(list), kind, kinds(list))
	}
	return list[0]
}

func kinds(list []letter) (all []string) {
	for _, l := range list {
		all = append(all, string(l.kind))
	}
	slices.Sort(all)
	return all
}

func (d *desk) ask(email string) {
	d.TB.Helper()
	err := d.a.SignUp(context.Background(), identity.SignUp{Form: url.Values{"name": {"Ann Example"}, "email": {email}}, Surface: "portal", Policy: 1, Wording: [32]byte{7}})
	if err != nil {
		d.TB.Fatal(err)
	}
}

// customer opens an account and returns its session.
func (d *desk) customer(email string) *identity.Session {
	d.TB.Helper()
	d.ask(email)
	return d.finish(d.one(mail.AccountSignUp, email).token)
}

func (d *desk) finish(token string) *identity.Session {
	d.TB.Helper()
	o, err := d.a.Finish(context.Background(), token, goodPassword, phone)
	if err != nil {
		d.TB.Fatal(err)
	}
	return o.Session
}

// staff opens the account of somebody who works here.
func (d *desk) staff(role identity.Role, email string) *identity.Session {
	d.TB.Helper()
	address, _, err := d.a.Employ(context.Background(), role, email)
	if err != nil {
		d.TB.Fatal(err)
	}
	return d.finish(links.FindStringSubmatch(address)[3])
}

func (d *desk) signIn(email, password string) (string, *identity.Session, error) {
	return d.a.SignIn(context.Background(), identity.Attempt{Surface: "portal", Email: email, Password: password, Device: phone})
}

func (d *desk) rows(table string) (n int) {
	d.TB.Helper()
	if err := d.Store.DB().QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
		d.TB.Fatal(err)
	}
	return n
}

// R18: the whole way of one customer.
func TestStoryOfACustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		d.ask("ann@example.org")
		if _, _, err := d.signIn("ann@example.org", goodPassword); !errors.Is(err, identity.ErrSignIn) {
			t.Fatalf("signed in before the address was confirmed: %v", err)
		}
		l := d.one(mail.AccountSignUp, "ann@example.org")
		if l.path != "/sign-up/finish" || l.host != "portal.invoco.net" {
			t.Errorf("the link leads to %s%s", l.host, l.path)
		}
		var fault identity.PasswordFault
		if _, err := d.a.Finish(ctx, l.token, "short", phone); !errors.As(err, &fault) {
			t.Fatalf("a short password: %v", err)
		}
		s := d.finish(l.token)
		if s.Level != identity.Whole || s.Account.Role != identity.CustomerAdministrator || s.Account.Company == 0 {
			t.Errorf("session %+v", s)
		}
		if _, err := d.a.Finish(ctx, l.token, goodPassword, phone); !errors.Is(err, identity.ErrLink) {
			t.Fatalf("a link worked twice: %v", err)
		}
		if name, err := d.a.Name(ctx, s.Account); err != nil || name != "Ann Example" {
			t.Errorf("the name is %d letters, %v", len(name), err)
		}
		token, in, err := d.signIn("ANN@example.org", goodPassword)
		if err != nil || in.Level != identity.Whole {
			t.Fatal(err)
		}
		got, err := d.a.Session(ctx, "portal", token)
		if err != nil || got.Account.ID != s.Account.ID {
			t.Fatalf("%v", err)
		}
		list, err := d.a.Sessions(ctx, got)
		if err != nil || len(list) != 2 || list[0].Browser != "Firefox 153" || list[0].System != "Linux" || list[0].Address != "192.0.2.7" {
			t.Errorf("%d sessions, %v", len(list), err)
		}
		about := d.About(s.Account.Subject)
		for _, want := range []string{"account.opened customer-administrator", "notice.accepted", "account.signed-in link", "account.signed-in password", "mail.sent account.sign-up"} {
			if !slices.Contains(about, want) {
				t.Errorf("the history lacks %q: %v", want, about)
			}
		}
		if err := d.a.End(ctx, got, s.ID); err != nil {
			t.Fatal(err)
		}
		if err := d.a.End(ctx, got, s.ID); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("ended twice: %v", err)
		}
		if err := d.a.End(ctx, got, got.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.a.Session(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("signed out and still in: %v", err)
		}
	})
}

// A token opens one surface, for as long as its role may, and is not found
// otherwise.
func TestSessionsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		d.customer("ann@example.org")
		token, _, err := d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		for _, surface := range []string{"partner", "console", "softphone", "website", ""} {
			if _, err := d.a.Session(ctx, surface, token); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("opens %s: %v", surface, err)
			}
		}
		for _, bad := range []string{"", "x", token + "x", token[:len(token)-1] + "=", "\x00"} {
			if _, err := d.a.Session(ctx, "portal", bad); !errors.Is(err, identity.ErrNotFound) {
				t.Errorf("%d letters: %v", len(bad), err)
			}
		}
		for range 20 { // used every 29 minutes it lasts until its longest time
			d.Later(29 * time.Minute)
			if _, err := d.a.Session(ctx, "portal", token); err != nil {
				t.Fatal(err)
			}
		}
		d.Later(31 * time.Minute)
		if _, err := d.a.Session(ctx, "portal", token); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("unused for 31 minutes: %v", err)
		}
		token, _, err = d.signIn("ann@example.org", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		for range 25 {
			d.Later(29 * time.Minute)
			_, err = d.a.Session(ctx, "portal", token)
		}
		if !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("after twelve hours: %v", err)
		}
		if err := d.a.Sweep(ctx); err != nil || d.rows("sessions") != 0 {
			t.Errorf("%d sessions after the sweep, %v", d.rows("sessions"), err)
		}
	})
}

// Staff sign in with a second factor, and do nothing before they have one.
func TestStaffNeedASecondFactor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		d, ctx := newDesk(t, st), context.Background()
		s := d.staff(identity.Support, "sue@example.org")
		if s.Level != identity.Enrol || s.Surface != "console" {
			t.Fatalf("level %s on %s", s.Level, s.Surface)
		}
		codes := d.authenticator(s)
		if len(codes) != 10 || s.Level != identity.Whole {
			t.Errorf("%d codes, level %s", len(codes), s.Level)
		}
		attempt := identity.Attempt{Surface: "console", Email: "sue@example.org", Password: goodPassword, Device: phone}
		_, half, err := d.a.SignIn(ctx, attempt)
		if err != nil || half.Level != identity.Half {
			t.Fatalf("%v", err)
		}
		for range 5 {
			if _, _, err := d.a.Code(ctx, half, "000000", phone); !errors.Is(err, identity.ErrCode) {
				t.Fatalf("a wrong code: %v", err)
			}
		}
		d.Later(time.Minute)
		if _, _, err := d.a.Code(ctx, half, d.code(s), phone); !errors.Is(err, identity.ErrNotFound) {
			t.Errorf("the right code after five wrong ones: %v", err)
		}
		_, half, err = d.a.SignIn(ctx, attempt)
		if err != nil {
			t.Fatal(err)
		}
		code := d.code(s)
		_, in, err := d.a.Code(ctx, half, code, phone)
		if err != nil || in.Level != identity.Whole || in.Way != "password-and-code" {
			t.Fatalf("%v", err)
		}
		_, half, err = d.a.SignIn(ctx, attempt)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.a.Code(ctx, half, code, phone); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a code worked twice: %v", err)
		}
		if _, in, err = d.a.Code(ctx, half, codes[3], phone); err != nil || in.Way != "password-and-recovery-code" {
			t.Errorf("a recovery code: %v", err)
		}
		_, half, err = d.a.SignIn(ctx, attempt)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.a.Code(ctx, half, codes[3], phone); !errors.Is(err, identity.ErrCode) {
			t.Errorf("a recovery code worked twice: %v", err)
		}
		list, err := d.a.Credentials(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if c.Kind == identity.KindAuthenticator {
				if err := d.a.Remove(ctx, in, c.ID); !errors.Is(err, identity.ErrLast) {
					t.Errorf("staff removed their only second factor: %v", err)
				}
			}
		}
	})
}

// code is what the app shows that was set up in a session.
func (d *desk) code(s *identity.Session) string {
	d.TB.Helper()
	code, err := d.a.CodeAt(s, d.Now())
	if err != nil {
		d.TB.Fatal(err)
	}
	return code
}

func (d *desk) authenticator(s *identity.Session) []string {
	d.TB.Helper()
	codes, err := d.a.SetAuthenticator(context.Background(), s, d.code(s))
	if err != nil {
		d.TB.Fatal(err)
	}
	d.post()
	return codes
}
