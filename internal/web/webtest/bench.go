// Package webtest runs an operator's sites in a test, on real parts: store,
// keys, evidence log, published policy. What a form leads to is a function of
// the test's.
package webtest

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/net/html"

	"candour/internal/analytics"
	"candour/internal/consent"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/mail/mailtest"
	"candour/internal/marketing"
	"candour/internal/notice"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/internal/web"
	"candour/internal/web/firstpage"
	"candour/internal/web/website"
	"candour/operators"
	"candour/policy"
)

// Bench is a running operator.
type Bench struct {
	*web.Site
	T        testing.TB
	Store    *store.Store
	Ring     *keys.Ring
	Evidence *evidence.Log
	Website  *web.Routes
	Parent   string
	Logged   *bytes.Buffer    // what the site's log says
	Office   *mailtest.Office // takes the mails about people's data

	queue *mail.Queue
	help  *support.Desk
	vault *vault.Vault

	mu  sync.Mutex
	now time.Time

	Enquiries []support.Enquiry
	Signups   []marketing.Signup
	Codes     []string        // of confirmations and departures, as "confirm CODE", "leave CODE WAY"
	Fails     error           // what the acts return
	Receipt   support.Receipt // what whoever enquires is told
}

// Edits change files of the operator's folder before it is loaded: a file's
// name, what to replace, and by what.
type Edits [][3]string

// Open runs a built-in operator.
func Open(t testing.TB, operator string, edits ...[3]string) *Bench {
	t.Helper()
	return OpenOn(t, storetest.Open(t, storetest.Target(t, store.SQLite)), operator, edits...)
}

// OpenOn is Open on a store of the caller's, of either engine.
func OpenOn(t testing.TB, st *store.Store, operator string, edits ...[3]string) *Bench {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	b := &Bench{T: t, Logged: &bytes.Buffer{}, Office: &mailtest.Office{}, Receipt: support.Receipt{Reference: "C-1", Right: "access", Rights: true}, now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	b.Store = st
	ring, err := keys.Open(ctx, b.Store, filepath.Join(dir, "keys"))
	must(t, err)
	b.Ring = ring
	b.Evidence, err = evidence.Open(ctx, b.Store, ring, filepath.Join(dir, "log"), evidence.Options{Origin: "test.example/evidence", Now: b.Clock})
	must(t, err)
	versions, err := notice.OpenVersions(ctx, b.Store, b.Evidence)
	must(t, err)
	profile := Profile(t, operator, edits...)
	_, err = versions.Publish(ctx, profile, b.now, b.now)
	must(t, err)
	version := func(n int) *policy.Policy {
		if v := versions.Get(n); v != nil {
			return v.Profile.Policy
		}
		return nil
	}
	counter := evidence.NewCounter(b.Evidence, make(chan time.Time))
	b.Parent = profile.Policy.Operator.LocalDomain
	b.Site, err = web.New(web.Deps{
		Profile: profile, Versions: versions, Counter: counter, Views: analytics.NewCounter(b.Store, b.Clock),
		Desk:   consent.New(b.Store, b.Evidence, ring.Secret("consent cookie"), version, b.Clock),
		Secret: ring.Secret, Log: slog.New(slog.NewTextHandler(b.Logged, nil)), Now: b.Clock, Parents: []string{b.Parent}, Ports: map[string]string{b.Parent: ""},
	})
	must(t, err)
	b.Website = website.New(b.Site, website.Deps{
		Enquire: b.enquire, Subscribe: b.subscribe, Confirm: b.confirm, Leave: b.leave, Rights: b.desk(ring, versions, profile), Evidence: b.Evidence.Handler(),
	})
	for i := range profile.Policy.Surfaces {
		if id := profile.Policy.Surfaces[i].ID; id == "website" {
			b.Handle(id, b.Website)
		} else {
			b.Handle(id, firstpage.New(b.Site))
		}
	}
	t.Cleanup(func() {
		must(t, counter.Close(ctx))
		must(t, b.Evidence.Close(ctx))
		ring.Close()
	})
	return b
}

// Profile loads a built-in operator with edits.
func Profile(t testing.TB, operator string, edits ...[3]string) *policy.Profile {
	t.Helper()
	fsys, ok := operators.FS(operator)
	if !ok {
		t.Fatalf("there is no operator %s", operator)
	}
	files := fstest.MapFS{}
	must(t, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}))
	for _, e := range edits {
		f := files[e[0]]
		if f == nil || !strings.Contains(string(f.Data), e[1]) {
			t.Fatalf("the edit of %s changes nothing", e[0])
		}
		f.Data = []byte(strings.Replace(string(f.Data), e[1], e[2], 1))
	}
	profile, faults := policy.Load(files)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return profile
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Clock is the time of the bench.
func (b *Bench) Clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// Pass lets time pass.
func (b *Bench) Pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *Bench) enquire(_ context.Context, e support.Enquiry) (support.Receipt, error) {
	b.Enquiries = append(b.Enquiries, e)
	return b.Receipt, b.Fails
}

