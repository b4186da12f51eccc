package sip

import (
	"strconv"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
	"candour/internal/voicemail"
)

// endLimit ends a call that has cost what it may. It is told to both sides, and so
// says nothing of anybody's account.
var endLimit = verdict{telecom.Completed, 480, "The call has come to the longest time that it may last."}

const (
	// warnTime is how long before its end the caller is told of it.
	warnTime = time.Minute
	// warnSettle is how long after its beginning they are told where less is left:
	// once the sound goes both ways.
	warnSettle = time.Second

	// typeLimit is that of how many seconds are left of a call, in digits, as a page
	// of ours is told in INFO.
	typeLimit = "application/vnd.candour.limit"
)

// limited ends an answered call when it has lasted as long as it may under what
// the account that pays for it may spend, and warns the caller before. A call that
// was forwarded is paid for by whoever forwarded it, from there on.
func (c *call) limited() {
	for _, record := range c.records() {
		limit := record.Limit()
		if limit > 0 && (c.most == 0 || limit < c.most) {
			c.most = limit
		}
	}
	if c.most > 0 {
		c.lasts(c.most)
	}
}

// lasts sets the end of a call, and when the caller is warned.
func (c *call) lasts(most time.Duration) {
	c.last = time.Now().Add(most)
	c.ends = time.AfterFunc(most, func() {
		c.do(func() {
			if c.phase == talking {
				c.end(endLimit)
			}
		})
	})
	c.warns = time.AfterFunc(max(most-warnTime, warnSettle), func() {
		c.do(func() {
			if c.phase == talking {
				c.warned = true
				c.warn(c.a)
			}
		})
	})
}

// warn tells the caller's side, and nobody else, how much is left of the call: a
// page by a message that it shows, a phone by words.
func (c *call) warn(l *leg) {
	left := time.Until(c.last)
	switch {
	case l.over || l.lost || left <= 0:
	case l.flow.kind == media.Browser:
		l.inform(typeLimit, strconv.AppendInt(nil, int64(left.Round(time.Second)/time.Second), 10), func(*sipgo.Response) {}) // whoever does not know it is not warned, and goes on
	default:
		say := voicemail.Soon
		if left > warnTime-5*time.Second {
			say = voicemail.Minute
		}
		l.say(func(codec string) media.Sound { return voicemail.Prompt(say, codec) })
	}
}

// unlimit stops the clocks of a call that is over.
func (c *call) unlimit() {
	halt(&c.ends)
	halt(&c.warns)
}

// came tells a phone that came into the call in another's place what that was told.
func (c *call) came(l *leg) {
	if c.warned && l == c.a {
		c.warn(l)
	}
}
