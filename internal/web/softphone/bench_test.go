package softphone_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"candour/internal/analytics"
	"candour/internal/chat"
	"candour/internal/consent"
	"candour/internal/consent/people"
	"candour/internal/contacts"
	"candour/internal/evidence"
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/marketing"
	"candour/internal/media"
	"candour/internal/notice"
	"candour/internal/profile"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/telecom"
	"candour/internal/voicemail"
	"candour/internal/web"
	"candour/internal/web/own"
	"candour/internal/web/softphone"
	"candour/internal/web/webtest"
	"candour/policy"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	host   = "softphone.invoco.localhost"
	secret = "harbour lantern twelve"
)

var ctx = context.Background()

// bench is a running softphone on real parts; what is served on the WebSocket
// is a function of the test's.
type bench struct {
	*mailtest.Bench
	web       *webtest.Bench
	accounts  *identity.Accounts
	voicemail *voicemail.Desk
	phones    *telecom.Desk
	history   *history.Desk
	server    string // where phones connect
	serverTLS string // where they do over TLS
	flow      func(line telecom.Line, alive func(context.Context) error)
	connected []own.Connection             // of whichever line is asked for
	loop      func(string) (string, error) // either half of trying the way to the relay
	recorder  *recorder
}

func open(t *testing.T) *bench {
	t.Helper()
	b := &bench{recorder: &recorder{}, server: "192.0.2.1:5070", Bench: mailtest.New(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)), "invoco")}
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	versions, err := notice.OpenVersions(ctx, b.Store, b.Log)
	must(err)
	loaded := webtest.Profile(t, "invoco")
	_, err = versions.Publish(ctx, loaded, b.Now(), b.Now())
	must(err)
	b.accounts = identitytest.Open(b.Bench)
	tariff, faults := telecom.LoadTariff(webtest.Profile(t, "invoco"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	b.phones = telecom.New(telecom.Config{Tariff: tariff, Queue: b.Queue, Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Accounts: b.accounts, InForce: b.InForce, Now: b.Now})
	b.voicemail = voicemail.New(voicemail.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, Accounts: b.accounts, InForce: b.InForce, Now: b.Now})
	choices := people.New(people.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, InForce: b.InForce, Now: b.Now})
	counter := evidence.NewCounter(b.Log, make(chan time.Time))
	t.Cleanup(func() { _ = counter.Close(ctx) })
	version := func(n int) *policy.Policy {
		if v := versions.Get(n); v != nil {
			return v.Profile.Policy
		}
		return nil
	}
	site, err := web.New(web.Deps{
		Profile: loaded, Versions: versions, Desk: consent.New(b.Store, b.Log, []byte("secret"), version, b.Now), Counter: counter,
		Views: analytics.NewCounter(b.Store, b.Now), Accounts: b.accounts, People: choices, Secret: b.Ring.Secret,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: b.Now, Parents: []string{"invoco.localhost"},
	})
	must(err)
	b.history = history.New(history.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, Versions: versions, Now: b.Now})
	site.Handle("softphone", softphone.New(site, softphone.Deps{
		Deps: own.Deps{
			Accounts: b.accounts, Profiles: profile.New(profile.Config{Store: b.Store, Vault: b.Vault, People: choices, InForce: b.InForce}),
			Choices: choices, Newsletter: marketing.New(marketing.Config{Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now}),
			Store: b.Store, Vault: b.Vault, History: b.history,
			Rights: rights.New(rights.Config{
				Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now,
				Forget: []func(context.Context, *store.Tx, keys.SubjectID) error{b.phones.Erased, b.accounts.Forget},
			}),
			Voicemail: b.voicemail, Phones: b.phones, PhoneServer: func() string { return b.server },
			PhoneServerTLS: func() string { return b.serverTLS },
			Connected:      func(int64) []own.Connection { return b.connected },
		},
		Recordings: b.records(choices), Recorder: b.recorder,
		Phones: b.phones, Domain: "invoco.net", Push: b.wakes(t, choices),
		Support: support.New(support.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now}),
		Loop:    func(_ context.Context, _ int64, offer string) (string, error) { return b.loop(offer) },
		Join:    func(_ int64, answer string) (string, error) { return b.loop(answer) },
		Book:    contacts.New(contacts.Config{Store: b.Store, Vault: b.Vault, InForce: b.InForce, Now: b.Now}),
		Chat:    chat.New(chat.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, InForce: b.InForce, Now: b.Now}),
		Flow: func(w http.ResponseWriter, r *http.Request, line telecom.Line, alive func(context.Context) error) error {
			if r.Header.Get("Upgrade") == "" {
				return web.ErrUpgrade
			}
			b.flow(line, alive)
			w.WriteHeader(http.StatusSwitchingProtocols)
			return nil
		},
	}))
	b.loop = func(string) (string, error) { return "", media.ErrSDP }
	b.web = &webtest.Bench{Site: site, T: t, Parent: "invoco.localhost"}
	return b
}

