package telecom_test

import (
	"testing"
	"time"
)

// A phone is remembered, and what ends it is heeded at once by the process that
// does it, and by another on the same database within two minutes.
func TestWhatEndsAPhoneIsHeeded(t *testing.T) {
	each(t, func(x *exchange) {
		other := x.newDesk()
		owner := x.customer("Ann")
		ann := x.line(owner, "1001")
		mate := x.colleague(owner, "Cal")
		cal := x.line(mate, "1003")
		knows := func(name string) (here, there bool) {
			_, _, here = x.desk.Remembered(name)
			_, _, there = other.Remembered(name)
			return here, there
		}
		d, c := x.device(ann, "hall")
		_, c2 := x.device(cal, "attic")
		for _, name := range []string{c.Username, c2.Username, "nobody"} {
			_ = x.signs(name)
			_, _, _ = other.DeviceBy(ctx, name)
		}
		for name, want := range map[string]bool{c.Username: true, c2.Username: true, "nobody": false} {
			here, there := knows(name)
			x.want("what is remembered", []any{here, there}, []any{want, want})
		}

		x.want("removed", x.revoking(ann, d.ID), "done")
		x.want("at once", x.signs(c.Username), "no phone")
		_ = x.signs(c2.Username)
		x.must(x.accounts.Dismiss(ctx, owner, mate.Account.Reference))
		x.want("dismissed", x.signs(c2.Username), "no phone")
		x.Later(2 * time.Minute)
		for _, name := range []string{c.Username, c2.Username} {
			_, _, err := other.DeviceBy(ctx, name)
			x.want("elsewhere", code(err), "no phone")
		}
	})
}
