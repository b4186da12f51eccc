package console_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/profile"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/web/console"
	"candour/internal/web/own"
	"candour/internal/web/webtest"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// bench is a console with people in it.
type bench struct {
	*webtest.Bench
	vault    *vault.Vault
	accounts *identity.Accounts
	desk     *support.Desk
	rights   *rights.Desk
	phones   *telecom.Desk
	audit    string
	hired    int
	report   *verify.Report // what a check of the evidence finds
	fails    error
}

func open(t testing.TB, st *store.Store, operator string) *bench {
	t.Helper()
	b := &bench{Bench: webtest.OpenOn(t, st, operator), audit: t.TempDir(), report: &verify.Report{Size: 7, Rows: 7}}
	inForce := func() *policy.Compiled { return b.InForce().Compiled }
	b.vault = vault.New(st, b.Ring, b.Evidence, inForce, b.Clock)
	composer, err := mail.NewComposer("https://invoco.localhost")
	b.must(err)
	queue := mail.NewQueue(mail.Config{
		Store: st, Ring: b.Ring, Log: b.Evidence, Vault: b.vault, InForce: inForce, Composer: composer, Now: b.Clock, Logger: slog.New(slog.DiscardHandler),
	})
	b.accounts, err = identity.New(identity.Config{
		Store: st, Ring: b.Ring, Log: b.Evidence, Vault: b.vault, Queue: queue, InForce: inForce, Now: b.Clock, Floor: time.Nanosecond, Hashing: identitytest.Cheap,
	})
	b.must(err)
	b.Accounts = b.accounts
	b.desk = support.New(support.Config{Store: st, Log: b.Evidence, Vault: b.vault, Queue: queue, InForce: inForce, Now: b.Clock})
	choices := people.New(people.Config{Store: st, Log: b.Evidence, Vault: b.vault, InForce: inForce, Now: b.Clock})
	told := history.New(history.Config{Store: st, Log: b.Evidence, Vault: b.vault, Versions: b.Site.Versions, Now: b.Clock})
	b.rights = rights.New(rights.Config{
		Store: st, Ring: b.Ring, Log: b.Evidence, Vault: b.vault, Queue: queue, InForce: inForce, Now: b.Clock, Ticket: b.desk.OpenIn, TicketDone: b.desk.CloseIn,
		Choices: choices, History: told, Forget: []func(context.Context, *store.Tx, keys.SubjectID) error{b.desk.Forget, b.accounts.Forget},
	})
	newsletter := marketing.New(marketing.Config{Store: st, Ring: b.Ring, Log: b.Evidence, Vault: b.vault, Queue: queue, InForce: inForce, Now: b.Clock})
	mine := own.Deps{
		Accounts: b.accounts, Profiles: profile.New(profile.Config{Store: st, Vault: b.vault, People: choices, InForce: inForce}), Choices: choices, Newsletter: newsletter,
		Store: st, Vault: b.vault, History: told, Rights: b.rights,
	}
	b.phones = telecom.New(telecom.Config{Store: st, Ring: b.Ring, Log: b.Evidence, Vault: b.vault, Accounts: b.accounts, InForce: inForce, Now: b.Clock, Queue: queue})
	b.Handle("console", console.New(b.Site, console.Deps{
		Accounts: b.accounts, Store: st, Vault: b.vault, Evidence: b.Evidence, Desk: b.desk, Rights: b.rights, Queue: queue, Own: mine, Audit: b.audit, Phones: b.phones,
		Verify: func(context.Context) (*verify.Report, error) { return b.report, b.fails },
		Go:     func(fn func(context.Context)) { fn(ctx) },
	}))
	return b
}

func each(t *testing.T, fn func(b *bench)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { fn(open(t, st, "invoco")) })
}

// one opens a bench on SQLite, for what does not touch the engine.
func one(t *testing.T) *bench {
	return open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")
}

func (b *bench) must(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}

const (
	host     = "console.invoco.localhost"
	password = "harbour lantern twelve"
)

var linkToken = regexp.MustCompile(`token=([A-Za-z0-9_-]+)`)

// colleague is a member of staff at their desk.
type colleague struct {
	*webtest.Browser
	b       *bench
	role    identity.Role
	subject keys.SubjectID
}

// as signs in somebody new with a role, with a second factor.
func (b *bench) as(role identity.Role) *colleague {
	b.T.Helper()
	b.hired++
	address, _, err := b.accounts.Employ(ctx, role, fmt.Sprintf("%s%d@invoco.example", role, b.hired))
	b.must(err)
	o, err := b.accounts.Finish(ctx, linkToken.FindStringSubmatch(address)[1], password, identity.Device{Address: "192.0.2.1"})
	b.must(err)
	secret, err := b.accounts.NewSecret(ctx, o.Session)
	b.must(err)
	code, err := totp.GenerateCode(strings.ReplaceAll(secret.Text(), " ", ""), b.Clock())
	b.must(err)
	_, err = b.accounts.SetAuthenticator(ctx, o.Session, code)
	b.must(err)
	token, ok := o.Session.Renewed()
	if !ok {
		b.T.Fatal("the browser keeps what it had before the second factor")
	}
	c := &colleague{b.Browser(), b, role, o.Session.Account.Subject}
	cookie, _ := b.InForce().Profile.Policy.CookieByRole("signin", "console")
	c.Cookies[cookie.Name] = token
	return c
}

