package media

import (
	"context"
)

// Kind is what stands at the far end of a leg.
type Kind int

const (
	// Browser speaks as browsers do (RFC 8834): ICE, DTLS-SRTP, all in one way.
	Browser Kind = iota
	// Phone speaks as ordinary phones do: RTP over UDP (RFC 3551), a port for each
	// of sound and picture, encrypted if the phone offers keys (RFC 4568).
	Phone
)

// String gives the word for logs.
func (k Kind) String() string {
	if k == Phone {
		return "phone"
	}
	return "browser"
}

// Invite is InviteAs a Browser.
func (r *Relay) Invite(ctx context.Context, from *Leg) (*Leg, string, error) {
	return r.InviteAs(ctx, from, Browser)
}

// InviteAs makes a leg for a callee and its offer, in the codecs that from has,
// under our own numbers. A browser is offered sound, and picture if from offered
// it; a phone is offered sound. It is called once a fork; close the legs of forks
// that lose. It returns ErrCodec if from has nothing that this kind could take,
// ErrPorts, ErrClosed, or the error of ctx.
func (r *Relay) InviteAs(ctx context.Context, from *Leg, k Kind) (*Leg, string, error) {
	if k == Phone {
		return nil, "", ErrCodec
	}
	return r.invite(ctx, from)
}
