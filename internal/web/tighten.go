package web

import (
	"net/http"

	"candour/internal/consent"
)

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
