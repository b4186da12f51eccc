package web

import (
	"strconv"
	"testing"
)

func FuzzID(f *testing.F) {
	for _, s := range []string{"1", "0", "01", "-1", "+1", "1e3", "9223372036854775807", "9223372036854775808", " 1", "１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ID(s)
		if ok && (n <= 0 || strconv.FormatInt(n, 10) != s) {
			t.Errorf("%q is the id %d", s, n)
		}
	})
}
