package voicemail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Code is what people dial to hear their messages.
const Code = "*97"

// Limits of voicemail.
const (
	// MaxMessages is how many messages a line keeps; then it takes no more, and
	// callers are told so. None goes to make room: each is kept until its person
	// deletes it, or its day comes.
	MaxMessages = 100
	// NearlyFull is at how many its person is told that there is little room.
	NearlyFull = 80
	// MaxMessage is how long a message may be: in G.711 it fits a record.
	MaxMessage = 2 * time.Minute
	// MaxGreeting is how long a greeting may be.
	MaxGreeting = 45 * time.Second
	// Quiet is how long nobody says anything before a recording ends.
	Quiet = 6 * time.Second
	// leastLoud is how much has to be heard of a message for it to be one: a
	// receiver that is put down makes a noise too.
	leastLoud = 300 * time.Millisecond
)

// Errors.
var (
	// ErrNotFound says that there is no such message, or that it is somebody
	// else's.
	ErrNotFound = errors.New("voicemail: no such message")
	// ErrFull says that a line has MaxMessages messages.
	ErrFull = errors.New("voicemail: the line has as many messages as it may")
	// ErrEmpty says that nothing was heard.
	ErrEmpty = errors.New("voicemail: nothing was heard")
)

// Config is what the desk stands on.
type Config struct {
	Store    *store.Store
	Log      *evidence.Log
	Vault    *vault.Vault
	Accounts *identity.Accounts
	InForce  func() *policy.Compiled
	Now      func() time.Time
}

// Desk keeps voicemail. It is safe for concurrent use.
type Desk struct {
	c Config

	mu      sync.Mutex
	waiting []func(line int64, fresh, old int)
}

// New returns the desk.
func New(c Config) *Desk { return &Desk{c: c} }

// Message is one that a caller left. It holds personal data and prints as a fixed
// word.
type Message struct {
	ID      int64
	From    string // number of the caller; empty if withheld or gone
	Hidden  bool   // the number was withheld
	Length  time.Duration
	Left    time.Time
	Heard   time.Time // zero: not yet
	subject keys.SubjectID
	sound   vault.RecordID
	note    vault.RecordID
}

// Format writes a fixed word, whatever the verb.
func (Message) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(message)") }

// LogValue keeps the message out of structured logs.
func (Message) LogValue() slog.Value { return slog.StringValue("(message)") }

// Left is what a caller left. It holds personal data and prints as a fixed word.
type Left struct {
	For   telecom.Line
	From  string // number of the caller, as it may be shown; empty if withheld
	Sound media.Sound
}

// Format writes a fixed word, whatever the verb.
func (Left) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(message)") }

// LogValue keeps the message out of structured logs.
func (Left) LogValue() slog.Value { return slog.StringValue("(message)") }

// OnWaiting has fn told how many new and heard messages a line has, after each
// commit that changes it (RFC 3842). It belongs to the wiring, before anybody
// calls.
func (d *Desk) OnWaiting(fn func(line int64, fresh, old int)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, fn)
}

// tell tells of a line once the transaction is committed.
func (d *Desk) tell(ctx context.Context, tx *store.Tx, line int64) error {
	fresh, old, err := d.Waiting(ctx, tx, line)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		d.mu.Lock()
		told := d.waiting
		d.mu.Unlock()
		for _, fn := range told {
			fn(line, fresh, old)
		}
	})
	return nil
}

// Waiting returns how many messages of a line nobody has heard, and how many
// somebody has.
func (d *Desk) Waiting(ctx context.Context, tx *store.Tx, line int64) (fresh, old int, err error) {
	err = tx.QueryRow(ctx, "SELECT COUNT(CASE WHEN heard_ms = 0 THEN 1 END), COUNT(CASE WHEN heard_ms > 0 THEN 1 END) FROM voicemail_messages WHERE line = $1", line).
		Scan(&fresh, &old)
	return fresh, old, wrap(err)
}

// prove writes evidence of what somebody did.
func (d *Desk) prove(ctx context.Context, tx *store.Tx, a vault.Access, b evidence.Body) error {
	b.At, b.Actor, b.Surface, b.Purpose, b.Policy = d.c.Now(), a.Actor, a.Surface, a.Purpose, d.c.InForce().Policy().Version
	_, err := d.c.Log.Append(ctx, tx, b)
	return err
}

// wrap names the package in an error of the store. Those of this package pass as
// they are.
func wrap(err error) error {
	for _, known := range []error{nil, ErrNotFound, ErrFull, ErrEmpty, ErrUndeclared} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("voicemail: %w", err)
}

// Roles are those of the policy in force.
func (d *Desk) Roles() (Roles, error) { return RolesOf(d.c.InForce()) }

// View and Update do acts of the desk in a transaction of its store.
func (d *Desk) View(ctx context.Context, act func(*store.Tx) error) error {
	return d.c.Store.View(ctx, act)
}

// Update is View for acts that change something.
func (d *Desk) Update(ctx context.Context, act func(*store.Tx) error) error {
	return d.c.Store.Update(ctx, act)
}