func (c *colleague) get(path string) *webtest.Answer {
	c.b.T.Helper()
	return c.Do(http.MethodGet, host, path, "", "")
}

func (c *colleague) post(path string, values url.Values) *webtest.Answer {
	c.b.T.Helper()
	return c.Do(http.MethodPost, host, path, "application/x-www-form-urlencoded", values.Encode())
}

// press presses the button that posts to a path.
func (c *colleague) press(path string) *webtest.Answer {
	c.b.T.Helper()
	return c.Do(http.MethodPost, host, path, "", "")
}

// find fills in the form and sends it.
func (c *colleague) find(purpose string, fields ...string) *webtest.Answer {
	c.b.T.Helper()
	action, values := c.get("/people-search").Fields("find-person")
	values.Set("purpose", purpose)
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return c.post(action, values)
}

// page returns the address of the page of whoever has an e-mail address.
func (c *colleague) page(purpose, email string) string {
	c.b.T.Helper()
	a := c.find(purpose, "email", email)
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/person/") {
		c.b.T.Fatalf("%s does not find %s: %d %s", c.role, purpose, a.StatusCode, a.Text)
	}
	return a.Header.Get("Location")
}

// put writes a record about a person by the software.
func (b *bench) put(s keys.SubjectID, purpose, surface, category, value string) {
	b.T.Helper()
	b.must(b.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := b.vault.Put(ctx, tx, vault.Access{Actor: "system", Purpose: purpose, Surface: surface},
			vault.Item{Category: category, Parts: []vault.Part{{Owner: s, Value: []byte(value)}}})
		return err
	}))
}

// act changes how a person stands.
func (b *bench) act(fn func(tx *store.Tx) error) {
	b.T.Helper()
	b.must(b.Store.Update(ctx, fn))
}

// plantedAddress is that of the person of planted.
const plantedAddress = "planted.person@example.org"

// planted makes a customer with a value of each kind that somebody must not
// see.
func (b *bench) planted() keys.SubjectID {
	b.T.Helper()
	var s keys.SubjectID
	b.act(func(tx *store.Tx) (err error) {
		if s, err = b.vault.NewSubject(ctx, tx); err != nil {
			return err
		}
		for _, p := range []string{"direct-marketing", "accessible-service", "feedback"} {
			if err := b.vault.SetConsent(ctx, tx, s, p, true); err != nil {
				return err
			}
		}
		return nil
	})
	for _, x := range []struct{ purpose, surface, category, value string }{
		{"account", "portal", "contact.email", plantedAddress},
		{"account", "portal", "person.name", "PlantedName"},
		{"account", "portal", "contact.address", "PlantedStreet 7"},
		{"access", "portal", "credential.signin", "PlantedSecret"},
		{"access", "portal", "network.ip-address", "192.0.2.77"},
		{"supply", "portal", "payment.token", "PlantedCard"},
		{"supply", "softphone", "communications.data", "01632 960777"},
		{"enquiries", "website", "contact.message", "PlantedQuestion"},
		{"accessible-service", "portal", "needs.accessibility", "PlantedNeed"},
		{"emergency", "portal", "address.installation", "PlantedLine 9"},
		{"direct-marketing", "portal", "contact.telephone", "01632 960888"},
		{"direct-marketing", "portal", "contact.email", plantedAddress},
		{"security", "portal", "fraud.signals", "PlantedFraud"},
		{"rights", "portal", "rights.request", "PlantedRequest"},
		{"support", "softphone", "app.logs", "PlantedLog"},
		{"feedback", "softphone", "app.usage", "PlantedUsage"},
		{"proof-of-choices", "portal", "choice.history", "PlantedChoice"},
	} {
		b.put(s, x.purpose, x.surface, x.category, x.value)
	}
	return s
}

// looks are the entries of looks in a person's history, newest first.
func (b *bench) looks(s keys.SubjectID) (list []evidence.Body) {
	b.T.Helper()
	b.must(b.Store.View(ctx, func(tx *store.Tx) error {
		entries, err := b.Evidence.About(ctx, tx, s, 0, 1000)
		for _, e := range entries {
			if e.Body.Kind == evidence.RecordUsed && e.Body.Surface == "console" {
				list = append(list, e.Body)
			}
		}
		return err
	}))
	return list
}

// write leaves a file in the folder of audits.
func (b *bench) write(name, text string) {
	b.T.Helper()
	b.must(os.WriteFile(filepath.Join(b.audit, name), []byte(text), 0o600))
}
