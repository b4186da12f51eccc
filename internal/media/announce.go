package media

import "time"

// Announce plays something into a leg that is in a call with another: what the
// other says is not heard for that long, and the other hears nothing of it. say
// gives it in a codec ("pcmu", "pcma", "opus"), or the zero value. It returns at
// once; digits and announcements leave in their order. It returns ErrCodec if the
// leg speaks nothing of what say has, or does not listen, and ErrClosed.
func (l *Leg) Announce(say func(codec string) Sound) error {
	for _, c := range l.ways[audio].list() {
		if c.event() || c.noise() {
			continue
		}
		s, ok := say(c.name).as(c.name)
		if !ok || s.codec == "" {
			continue
		}
		if !l.ways[audio].wants().Receives() {
			return ErrCodec
		}
		if !l.run(func() { l.announce(c, s) }) {
			return ErrClosed
		}
		return nil
	}
	return ErrCodec
}

func (l *Leg) announce(c codec, s Sound) {
	l.digitTurn.Lock()
	defer l.digitTurn.Unlock()
	out := l.ways[audio].out
	begun, played := time.Now(), time.Duration(0)
	tick := out.begin(c.clock, begun)
	defer out.end()
	beat := time.NewTimer(0)
	defer beat.Stop()
	for i, p := range s.packets {
		if !l.wait(beat.C) {
			return
		}
		if l.ways[audio].wants().Receives() {
			out.event(i == 0, c.to, tick, p, time.Now())
		}
		d := s.time(p)
		tick += uint32(d * time.Duration(c.clock) / time.Second)
		played += d
		beat.Reset(time.Until(begun.Add(played)))
	}
	l.wait(beat.C) // the last is heard too
}
