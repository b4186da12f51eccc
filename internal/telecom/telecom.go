package telecom

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
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// systemActor is the id of the policy's actor that the program acts as.
const systemActor = "system"

// Errors that are no refusals of a call: those are Refusal.
var (
	// ErrNoLine says that the account has no line.
	ErrNoLine = errors.New("telecom: the account has no line")
	// ErrTaken says that the extension is somebody's, or that the account has a
	// line already.
	ErrTaken = errors.New("telecom: the extension is taken, or the account has a line")
	// ErrExtension says that a line cannot have these digits.
	ErrExtension = errors.New("telecom: an extension is 2 to 6 digits, and none that has a meaning of its own")
	// ErrNotFound says that there is no such call, or that it is somebody
	// else's.
	ErrNotFound = errors.New("telecom: no such call")
	// ErrNoDevice says that nobody has such a phone, or it is somebody else's.
	ErrNoDevice = errors.New("telecom: no such phone")
	// ErrTooMany says that a line has as many phones as it may.
	ErrTooMany = errors.New("telecom: the line has as many phones as it may")
	// ErrDeviceName says that a phone cannot be called so.
	ErrDeviceName = errors.New("telecom: a phone's name is 1 to 40 characters")
	// ErrClosed says that the desk was closed.
	ErrClosed = errors.New("telecom: the desk is closed")
)

// Config is what the desk stands on. What is marked as optional may be nil.
type Config struct {
	Store    *store.Store
	Ring     *keys.Ring
	Log      *evidence.Log
	Counter  *evidence.Counter // of refusals; optional
	Vault    *vault.Vault
	Accounts *identity.Accounts
	InForce  func() *policy.Compiled
	Now      func() time.Time
	Tariff   *Tariff     // optional: without one no call to the outside world is let through
	Queue    *mail.Queue // optional: of what people are told about their limits
}

// Desk gives lines and lets calls through. It is safe for concurrent use.
type Desk struct {
	c      Config
	commit func(context.Context, func(*store.Tx) error) error // the store's Update
	group  group
	memory memory

	mu      sync.Mutex
	live    map[int64]bool // calls of this process that have not ended
	revoked []func(device int64)
	listed  []func(keys.SubjectID)
	ways    Ways // what leads out of the house; nil for nothing
}

// New returns the desk. Resume closes what an earlier process left open.
func New(c Config) *Desk {
	d := &Desk{c: c, commit: c.Store.Update, live: map[int64]bool{}}
	d.group.act = d.act
	d.handleLetters()
	if c.Accounts != nil {
		c.Accounts.OnChange(d.forgets)
	}
	return d
}

// Policy is the policy in force.
func (d *Desk) Policy() *policy.Compiled { return d.c.InForce() }

// Line is what an account makes and takes calls with. It holds personal data
// and prints as a fixed word.
type Line struct {
	ID        int64
	Account   int64
	Subject   keys.SubjectID
	Role      identity.Role
	Company   int64  // 0 for none
	Extension string // 2 to 6 digits
	Number    string // E.164 with its plus, that the world reaches it by; empty for none
	Name      string // of its person, as the operator knows it; empty for none

	number vault.RecordID // the record of the extension
}

// Format writes a fixed word, whatever the verb.
func (Line) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(line)") }

// LogValue keeps the line out of structured logs.
func (Line) LogValue() slog.Value { return slog.StringValue("(line)") }

// Reach is what kind of place a number leads to.
type Reach uint8

// The kinds of place.
const (
	ToLine      Reach = iota + 1 // a line of ours
	ToNumber                     // a number of the world (ITU-T E.164)
	ToEmergency                  // an emergency service or one like it
)

// Target is whom a dialled number reaches. It holds personal data and prints as
// a fixed word.
type Target struct {
	Reach    Reach
	Line     Line   // ToLine
	Number   string // ToNumber: E.164 with its plus; ToEmergency: the digits of the service
	Withheld bool   // the number was dialled after 141: the caller's is not shown
	Shown    bool   // the number was dialled after 1470: it is, also where the line withholds it
}

// Format writes a fixed word, whatever the verb.
func (Target) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(target)") }

// LogValue keeps the target out of structured logs.
func (Target) LogValue() slog.Value { return slog.StringValue("(target)") }

// wrap names the package in an error of the store. A refusal passes as it is.
func wrap(err error) error {
	var r *Refusal
	if err == nil || errors.As(err, &r) {
		return err
	}
	for _, known := range []error{
		ErrNoLine, ErrTaken, ErrExtension, ErrNotFound, ErrNoDevice, ErrTooMany, ErrDeviceName, ErrClosed, ErrNumber, ErrNumberTaken,
		ErrNotYours, ErrLimit, ErrNoBlock, ErrContested, ErrNothingSaid, ErrBarred,
		ErrSetting, ErrLoop, ErrStopped, ErrEmergencyForward, ErrBlocked, ErrManyBlocks, ErrUnknownCaller, ErrReported,
	} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("telecom: %w", err)
}
