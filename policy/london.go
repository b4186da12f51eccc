package policy

import (
	"time"
	_ "time/tzdata" // London's time also where the machine has no zones
)

// London is the time that days, months and hours are told and reckoned in.
var London = func() *time.Location {
	loc, err := time.LoadLocation("Europe/London")
	if err != nil {
		return time.UTC // not reached: the zones are in the program
	}
	return loc
}()
