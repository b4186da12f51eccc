package sip

import (
	"time"

	"candour/internal/recording"
)

// noKeys are what is pressed by whom no page asks, to have no recording made, as
// the announcement says; they follow each other within noTime.
const (
	noKeys = "*9"
	noTime = 5 * time.Second
)

// noKey takes a key that somebody pressed in a call that is being recorded.
func (c *call) noKey(l *leg, r rune) {
	t := c.taping
	if t == nil {
		return
	}
	second := r == rune(noKeys[1]) && time.Since(l.starred) < noTime
	l.starred = time.Time{}
	if r == rune(noKeys[0]) {
		l.starred = time.Now()
	}
	switch {
	case !second:
	case l == t.by:
		c.endTaping(recording.Stopped)
	default:
		c.refuseTaping(l)
	}
}
