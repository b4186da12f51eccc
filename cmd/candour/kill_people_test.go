package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"candour/internal/evidence/verify"
	"candour/internal/folder"
	"candour/internal/identity"
	"candour/internal/store"
)

// TestKillPeople kills the program at random points while people open accounts,
// staff look at them and people erase themselves: every acknowledged account
// signs in, every acknowledged look is in the history it belongs to, every
// acknowledged erasure holds, and nothing is half done: 20 times, or 200 with
// CANDOUR_LONG=1.
func TestKillPeople(t *testing.T) {
	rounds := 20
	if os.Getenv("CANDOUR_LONG") != "" {
		rounds = 200
	}
	link := t.TempDir() + "/candour"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	k := &killedPeople{killed: killed{t: t, program: link, folder: folder.Folder(t.TempDir() + "/data"), acked: &acked{}}}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for round := range rounds {
		k.prepare(round)
		k.strike(time.Duration(100+random.IntN(500)) * time.Millisecond)
		k.settle(round)
	}
	if k.opened == 0 || k.looks == 0 || k.gone == 0 {
		t.Fatalf("the load acknowledged %d accounts, %d looks and %d erasures: this test saw nothing", k.opened, k.looks, k.gone)
	}
	t.Logf("%d kills, %d accounts, %d looks and %d erasures acknowledged, none lost", rounds, k.opened, k.looks, k.gone)
}

// killedPeople is the program with people who act on it while it is killed.
type killedPeople struct {
	killed
	boss    *visitorAs   // looks at the people of the firm
	firm    []*visitorAs // whom the boss looks at
	invited []invited    // of this round
	leaving []*visitorAs // of this round

	mu                  sync.Mutex
	opened, looks, gone int
	acknowledged        []string // addresses of accounts that were opened in this round
	erased              []string // of those erased
	seen                int      // looks of this round
	before              int      // entries of looks in the firm's histories before it
}

type invited struct{ email, token string }

// with opens the folder as nobody serves it.
func (k *killedPeople) with(fn func(ctx context.Context, a *app, accounts *identity.Accounts) error) {
	k.t.Helper()
	ctx := context.Background()
	profile, err := loadOperator("invoco", io.Discard)
	if err != nil {
		k.t.Fatal(err)
	}
	a, err := openApp(ctx, appConfig{folder: k.folder, profile: profile, log: slog.New(slog.DiscardHandler)})
	if err != nil {
		k.t.Fatalf("the folder does not open: %v", err)
	}
	accounts, err := a.openAccounts()
	if err == nil {
		err = fn(ctx, a, accounts)
	}
	if err = errors.Join(err, a.Close(ctx)); err != nil {
		k.t.Fatal(err)
	}
}

func finish(ctx context.Context, accounts *identity.Accounts, address string) (*visitorAs, error) {
	_, token, _ := strings.Cut(address, "token=")
	o, err := accounts.Finish(ctx, token, goodSecret, identity.Device{Address: "192.0.2.9"})
	if err != nil {
		return nil, err
	}
	return &visitorAs{role: o.Session.Account.Role, surface: o.Session.Surface, token: o.Token, session: o.Session}, nil
}

const goodSecret = "harbour lantern twelve"

// prepare opens the way for accounts to be opened and people to leave in a
// round.
func (k *killedPeople) prepare(round int) {
	k.t.Helper()
	k.invited, k.leaving, k.acknowledged, k.erased, k.seen = nil, nil, nil, nil, 0
	k.with(func(ctx context.Context, a *app, accounts *identity.Accounts) error {
		employ := func(company int64, role identity.Role, email string) (string, error) {
			address, _, err := accounts.EmployAt(ctx, identity.Employment{Role: role, Email: email, Company: company})
			return address, err
		}
		if k.boss == nil {
			address, err := employ(0, identity.CustomerAdministrator, "boss@example.com")
			if err == nil {
				k.boss, err = finish(ctx, accounts, address)
			}
			if err != nil {
				return err
			}
			for i := range 2 {
				address, err := employ(k.boss.session.Account.Company, identity.CustomerUser, fmt.Sprintf("user%d@example.com", i))
				if err != nil {
					return err
				}
				who, err := finish(ctx, accounts, address)
				if err != nil {
					return err
				}
				k.firm = append(k.firm, who)
			}
		}
		for i := range 3 {
			email := fmt.Sprintf("new%d-%d@example.com", round, i)
			address, err := employ(0, identity.CustomerAdministrator, email)
			if err != nil {
				return err
			}
			_, token, _ := strings.Cut(address, "token=")
			k.invited = append(k.invited, invited{email, token})
			email = fmt.Sprintf("gone%d-%d@example.com", round, i)
			if address, err = employ(0, identity.CustomerAdministrator, email); err != nil {
				return err
			}
			who, err := finish(ctx, accounts, address)
			if err != nil {
				return err
			}
			who.secret = email
			k.leaving = append(k.leaving, who)
		}
		var err error
		k.before, err = k.lookedAt(ctx, a)
		return err
	})
}

