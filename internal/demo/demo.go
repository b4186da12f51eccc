package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pquerna/otp/totp"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/profile"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Password is that of every account made here.
const Password = "only for trying out"

// The made up people's extensions: as many as there are people to call among,
// and one of them a colleague of the first.
const (
	firstExtension = 1001
	customerLines  = 5

	deskPhones = 1005 // from here on, a line has a desk phone as well
)

// Years is how far back the made up past reaches.
const Years = 3

// Clock is the time of a store that is being filled. It is safe for concurrent
// use.
type Clock struct {
	mu sync.Mutex
	at time.Time // zero: the machine's time
}

// NewClock returns a clock that stands some years ago.
func NewClock() *Clock { return &Clock{at: time.Now().AddDate(-Years, 0, 0)} }

// Now is the time on the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now()
	}
	return c.at
}

// set moves the clock; the zero time makes it the machine's.
func (c *Clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

// Run lets the clock go with the machine's from now on.
func (c *Clock) Run() { c.set(time.Time{}) }

// Config is what is filled.
type Config struct {
	Store    *store.Store
	Vault    *vault.Vault
	InForce  func() *policy.Compiled
	Accounts *identity.Accounts
	Choices  *people.Desk
	Profiles *profile.Desk
	Rights   *rights.Desk
	Support  *support.Desk
	Phones   *telecom.Desk
	Clock    *Clock
	Mail     func(context.Context) error // sends what is owed, to nobody
}

// Login is how somebody made up signs in. It prints as a placeholder unless it
// is asked for by its fields.
type Login struct {
	Role     identity.Role
	Surface  string
	Email    string
	Secret   string   // of an authenticator app; empty for none
	Recovery []string // codes that stand in for the app, each once

	Extension string              // of a telephone line; empty for none
	Phone     telecom.Credentials // of a desk phone on it; zero for none
}

// Format writes a placeholder, whatever the verb.
func (Login) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(login)") }

// LogValue returns a placeholder.
func (Login) LogValue() slog.Value { return slog.StringValue("(login)") }

// filler is one Fill under way.
type filler struct {
	Config
	begun   time.Time
	random  *rand.Rand
	logins  []Login
	first   int64 // the first customer's company
	lines   int   // that were given
	company int64 // of the accounts that are opened now; 0 for one of their own
}

// Empty reports whether nobody is in a store yet.
func Empty(ctx context.Context, st *store.Store) (bool, error) {
	n := 0
	err := st.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM subjects)").Scan(&n)
	})
	return n == 0, err
}

// Fill fills an empty store and returns how to sign in as each role. It leaves
// the clock running. A policy without sign-in gets nobody.
func Fill(ctx context.Context, c Config) ([]Login, error) {
	f := &filler{Config: c, begun: c.Clock.Now(), random: rand.New(rand.NewPCG(2026, 11))}
	defer c.Clock.Run()
	if _, ok := c.InForce().Policy().FormByID("sign-in"); !ok {
		return nil, nil
	}
	for _, step := range []func(context.Context) error{f.staff, f.customers, f.firm} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
	}
	return f.logins, nil
}

// line gives the last who was let in the next telephone line, from 1001 on. A
// policy that declares no telephone gives none.
func (f *filler) line(ctx context.Context, p person) error {
	extension := strconv.Itoa(firstExtension + f.lines)
	var phone telecom.Credentials
	err := f.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := f.Phones.Give(ctx, tx, p.session.Account.ID, extension)
		if err != nil || firstExtension+f.lines < deskPhones {
			return err
		}
		phone, err = f.deskPhone(ctx, tx, p)
		return err
	})
	if errors.Is(err, &telecom.Refusal{Code: telecom.Undeclared}) {
		return nil
	}
	if err == nil {
		f.lines++
		last := &f.logins[len(f.logins)-1]
		last.Extension, last.Phone = extension, phone
		return f.Mail(ctx) // they are told of it
	}
	return err
}

// deskPhone registers a phone on the line of somebody who has one, unless the
// policy declares no phones.
func (f *filler) deskPhone(ctx context.Context, tx *store.Tx, p person) (telecom.Credentials, error) {
	roles, err := telecom.DeviceRolesOf(f.InForce())
	if err != nil {
		return telecom.Credentials{}, nil //nolint:nilerr // then there are none
	}
	_, c, err := f.Phones.GiveDevice(ctx, tx, p.session.Access(roles.Purpose), p.session.Account.ID, "Desk phone")
	return c, err
}

