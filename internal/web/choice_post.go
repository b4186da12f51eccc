package web

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"candour/internal/consent"
	"candour/internal/web/door"
)

// PostConsent takes the form of choices and leads back to where it was shown,
// by a redirect, so that the next page has the header of the new choice. It
// works without scripts.
func (s *Site) PostConsent(w http.ResponseWriter, r *http.Request) error {
	v := VisitOf(r)
	values, err := s.readForm(r, s.choices)
	if err != nil {
		return err
	}
	wording, err := s.Wording(v.Policy(), v.Surface.ID)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(query.Get(shownField)), []byte(shown(wording))) != 1 {
		return ErrWording
	}
	c := choices(v.Policy(), v.Surface.ID)
	chosen, err := readChoices(c, values)
	if err != nil {
		return err
	}
	if err := s.decide(w, r, chosen, wording, door.Back(query.Get(backField))); err != nil {
		return err
	}
	s.metrics.decisions.WithLabelValues(outcomeOf(chosen)).Inc()
	return nil
}

// PostObject objects to first-party statistics: one click, and nothing else
// about the browser's choices changes (R26).
func (s *Site) PostObject(w http.ResponseWriter, r *http.Request) error {
	v := VisitOf(r)
	if _, err := s.readForm(r, s.choices); err != nil {
		return err
	}
	chosen := map[string]bool{}
	for i := range v.Policy().CookieGroups {
		if g := &v.Policy().CookieGroups[i]; g.Exemption == "statistical-purposes" {
			chosen[g.ID] = false
		}
	}
	if len(chosen) == 0 {
		return ErrNotFound
	}
	wording, err := s.Wording(v.Policy(), v.Surface.ID)
	if err != nil {
		return err
	}
	if err := s.decide(w, r, chosen, wording, door.Back(r.URL.Query().Get(backField))); err != nil {
		return err
	}
	s.metrics.decisions.WithLabelValues(outcomeObjected).Inc()
	return nil
}

// readChoices reads which button was pressed and, for "save", which boxes were
// ticked.
func readChoices(c Consent, values url.Values) (map[string]bool, error) {
	if len(c.Groups) == 0 {
		return nil, ErrNotFound
	}
	chosen := map[string]bool{}
	for _, g := range c.Groups {
		switch values.Get(c.Accept.Name) {
		case c.Accept.Value:
			chosen[g.ID] = true
		case c.Reject.Value:
			chosen[g.ID] = false
		case c.Save.Value:
			chosen[g.ID] = values.Get(g.ID) != ""
		default:
			return nil, ErrMalformed
		}
	}
	return chosen, nil
}

// decide keeps the choice and answers. The door then stands for the new
// choice: the cookie leaves under it, and what it no longer allows is expired
// with the same answer (R16, R27). Copies of pages that were made under a
// wider choice are cleared from the browser's cache.
func (s *Site) decide(w http.ResponseWriter, r *http.Request, chosen map[string]bool, wording [32]byte, back string) error {
	v := VisitOf(r)
	widened := v.Consent.Widened()
	d, err := s.Desk.Decide(r.Context(), consent.Request{Surface: v.Surface.ID, Choices: chosen, Wording: wording, State: v.Consent})
	if err != nil {
		return err
	}
	_, value, ok := s.Desk.Cookie(v.Policy(), v.Surface.ID, d)
	if !ok {
		return ErrNotFound
	}
	v.Consent = s.Desk.Read(v.Policy(), v.Surface.ID, []string{value}, r.Header.Get("Sec-GPC") == "1")
	v.cookies.State = v.Consent
	h := w.Header()
	s.setHeaders(h, v) // those of the new choice
	if lines, n := v.cookies.In(r); n > 0 {
		h["Set-Cookie"] = lines // those of the wider choice are among them
	}
	v.SetCookie(w, "consent", value)
	if widened {
		h.Set("Clear-Site-Data", `"cache"`)
	}
	h["Cache-Control"] = noStore
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
