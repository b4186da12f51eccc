package sip

import (
	"time"

	"candour/internal/telecom"
)

// endLimit ends a call that has cost what it may. It is told to both sides, and so
// says nothing of anybody's account.
var endLimit = verdict{telecom.Completed, 480, "The call has come to the longest time that it may last."}

// limited ends an answered call when it has lasted as long as it may under what
// the account that pays for it may spend. A call that was forwarded is paid for by
// whoever forwarded it, from there on.
func (c *call) limited() {
	for _, record := range c.records() {
		limit := record.Limit()
		if limit > 0 && (c.most == 0 || limit < c.most) {
			c.most = limit
		}
	}
	if c.most > 0 {
		c.ends = time.AfterFunc(c.most, func() {
			c.do(func() {
				if c.phase == talking {
					c.end(endLimit)
				}
			})
		})
	}
}
