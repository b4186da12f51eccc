package audit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"candour/policy"
)

// walk is one audit while it goes on. One goroutine owns it.
type walk struct {
	site    *site
	options Options
	report  *Report
	pages   []*visit // every look, in order
	queue   []string // addresses to open, in the order in which they were found
	queued  map[string]bool
	asked   choicesSeen
	member  *member // who walks, if they are signed in
}

// choicesSeen is what became of the buttons.
type choicesSeen struct {
	refused, accepted, withdrawn bool   // the button was found and pressed
	cookiePage                   string // where withdrawing was tried
	nobody                       bool   // no visitor walked
}

// all visits everything as all four visitors.
func (w *walk) all(ctx context.Context, netLog string) error {
	path, err := findBrowser(w.options.Chromium)
	if err != nil {
		return err
	}
	root, product, stop, err := start(ctx, path, netLog, w.options.NoSandbox)
	if err != nil {
		return err
	}
	defer stop()
	w.report.Browser = product
	for _, step := range w.steps() {
		if err := step(root); err != nil {
			return err
		}
	}
	stop() // the network log is whole only then
	return w.addNetLog(netLog)
}

// steps are the walks, in order.
func (w *walk) steps() []func(context.Context) error {
	list := []func(context.Context) error{w.first, w.refuse, w.acceptThenWithdraw}
	if w.options.NoVisitor {
		w.asked.nobody = true
		list = []func(context.Context) error{w.answering}
	}
	for _, as := range w.options.As {
		list = append(list, func(root context.Context) error { return w.as(root, as) })
	}
	return list
}

// first finds the surfaces that answer and every page that links lead to.
func (w *walk) first(root context.Context) error {
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
	w.add(w.site.start.String())
	w.keep(p)
	for i := range w.site.policy.Surfaces {
		f := &w.site.policy.Surfaces[i]
		if err := w.surface(t, f, f.ID == p.Surface); err != nil {
			return err
		}
	}
	for _, extra := range w.options.Pages {
		u, err := w.site.start.Parse(extra)
		if err != nil {
			return fmt.Errorf("--pages %q is not a path or an address", extra)
		}
		if _, ours := w.site.surfaceOf(u); !ours {
			return fmt.Errorf("--pages %q is not on a declared surface at this port", extra)
		}
		w.add(u.String())
	}
	return w.rest(t, First, true)
}

// enter opens the address that was given.
func (w *walk) enter(t *tab) (*visit, error) {
	p, err := t.visit(First, w.site.start.String())
	if cannotOpen(err) {
		return nil, fmt.Errorf("%w at %s: %w; start the site, or check the address", ErrNothingAnswers, w.site.start, err)
	}
	if err != nil {
		return nil, err
	}
	if p.Status == 421 {
		return nil, fmt.Errorf("%w for this host at %s: the server does not know it", ErrNothingAnswers, w.site.start)
	}
	return p, nil
}

// surface looks whether a surface answers, unless that is known, and queues
// what the policy says is there.
func (w *walk) surface(t *tab, f *policy.Surface, answers bool) error {
	at := w.site.root(f)
	if !answers {
		p, err := t.visit(First, at.String())
		switch {
		case cannotOpen(err):
		case err != nil:
			return err
		case p.Status != 421 && p.Surface == f.ID:
			answers = true
			w.keep(p)
		}
	}
	w.report.surface(f, at.String(), answers)
	if !answers {
		return nil
	}
	w.expect(f)
	return nil
}

// expect queues what the policy says is on a surface.
func (w *walk) expect(f *policy.Surface) {
	at := w.site.root(f)
	w.add(at.String())
	if f.Host == "" {
		w.add(at.JoinPath("cookies").String())
		w.add(at.JoinPath("privacy").String())
	}
	for _, form := range w.site.policy.Forms {
		if slices.Contains(form.Surfaces, f.ID) && !strings.Contains(form.Path, "{") {
			w.add(at.JoinPath(form.Path).String())
		}
	}
}

// rest visits what is queued and was not yet opened in this state. With follow
// the queue grows by what the pages link to.
func (w *walk) rest(t *tab, state State, follow bool) error {
	seen := map[string]bool{}
	for _, p := range visited(w.pages, t.role, state) {
		seen[p.Address] = true
	}
	for i := 0; i < len(w.queue); i++ {
		if seen[w.queue[i]] {
			continue
		}
		p, err := t.visit(state, w.queue[i])
		if err == nil {
			p.guess = w.guesses(w.queue[i])
		}
		if cannotOpen(err) {
			w.report.note(state, w.queue[i], "it could not be opened: "+err.Error())
			continue
		}
		if err != nil {
			return err
		}
		if p.Surface == "" {
			w.report.note(state, w.queue[i], "it leads away from the declared surfaces")
		}
		if follow {
			w.keep(p)
		} else {
			w.pages = append(w.pages, p)
		}
	}
	return nil
}