var token = regexp.MustCompile(`token=([A-Za-z0-9_-]{32})`)

// caller is somebody's browser at the softphone.
type caller struct {
	*webtest.Browser
	b  *bench
	me *identity.Session
}

// caller opens an account, gives it the extension unless that is empty, and
// signs a browser in.
func (b *bench) caller(t *testing.T, name, extension string) *caller {
	t.Helper()
	email := strings.ToLower(name) + "@example.org"
	if err := b.accounts.SignUp(ctx, identity.SignUp{Form: url.Values{"name": {name}, "email": {email}}, Surface: "portal", Policy: 1}); err != nil {
		t.Fatal(err)
	}
	b.Work()
	o, err := b.accounts.Finish(ctx, token.FindStringSubmatch(b.Office.Take()[0].Raw)[1], secret, identity.Device{})
	if err != nil {
		t.Fatal(err)
	}
	if extension != "" {
		err = b.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := b.phones.Give(ctx, tx, o.Session.Account.ID, extension)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	signed, me, err := b.accounts.SignIn(ctx, identity.Attempt{Surface: "softphone", Email: email, Password: secret})
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{b.web.Browser(), b, me}
	k, _ := b.InForce().Policy().CookieByRole("signin", "softphone")
	c.Cookies[k.Name] = signed
	return c
}

func (c *caller) get(path string) *webtest.Answer { return c.Do(http.MethodGet, host, path, "", "") }

// press presses a button that posts to a path.
func (c *caller) press(path string) *webtest.Answer { return c.Do(http.MethodPost, host, path, "", "") }

// rings is a call that somebody makes and that ends so.
func (c *caller) rings(t *testing.T, number string, end telecom.Code) {
	t.Helper()
	line, err := c.b.phones.LineOf(ctx, c.me.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	to, err := c.b.phones.Route(ctx, line, number)
	if err != nil {
		t.Fatal(err)
	}
	call, err := c.b.phones.Begin(ctx, telecom.Start{From: line, To: to})
	if err != nil {
		t.Fatal(err)
	}
	if end == telecom.Completed {
		if err := call.Answered(ctx, telecom.Line{}); err != nil {
			t.Fatal(err)
		}
		c.b.Later(65 * time.Second)
	}
	if err := call.Ended(ctx, telecom.End{Code: end, ByCaller: true}); err != nil {
		t.Fatal(err)
	}
}

// session is what the phone is told.
func (c *caller) session(t *testing.T) (told struct {
	SignedIn                bool
	Extension, Name, Domain string
	Granted, Stopped        []string
}) {
	t.Helper()
	a := c.get("/session")
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
		t.Error(a.StatusCode, a.Header)
	}
	if err := json.Unmarshal([]byte(a.Text), &told); err != nil {
		t.Fatal(err)
	}
	return told
}
