package member

import (
	"errors"
	"net/http"
	"slices"

	"candour/internal/identity"
	"candour/internal/web"
)

// Welcome is the page "surface_welcome": what a surface is, for whoever is not
// signed in.
type Welcome struct {
	web.Base
	Eyebrow    string
	Heading    string
	Words      []string
	SignUp     bool // accounts are opened here
	Categories []string
	Cookies    []string
}

// Home is the page "portal_home": where everything is, for whoever is signed
// in.
type Home struct {
	web.Base
	Name string
	// Heading and Lead stand in place of a greeting, on a page of a surface that
	// is for other work.
	Heading, Lead string
	Urgent        []Card // what they must be told, before everything else
	Cards         []Card
	Later         string // what the surface does not do yet
}

// Card leads to one page.
type Card struct{ Title, Text, Href string }

// First is the handler of a surface's first page.
type First struct {
	*web.Site
	Accounts *identity.Accounts
	Cards    func(*identity.Session) []Card
	Urgent   func(*http.Request, *identity.Session) ([]Card, error) // optional
	Later    string
}

// Page answers with the one or the other.
func (h *First) Page(w http.ResponseWriter, r *http.Request) error {
	me := web.VisitOf(r).Person
	switch {
	case me == nil || me.Level == identity.Half:
		return h.welcome(w, r)
	case me.Level == identity.Enrol:
		http.Redirect(w, r, web.EnrolPath, http.StatusSeeOther)
		return nil
	}
	name, err := h.Accounts.Name(r.Context(), me.Account)
	if err != nil && !errors.Is(err, identity.ErrNotFound) {
		return err
	}
	home := Home{Base: h.Base(r, web.VisitOf(r).Surface.Title, ""), Name: name, Cards: h.Cards(me), Later: h.Later}
	if h.Urgent != nil {
		if home.Urgent, err = h.Urgent(r, me); err != nil {
			return err
		}
	}
	h.Render(w, r, http.StatusOK, "portal_home", home)
	return nil
}

func (h *First) welcome(w http.ResponseWriter, r *http.Request) error {
	v := web.VisitOf(r)
	p, surface := v.Policy(), v.Surface
	page := Welcome{Base: h.Base(r, surface.Title, surface.Description), Eyebrow: p.Operator.ShortName, Heading: surface.Title, Words: []string{surface.Description}}
	if h.Later != "" {
		page.Words = append(page.Words, h.Later)
	}
	page.NoIndex = true
	if f, ok := p.FormByID("sign-up"); ok {
		page.SignUp = slices.Contains(f.Surfaces, surface.ID)
	}
	for i := range p.Categories {
		if c := &p.Categories[i]; slices.Contains(c.Surfaces, surface.ID) {
			page.Categories = append(page.Categories, c.Title)
		}
	}
	for i := range p.Cookies {
		if c := &p.Cookies[i]; slices.Contains(c.Surfaces, surface.ID) {
			page.Cookies = append(page.Cookies, c.Name)
		}
	}
	h.Render(w, r, http.StatusOK, "surface_welcome", page)
	return nil
}
