package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"candour/policy"
)

// Visitor is what reports call whoever is not signed in.
const Visitor = "visitor"

// As is a role to look as. Begin signs somebody of the role in, and End ends
// that; End is called after each Begin that was called, also when the audit
// failed or was called off, and with time left to do it.
type As struct {
	Role string
	// Staff opens no pages of people but those that Begin gave: whoever looks at
	// somebody's data needs a purpose for it, and an audit has none.
	Staff bool
	Begin func(context.Context) (SignedIn, error)
	End   func(context.Context) error
}

// SignedIn is somebody who is signed in. It prints as a placeholder.
type SignedIn struct {
	Cookies []SignIn
	Pages   []string // paths on the first surface that are about this person and nobody else
}

// SignIn is the cookie by which a surface knows somebody. It is given to no
// other host than those named.
type SignIn struct {
	Surface, Name, Value string
	Hosts                []string
}

// Format writes a placeholder, whatever the verb.
func (SignedIn) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(signed in)") }

// LogValue returns a placeholder.
func (SignedIn) LogValue() slog.Value { return slog.StringValue("(signed in)") }

// Format writes a placeholder, whatever the verb.
func (SignIn) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(sign-in)") }

// LogValue returns a placeholder.
func (SignIn) LogValue() slog.Value { return slog.StringValue("(sign-in)") }

// ErrSignIn says that a site does not take a sign-in that Begin made.
var ErrSignIn = errors.New("the site does not take the sign-in; is it served from the folder of --data?")

// member is somebody signed in while they walk. A nil member is a visitor, who
// follows every link.
type member struct {
	As
	signed  SignedIn
	own     map[string]bool // addresses that are about this person
	samples map[string]int  // pages of one kind that were queued
	guessed map[string]bool // addresses of declared forms that nothing has led to
}

// Limits of a walk that is signed in.
const (
	maxSamples = 3                // pages of one kind, which differ by a number in their address
	endLimit   = 30 * time.Second // for End
)

// memberStates are the states in which a role looks. What a choice changes is
// the same signed in or not, so the visitor's walk has the others.
var memberStates = []State{First, Accepted}

// as is the walk of one role over all surfaces.
func (w *walk) as(root context.Context, as As) (err error) {
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(root), endLimit)
		defer cancel()
		err = errors.Join(err, as.End(ending))
	}()
	signed, err := as.Begin(root)
	if err != nil {
		return err
	}
	m := &member{As: as, signed: signed, own: map[string]bool{}, samples: map[string]int{}, guessed: map[string]bool{}}
	w.member, w.queue, w.queued = m, nil, map[string]bool{}
	defer func() { w.member = nil }()
	for _, state := range memberStates {
		if err := w.memberIn(root, m, state); err != nil {
			return fmt.Errorf("as %s: %w", as.Role, err)
		}
	}
	return nil
}

// memberIn is the walk in one state, in a browser of its own.
func (w *walk) memberIn(root context.Context, m *member, state State) error {
	t, end, err := newTab(root, w.site, m.Role)
	if err != nil {
		return err
	}
	defer end()
	for _, c := range m.signed.Cookies {
		if err := t.hold(w.site, c); err != nil {
			return err
		}
	}
	if state == First {
		if err := w.places(t, m); err != nil {
			return err
		}
		return w.rest(t, state, true)
	}
	pressed, err := w.decide(t, state, "accept")
	if err != nil || !pressed {
		return err // nothing to accept
	}
	return w.rest(t, state, false)
}

// places queues where to begin: the first page of each surface, and on those
// that the role signs in on what the policy says is there.
func (w *walk) places(t *tab, m *member) error {
	w.add(w.cookiePage()) // which explains the fields of the consent message
	for _, s := range w.report.Surfaces {
		f, ok := w.site.policy.SurfaceByID(s.ID)
		if !ok || !s.Answers {
			continue
		}
		w.add(w.site.root(f).String())
		if !m.on(s.ID) {
			continue
		}
		if err := w.home(t, m, f); err != nil {
			return err
		}
		at := len(w.queue)
		w.expect(f)
		for _, address := range w.queue[at:] {
			m.guessed[address] = true
		}
	}
	if len(m.signed.Cookies) == 0 {
		return nil
	}
	if f, ok := w.site.policy.SurfaceByID(m.signed.Cookies[0].Surface); ok {
		for _, path := range m.signed.Pages {
			address := w.site.root(f).JoinPath(path).String()
			m.own[address] = true
			w.add(address)
		}
	}
	return nil
}

func (m *member) on(surface string) bool {
	return slices.ContainsFunc(m.signed.Cookies, func(c SignIn) bool { return c.Surface == surface })
}

// particular matches a part of an address that names one of many: it has a
// digit or a capital letter in it, or is longer than words are.
var particular = regexp.MustCompile(`[0-9A-Z]|^[^-]{24,}$`)

