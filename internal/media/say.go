package media

import (
	"context"
	"time"
)

// Say plays a sound to a leg in the middle of a call, in place of the other side,
// to its end: of gives the sound in the codec that it is asked for ("opus",
// "pcmu", "pcma"), or the zero value. It returns ErrState if the leg is in no
// call, listens to nothing or did not get all of it, ErrCodec if there is no sound
// that it understands, ErrClosed, or the error of ctx. Digits wait for it.
func (l *Leg) Say(ctx context.Context, of func(codec string) Sound) error {
	l.digitTurn.Lock()
	defer l.digitTurn.Unlock()
	r := l.route.Load()
	switch {
	case l.isClosed():
		return ErrClosed
	case r == nil || r.early || !l.ways[audio].wants().Receives():
		return ErrState
	}
	c, sound, ok := l.understands(r.to, of)
	if !ok {
		return ErrCodec
	}
	out := l.ways[audio].out
	begun, played := time.Now(), time.Duration(0)
	tick := out.begin(c.clock, begun)
	defer out.end()
	beat := time.NewTimer(0)
	defer beat.Stop()
	for i, p := range sound.packets {
		if err := l.beats(ctx, beat.C); err != nil {
			return err
		}
		at := tick + uint32(played*time.Duration(c.clock)/time.Second)
		if !out.event(i == 0, c.to, at, p, time.Now()) {
			return ErrState
		}
		played += sound.time(p)
		beat.Reset(time.Until(begun.Add(played)))
	}
	return l.beats(ctx, beat.C) // the last is heard too
}

// beats waits for the next packet's time.
func (l *Leg) beats(ctx context.Context, beat <-chan time.Time) error {
	select {
	case <-beat:
		return nil
	case <-l.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// understands finds a sound in a codec of the leg: that in which it hears the
// other side, if there is one, else the first.
func (l *Leg) understands(other *Leg, of func(string) Sound) (codec, Sound, bool) {
	list := l.ways[audio].list()
	now := ""
	if f := other.ways[audio].format.Load(); f > 0 {
		for _, c := range other.ways[audio].list() {
			if uint32(c.from) == f-1 {
				now = c.name
			}
		}
	}
	var found codec
	var sound Sound
	for _, c := range list {
		if c.event() || c.noise() || sound.codec != "" && c.name != now {
			continue
		}
		if s, ok := of(c.name).as(c.name); ok && s.codec != "" {
			found, sound = c, s
		}
	}
	return found, sound, sound.codec != ""
}
