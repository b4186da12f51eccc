package sip_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/identity/identitytest"
	"candour/internal/mail/mailtest"
	"candour/internal/media"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/telecom/telecomtest"
	"candour/operators"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// domain is the operator's, as phones are told it.
const domain = "invoco.net"

// patience bounds a wait for what has to come. Nothing waits for it to pass.
const patience = 30 * time.Second

// house is an operator's telephone service: a store, its desk, a relay and the
// people who have lines.
type house struct {
	*mailtest.Bench
	accounts *identity.Accounts
	desk     *telecom.Desk
	relay    *media.Relay
}

func newHouse(t *testing.T, st *store.Store) *house {
	t.Helper()
	b := mailtest.New(t, st, "invoco")
	a := identitytest.Open(b)
	relay, err := media.New(media.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := relay.Close(); err != nil {
			t.Error(err)
		}
	})
	desk := telecom.New(telecom.Config{Tariff: tariff(t), Store: st, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Accounts: a, InForce: b.InForce, Now: b.Now})
	t.Cleanup(func() {
		if err := desk.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &house{Bench: b, accounts: a, desk: desk, relay: relay}
}

// open is newHouse on SQLite: what the signalling does is the same on both
// engines, as the stories show.
func open(t *testing.T) *house {
	t.Helper()
	return newHouse(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
}

// line gives somebody an account and a line.
func (h *house) line(role identity.Role, extension string) telecom.Line {
	h.TB.Helper()
	return telecomtest.Line(h.Bench, h.accounts, h.desk, role, extension)
}

// calls are somebody's own list, newest first.
func (h *house) calls(l telecom.Line) (list []telecom.Entry) {
	h.TB.Helper()
	err := h.Store.View(context.Background(), func(tx *store.Tx) (err error) {
		list, err = h.desk.Calls(context.Background(), tx, l.Subject, 0, telecom.MaxCalls)
		return err
	})
	if err != nil {
		h.TB.Fatal(err)
	}
	return list
}

// exchange is the signalling under test, behind an HTTP server on loopback.
type exchange struct {
	*house
	t   *testing.T
	sip *sip.Server
	web *httptest.Server

	lines  map[string]telecom.Line // by what a test calls them
	out    atomic.Bool             // everybody's session has ended
	shut   atomic.Bool
	addr   string // where ordinary phones are listened for; "" before
	secure string // the same over TLS
}

var errSignedOut = errors.New("signed out")

// serve starts the signalling for people. Times that a test does not set are so
// long that they never come.
func (h *house) serve(t *testing.T, c sip.Config, people map[string]telecom.Line) *exchange {
	t.Helper()
	c.Desk, c.Relay, c.Domain = h.desk, h.relay, domain
	if c.Now == nil {
		c.Now = h.Now
	}
	for _, d := range []*time.Duration{&c.NoAnswer, &c.Grace, &c.Beat, &c.Acked, &c.Slow} {
		if *d == 0 {
			*d = time.Hour
		}
	}
	s, err := sip.New(c)
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{house: h, t: t, sip: s, lines: people}
	x.web = httptest.NewServer(http.HandlerFunc(x.flow))
	t.Cleanup(x.close)
	return x
}

// flow serves /NAME as the web layer does for somebody who is signed in.
func (x *exchange) flow(w http.ResponseWriter, r *http.Request) {
	l, ok := x.lines[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	alive := func(context.Context) error {
		if x.out.Load() {
			return errSignedOut
		}
		return nil
	}
	if err := x.sip.ServeFlow(w, r, l, alive); err != nil {
		w.WriteHeader(http.StatusUpgradeRequired)
	}
}

// close ends the service, and wants nothing of it to be left.
func (x *exchange) close() {
	if x.shut.Swap(true) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := x.sip.Close(ctx); err != nil {
		x.t.Errorf("closing: %v", err)
	}
	x.web.Close()
	x.until("nothing of the service is left", func() bool { return !strings.Contains(stacks(), "candour/internal/sip.") })
	if n := len(x.sip.Calls()); n != 0 {
		x.t.Errorf("%d calls are left", n)
	}
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

// until waits for what comes about by itself.
func (x *exchange) until(what string, is func() bool) {
	x.t.Helper()
	beat := time.NewTicker(2 * time.Millisecond)
	defer beat.Stop()
	for end := time.After(patience); !is(); {
		select {
		case <-beat.C:
		case <-end:
			x.t.Fatalf("not so: %s\n%s", what, stacks())
		}
	}
}

// tariff is that of the operator under whose policy the tests run.
func tariff(t testing.TB) *telecom.Tariff {
	t.Helper()
	fsys, _ := operators.FS("invoco")
	text, err := fs.ReadFile(fsys, telecom.TariffFile)
	if err != nil {
		t.Fatal(err)
	}
	prices, faults := telecom.ParseTariff(string(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return prices
}
