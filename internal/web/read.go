package web

import (
	"strconv"
	"time"
	_ "time/tzdata" // London's time also where the machine has no zones
)

// London is the time zone of what people read on pages.
var London = func() *time.Location {
	loc, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC // not reached: the zones are in the program
	}
	return loc
}()

// ID reads an id from an address: digits in their one spelling. False if it is
// none.
func ID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}
