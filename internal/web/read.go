package web

import (
	"strconv"
)

// ID reads an id from an address: digits in their one spelling. False if it is
// none.
func ID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}
