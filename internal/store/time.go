package store

import "time"

// Time is what a column of times holds, in UTC: milliseconds of Unix time, and 0 for
// the zero value.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
