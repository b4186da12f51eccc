package media

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// Config is what a Relay needs.
type Config struct {
	Addr   string       // address and UDP port for all calls, such as "127.0.0.1:0"
	Public []net.IP     // addresses under which Addr is reached; empty: that of Addr
	Log    *slog.Logger // nil: silent
}

// Relay carries the media of all calls of the program.
type Relay struct{}

// New opens the port.
func New(Config) (*Relay, error) { return nil, ErrClosed }

// Close ends all legs and gives the port back.
func (*Relay) Close() error { return nil }

// Addr is the address that New opened.
func (*Relay) Addr() net.Addr { return nil }

// Accept takes the caller's offer: ErrSDP, ErrCodec. Nothing is sent before Answer.
func (*Relay) Accept(ctx context.Context, offer string) (*Leg, error) { return nil, ErrClosed }

// Invite makes a leg for a callee, and its offer of what from can do; once a fork.
func (*Relay) Invite(ctx context.Context, from *Leg) (*Leg, string, error) { return nil, "", ErrClosed }

// Leg is one side of a call.
type Leg struct{}

// Answered takes the answer to the last offer of this leg (Invite, Reoffer).
func (*Leg) Answered(answer string) error { return nil }

// Bridge lets packets pass between both.
func Bridge(caller, callee *Leg) error { return nil }

// Answer gives the answer to Accept's offer: of what the callee took. It is made
// once, and repeated after that (183, then 200).
func (*Leg) Answer() (string, error) { return "", nil }

// Reoffered takes a re-INVITE's offer of this leg; dir is what it offers for
// sound, to be passed to the other leg's Reoffer.
func (*Leg) Reoffered(offer string) (answer string, dir Direction, err error) {
	return "", Inactive, nil
}

// Reoffer gives an offer for a re-INVITE to this leg; Answered takes its answer.
// Refused re-INVITEs need no call: the next offer replaces this one.
func (*Leg) Reoffer(dir Direction) (string, error) { return "", nil }

// Digit sends a digit (0-9, *, #, A-D) to this leg as telephone-events (RFC 4733).
// It returns at once: ErrDigit.
func (*Leg) Digit(digit rune, d time.Duration) error { return nil }

// Stats tells what was carried.
func (*Leg) Stats() Stats { return Stats{} }

// Done is closed when the way to the leg is lost for good, or the leg closed.
func (*Leg) Done() <-chan struct{} { return nil }

// Close ends the leg. It may be called more than once.
func (*Leg) Close() error { return nil }
