package push_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/mail/mailtest"
	"candour/internal/push"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ctx = context.Background()

// house is an operator's desk and a push service of this machine, which answers
// with a status and hands over what came.
type house struct {
	*mailtest.Bench
	accounts *identity.Accounts
	choices  *people.Desk
	desk     *push.Desk
	service  *httptest.Server
	status   int
	came     chan *http.Request
}

func open(t *testing.T, st *store.Store) *house {
	t.Helper()
	h := &house{Bench: mailtest.New(t, st, "invoco"), status: http.StatusCreated, came: make(chan *http.Request, 20)}
	h.service = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		h.came <- r
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(h.status)
	}))
	t.Cleanup(h.service.Close)
	services, err := push.NewServices([]string{h.service.URL})
	if err != nil {
		t.Fatal(err)
	}
	h.accounts = identitytest.Open(h.Bench)
	h.choices = people.New(people.Config{Store: st, Log: h.Log, Vault: h.Vault, InForce: h.InForce, Now: h.Now})
	h.desk, err = push.New(push.Config{
		Store: st, Ring: h.Ring, Log: h.Log, Vault: h.Vault, Accounts: h.accounts, InForce: h.InForce, Now: h.Now, Logger: slog.New(slog.DiscardHandler), Services: services,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.choices.Follow(h.desk)
	return h
}

var token = regexp.MustCompile(`token=([A-Za-z0-9_-]{32})`)

const secret = "harbour lantern twelve"

// person signs somebody up and in at the softphone.
func (h *house) person(t *testing.T, name string) *identity.Session {
	t.Helper()
	email := name + "@example.org"
	if err := h.accounts.SignUp(ctx, identity.SignUp{Form: url.Values{"name": {name}, "email": {email}}, Surface: "portal", Policy: 1}); err != nil {
		t.Fatal(err)
	}
	h.Work()
	if _, err := h.accounts.Finish(ctx, token.FindStringSubmatch(h.Office.Take()[0].Raw)[1], secret, identity.Device{}); err != nil {
		t.Fatal(err)
	}
	return h.signIn(t, email)
}

func (h *house) signIn(t *testing.T, email string) *identity.Session {
	t.Helper()
	_, me, err := h.accounts.SignIn(ctx, identity.Attempt{Surface: "softphone", Email: email, Password: secret})
	if err != nil {
		t.Fatal(err)
	}
	return me
}

// says is somebody's answer to the permission.
func (h *house) says(t *testing.T, me *identity.Session, a people.Answer) {
	t.Helper()
	p := h.InForce().Policy()
	q, _ := p.PermissionByID("notifications")
	err := h.choices.DecidePermission(ctx, people.PermissionDecision{
		Subject: me.Account.Subject, Actor: "customer", Surface: "softphone", Permission: "notifications", Answer: a, Shown: people.PermissionWords(p, q, "customer").Hash(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) told(t *testing.T, path string) []byte {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(map[string]any{
		"endpoint": h.service.URL + path,
		"keys":     map[string]string{"p256dh": base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString(make([]byte, 16))},
	})
	return text
}

// wakes wants so many browsers of somebody to be woken, and returns where.
func (h *house) wakes(t *testing.T, me *identity.Session, n int) (paths []string) {
	t.Helper()
	any, err := h.desk.Wake(ctx, me.Account.ID, push.Call)
	if err != nil || any != (n > 0) {
		t.Fatalf("woken: %v, %v", any, err)
	}
	for range n {
		r := <-h.came
		paths = append(paths, r.URL.Path)
		if r.Header.Get("TTL") != "30" || r.Header.Get("Urgency") != "high" || r.Header.Get("Topic") != "call" || r.Header.Get("Content-Encoding") != "aes128gcm" || r.UserAgent() != "" {
			t.Error(r.Header)
		}
	}
	slices.Sort(paths)
	return paths
}

func (h *house) held(t *testing.T, me *identity.Session) (rows int, records int) {
	t.Helper()
	err := h.Store.View(ctx, func(tx *store.Tx) (err error) {
		if rows, err = h.desk.Count(ctx, tx, me.Account.ID); err != nil {
			return err
		}
		list, err := h.Vault.Own(ctx, tx, me.Account.Subject, "push.subscription")
		records = len(list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, records
}

// R10, R11, R16, R19, R28: a browser is woken on its person's consent, and no longer
// when that is taken back; that the push service was used stands in their history.
func TestStoryOfWaking(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := open(t, st)
		ann := h.person(t, "ann")
		if err := h.desk.Keep(ctx, ann, h.told(t, "/a")); !errors.Is(err, vault.ErrNoConsent) {
			t.Error("without consent:", err)
		}
		h.wakes(t, ann, 0)
		h.says(t, ann, people.PermissionGranted)
		text := h.told(t, "/a")
		if err := errors.Join(h.desk.Keep(ctx, ann, text), h.desk.Keep(ctx, ann, text)); err != nil {
			t.Fatal(err)
		}
		if rows, records := h.held(t, ann); rows != 1 || records != 1 {
			t.Error("held:", rows, records)
		}
		h.wakes(t, ann, 1)
		if err := h.desk.Close(ctx); err != nil { // what was sent is kept
			t.Fatal(err)
		}
		given := 0
		facts := 0
		if err := st.View(ctx, func(tx *store.Tx) error {
			list, err := h.Log.About(ctx, tx, ann.Account.Subject, 0, 100)
			for _, e := range list {
				if e.Body.Kind == evidence.RecordDisclosed && e.Body.Code == "push-service" && e.Body.Category == "push.subscription" {
					given++
				}
			}
			return errors.Join(err, h.desk.Facts(ctx, tx, ann.Account.Subject, func(rights.Fact) error { facts++; return nil }))
		}); err != nil || given != 1 || facts != 1 {
			t.Errorf("the use of the service is evidenced %d times, and told %d times: %v", given, facts, err)
		}
		h.says(t, ann, people.PermissionRevoked)
		if rows, records := h.held(t, ann); rows != 0 || records != 0 {
			t.Error("after it was taken back:", rows, records)
		}
	})
}

// Who signs out is woken no more there, nor where their browser says that it is
// gone; another person's browser takes its address with it.
func TestWhoIsWokenNoMore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := open(t, st)
		ann, bea := h.person(t, "ann"), h.person(t, "bea")
		second := h.signIn(t, "ann@example.org")
		for _, me := range []*identity.Session{ann, bea} {
			h.says(t, me, people.PermissionGranted)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(h.desk.Keep(ctx, ann, h.told(t, "/first")))
		must(h.desk.Keep(ctx, second, h.told(t, "/second")))
		if got := h.wakes(t, ann, 2); !slices.Equal(got, []string{"/first", "/second"}) {
			t.Error(got)
		}
		must(h.desk.Keep(ctx, second, h.told(t, "/moved"))) // a browser changed its address
		if got := h.wakes(t, ann, 2); !slices.Equal(got, []string{"/first", "/moved"}) {
			t.Error(got)
		}
		must(h.desk.Keep(ctx, bea, h.told(t, "/first"))) // the same browser, another person
		if got := h.wakes(t, ann, 1); !slices.Equal(got, []string{"/moved"}) {
			t.Error(got)
		}
		must(h.accounts.End(ctx, second, second.ID))
		h.wakes(t, ann, 0)
		must(h.desk.Sweep(ctx))
		if rows, records := h.held(t, ann); rows != 0 || records != 0 {
			t.Error("after signing out:", rows, records)
		}
		must(h.desk.Drop(ctx, bea))
		must(h.desk.Drop(ctx, bea))
		if rows, records := h.held(t, bea); rows != 0 || records != 0 {
			t.Error("after turning it off:", rows, records)
		}
	})
}

// A service that knows a browser no more has it forgotten (RFC 8030 section 7.3);
// one that fails, or sends us elsewhere, changes nothing.
func TestAnswersOfTheService(t *testing.T) {
	for status, left := range map[int]int{http.StatusCreated: 1, http.StatusGone: 0, http.StatusNotFound: 0, http.StatusInternalServerError: 1, http.StatusTooManyRequests: 1, http.StatusTemporaryRedirect: 1} {
		h := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
		ann := h.person(t, "ann")
		h.says(t, ann, people.PermissionGranted)
		h.status = status
		if err := h.desk.Keep(ctx, ann, h.told(t, "/a")); err != nil {
			t.Fatal(err)
		}
		h.wakes(t, ann, 1)
		if err := h.desk.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if rows, records := h.held(t, ann); rows != left || records != left {
			t.Errorf("%d leaves %d rows and %d records", status, rows, records)
		}
	}
}

// An account has at most so many browsers woken, the newest.
func TestTooManyBrowsers(t *testing.T) {
	h := open(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	ann := h.person(t, "ann")
	h.says(t, ann, people.PermissionGranted)
	for i := range push.MaxAddresses + 2 {
		me := h.signIn(t, "ann@example.org")
		if err := h.desk.Keep(ctx, me, h.told(t, "/"+string(rune('a'+i)))); err != nil {
			t.Fatal(err)
		}
	}
	if rows, records := h.held(t, ann); rows != push.MaxAddresses || records != push.MaxAddresses {
		t.Error(rows, records)
	}
	if err := h.Store.Update(ctx, func(tx *store.Tx) error { return h.desk.Forget(ctx, tx, ann.Account.Subject) }); err != nil {
		t.Fatal(err)
	}
	h.wakes(t, ann, 0)
}
