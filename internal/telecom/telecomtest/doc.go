// Package telecomtest gives lines to people, for the tests of what stands on them.
package telecomtest

import (
	"context"
	"regexp"

	"candour/internal/identity"
	"candour/internal/mail/mailtest"
	"candour/internal/store"
	"candour/internal/telecom"
)

var token = regexp.MustCompile(`token=([A-Za-z0-9_-]{32})`)

// Line gives somebody an account in a role, and a line with an extension.
func Line(b *mailtest.Bench, a *identity.Accounts, d *telecom.Desk, role identity.Role, extension string) telecom.Line {
	b.TB.Helper()
	must := func(err error) {
		if err != nil {
			b.TB.Helper()
			b.TB.Fatal(err)
		}
	}
	ctx := context.Background()
	address, _, err := a.Employ(ctx, role, "person"+extension+"@example.test")
	must(err)
	o, err := a.Finish(ctx, token.FindStringSubmatch(address)[1], "harbour lantern twelve", identity.Device{Address: "192.0.2.7"})
	must(err)
	must(b.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := d.Give(ctx, tx, o.Session.Account.ID, extension)
		return err
	}))
	l, err := d.LineOf(ctx, o.Session.Account.ID)
	must(err)
	return l
}
