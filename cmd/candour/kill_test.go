package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/folder"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/internal/web/door"
)

// TestKill kills the program with SIGKILL at random points under load and
// checks each time that every acknowledged act is there with its evidence and
// nothing is half done: 20 times, or 200 with CANDOUR_LONG=1.
func TestKill(t *testing.T) {
	rounds := 20
	if os.Getenv("CANDOUR_LONG") != "" {
		rounds = 200
	}
	link := t.TempDir() + "/candour"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	k := &killed{t: t, program: link, folder: folder.Folder(t.TempDir() + "/data"), acked: &acked{}}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		k.round(time.Duration(50+random.IntN(450)) * time.Millisecond)
		k.check(round)
	}
	if k.acked.choices == 0 || len(k.acked.tickets) == 0 {
		t.Fatalf("the load acknowledged %d choices and %d enquiries: this test saw nothing", k.acked.choices, len(k.acked.tickets))
	}
	t.Logf("%d kills, %d choices and %d enquiries acknowledged, none lost", rounds, k.acked.choices, len(k.acked.tickets))
}

type killed struct {
	t       *testing.T
	program string
	folder  folder.Folder
	acked   *acked
	forms   []form // opened in earlier rounds, old enough to be sent
}

// acked is what the program has acknowledged.
type acked struct {
	mu      sync.Mutex
	choices int
	tickets []string // references
}

// form is a contact form as a browser holds it.
type form struct {
	client *http.Client
	values url.Values
	opened time.Time
}

// ripe reports whether the form is old enough to be taken for a person's.
func (f form) ripe() bool { return time.Since(f.opened) > 2*door.MinFormAge }

// round starts the program, loads it, and kills it after the given time.
func (k *killed) round(life time.Duration) {
	k.serveAndKill(life, func(base *url.URL) func() {
		load := newLoad(k.acked, base, k.forms)
		return func() { k.forms = load.end() }
	})
}

// serveAndKill starts the program, begins a load on it, and kills it after the
// given time.
func (k *killed) serveAndKill(life time.Duration, begin func(*url.URL) (end func())) {
	cmd := exec.Command(k.program, "run", "--data", string(k.folder), "--listen", "127.0.0.1:0", "--log-format", "json")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	address := ""
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if name, at, ok := strings.Cut(lines.Text(), " "); ok && name == "website" {
			address = strings.TrimSpace(at)
		}
		if lines.Text() == "ready" {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	u, err := url.Parse(address)
	if err != nil || address == "" {
		_ = cmd.Wait()
		k.t.Fatalf("the program did not become ready:\n%s", complaints.String())
	}
	end := begin(u)
	ended := time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
	defer ended.Stop()
	_ = cmd.Wait() // killed: that is the point
	end()
}

// load is a handful of browsers that decide and write until the server dies.
type load struct {
	base  *url.URL
	acked *acked
	stop  chan struct{}
	all   sync.WaitGroup
	forms []form // to be sent in a later round; the writer's until end
}

func newLoad(a *acked, base *url.URL, forms []form) *load {
	l := &load{base: base, acked: a, stop: make(chan struct{})}
	for range 3 {
		l.all.Go(l.decide)
	}
	l.all.Go(func() {
		for _, f := range forms {
			if !f.ripe() {
				l.forms = append(l.forms, f)
			} else if !l.write(f) {
				return
			}
		}
		for range 6 {
			if !l.open() {
				return
			}
		}
	})
	return l
}

func (l *load) end() []form {
	close(l.stop)
	l.all.Wait()
	return l.forms
}

// client is a browser of its own. Names under .localhost lead to loopback.
func (l *load) client() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails without options
	port := l.base.Port()
	return &http.Client{
		Jar:           jar,
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		}},
	}
}

func (l *load) running() bool {
	select {
	case <-l.stop:
		return false
	default:
		return true
	}
}

// decide accepts all cookies again and again, as new browsers.
func (l *load) decide() {
	for l.running() {
		c := l.client()
		values, action, ok := l.fields(c, "/", "consent")
		if !ok {
			return
		}
		values.Set("choice", "accept")
		resp, err := c.PostForm(l.base.ResolveReference(action).String(), values)
		if err != nil {
			return
		}
		_ = resp.Body.Close() // the headers are all that is read
		if resp.StatusCode != http.StatusSeeOther {
			continue
		}
		l.acked.mu.Lock()
		l.acked.choices++
		l.acked.mu.Unlock()
	}
}

