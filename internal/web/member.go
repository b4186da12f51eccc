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

// Words that entries of a menu stand under, on every surface that has them.
const (
	PhoneMenu = "Phone settings"
	DataMenu  = "Your data"
)

// Menu adds an entry to the menu of whoever is signed in on the surface.
func (rt *Routes) Menu(label, path string, roles ...identity.Role) {
	rt.MenuIf(label, path, func(me *identity.Session) bool { return len(roles) == 0 || slices.Contains(roles, me.Account.Role) })
}

// MenuIn is Menu for an entry that stands together with others under one word:
// what belongs together is found together, and the menu stays one line.
func (rt *Routes) MenuIn(group, label, path string, roles ...identity.Role) {
	rt.Menu(label, path, roles...)
	rt.menu[len(rt.menu)-1].group = group
}

// MenuInIf is MenuIf for such an entry; an empty group is none.
func (rt *Routes) MenuInIf(group, label, path string, shown func(*identity.Session) bool) {
	rt.MenuIf(label, path, shown)
	rt.menu[len(rt.menu)-1].group = group
}

// MenuIf is Menu for those whom shown lets see the entry, asked each time:
// what a role may do hangs on the policy in force. The entry is marked on the
// pages below its path, and on those named and below them.
func (rt *Routes) MenuIf(label, path string, shown func(*identity.Session) bool, below ...string) {
	rt.menu = append(rt.menu, menuEntry{label: label, path: path, shown: shown, below: below})
}

type menuEntry struct {
	group       string // the word that it stands under; empty for none
	label, path string
	shown       func(*identity.Session) bool
	below       []string
}

func (e *menuEntry) here(current string) bool {
	return e.path == current || e.path != "/" && strings.HasPrefix(current, e.path+"/") || slices.ContainsFunc(e.below, func(path string) bool {
		return path == current || strings.HasPrefix(current, path+"/")
	})
}

// menuFor is the menu as somebody sees it. A group stands where its first entry
// does, and leads to it; one of a single entry is that entry.
func (rt *Routes) menuFor(me *identity.Session, current string) (links []Link) {
	at := map[string]int{}
	for _, e := range rt.menu {
		if !e.shown(me) {
			continue
		}
		link := Link{Label: e.label, Href: e.path, Current: e.here(current)}
		i, known := at[e.group]
		switch {
		case e.group == "" || !known:
			at[e.group] = len(links)
			links = append(links, Link{Label: e.group, Href: e.path, Current: link.Current, Below: []Link{link}})
		default:
			links[i].Current = links[i].Current || link.Current
			links[i].Below = append(links[i].Below, link)
		}
	}
	for i, l := range links {
		if len(l.Below) == 1 {
			links[i] = l.Below[0]
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
