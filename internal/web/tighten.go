package web

import (
	"net/http"
	"strings"

	"candour/internal/consent"
	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/store"
)

// meet brings a signed-in request to what its person decided: their no tightens
// the browser, and the version of the notice under which they first came is
// noted (R1).
func (s *Site) meet(w http.ResponseWriter, r *http.Request, e Entry) error {
	v := VisitOf(r)
	if s.People == nil || v.Person == nil || v.Person.Level == identity.Half || strings.HasPrefix(e.Pattern, "GET /assets/") || strings.HasPrefix(e.Pattern, "GET /images/") {
		return nil
	}
	var refused map[string]bool
	err := s.People.View(r.Context(), func(tx *store.Tx) (err error) {
		if v.known, err = s.People.Known(r.Context(), tx, v.Person.Account.Subject); err != nil {
			return err
		}
		refused, err = s.People.Refused(r.Context(), tx, v.Person.Account.Subject)
		return err
	})
	if err == nil && v.known == 0 {
		err = s.sawNotice(r, people.FirstUse)
	}
	if err != nil {
		return err
	}
	return s.Tighten(w, r, refused)
}

// sawNotice notes that whoever is signed in has seen the notice in force.
func (s *Site) sawNotice(r *http.Request, code string) error {
	v := VisitOf(r)
	if s.People == nil || v.Person == nil || v.Person.Level == identity.Half {
		return nil
	}
	me := v.Person.Account
	err := s.People.Update(r.Context(), func(tx *store.Tx) error {
		return s.People.See(r.Context(), tx, me.Subject, me.Role.Actor(), v.Surface.ID, code)
	})
	if err == nil {
		v.known = v.Version.Number
	}
	return err
}

// Tighten has a browser obey whoever is signed in to it: what serves a purpose
// they said no to is not allowed (R16), whatever the browser was told before.
// refused is what people.Desk.Refused returned for them. A surface calls it for
// each signed-in request as soon as it knows whose it is, before it sets any
// cookie.
//
// The sign-in cookie is of one surface, and the website, where third parties
// load, never sees it. So what this browser allows against their word is
// withdrawn in its own choice too, which the surfaces share. That is a choice
// made narrower and never wider: to take a no back in the account gives the
// browser nothing, it is asked again where it decides.
func (s *Site) Tighten(w http.ResponseWriter, r *http.Request, refused map[string]bool) error {
	v := VisitOf(r)
	tight, withdrawn := v.Consent.Tighten(refused), map[string]bool{}
	for _, g := range v.Policy().CookieGroups {
		if v.Consent.Allows(g.ID) && !tight.Allows(g.ID) {
			withdrawn[g.ID] = false
		}
	}
	if _, keeps := v.Policy().CookieByRole("consent", v.Surface.ID); keeps && len(withdrawn) > 0 {
		err := s.keepChoice(w, r, consent.Request{Surface: v.Surface.ID, Choices: withdrawn, State: v.Consent, Account: true})
		if err != nil {
			return err
		}
		tight = v.Consent.Tighten(refused)
	}
	v.Consent = tight
	v.cookies.State = tight
	return nil
}
