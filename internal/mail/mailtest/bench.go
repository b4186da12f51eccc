// Package mailtest sets up what the packages that owe mails stand on, for
// their tests: a real store, key ring, evidence log and vault under the policy
// of one of the built-in operators, a clock that the test moves, and a post
// office that takes the mails and can be told to refuse them.
package mailtest

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/operators"
	"candour/policy"
)

// Noon is where a bench's clock starts.
var Noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// Bench is everything open that a queue of mails needs.
type Bench struct {
	TB     testing.TB
	Store  *store.Store
	Ring   *keys.Ring
	Log    *evidence.Log
	Vault  *vault.Vault
	Queue  *mail.Queue
	Office *Office
	Policy *policy.Compiled
	Logged *strings.Builder  // what the queue wrote to its logger; read it only while nothing is sent
	OnLog  func(line string) // called with each line as it is written; set it before anything runs

	clock *clock
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// New opens a bench on a store under an operator's policy.
func New(tb testing.TB, st *store.Store, operator string) *Bench {
	tb.Helper()
	return NewWith(tb, st, operator, func(*policy.Policy) {})
}

// NewWith is New under a policy that edit has changed.
func NewWith(tb testing.TB, st *store.Store, operator string, edit func(*policy.Policy)) *Bench {
	tb.Helper()
	fsys, ok := operators.FS(operator)
	if !ok {
		tb.Fatalf("no operator %s", operator)
	}
	profile, faults := policy.Load(fsys)
	if len(faults) > 0 {
		tb.Fatal(faults)
	}
	edit(profile.Policy)
	b := &Bench{TB: tb, Store: st, Office: &Office{}, Policy: policy.Compile(profile.Policy), Logged: &strings.Builder{}, clock: &clock{at: Noon}}
	dir := tb.TempDir()
	ring, err := keys.Open(context.Background(), st, filepath.Join(dir, "keys"))
	if err != nil {
		tb.Fatal(err)
	}
	b.Ring = ring
	quiet := slog.New(slog.NewTextHandler(&logged{b: b}, nil))
	ids := profile.Policy.IDs()
	b.Log, err = evidence.Open(context.Background(), st, ring, filepath.Join(dir, "log"), evidence.Options{
		Origin: profile.Policy.Operator.Domain + "/evidence", Logger: quiet, Now: b.Now, Declared: func(id string) bool { return ids[id] },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Log.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	b.Vault = vault.New(st, ring, b.Log, b.InForce, b.Now)
	b.Queue = b.NewQueue(b.Office)
	return b
}

// NewQueue returns another queue over the same tables: a second process, or
// the same one after a restart.
func (b *Bench) NewQueue(sender mail.Sender) *mail.Queue {
	composer, err := mail.NewComposer("https://" + b.Policy.Policy().Operator.Domain)
	if err != nil {
		b.TB.Fatal(err)
	}
	return mail.NewQueue(mail.Config{
		Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, InForce: b.InForce, Composer: composer,
		Sender: sender, Logger: slog.New(slog.NewTextHandler(&logged{b: b}, nil)), Now: b.Now,
	})
}

// logged is where loggers write, from several goroutines.
type logged struct {
	b  *Bench
	mu sync.Mutex
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.OnLog != nil {
		l.b.OnLog(string(p))
	}
	return l.b.Logged.Write(p)
}

// InForce returns the policy.
func (b *Bench) InForce() *policy.Compiled { return b.Policy }

// Now returns the bench's time.
func (b *Bench) Now() time.Time { return b.clock.now() }

// Later moves the clock on.
func (b *Bench) Later(d time.Duration) {
	b.clock.mu.Lock()
	defer b.clock.mu.Unlock()
	b.clock.at = b.clock.at.Add(d)
}

// Work sends everything that is due.
func (b *Bench) Work() {
	b.TB.Helper()
	if err := b.Queue.Work(context.Background()); err != nil {
		b.TB.Fatal(err)
	}
}

// Update runs fn in a transaction.
func (b *Bench) Update(fn func(ctx context.Context, tx *store.Tx) error) error {
	ctx := context.Background()
	return b.Store.Update(ctx, func(tx *store.Tx) error { return fn(ctx, tx) })
}

// About returns the kinds and codes of the evidence about a person, oldest
// first, as "kind code".
func (b *Bench) About(s keys.SubjectID) []string {
	b.TB.Helper()
	var list []string
	err := b.Store.View(context.Background(), func(tx *store.Tx) error {
		entries, err := b.Log.About(context.Background(), tx, s, 0, 1000)
		for _, e := range entries {
			list = append([]string{strings.TrimSpace(string(e.Body.Kind) + " " + e.Body.Code)}, list...)
		}
		return err
	})
	if err != nil {
		b.TB.Fatal(err)
	}
	return list
}

// Letter is one mail that the post office took.
type Letter struct {
	Kind mail.Kind
	To   string
	Raw  string
	ID   string // its Message-ID
}

// Office is a post office: it takes mails, or refuses them as a test sets.
type Office struct {
	mu     sync.Mutex
	taken  []Letter
	Refuse func(m *mail.Message) error // nil takes all; set it while nothing is sent
}

// Name names the office.
func (o *Office) Name() string { return "post office of a test" }

// Send takes or refuses a mail.
func (o *Office) Send(_ context.Context, m *mail.Message) error {
	if o.Refuse != nil {
		if err := o.Refuse(m); err != nil {
			return err
		}
	}
	raw, err := m.Bytes()
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(string(raw), "=\r\n", "")
	text = strings.ReplaceAll(text, "=3D", "=")
	_, id, _ := strings.Cut(text, "Message-ID: ")
	id, _, _ = strings.Cut(id, "\r\n")
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken = append(o.taken, Letter{Kind: m.Kind, To: m.To.Reveal(), Raw: text, ID: id})
	return nil
}

// Take returns the mails taken since the last time.
func (o *Office) Take() []Letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	taken := o.taken
	o.taken = nil
	return taken
}
