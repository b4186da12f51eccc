package media

import (
	"context"
	"fmt"
	"slices"
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

// Kind is that of the leg, which for a caller is what its offer was. A phone's may
// go in the clear, so whoever must not call so is to be told from one that may.
func (l *Leg) Kind() Kind { return l.kind }

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
	return r.invite(ctx, from, k, func(codec) bool { return true })
}

// InviteNetwork is InviteAs a Phone that is another network: in what every network
// carries, G.711 and the digits that go with it, and nothing else, so that nothing
// is said of what the caller's device could do.
func (r *Relay) InviteNetwork(ctx context.Context, from *Leg) (*Leg, string, error) {
	return r.invite(ctx, from, Phone, codec.everywhere)
}

// everywhere tells whether every telephone network carries a codec.
func (c codec) everywhere() bool {
	switch c.name {
	case "pcmu", "pcma", "telephone-event/8000":
		return true
	}
	return false
}

func (r *Relay) invite(ctx context.Context, from *Leg, k Kind, may func(codec) bool) (*Leg, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	l := r.leg(k, true)
	l.from = from
	l.sections = from.sectionsFor(k)
	for i := range l.sections {
		s := &l.sections[i]
		s.codecs = slices.DeleteFunc(s.codecs, func(c codec) bool { return !may(c) })
		s.taken = carries(s.codecs)
	}
	if taken(l.sections, audio) == nil {
		return nil, "", ErrCodec
	}
	l.keep()
	if err := r.add(l); err != nil {
		return nil, "", err
	}
	l.mu.Lock()
	offer, err := l.firstOffer(ctx)
	l.mu.Unlock()
	if err != nil {
		_ = l.Close()
		return nil, "", err
	}
	return l, offer, nil
}

// sectionsFor gives what a callee is offered of what the leg can do.
func (l *Leg) sectionsFor(k Kind) []section {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []section
	for m := range kinds {
		s := taken(l.sections, kind(m))
		if s == nil || (k == Phone && s.kind != audio) {
			continue
		}
		next := section{
			media: s.media, proto: "UDP/TLS/RTP/SAVPF", format: "0", mid: fmt.Sprint(len(out)),
			taken: true, kind: s.kind, of: k, codecs: renumbered(s.codecs), dir: l.ways[m].wants(),
		}
		if k == Phone {
			next.proto = "RTP/AVP"
		} else {
			next.codecs = slices.DeleteFunc(next.codecs, codec.noise) // browsers make their own
		}
		out = append(out, next)
	}
	return out
}