// day moves the clock to a day after the beginning, in office hours.
func (f *filler) day(n int) {
	at := f.begun.AddDate(0, 0, n).Truncate(24 * time.Hour).Add(time.Duration(9*60+f.random.IntN(8*60)) * time.Minute)
	if now := time.Now().Add(-time.Hour); at.After(now) {
		at = now
	}
	f.Clock.set(at)
}

// person is somebody made up.
type person struct {
	name, email string
	session     *identity.Session
}

// open opens an account as whoever follows a link does.
func (f *filler) open(ctx context.Context, role identity.Role, name string) (person, error) {
	p := person{name: name, email: strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com"}
	address, _, err := f.Accounts.EmployAt(ctx, identity.Employment{Role: role, Email: p.email, Company: f.company, Proven: true})
	if err != nil {
		return p, err
	}
	_, token, _ := strings.Cut(address, "token=")
	opened, err := f.Accounts.Finish(ctx, token, Password, identity.Device{Address: fmt.Sprintf("192.0.2.%d", 1+f.random.IntN(250)), Agent: agent})
	if err != nil {
		return p, err
	}
	p.session = opened.Session
	l := Login{Role: role, Surface: p.session.Surface, Email: p.email}
	if p.session.Level == identity.Enrol {
		secret, err := f.Accounts.NewSecret(ctx, p.session)
		if err != nil {
			return p, err
		}
		l.Secret = secret.Text()
		code, err := totp.GenerateCode(strings.ReplaceAll(l.Secret, " ", ""), f.Clock.Now())
		if err != nil {
			return p, err
		}
		if l.Recovery, err = f.Accounts.SetAuthenticator(ctx, p.session, code); err != nil {
			return p, err
		}
	}
	f.logins = append(f.logins, l)
	return p, f.Mail(ctx)
}

const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"

func (f *filler) staff(ctx context.Context) error {
	for i, x := range []struct {
		role identity.Role
		name string
	}{
		{identity.Officer, "Olga Officer"}, {identity.Support, "Sam Support"}, {identity.Marketing, "Mo Marketing"}, {identity.Engineer, "Ed Engineer"},
		{identity.Partner, "Pat Partner"},
	} {
		f.day(2 * i)
		if _, err := f.open(ctx, x.role, x.name); err != nil && !errors.Is(err, identity.ErrRole) {
			return err
		}
	}
	return nil
}

// tell saves a form of somebody's own page.
func (f *filler) tell(ctx context.Context, p person, form string, i int) error {
	pol := f.InForce().Policy()
	declared, ok := pol.FormByID(form)
	if !ok {
		return nil
	}
	s := profile.Submission{Who: f.who(p), Form: form, Values: Answers(pol, declared, i, p.name, p.email)}
	if q, ok := pol.PurposeByID(declared.Purpose); ok {
		s.Shown = people.Statement(pol, q).Hash()
	}
	return f.Profiles.Save(ctx, s)
}

func (f *filler) who(p person) profile.Who {
	return profile.Who{Subject: p.session.Account.Subject, Actor: p.session.Account.Role.Actor(), Surface: p.session.Surface, Email: p.email}
}

// decide has somebody say yes or no to a purpose.
func (f *filler) decide(ctx context.Context, p person, purpose string, yes bool, channels ...string) error {
	pol := f.InForce().Policy()
	q, ok := pol.PurposeByID(purpose)
	if !ok {
		return nil
	}
	return f.Choices.Decide(ctx, people.Decision{
		Subject: p.session.Account.Subject, Actor: p.session.Account.Role.Actor(), Surface: p.session.Surface, Purpose: purpose,
		Yes: yes, Channels: channels, Shown: people.Statement(pol, q).Hash(), Email: p.email,
	})
}

// purpose is that of the accounts.
func (f *filler) purpose() string {
	form, ok := f.InForce().Policy().FormByID("sign-in")
	if !ok {
		return ""
	}
	return form.Purpose
}

// look has staff look at somebody, for a purpose that their role may act for.
func (f *filler) look(ctx context.Context, p person, actor string) error {
	declared, ok := f.InForce().Policy().ActorByID(actor)
	if !ok || len(declared.Purposes) == 0 {
		return nil
	}
	purpose := declared.Purposes[f.random.IntN(len(declared.Purposes))]
	err := f.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := f.Vault.LookSubject(ctx, tx, vault.Access{Actor: actor, Purpose: purpose, Surface: "console"}, p.session.Account.Subject)
		return err
	})
	for _, refusal := range []error{vault.ErrShutOut, vault.ErrRestricted, vault.ErrPurpose, vault.ErrNoConsent, vault.ErrObjected} {
		if errors.Is(err, refusal) {
			return nil // the door did its work
		}
	}
	return err
}