// kindOfPage is an address without what names one of many, and whether there
// was any of that.
func kindOfPage(u *url.URL) (string, bool) {
	one := u.RawQuery != ""
	parts := strings.Split(u.Path, "/")
	for i, p := range parts {
		if particular.MatchString(p) {
			parts[i], one = "*", true
		}
	}
	var names []string
	for name := range u.Query() {
		names = append(names, name)
	}
	slices.Sort(names)
	return u.Host + strings.Join(parts, "/") + "?" + strings.Join(names, "&"), one
}

// follows reports whether a link on a page is followed by this person: if it
// leads to a surface they are signed in on, to few pages of a kind, and as
// staff to nobody else's.
func (m *member) follows(w *walk, u *url.URL, from *visit) bool {
	if m == nil {
		return true
	}
	f, ok := w.site.surfaceOf(u)
	if !ok || !m.on(f.ID) || !m.on(from.Surface) {
		return false
	}
	bare := *u
	bare.Fragment = ""
	address := bare.String()
	if from.Address != address { // a link within a page leads nowhere
		delete(m.guessed, address)
	}
	kind, one := kindOfPage(u)
	if !one || w.queued[address] {
		return true
	}
	if m.Staff {
		if !m.own[from.Address] {
			return false
		}
		m.own[address] = true
	}
	m.samples[kind]++
	return m.samples[kind] <= maxSamples
}

// guesses reports whether nothing has led to an address but the policy.
func (w *walk) guesses(address string) bool { return w.member != nil && w.member.guessed[address] }

// answering finds the surfaces that answer, where no visitor walks.
func (w *walk) answering(root context.Context) error {
	t, end, err := newTab(root, w.site, "")
	if err != nil {
		return err
	}
	defer end()
	w.queued = map[string]bool{}
	p, err := w.enter(t)
	if err != nil {
		return err
	}
	for i := range w.site.policy.Surfaces {
		f := &w.site.policy.Surfaces[i]
		if err := w.surface(t, f, f.ID == p.Surface); err != nil {
			return err
		}
	}
	w.pages = nil
	return nil
}

// hold puts the cookie of a sign-in into the browser, as the policy declares
// it. It is known from then on as one that the server set.
func (t *tab) hold(s *site, c SignIn) error {
	f, ok := s.policy.SurfaceByID(c.Surface)
	if !ok {
		return fmt.Errorf("%w (the policy at hand does not declare the surface %s)", ErrSignIn, c.Surface)
	}
	d := policy.Cookie{Secure: true, HTTPOnly: true}
	for _, k := range s.policy.Cookies {
		if k.Name == c.Name && slices.Contains(k.Surfaces, c.Surface) {
			d = k
		}
	}
	at := s.root(f)
	if !slices.Contains(c.Hosts, at.Hostname()) {
		return fmt.Errorf("%s: %w", at.Host, ErrSignIn)
	}
	param := &network.CookieParam{Name: c.Name, Value: c.Value, URL: at.String(), Path: "/", Secure: d.Secure, HTTPOnly: d.HTTPOnly}
	param.SameSite = map[string]network.CookieSameSite{"strict": network.CookieSameSiteStrict, "lax": network.CookieSameSiteLax, "none": network.CookieSameSiteNone}[d.SameSite]
	_, err := chromedp.CallBrowser(t.ctx, storage.SetCookies, storage.SetCookiesParams{Cookies: []*network.CookieParam{param}, BrowserContextID: chromedp.FromContext(t.ctx).BrowserContextID})
	if err != nil {
		return fmt.Errorf("the browser does not take the sign-in for %s: %w", at.Host, err)
	}
	t.known[c.Name+";"+at.Hostname()] = byServer
	return nil
}

// home opens a surface's first page and checks that the site has left the
// sign-in in place: a server takes back what it does not know.
func (w *walk) home(t *tab, m *member, f *policy.Surface) error {
	at := w.site.root(f)
	p, err := t.visit(First, at.String())
	if err != nil {
		return err
	}
	w.keep(p)
	jar, err := t.jar(t.ctx)
	if err != nil {
		return err
	}
	for _, c := range m.signed.Cookies {
		if c.Surface == f.ID && !slices.ContainsFunc(jar, func(k cookie) bool { return k.Name == c.Name && k.Domain == at.Hostname() }) {
			return fmt.Errorf("%s: %w", at.Host, ErrSignIn)
		}
	}
	return nil
}

// rolesOf are the roles of a difference seen on one page.
func rolesOf(p *visit) []string {
	if p.Role == "" {
		return nil
	}
	return []string{p.Role}
}

// withRole adds who else saw a difference. A visitor is named only where a role
// is.
func withRole(list []string, role string) []string {
	if list == nil && role != "" {
		list = []string{Visitor}
	}
	if role = cmp.Or(role, Visitor); list == nil || slices.Contains(list, role) {
		return list
	}
	return append(list, role)
}
