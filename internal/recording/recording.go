package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Limits of recordings.
const (
	// MaxLength is how long one may be. Another can be begun after it.
	MaxLength = 30 * time.Minute
	// Piece is how much of a call is lost at most if the program dies: what is
	// written at once.
	Piece = 20 * time.Second
	// MaxRecordings is how many somebody keeps; then none is begun.
	MaxRecordings = 200
)

// Why nobody records.
var (
	// ErrRole says that people in a role do not record.
	ErrRole = errors.New("recording: not in this role")
	// ErrConsent says that whoever wants to record did not allow what is kept of
	// it, or took that back.
	ErrConsent = errors.New("recording: there is no consent to keep it")
	// ErrObjected says that the other side is not to be recorded.
	ErrObjected = errors.New("recording: the other side said no")
	// ErrFull says that somebody has MaxRecordings.
	ErrFull = errors.New("recording: as many as may be")
	// ErrNotFound says that there is no such recording, or that it is somebody
	// else's.
	ErrNotFound = errors.New("recording: no such recording")
	// ErrApart says that the two sides cannot be played as one.
	ErrApart = errors.New("recording: the two sides are apart")
)

// Why a call is not recorded, as it is now; package sip finds it.
var (
	ErrNoCall    = errors.New("recording: there is no such call, or nobody is connected")
	ErrEmergency = errors.New("recording: emergency calls are not recorded by choice")
	ErrMachine   = errors.New("recording: there is nobody at the other end")
	ErrTaped     = errors.New("recording: the call is being recorded")
	ErrUnwilling = errors.New("recording: the other side said no in this call")
	ErrHeld      = errors.New("recording: the call is on hold, or is being passed on")
	ErrOthers    = errors.New("recording: others could be heard in the call")
)

// Code is why a recording ended.
type Code string

// The codes.
const (
	Stopped   Code = "stopped"   // by whoever began it
	HungUp    Code = "hung-up"   // with the call
	Held      Code = "held"      // the call was put on hold
	PassedOn  Code = "passed-on" // it goes on with another device or person
	Joined    Code = "joined"    // somebody who was not told could be heard in it
	Objected  Code = "objected"  // the other side said no
	Withdrawn Code = "withdrawn" // the consent was
	Limit     Code = "limit"     // it was as long as one may be
	Cut       Code = "cut"       // the program died
	Failed    Code = "failed"    // for a technical reason
	Untold    Code = "untold"    // nothing was kept: not everybody could be told
)

// Config is what the desk stands on.
type Config struct {
	Store   *store.Store
	Log     *evidence.Log
	Vault   *vault.Vault
	InForce func() *policy.Compiled
	Now     func() time.Time
}

// Desk keeps recordings. It is safe for concurrent use.
type Desk struct {
	c Config

	mu    sync.Mutex
	going map[int64]bool // recordings that this program makes
	ends  []func(recording int64, why Code)
}

// New returns the desk.
func New(c Config) *Desk { return &Desk{c: c, going: map[int64]bool{}} }

// OnEnd has fn told of recordings that may go on no longer, after the commit that
// decides it. It belongs to the wiring, before anybody calls.
func (d *Desk) OnEnd(fn func(recording int64, why Code)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ends = append(d.ends, fn)
}

// tell tells of recordings once the transaction is committed.
func (d *Desk) tell(tx *store.Tx, why Code, ids ...int64) {
	tx.AfterCommit(func() {
		d.mu.Lock()
		ends := d.ends
		d.mu.Unlock()
		for _, id := range ids {
			for _, fn := range ends {
				fn(id, why)
			}
		}
	})
}

func (d *Desk) goes(id int64, on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if on {
		d.going[id] = true
	} else {
		delete(d.going, id)
	}
}

func (d *Desk) isGoing(id int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.going[id]
}

// Start is a call that somebody wants to record.
type Start struct {
	By    telecom.Line
	Other telecom.Line // the zero value for somebody outside
	Call  int64        // its number with the desk of calls
}

// Format writes a fixed word, whatever the verb.
func (Start) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(start of a recording)") }

// LogValue keeps the start out of structured logs.
func (Start) LogValue() slog.Value { return slog.StringValue("(start of a recording)") }

// Said is a piece of a call, of both sides at the same time. It holds personal data
// and prints as a fixed word.
type Said struct {
	Own, Other media.Sound
	Length     time.Duration
}

// Format writes a fixed word, whatever the verb.
func (Said) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(what was said)") }

// LogValue keeps what was said out of structured logs.
func (Said) LogValue() slog.Value { return slog.StringValue("(what was said)") }

// prove writes evidence about somebody.
func (d *Desk) prove(ctx context.Context, tx *store.Tx, a vault.Access, b evidence.Body) error {
	b.At, b.Actor, b.Surface, b.Purpose, b.Policy = d.c.Now(), a.Actor, a.Surface, a.Purpose, d.c.InForce().Policy().Version
	_, err := d.c.Log.Append(ctx, tx, b)
	return err
}

// proveBoth writes evidence about both sides; the number of the recording stands
// with whoever made it (R28).
func (d *Desk) proveBoth(ctx context.Context, tx *store.Tx, r row, own, other evidence.Body) error {
	roles, err := d.Roles()
	if err != nil {
		return nil //nolint:nilerr // no longer declared: what is left goes in its time
	}
	if r.subject != 0 {
		own.Subject, own.Ref = r.subject, r.ID
		if err := d.prove(ctx, tx, roles.own(), own); err != nil {
			return err
		}
	}
	if r.other == 0 {
		return nil
	}
	other.Subject = r.other
	return d.prove(ctx, tx, roles.others(), other)
}

// wrap names the package in an error of the store. Those of this package pass as
// they are.
func wrap(err error) error {
	for _, known := range []error{nil, ErrUndeclared, ErrRole, ErrConsent, ErrObjected, ErrFull, ErrNotFound, ErrApart} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("recording: %w", err)
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

// row is a recording as its table has it.
type row struct {
	Recording
	subject, other keys.SubjectID
	expires        int64
}