func (b *Bench) subscribe(_ context.Context, s marketing.Signup) error {
	b.Signups = append(b.Signups, s)
	return b.Fails
}

func (b *Bench) confirm(_ context.Context, code string) error {
	b.Codes = append(b.Codes, "confirm "+code)
	return b.Fails
}

func (b *Bench) leave(_ context.Context, code string, way marketing.Way) error {
	b.Codes = append(b.Codes, "leave "+code+" "+string(way))
	return b.Fails
}

// Browser keeps cookies by name, as one browser does below one parent.
type Browser struct {
	b       *Bench
	Cookies map[string]string
	Header  http.Header // sent with each request
}

// Browser returns a browser that has nothing.
func (b *Bench) Browser() *Browser {
	return &Browser{b: b, Cookies: map[string]string{}, Header: http.Header{}}
}

// Answer is one response.
type Answer struct {
	*http.Response
	T    testing.TB
	Text string
}

// Do sends a request to a host and takes the answer's cookies.
func (br *Browser) Do(method, host, target, kind, body string) *Answer {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = host
	for k, v := range br.Header {
		r.Header[k] = v
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range br.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	br.b.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(br.Cookies, c.Name)
		} else {
			br.Cookies[c.Name] = c.Value
		}
	}
	return &Answer{w.Result(), br.b.T, w.Body.String()}
}

// Get opens a page of the website.
func (br *Browser) Get(target string) *Answer {
	return br.Do(http.MethodGet, br.b.Parent, target, "", "")
}

// Post sends a form of the website.
func (br *Browser) Post(target string, values url.Values) *Answer {
	return br.Do(http.MethodPost, br.b.Parent, target, "application/x-www-form-urlencoded", values.Encode())
}

// Fields reads the form with an id from a page: every input with its value.
func (a *Answer) Fields(form string) (action string, values url.Values) {
	a.T.Helper()
	values = url.Values{}
	for n := range a.Tree().Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && (Attr(n, "id") == form || form == "") {
			for f := range n.Descendants() {
				if name := Attr(f, "name"); f.Type == html.ElementNode && name != "" {
					values.Add(name, Attr(f, "value"))
				}
			}
			return Attr(n, "action"), values
		}
	}
	a.T.Fatalf("the page has no form %q: %s", form, a.Text)
	return "", nil
}

// Tree is the page as HTML.
func (a *Answer) Tree() *html.Node {
	n, err := html.Parse(strings.NewReader(a.Text))
	must(a.T, err)
	return n
}

// Attr is an attribute of an element.
func Attr(n *html.Node, name string) string {
	for _, at := range n.Attr {
		if at.Key == name {
			return at.Val
		}
	}
	return ""
}

// ByID is the element with an id, or nil.
func (a *Answer) ByID(id string) *html.Node {
	for n := range a.Tree().Descendants() {
		if Attr(n, "id") == id {
			return n
		}
	}
	return nil
}
