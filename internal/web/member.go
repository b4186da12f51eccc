package web

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"candour/internal/identity"
	"candour/internal/web/door"
)

// Paths that every surface has on which people sign in.
const (
	SignInPath  = "/sign-in"
	SignOutPath = "/sign-out"
	ProvePath   = "/prove"
	EnrolPath   = "/security"
)

// Member is the handler of a route for somebody who is signed in.
type Member func(http.ResponseWriter, *http.Request, *identity.Session) error

// Gate says who passes to a route.
type Gate string

// The gates.
const (
	Open  Gate = "open"  // everybody
	Again Gate = "again" // as Enrol, and whoever proved themselves a moment ago, by the token of before: for that form alone, which may come in twice
	Enrol Gate = "enrol" // whoever is signed in, also to set up the second factor they owe
	Whole Gate = "whole" // whoever is signed in
	Fresh Gate = "fresh" // whoever is signed in and proved themselves a moment ago
)

// Entry is a row of a surface's table of routes.
type Entry struct {
	Pattern string
	Gate    Gate
	Roles   []identity.Role // empty: all that sign in on the surface
}

// Member gives the handler of a route that a gate keeps. Whoever is not signed
// in is led to the sign-in and from there back; whose role is not among those
// named finds nothing there.
func (rt *Routes) Member(gate Gate, pattern string, h Member, roles ...identity.Role) {
	rt.handle(Entry{pattern, gate, roles}, func(w http.ResponseWriter, r *http.Request) error {
		v := VisitOf(r)
		me := v.Person
		if me == nil && gate == Again {
			was, err := rt.site.replaced(v, r)
			if err != nil && !errors.Is(err, identity.ErrNotFound) {
				return err
			}
			me = was
		}
		switch {
		case me == nil || me.Level == identity.Half:
			toSignIn(w, r)
			return nil
		case me.Level == identity.Enrol && gate != Enrol && gate != Again:
			http.Redirect(w, r, EnrolPath, http.StatusSeeOther)
			return nil
		case len(roles) > 0 && !slices.Contains(roles, me.Account.Role):
			return ErrNotFound
		case gate == Fresh && !me.Fresh(v.Now):
			http.Redirect(w, r, ProvePath+"?"+backTo(r), http.StatusSeeOther)
			return nil
		}
		return h(w, r, me)
	})
}

// Menu adds an entry to the menu of whoever is signed in on the surface.
func (rt *Routes) Menu(label, path string, roles ...identity.Role) {
	rt.MenuIf(label, path, func(me *identity.Session) bool { return len(roles) == 0 || slices.Contains(roles, me.Account.Role) })
}

// MenuIf is Menu for those whom shown lets see the entry, asked each time:
// what a role may do hangs on the policy in force. The entry is marked on the
// pages below its path, and on those named and below them.
func (rt *Routes) MenuIf(label, path string, shown func(*identity.Session) bool, below ...string) {
	rt.menu = append(rt.menu, menuEntry{label, path, shown, below})
}

type menuEntry struct {
	label, path string
	shown       func(*identity.Session) bool
	below       []string
}

// menuFor is the menu as somebody sees it.
func (rt *Routes) menuFor(me *identity.Session, current string) (links []Link) {
	for _, e := range rt.menu {
		if e.shown(me) {
			here := e.path == current || e.path != "/" && strings.HasPrefix(current, e.path+"/") || slices.ContainsFunc(e.below, func(path string) bool {
				return path == current || strings.HasPrefix(current, path+"/")
			})
			links = append(links, Link{Label: e.label, Href: e.path, Current: here})
		}
	}
	return links
}

func toSignIn(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, SignInPath+"?"+backTo(r), http.StatusSeeOther)
}

// backTo is the way back to a page. A form that was sent is not sent again: it
// leads back to where it was shown, if that is known.
func backTo(r *http.Request) string {
	path := r.URL.Path
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		path = "/"
		if u, err := url.Parse(r.Referer()); err == nil && u.Host == r.Host {
			path = u.Path
		}
	}
	return url.Values{backField: {path}}.Encode()
}

// BackOf is the way back that a request carries, for the address of a form and
// for the end of what led here.
func BackOf(r *http.Request) string { return door.Back(r.URL.Query().Get(backField)) }

// WithBack is an address that carries a way back.
func WithBack(path, back string) string {
	return path + "?" + url.Values{backField: {back}}.Encode()
}

// recognise finds who is signed in.
func (s *Site) recognise(v *Visit, r *http.Request) error {
	if s.Accounts == nil {
		return nil
	}
	token, ok := v.Cookie(r, "signin")
	if !ok || token == "" {
		return nil
	}
	me, err := s.Accounts.Session(r.Context(), v.Surface.ID, token)
	if errors.Is(err, identity.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Person, v.secret = me, true
	return nil
}

// replaced finds who was signed in until a proof of a moment ago;
// identity.ErrNotFound for nobody.
func (s *Site) replaced(v *Visit, r *http.Request) (*identity.Session, error) {
	token, ok := v.Cookie(r, "signin")
	if !ok || s.Accounts == nil {
		return nil, identity.ErrNotFound
	}
	v.secret = true
	return s.Accounts.Replaced(r.Context(), v.Surface.ID, token)
}

// Device is what a request tells of the browser, for the list of sign-ins.
func (s *Site) Device(r *http.Request) identity.Device {
	host := s.sender(r)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return identity.Device{Address: host, Agent: r.UserAgent()}
}
