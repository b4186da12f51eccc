package media

import (
	"context"
	"errors"
)

// Loop joins two legs of one browser, so that what it sends comes back to it the
// way that a call takes: its own sound to the relay, and from the relay to it.
// Its methods are not for several goroutines at once, but Close is.
type Loop struct{ there, back *Leg }

// NewLoop takes the offer of the leg that sends, and returns the offer for the
// leg that hears. Errors are those of Accept and Invite.
func (r *Relay) NewLoop(ctx context.Context, offer string) (*Loop, string, error) {
	there, err := r.Accept(ctx, offer)
	if err != nil {
		return nil, "", err
	}
	back, invited, err := r.InviteAs(ctx, there, Browser)
	if err != nil {
		return nil, "", errors.Join(err, there.Close())
	}
	return &Loop{there, back}, invited, nil
}

// Join takes the answer of the leg that hears, and returns that for the leg that
// sends. Packets pass from then on.
func (l *Loop) Join(answer string) (string, error) {
	if err := l.back.Answered(answer); err != nil {
		return "", err
	}
	text, err := l.there.Answer()
	if err != nil {
		return "", err
	}
	return text, Bridge(l.there, l.back)
}

// Close ends both legs.
func (l *Loop) Close() error { return errors.Join(l.there.Close(), l.back.Close()) }
