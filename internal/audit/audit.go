// Package audit opens the running sites of an operator in Chromium, as four
// people would meet them, and compares what it sees with what the operator's
// policy declares.
//
// The four are a first visitor who presses nothing, one who presses "Reject
// all", one who presses "Accept all", and the same one after taking that back.
// Each opens every page that can be reached. What counts is what the browser
// reports through its DevTools protocol and its network log, not what the
// pages say of themselves:
//
//   - cookies, by server and by script, with their attributes, and every other
//     kind of storage (PECR 6; R25, R27, L22, L23);
//   - requests to other hosts, made or refused by the browser (R26);
//   - fields, with the reason for asking and the mark of what is optional (R7);
//   - permissions asked, and what Permissions-Policy leaves open (R11);
//   - what the Content-Security-Policy leaves open;
//   - links that leave without a mark, and hints that load before a link is
//     followed (R4).
//
// It also opens the pages behind the sign-in, as roles whose sign-in the caller
// has ready (As), before a choice and after accepting.
//
// What it cannot see: what happens only after a press or an entry in a form (it
// presses only the buttons of the consent message, and never sends anything
// else); how a sign-in sets its cookie; what a server does with what it
// receives; and what a site hides from a browser that is driven by a program.
//
// Run is the whole of it. A Report is plain data, safe to keep and to read from
// several goroutines.
package audit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"candour/policy"
)

// Limits of one audit.
const (
	defaultPages = 150              // pages opened for one visitor
	pageLimit    = 30 * time.Second // for one page, from opening to the last look at it
	quietWindow  = 250 * time.Millisecond
	quietLimit   = 2500 * time.Millisecond // a page that never falls silent is looked at after this
)

// Options say what to audit and how.
type Options struct {
	URL     string          // address of one of the operator's surfaces
	Profile *policy.Profile // what the operator declares
	// Pages are paths or addresses to open besides those that are found by
	// following links.
	Pages    []string
	MaxPages int    // pages opened for one visitor; zero for 150
	Chromium string // path of the browser; empty to look for one
	// NoSandbox turns the browser's sandbox off. It is always off for root,
	// whom Chromium refuses otherwise.
	NoSandbox bool
	// As are the roles to look as, one after the other. NoVisitor leaves out
	// the visitor who is not signed in.
	As        []As
	NoVisitor bool
	Now       func() time.Time // clock of the report; nil for time.Now
}

// ErrNothingAnswers says that the address could not be opened.
var ErrNothingAnswers = errors.New("nothing answers")

// Run audits the surfaces that answer at the address's scheme and port. It
// returns ErrNoChromium when there is no browser, ErrUnknownHost when the
// policy has nothing to say about the address, and ErrNothingAnswers when the
// address cannot be opened. Differences are not errors. The browser has ended
// and its files are gone when Run returns, also when ctx ends early.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxPages <= 0 {
		o.MaxPages = defaultPages
	}
	site, err := newSite(o.URL, o.Profile.Policy)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "candour-audit-")
	if err != nil {
		return nil, fmt.Errorf("no temporary folder for the browser: %w; free some space, or set TMPDIR", err)
	}
	defer os.RemoveAll(work)
	w := &walk{site: site, options: o}
	w.report = newReport(o, site)
	if err := w.all(ctx, filepath.Join(work, "net.json")); err != nil {
		return nil, err
	}
	w.report.finish(w.pages, compare(site, w.pages, w.asked))
	w.report.Ended = o.Now().UTC()
	return w.report, nil
}

// parseAddress reads the address on the command line: an http or https URL,
// or a bare host with or without a port.
func parseAddress(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err == nil && u.Host == "" {
		u, err = url.Parse("http://" + s)
	}
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not the address of a site; write one such as http://example.localhost:8080", s)
	}
	u.User, u.Fragment = nil, ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}
