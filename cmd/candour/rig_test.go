package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/html"

	"candour/internal/folder"
	"candour/internal/web/door"
)

// rig is the whole program in the process of a test: a data folder, wired and
// served on loopback as `candour run` does it, with a clock that the test can
// put forward and a log that it can read.
type rig struct {
	app  *app
	base *url.URL // of the website
	port string   // of the sites
	ops  string   // address of health and metrics
	log  *journal

	ahead *atomic.Int64 // nanoseconds that the clock is ahead of the machine's
	end   context.CancelFunc
	done  chan error
}

// journal collects a log. It is safe for concurrent use.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// startRig opens a folder and serves it. The database is PostgreSQL's if an
// address is given.
func startRig(f folder.Folder, database string, c RunCmd) (*rig, error) {
	r := &rig{log: &journal{}, ahead: &atomic.Int64{}, done: make(chan error, 1)}
	profile, err := loadOperator("invoco", io.Discard)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.end = cancel
	logger := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if r.app, err = openApp(ctx, appConfig{folder: f, database: database, profile: profile, log: logger, now: r.now}); err != nil {
		cancel()
		return nil, err
	}
	c.Listen, c.Admin, c.TLS = "127.0.0.1:0", "127.0.0.1:0", "off"
	out := &lines{ready: make(chan struct{})}
	go func() { r.done <- c.serveApp(ctx, r.app, out) }()
	select {
	case <-out.ready:
	case err := <-r.done:
		return nil, errors.Join(err, r.app.Close(context.Background()))
	}
	for line := range strings.Lines(out.text.String()) {
		name, at, _ := strings.Cut(line, " ")
		switch at = strings.TrimSpace(at); name {
		case "website":
			r.base, err = url.Parse(at)
		case "admin":
			r.ops = strings.TrimSuffix(at, "/healthz")
		}
	}
	if err != nil {
		return nil, errors.Join(err, r.stop())
	}
	r.port = r.base.Port()
	return r, nil
}

func (r *rig) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

// pass puts the clock forward.
func (r *rig) pass(d time.Duration) { r.ahead.Add(int64(d)) }

// stop ends the server and closes the folder.
func (r *rig) stop() error {
	r.end()
	return errors.Join(<-r.done, r.app.Close(context.Background()))
}

// browser is one visitor, with cookies and an address of its own.
type browser struct {
	rig    *rig
	client *http.Client
	header http.Header // sent with each request
}

// browser returns a visitor at an address of loopback, so that the limit of
// forms counts each by itself.
func (r *rig) browser(at byte) *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, at)}}
	return &browser{rig: r, header: http.Header{}, client: &http.Client{
		Jar:           jar,
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// Asked to close the connection, the server would answer a form that is
		// too large before it was sent to its end, which then may be cut off.
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", "127.0.0.1:"+r.port)
		}},
	}}
}

// do sends a request and returns the status and the body.
func (b *browser) do(method, address, contentType string, body io.Reader) (*http.Response, string, error) {
	req, err := http.NewRequest(method, address, body)
	if err != nil {
		return nil, "", err
	}
	for name, values := range b.header {
		req.Header[name] = values
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	defer b.client.CloseIdleConnections()
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	return resp, string(page), err
}

const urlencoded = "application/x-www-form-urlencoded"

// open loads a page and returns what the form with the action carries in
// fields that nobody sees.
func (b *browser) open(path, action string) (url.Values, error) {
	at, err := b.rig.base.Parse(path)
	if err != nil {
		return nil, err
	}
	_, page, err := b.do(http.MethodGet, at.String(), "", nil)
	if err != nil {
		return nil, err
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, err
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" || !strings.HasPrefix(attr(n, "action"), action) {
			continue
		}
		values := url.Values{}
		for in := range n.Descendants() {
			if in.Data == "input" && attr(in, "type") == "hidden" {
				values.Set(attr(in, "name"), attr(in, "value"))
			}
		}
		values.Set("", attr(n, "action")) // taken out by post
		return values, nil
	}
	return nil, fmt.Errorf("%s has no form that leads to %s", path, action)
}

// post sends a form that open returned.
func (b *browser) post(form url.Values) (status int, page string, err error) {
	action := form.Get("")
	form.Del("")
	at, err := b.rig.base.Parse(action)
	if err != nil {
		return 0, "", err
	}
	resp, page, err := b.do(http.MethodPost, at.String(), urlencoded, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	return resp.StatusCode, page, nil
}

// write fills in a form as a person does, who takes longer than a robot.
func (b *browser) write(path string, fields map[string]string) error {
	form, err := b.open(path, strings.SplitN(path, "?", 2)[0])
	if err != nil {
		return err
	}
	for name, value := range fields {
		form.Set(name, value)
	}
	b.rig.pass(2 * door.MinFormAge)
	status, page, err := b.post(form)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: status %d\n%s", path, status, page)
	}
	return err
}

// accept accepts all cookies.
func (b *browser) accept() error {
	form, err := b.open("/", "/consent")
	if err != nil {
		return err
	}
	form.Set("choice", "accept")
	status, page, err := b.post(form)
	if err == nil && status != http.StatusSeeOther {
		err = fmt.Errorf("accepting: status %d\n%s", status, page)
	}
	return err
}