// open opens a contact form, to be sent in the next round: a form that is sent
// at once is taken for a robot's.
func (l *load) open() bool {
	c := l.client()
	values, _, ok := l.fields(c, "/contact", "contact")
	if !ok {
		return false
	}
	values.Set("name", "Sam Example")
	values.Set("email", fmt.Sprintf("sam%d@example.com", rand.IntN(50)))
	values.Set("about", "support")
	values.Set("message", "Is there broadband in my street?")
	l.forms = append(l.forms, form{c, values, time.Now()})
	return true
}

var reference = regexp.MustCompile(`class="reference">([^<]+)<`)

// write sends a form and notes the reference of the ticket that it was given.
func (l *load) write(f form) bool {
	f.client.Transport = l.client().Transport // the port is another in each round
	resp, err := f.client.PostForm(l.base.JoinPath("/contact").String(), f.values)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return false
	}
	if m := reference.FindSubmatch(body); m != nil {
		l.acked.mu.Lock()
		l.acked.tickets = append(l.acked.tickets, string(m[1]))
		l.acked.mu.Unlock()
	}
	return true
}

// fields fetches a page and returns the hidden inputs and the action of the
// form whose action has the given word.
func (l *load) fields(c *http.Client, at, word string) (url.Values, *url.URL, bool) {
	to, err := l.base.Parse(at)
	if err != nil {
		return nil, nil, false
	}
	resp, err := c.Get(to.String())
	if err != nil {
		return nil, nil, false
	}
	defer resp.Body.Close()
	doc, err := html.Parse(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, nil, false
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" || !strings.Contains(attr(n, "action"), word) {
			continue
		}
		values := url.Values{}
		for in := range n.Descendants() {
			if in.Data == "input" && attr(in, "type") == "hidden" {
				values.Set(attr(in, "name"), attr(in, "value"))
			}
		}
		action, err := url.Parse(attr(n, "action"))
		return values, action, err == nil
	}
	return nil, nil, false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// check opens the folder as the next start would and compares it with what was
// acknowledged.
func (k *killed) check(round int) {
	k.t.Helper()
	ctx := context.Background()
	profile, err := loadOperator("invoco", io.Discard)
	if err != nil {
		k.t.Fatal(err)
	}
	a, err := openApp(ctx, appConfig{folder: k.folder, profile: profile, log: slog.New(slog.DiscardHandler)})
	if err != nil {
		k.t.Fatalf("round %d: the folder does not open: %v", round, err)
	}
	err = errors.Join(a.vault.Check(ctx), k.compare(ctx, a), a.Close(ctx))
	if err != nil {
		k.t.Fatalf("round %d: %v", round, err)
	}
	report, err := verify.Verify(ctx, string(k.folder), verify.Options{})
	if err != nil {
		k.t.Fatalf("round %d: %v", round, err)
	}
	if !report.Holds() {
		var words strings.Builder
		_ = report.Write(&words) // a builder takes everything
		k.t.Fatalf("round %d: the evidence does not hold:\n%s", round, words.String())
	}
}

// compare finds each acknowledged act in the store, and its evidence.
func (k *killed) compare(ctx context.Context, a *app) error {
	return a.store.View(ctx, func(tx *store.Tx) error {
		var decisions int
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM consent_decisions").Scan(&decisions); err != nil {
			return err
		}
		if decisions < k.acked.choices {
			return fmt.Errorf("%d choices were acknowledged and %d are there", k.acked.choices, decisions)
		}
		for _, reference := range k.acked.tickets {
			if err := k.ticket(ctx, tx, a, reference); err != nil {
				return fmt.Errorf("the acknowledged enquiry %s: %w", reference, err)
			}
		}
		return nil
	})
}

// ticket checks that an enquiry has its ticket, its words in the vault, the
// mail that is owed for it, and its evidence.
func (k *killed) ticket(ctx context.Context, tx *store.Tx, a *app, reference string) error {
	var id, subject, mails int64
	if err := tx.QueryRow(ctx, "SELECT id, subject FROM support_tickets WHERE reference = $1", reference).Scan(&id, &subject); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM mail_queue WHERE ref = $1", id).Scan(&mails); err != nil {
		return err
	}
	if mails != 1 {
		return fmt.Errorf("%d mails are owed for it, want 1", mails)
	}
	records, err := a.vault.ReadSubject(ctx, tx, vault.Access{Actor: "support", Purpose: "enquiries", Surface: "console"}, keys.SubjectID(subject), "contact.message")
	if err != nil || len(records) == 0 {
		return fmt.Errorf("%d messages of its writer open: %w", len(records), err)
	}
	entries, err := a.evidence.About(ctx, tx, keys.SubjectID(subject), 0, 1000)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Body.Kind == evidence.EnquiryMade && e.Body.Ref == id {
			return nil
		}
	}
	return errors.New("there is no evidence of it")
}