// lookedAt counts the looks in the histories of the boss's people.
func (k *killedPeople) lookedAt(ctx context.Context, a *app) (n int, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		for _, who := range k.firm {
			entries, err := a.evidence.About(ctx, tx, who.session.Account.Subject, 0, 100_000)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.Body.Kind == "record.used" {
					n++
				}
			}
		}
		return nil
	})
	return n, err
}

// strike serves the folder, lets people act, and kills the server.
func (k *killedPeople) strike(life time.Duration) {
	k.serveAndKill(life, func(base *url.URL) (stop func()) {
		p := base.Port()
		portal := &url.URL{Scheme: "http", Host: "portal." + base.Hostname() + ":" + p}
		l := &load{base: portal, acked: k.acked, stop: make(chan struct{})}
		l.all.Go(func() { k.open(l) })
		l.all.Go(func() { k.look(l) })
		l.all.Go(func() { k.leave(l) })
		return func() { l.end() }
	})
}

// signed returns a browser in which somebody is signed in.
func (l *load) signed(who *visitorAs) *http.Client {
	c := l.client()
	c.Jar.SetCookies(&url.URL{Scheme: "https", Host: l.base.Host}, []*http.Cookie{{Name: "invocoTelecomPortal", Value: who.token, Path: "/", Secure: true}})
	return c
}

// open has people choose passwords.
func (k *killedPeople) open(l *load) {
	for _, who := range k.invited {
		c := l.client()
		values, action, ok := l.fields(c, "/sign-up/finish?token="+who.token, "finish")
		if !ok {
			return
		}
		values.Set("new-password", goodSecret)
		resp, err := c.PostForm(l.base.ResolveReference(action).String(), values)
		if err != nil {
			return
		}
		_ = resp.Body.Close() // the headers are all that is read
		if resp.StatusCode == http.StatusSeeOther {
			k.mu.Lock()
			k.acknowledged = append(k.acknowledged, who.email)
			k.opened++
			k.mu.Unlock()
		}
	}
}

// look has the boss look at the people of the firm.
func (k *killedPeople) look(l *load) {
	c := l.signed(k.boss)
	for l.running() {
		resp, err := c.Get(l.base.JoinPath("/people").String())
		if err != nil {
			return
		}
		_ = resp.Body.Close() // the headers are all that is read
		if resp.StatusCode == http.StatusOK {
			k.mu.Lock()
			k.seen += len(k.firm)
			k.looks += len(k.firm)
			k.mu.Unlock()
		}
	}
}

// leave has people erase themselves.
func (k *killedPeople) leave(l *load) {
	for _, who := range k.leaving {
		resp, err := l.signed(who).Post(l.base.JoinPath("/data/erase").String(), "", nil)
		if err != nil {
			return
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close() // read to its end
		if err == nil && resp.StatusCode == http.StatusOK {
			k.mu.Lock()
			k.erased = append(k.erased, who.secret)
			k.gone++
			k.mu.Unlock()
		}
	}
}

// settle checks what was acknowledged.
func (k *killedPeople) settle(round int) {
	k.t.Helper()
	k.with(func(ctx context.Context, a *app, accounts *identity.Accounts) error {
		if err := a.vault.Check(ctx); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		for _, email := range k.acknowledged {
			if _, _, err := accounts.SignIn(ctx, identity.Attempt{Surface: "portal", Email: email, Password: goodSecret}); err != nil {
				return fmt.Errorf("round %d: an acknowledged account does not sign in: %w", round, err)
			}
		}
		for _, email := range k.erased {
			if _, _, err := accounts.SignIn(ctx, identity.Attempt{Surface: "portal", Email: email, Password: goodSecret}); !errors.Is(err, identity.ErrSignIn) {
				return fmt.Errorf("round %d: somebody whose erasure was acknowledged signs in: %v", round, err)
			}
		}
		if n, err := k.lookedAt(ctx, a); err != nil || n-k.before < k.seen {
			return fmt.Errorf("round %d: %d looks were acknowledged and %d are in the histories, %w", round, k.seen, n-k.before, err)
		}
		return k.whole(ctx, a)
	})
	report, err := verify.Verify(context.Background(), string(k.folder), verify.Options{})
	if err != nil || !report.Holds() {
		k.t.Fatalf("round %d: the evidence does not hold: %v", round, err)
	}
}

// whole finds accounts of which a part is missing, and parts without an
// account.
func (k *killedPeople) whole(ctx context.Context, a *app) error {
	return a.store.View(ctx, func(tx *store.Tx) error {
		for what, query := range map[string]string{
			"accounts of nobody":           "SELECT COUNT(*) FROM accounts x WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = x.subject)",
			"accounts without a password":  "SELECT COUNT(*) FROM accounts x WHERE NOT EXISTS (SELECT 1 FROM credentials c WHERE c.account = x.id AND c.kind = 'password')",
			"credentials of no account":    "SELECT COUNT(*) FROM credentials c WHERE NOT EXISTS (SELECT 1 FROM accounts x WHERE x.id = c.account)",
			"sessions of no account":       "SELECT COUNT(*) FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM accounts x WHERE x.id = s.account)",
			"credentials without a record": "SELECT COUNT(*) FROM credentials c WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.record = c.record)",
		} {
			n := 0
			if err := tx.QueryRow(ctx, query).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				return fmt.Errorf("%d %s", n, what)
			}
		}
		return nil
	})
}