// refuse is the visitor who presses "Reject all".
func (w *walk) refuse(root context.Context) error {
	t, end, err := newTab(root, w.site, "")
	if err != nil {
		return err
	}
	defer end()
	if w.asked.refused, err = w.decide(t, Refused, "reject"); err != nil || !w.asked.refused {
		return err
	}
	return w.rest(t, Refused, false)
}

// acceptThenWithdraw is the visitor who presses "Accept all", and later takes
// it back on the cookie page (UK GDPR Art 7(3)).
func (w *walk) acceptThenWithdraw(root context.Context) error {
	t, end, err := newTab(root, w.site, "")
	if err != nil {
		return err
	}
	defer end()
	if w.asked.accepted, err = w.decide(t, Accepted, "accept"); err != nil || !w.asked.accepted {
		return err
	}
	if err := w.rest(t, Accepted, false); err != nil {
		return err
	}
	w.asked.cookiePage = w.cookiePage()
	pressed, err := w.pressAt(t, w.asked.cookiePage, Withdrawn, "reject")
	w.asked.withdrawn = pressed
	if err != nil || !pressed {
		return err
	}
	return w.rest(t, Withdrawn, false)
}

// decide presses a button where a person meets the question first: on the page
// that was opened, else on the cookie page.
func (w *walk) decide(t *tab, state State, button string) (bool, error) {
	for _, at := range []string{w.site.start.String(), w.site.root(w.mainSurface()).String(), w.cookiePage()} {
		pressed, err := w.pressAt(t, at, state, button)
		if err != nil || pressed {
			return pressed, err
		}
	}
	return false, nil
}

// pressAt opens a page, presses a button on it and looks at what comes then.
func (w *walk) pressAt(t *tab, at string, after State, button string) (bool, error) {
	ctx, cancel := context.WithTimeout(t.ctx, pageLimit)
	defer cancel()
	err := t.open(ctx, at)
	if cannotOpen(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := t.look(ctx, &visit{}); err != nil { // so that what was there before is known
		return false, err
	}
	t.rec.reset()
	pressed, err := t.press(ctx, button)
	if err != nil || !pressed {
		return false, err
	}
	p := &visit{State: after, Role: t.role}
	if err := t.look(ctx, p); err != nil {
		return false, err
	}
	if c, err := t.choices(ctx, ""); err != nil {
		return false, err
	} else if c.Accept && c.Reject {
		p.banner = true
	}
	w.pages = append(w.pages, p)
	return true, nil
}

// cookiePage is where the cookies are explained and decided on: a page of that
// name that was found, else /cookies.
func (w *walk) cookiePage() string {
	for _, p := range w.pages {
		if u, err := url.Parse(p.URL); err == nil && path.Base(u.Path) == "cookies" && p.Status == 200 {
			return p.URL
		}
	}
	return w.site.root(w.mainSurface()).JoinPath("cookies").String()
}

// mainSurface is the surface at the parent domain itself, else the one that
// was asked for.
func (w *walk) mainSurface() *policy.Surface {
	for i, f := range w.site.policy.Surfaces {
		if f.Host == "" {
			return &w.site.policy.Surfaces[i]
		}
	}
	return w.site.hosts[w.site.start.Hostname()]
}

// keep records a page and queues what it links to.
func (w *walk) keep(p *visit) {
	w.pages = append(w.pages, p)
	for _, l := range p.content.Links {
		if u, err := url.Parse(l.Href); err == nil && w.follows(u, l) && w.member.follows(w, u, p) {
			w.add(u.String())
		}
	}
}

// ends are words in a path that end or undo something. A GET must not, but a
// person who audits a site cannot know that it keeps to that.
var ends = regexp.MustCompile(`(?i)\b(log-?out|log-?off|sign-?out|sign-?off|leave|unsubscribe|opt-?out|delete|remove|erase|revoke|cancel|confirm|deactivate)\b`)

// files are endings of what a browser saves and does not show.
var files = regexp.MustCompile(`(?i)\.(pdf|zip|gz|ics|vcf|csv|docx?|xlsx?|odt|jsonld?|png|jpe?g|gif|svg|webp|mp[34]|ogg|txt|xml)$`)

func (w *walk) follows(u *url.URL, l link) bool {
	_, ours := w.site.surfaceOf(u)
	return ours && (u.Scheme == "http" || u.Scheme == "https") && !l.Save && !ends.MatchString(u.Path) && !ends.MatchString(u.RawQuery) && !files.MatchString(u.Path)
}

// add queues an address once, up to the limit.
func (w *walk) add(address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	u.Fragment = ""
	if u.Path == "" {
		u.Path = "/"
	}
	address = u.String()
	if w.queued[address] {
		return
	}
	if len(w.queue) >= w.options.MaxPages {
		w.report.Truncated = true
		return
	}
	w.queued[address] = true
	w.queue = append(w.queue, address)
}

func cannotOpen(err error) bool {
	var e errNotOpened
	return errors.As(err, &e)
}

// visited returns the pages looked at in a state, with the sign-in of a role.
func visited(pages []*visit, role string, s State) []*visit {
	return slices.DeleteFunc(slices.Clone(pages), func(p *visit) bool { return p.State != s || p.Role != role })
}
