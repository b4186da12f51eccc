package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/profile"
	"candour/internal/retention"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// The same person erases themselves by the link that the site sends (L8, R5),
// and the scan finds no more than after an erasure by the vault: nothing. What
// alone opens afterwards is the address in the note that they asked, which the
// law on rights has the operator keep; in the clear it stands nowhere either.
func TestResidueOfAnErasureByLink(t *testing.T) {
	for run := range 2 {
		t.Run(fmt.Sprint(store.SQLite, run), func(t *testing.T) {
			residue(t, "", func() string { return "" }, (*tester).eraseByLink)
		})
	}
	t.Run(string(store.PostgreSQL), func(t *testing.T) {
		residue(t, storetest.Target(t, store.PostgreSQL), func() string { return storetest.Target(t, store.PostgreSQL) }, (*tester).eraseByLink)
	})
}

var dataLink = regexp.MustCompile(`https?://[^/\s]+(/your-data/act\?[^\s"<>]+)`)

// eraseByLink asks for a link, reads what is held, and erases it.
func (x *tester) eraseByLink() {
	x.Helper()
	visitor := x.browser(3)
	x.must(visitor.write("/your-data", map[string]string{"email": x.address, "right": "erasure"}))
	letters := x.office.take(1)
	m := dataLink.FindStringSubmatch(letters[0].text)
	if m == nil || letters[0].to != x.address {
		x.Fatal("no link came")
	}
	form, err := visitor.open(m[1], "/your-data/act/see")
	x.must(err)
	for _, act := range []struct{ path, says string }{
		{"see", "What we hold about you"}, {"file", "candour-access-1"}, {"erase", "Are you sure?"}, {"erase/sure", "Your data is erased"},
	} {
		sent := url.Values{"": {"/your-data/act/" + act.path}}
		for name, value := range form {
			if name != "" {
				sent[name] = value
			}
		}
		status, page, err := visitor.post(sent)
		x.must(err)
		if status != http.StatusOK || !strings.Contains(page, act.says) {
			x.Fatalf("%s: status %d, and not %q", act.path, status, act.says)
		}
	}
	x.office.take(1) // the confirmation
	x.noted, _, _ = strings.Cut(x.address, "@")
	ctx := context.Background()
	_, err = retention.New(x.app.vault, x.now, x.app.log).Once(ctx)
	x.must(err)
	var waiting int
	x.must(x.app.store.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM erasures WHERE receipt = $1", "").Scan(&waiting)
	}))
	if waiting > 0 {
		x.Errorf("%d erasures have no receipt", waiting)
	}
	x.others(x.rig)
}

// The same person opens an account, tells more, and erases themselves there
// (L8): what the account held is found no more than what was held before, and
// neither is the password, of which only a hash was ever kept.
func TestResidueOfAnAccount(t *testing.T) {
	t.Run(string(store.SQLite), func(t *testing.T) {
		residue(t, "", func() string { return "" }, (*tester).eraseAccount)
	})
	t.Run(string(store.PostgreSQL), func(t *testing.T) {
		residue(t, storetest.Target(t, store.PostgreSQL), func() string { return storetest.Target(t, store.PostgreSQL) }, (*tester).eraseAccount)
	})
}

func (x *tester) eraseAccount() {
	x.Helper()
	ctx := context.Background()
	d, err := x.app.desksNow()
	x.must(err)
	address, _, err := d.accounts.EmployAt(ctx, identity.Employment{Role: identity.CustomerAdministrator, Email: x.address, Proven: true})
	x.must(err)
	_, token, _ := strings.Cut(address, "token=")
	opened, err := d.accounts.Finish(ctx, token, x.token()+" "+x.token(), identity.Device{Address: "192.0.2.77", Agent: "Browser/1 (" + x.token() + ")"})
	x.must(err)
	s := opened.Session
	x.must(d.profiles.Save(ctx, profile.Submission{
		Who:    profile.Who{Subject: s.Account.Subject, Actor: "customer", Surface: "portal", Email: x.address},
		Form:   profile.Details,
		Values: url.Values{"name": {x.token()}, "business": {x.token()}, "job-title": {x.token()}, "profession": {x.token()}, "telephone": {x.number()}, "address": {x.token() + " Road"}},
	}))
	as := &visitorAs{role: s.Account.Role, surface: "portal", token: opened.Token, session: s}
	if got := x.send(x.T, as, "portal", http.MethodGet, "/data", nil); got.status != http.StatusOK || !strings.Contains(got.body, x.planted[len(x.planted)-1]) {
		x.Fatalf("the page of one's data: %d, or it does not show what was told", got.status)
	}
	if got := x.send(x.T, as, "portal", http.MethodPost, "/data/erase", nil); got.status != http.StatusOK {
		x.Fatalf("the erasure: %d", got.status)
	}
	x.office.take(1) // the confirmation
	x.noted, _, _ = strings.Cut(x.address, "@")
	_, err = retention.New(x.app.vault, x.now, x.app.log).Once(ctx)
	x.must(err)
	if got := x.send(x.T, as, "portal", http.MethodGet, "/data", nil); got.status != http.StatusSeeOther {
		x.Errorf("erased and signed in: %d", got.status)
	}
	x.others(x.rig)
}
