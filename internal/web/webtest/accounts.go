package webtest

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/web"
	"candour/internal/web/account"
	"candour/policy"
)

// Password is what the people of a bench sign in with.
const Password = "harbour lantern twelve"

// OpenAccounts opens the surfaces on which people sign in: they have the pages
// of accounts, and what a test adds.
func (b *Bench) OpenAccounts(add ...func(*web.Routes)) *identity.Accounts {
	b.T.Helper()
	a, err := identity.New(identity.Config{
		Store: b.Store, Ring: b.Ring, Log: b.Evidence, Vault: b.vault, Queue: b.queue, Now: b.Clock, Floor: time.Nanosecond, Hashing: identitytest.Cheap,
		InForce: func() *policy.Compiled { return b.InForce().Compiled },
	})
	must(b.T, err)
	b.Accounts = a
	p := b.InForce().Profile.Policy
	for i := range p.Surfaces {
		if id := p.Surfaces[i].ID; account.Opens(p, id) {
			rt := b.NewRoutes()
			account.Add(rt, b.Site, a)
			for _, f := range add {
				f(rt)
			}
			b.Handle(id, rt)
		}
	}
	return a
}

var linkInMail = regexp.MustCompile(`token=([A-Za-z0-9_-]{32})`)

// Tokens sends what is owed, and returns the codes of the links in it.
func (b *Bench) Tokens() (codes []string) {
	b.T.Helper()
	for _, l := range b.Mails() {
		if m := linkInMail.FindStringSubmatch(l.Raw); m != nil {
			codes = append(codes, m[1])
		}
	}
	return codes
}

// Customer opens an account by the portal's form and by its link.
func (b *Bench) Customer(email string) identity.Opened {
	b.T.Helper()
	ctx := context.Background()
	must(b.T, b.Accounts.SignUp(ctx, identity.SignUp{
		Form: url.Values{"name": {"Ann Planted"}, "email": {email}}, Surface: "portal", Policy: b.InForce().Number, Wording: [32]byte{1},
	}))
	codes := b.Tokens()
	if len(codes) != 1 {
		b.T.Fatalf("%d links came", len(codes))
	}
	o, err := b.Accounts.Finish(ctx, codes[0], Password, identity.Device{})
	must(b.T, err)
	return o
}

// Staff opens the account of somebody who works for the operator. They owe a
// second factor.
func (b *Bench) Staff(role identity.Role, email string) identity.Opened {
	b.T.Helper()
	ctx := context.Background()
	address, _, err := b.Accounts.Employ(ctx, role, email)
	must(b.T, err)
	o, err := b.Accounts.Finish(ctx, linkInMail.FindStringSubmatch(address)[1], Password, identity.Device{})
	must(b.T, err)
	return o
}

// Fill opens a page of a surface by its host's label, fills its form in as a
// person would, and sends it.
func (br *Browser) Fill(label, path, form string, values url.Values) *Answer {
	br.b.T.Helper()
	host := label + "." + br.b.Parent
	page := br.Do(http.MethodGet, host, path, "", "")
	action, fields := page.Fields(form)
	for k, v := range values {
		fields[k] = v
	}
	br.b.Pass(2 * time.Second)
	return br.Do(http.MethodPost, host, action, "application/x-www-form-urlencoded", fields.Encode())
}

// CodeOf is what the app shows that a session is about to set up.
func (b *Bench) CodeOf(s *identity.Session) (string, error) {
	secret, err := b.Accounts.NewSecret(context.Background(), s)
	if err != nil {
		return "", err
	}
	return totp.GenerateCode(strings.ReplaceAll(secret.Text(), " ", ""), b.Clock())
}
